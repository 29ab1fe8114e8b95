"""The commands that say what there is: `zoo list`, `zoo history` and `zoo show`."""

import dataclasses
from typing import Annotated

import typer

from zoo.cli.common import Json, figure, show_json, table

app = typer.Typer()


@app.command("list")
def list_(as_json: Json = False) -> None:
    """The checkpoints that came with the package, oldest model first, and the models that have none."""
    from zoo.hub import checkpoint
    from zoo.hub.registry import architectures

    models = architectures().values()
    cards = [(about, checkpoint.card(name)) for about in models for name in about.checkpoints]
    if as_json:
        return show_json([dataclasses.asdict(card) for _, card in cards])
    rows = []
    for about, card in cards:
        results = ", ".join(figure(row) for row in card.headlines())
        rows.append((about.year, card.name, f"{card.parameters:,}", f"{card.weights['bytes'] / 1e6:.2f} MB", results))
    table("", ("year", "checkpoint", "parameters", "weights", "measured"), rows)
    without = ", ".join(f"{about.name} ({about.year})" for about in models if not about.checkpoints)
    print(f"\nmodels without a checkpoint: {without or 'none'}; zoo history lists all models")


@app.command()
def history(as_json: Json = False) -> None:
    """The models by year: what was new in each, what it builds on, and its checkpoints."""
    from zoo.hub.registry import architectures

    models = architectures().values()
    if as_json:
        return show_json([facts_of(about) for about in models])
    rows = [
        (
            about.year,
            about.name,
            about.new,
            ", ".join(about.lineage) or "-",
            "\n".join(about.checkpoints) or "-",
            about.file,
        )
        for about in models
    ]
    table("", ("year", "model", "what was new", "builds on", "checkpoints", "file"), rows)


def facts_of(about) -> dict:
    """An architecture as plain JSON."""
    return dataclasses.asdict(about) | {"file": about.file, "call": about.call, "checkpoints": [*about.checkpoints]}


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A checkpoint, its name or its folder; or a model of zoo history.")],
    as_json: Json = False,
) -> None:
    """A checkpoint's card: what it is, how it was made, what was measured, its use; or what a model is."""
    from zoo.errors import UnknownName
    from zoo.hub import checkpoint
    from zoo.hub.registry import architectures
    from zoo.hub.sources import keras_applications

    models = architectures()
    if name in models:
        return show_model(models[name], as_json)
    try:
        card = checkpoint.card(name)
    except UnknownName:
        known = [*checkpoint.list(), *keras_applications.SOURCES, *models]
        raise UnknownName("checkpoint or model", name, known) from None
    show_card(card, as_json)


def show_model(about, as_json: bool) -> None:
    from zoo.hub.registry import architectures

    if as_json:
        return show_json(facts_of(about) | {"about": about.about})
    print(f"{about.name}\n{about.title}, {about.year}: {about.new}\n")
    later = [other.name for other in architectures().values() if about.name in other.lineage]
    facts = {
        "file": about.file,
        "built by": about.call,
        "builds on": ", ".join(about.lineage) or "none of these models",
        "built on by": ", ".join(later) or "none of these models",
        "checkpoints": ", ".join(about.checkpoints) or f"none: train one of your own, zoo.{about.class_name}()",
    }
    table("", ("", ""), facts.items())
    print(f"\n{about.about}")


def show_card(card, as_json: bool) -> None:
    if as_json:
        return show_json(dataclasses.asdict(card))
    print(f"{card.name}\n{card.summary}\n")
    weights, training = card.weights, card.training
    seeded = f" (seed {training['seed']}, {training.get('epochs')} epochs)" if "seed" in training else ""
    minutes = f"{training['wall_time_s'] / 60:.1f} minutes" if "wall_time_s" in training else None
    made_on = [str(each) for each in (training.get("hardware"), training.get("backend"), minutes) if each is not None]
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
        "made by": f"{training.get('command')}{seeded}",
        "made on": ", ".join(made_on),
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
