"""The commands that say what a checkpoint is: `zoo list` and `zoo show`."""

import typer

from zoo.cli.common import Json, Name, figure, show_json, table

app = typer.Typer()


@app.command("list")
def list_(as_json: Json = False) -> None:
    """The checkpoints that came with the package."""
    import dataclasses

    from zoo.hub import checkpoint

    cards = [checkpoint.card(name) for name in checkpoint.list()]
    if as_json:
        return show_json([dataclasses.asdict(card) for card in cards])
    rows = []
    for card in cards:
        results = ", ".join(figure(row) for row in card.headlines())
        rows.append((card.name, f"{card.parameters:,}", f"{card.weights['bytes'] / 1e6:.2f} MB", results))
    table("", ("checkpoint", "parameters", "weights", "measured"), rows)


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """A checkpoint's card: what it is, how it was made, what was measured, what it may be used for."""
    import dataclasses

    from zoo.hub import checkpoint

    card = checkpoint.card(name)
    if as_json:
        return show_json(dataclasses.asdict(card))
    print(f"{card.name}\n{card.summary}\n")
    weights, training = card.weights, card.training
    minutes = f"{training.get('wall_time_s', 0) / 60:.1f} minutes"
    facts = {
        "architecture": f"{card.architecture} {card.arguments or ''}".strip(),
        "parameters": f"{card.parameters:,} trainable",
        "weights": f"{weights['bytes']:,} bytes, {weights['dtype']}, sha256 {weights['sha256'][:16]}...",
        "task": card.task,
        "inputs": "\n".join(array(*each) for each in card.inputs.items()),
        "outputs": "\n".join(array(*each) for each in card.outputs.items()),
        "labels": ", ".join(card.labels) if card.labels else "none",
        "out of distribution": "no threshold" if card.ood_threshold is None else f"logits below {card.ood_threshold:g}",
        "data": ", ".join(str(card.data[key]) for key in ("name", "split", "licence") if key in card.data),
        "made by": f"{training.get('command')} (seed {training.get('seed')}, {training.get('epochs')} epochs)",
        "made on": f"{training.get('hardware')}, {training.get('backend')}, {minutes}",
        "targets": "none"
        if "missed" not in training
        else ", ".join(f"{key} {goal:g} MISSED" for key, goal in training["missed"].items()) or "all reached",
        "use": card.intended_use,
        "limits": card.limits,
        "licence": f"{card.licence}; commercial use {'allowed' if card.commercial_use else 'not allowed'}",
    }
    table("", ("", ""), facts.items())
    print()
    rows = [(figure(row), row["split"], row["role"], paper(row), row["protocol"]) for row in card.metrics]
    table("", ("metric", "split", "role", "paper", "protocol"), rows)


def array(name: str, facts: dict) -> str:
    """An entry of a card's inputs or outputs: its name, dtype, shape with B for the batch, and what it is."""
    sizes = ", ".join(["B", *("any" if size is None else str(size) for size in facts["shape"])])
    return f"{name} {facts['dtype']} ({sizes}): {facts['description']}"


def paper(row: dict) -> str:
    return "-" if row["paper"] is None else f"{row['paper']:g}"
