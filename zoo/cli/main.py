"""The `zoo` command. Each command imports what it needs when it runs, so that `zoo --help` imports no framework.

Other packages add commands through the entry-point group `zoo.commands`: a function that takes this `typer.Typer`.
`zoo run`, `zoo demo` and `zoo gallery` come from the apps that way, since `zoo` itself never imports them.
"""

import signal
import sys
from importlib import metadata
from typing import Annotated

import typer

from zoo.cli import training
from zoo.cli.common import Json, Name, figure, show_json, table
from zoo.cli.data import cache_app, data_app
from zoo.errors import ZooError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(training.app)
app.add_typer(data_app, name="data")
app.add_typer(cache_app, name="cache")

STOPPED = 130  # exit code after Ctrl-C, also typer's
UsageError = typer.BadParameter.__bases__[0]  # what typer raises for any command line that it cannot read


def main() -> None:
    """Run the command line; errors that a user can fix become one line and exit code 2."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C, which leaves nothing behind
    try:
        for entry in metadata.entry_points(group="zoo.commands"):
            try:
                entry.load()(app)
            except ZooError:  # it is about the command line
                raise
            except Exception as error:  # whatever is wrong with a package must not take the other commands with it
                print(f"zoo: commands of {entry.name} ({entry.value}) are left out: {error!r}", file=sys.stderr)
        code = app(standalone_mode=False)
        if code != STOPPED:
            sys.exit(code)
        again = sys.argv[1:2] in (["train"], ["finetune"])
        print("zoo: stopped" + "; the same command again resumes from the last epoch" * again, file=sys.stderr)
        sys.exit(STOPPED)
    except UsageError as error:
        helps = not sys.argv[1:] or sys.argv[-1] in ("data", "run", "cache")  # then the message is the help
        print(error.format_message() if helps else f"zoo: {error.format_message()}", file=sys.stderr)
    except ZooError as error:
        print(f"zoo: {error}", file=sys.stderr)
    except OSError as error:
        if error.filename is None:
            raise
        print(f"zoo: {error.filename}: {error.strerror}", file=sys.stderr)
    except KeyboardInterrupt:
        sys.exit(STOPPED)
    sys.exit(2)


def version(wanted: bool) -> None:
    if wanted:
        import zoo

        print(zoo.__version__)
        raise typer.Exit


@app.callback()
def zoo_(
    wanted: Annotated[bool, typer.Option("--version", callback=version, is_eager=True, help="Print it.")] = False,
) -> None:
    """The landmarks of deep learning as Keras 3 models, with weights in the package."""


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


@app.command()
def doctor(as_json: Json = False) -> None:
    """What this machine has, what the zoo will use, and what is missing."""
    from zoo.cli.doctor import report

    found = report()
    if as_json:
        return show_json(found)
    rows = [
        ("python", f"{found['python']} on {found['system']}, {found['cores']} cores"),
        ("backend", f"{found['backend']} (installed: {', '.join(found['backends']) or 'none'})"),
        *[("missing", f"the backend {found['backend']}: {found['backend_command']}")] * bool(found["backend_command"]),
        ("packages", ", ".join(f"{name} {version}" for name, version in found["versions"].items())),
        ("data", f"{found['data']['folder']}, {found['data']['bytes'] / 1e6:.0f} MB"),
        *((f"weights {name}", state) for name, state in found["checkpoints"].items()),
        *((f"missing {what}", command) for what, command in found["missing"].items()),
    ]
    table("", ("", ""), rows)
