"""The `zoo` command. Each command imports what it needs when it runs, so that `zoo --help` imports no framework.

Other packages add commands through the entry-point group `zoo.commands`: a function that takes this `typer.Typer`.
`zoo run`, `zoo demo` and `zoo gallery` come from the apps that way, since `zoo` itself never imports them.
"""

import json
import signal
import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from zoo.errors import BadInput, UnknownName, ZooError
from zoo.runtime import backend

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
data_app = typer.Typer(help="Data sets: what they are, and preparing them.", no_args_is_help=True)
app.add_typer(data_app, name="data")
cache_app = typer.Typer(help="Exports and fetched weights, kept for later.", no_args_is_help=True)
app.add_typer(cache_app, name="cache")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="A checkpoint: its name, or a folder that holds one.")]
DataDir = Annotated[
    str | None, typer.Option(help="Where prepared data sets live.", show_default="$TFDS_DATA_DIR, else TFDS's own")
]
Force = Annotated[bool, typer.Option("--force", help="Replace an output that exists.")]
Runs = Annotated[str, typer.Option(help="Folder for the state of trainings, to go on after a stop.")]
Restart = Annotated[bool, typer.Option("--restart", help="Forget an interrupted training and begin again.")]


STOPPED = 130  # exit code after Ctrl-C, also typer's
UsageError = typer.BadParameter.__bases__[0]  # what typer raises for any command line that it cannot read


def main() -> None:
    """Run the command line; what a user can mend becomes one line and exit code 2."""
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
        print("zoo: stopped" + "; the same command again goes on from the last epoch" * again, file=sys.stderr)
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


def show_json(value) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def table(title: str, columns, rows) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(*columns, title=title, title_justify="left", box=None, pad_edge=False)
    for row in rows:
        shown.add_row(*(Text(str(cell)) for cell in row))  # a text's [brackets] are no markup
    Console(width=None if sys.stdout.isatty() else 200).print(shown)


def figure(row: dict) -> str:
    """A metric row in a few characters: `accuracy 99.31 %`."""
    return f"{row['metric']} {row['value']:.2f} {row['unit']}".rstrip()


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
        "input": side(card.input),
        "output": side(card.output),
        "labels": ", ".join(card.labels) if card.labels else "none",
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


def side(facts: dict) -> str:
    """The input or output of a card: dtype, shape with B for the batch, and what it is; of each, if there are more."""

    def sizes(shape):
        return f"({', '.join(['B', *('any' if size is None else str(size) for size in shape)])})"

    shapes = facts.get("heads", {"": facts.get("shape", ["?"])})
    of_heads = ", ".join(f"{name} {sizes(shape)}".strip() for name, shape in shapes.items())
    kinds = ", ".join(f"{name} {dtype}" for name, dtype in facts.get("arrays", {}).items())
    kinds = kinds or f"{facts.get('dtype', '')} {of_heads}"
    return f"{kinds}: {facts.get('description', '')}"


def paper(row: dict) -> str:
    return "-" if row["paper"] is None else f"{row['paper']:g}"


@app.command("eval")
def eval_(
    name: Name,
    split: Annotated[str | None, typer.Option(help="Split of the data set.", show_default="the card's")] = None,
    folder: Annotated[str | None, typer.Option("--from", help="Measure on this (see zoo data show).")] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Measure a checkpoint again from its weights."""
    from zoo.data import datasets
    from zoo.hub import checkpoint

    card = checkpoint.card(name)
    if folder is not None and not Path(folder).expanduser().exists():
        advice = "give a folder of images for each class, a CSV file or a text, as it was fine-tuned on"
        if card.data.get("name") in datasets.names():
            advice = f"see zoo data show {card.data['name']}"
        raise BadInput(f"{folder}: no such folder or file; {advice}")
    backend.start()
    from zoo.training.evaluation import evaluate

    found = evaluate(name, split=split, folder=folder, data_dir=data_dir)
    if as_json:
        return show_json(found)
    stated = {(row["metric"], row["split"], row["role"]): figure(row) for row in card.metrics}
    rows = []
    for row in found["metrics"]:
        in_card = "-" if folder else stated.get((row["metric"], row["split"], row["role"]), "-")
        rows.append((figure(row), in_card, row["split"], row["role"], row["n"]))
    table(found["name"], ("measured", "in the card", "split", "role", "examples"), rows)


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="The recipe: the name of the checkpoint that it makes.")],
    out: Annotated[str | None, typer.Option("-o", "--out", help="Folder to write.", show_default="./NAME")] = None,
    init: Annotated[str | None, typer.Option(help="Start from this checkpoint's weights.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Train for this many.", show_default="the recipe's")] = None,
    data_dir: DataDir = None,
    runs: Runs = "runs",
    restart: Restart = False,
    force: Force = False,
) -> None:
    """Make a checkpoint by its recipe; started again after a stop, it goes on where it was."""
    from zoo.hub import store
    from zoo.recipes import check, find

    out = out or name
    check(name)  # what is wrong with the command line is said before the framework is imported
    store.check_output(out, force)
    backend.start()
    from zoo.training.loop import train as run

    run(find(name), out, runs=runs, data_dir=data_dir, init=init, epochs=epochs, restart=restart, force=force)
    print(out)


@app.command()
def finetune(
    name: Name,
    data: Annotated[
        str, typer.Option(help="A folder of images for each class, a data set's name, a CSV file, or a text file.")
    ],
    out: Annotated[str, typer.Option("-o", "--out", help="Folder to write the new checkpoint to.")],
    epochs: Annotated[int, typer.Option(help="At most this many; stops early when validation gets no better.")] = 30,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the validation split and the training.")] = 1,
    data_dir: DataDir = None,
    runs: Runs = "runs",
    restart: Restart = False,
    force: Force = False,
) -> None:
    """Teach a checkpoint your own data.

    A classifier of pictures: a folder of class folders, or a data set (of zoo data list, or any that TFDS has prepared
    here). A BERT: a CSV file with the columns text and label. A GPT or LSTM: a text file.
    """
    from zoo.data import datasets, prepared
    from zoo.hub import checkpoint, store

    checkpoint.card(name)
    store.check_output(out, force)
    known = data in datasets.names() or Path(data).exists() or prepared.find(data, data_dir)
    if not known and (Path(data).suffix or Path(data).name != data):
        raise BadInput(f"{data}: no such file or folder")
    if not known:
        raise UnknownName("folder or file and no data set", data, datasets.names())
    backend.start()
    from zoo.training.finetune import finetune as run

    card = run(name, data, out, epochs=epochs, seed=seed, data_dir=data_dir, runs=runs, restart=restart, force=force)
    for row in card.metrics:
        print(f"{figure(row)} on {row['n']:,} examples held back", file=sys.stderr)
    print(out)


@app.command()
def export(
    name: Name,
    format_: Annotated[str, typer.Argument(metavar="FORMAT", help="onnx, savedmodel or litert.")],
    out: Annotated[str | None, typer.Option("-o", "--out", help="What to write.", show_default="./NAME.SUFFIX")] = None,
    force: Force = False,
) -> None:
    """Write a checkpoint's model as ONNX, SavedModel or LiteRT, which run without Keras."""
    from zoo.runtime.export import export as run

    print(run(name, format_, out, force=force))


@cache_app.command("show")
def cache_show(as_json: Json = False) -> None:
    """Where the cache is, and what it holds."""
    from zoo.runtime import cache

    entries = cache.entries()
    if as_json:
        return show_json({"folder": str(cache.folder()), "files": entries})
    print(f"{cache.folder()}: {sum(entries.values()) / 1e6:.1f} MB")
    table("", ("file", "MB"), [(name, f"{size / 1e6:.1f}") for name, size in entries.items()])


@cache_app.command("clear")
def cache_clear() -> None:
    """Delete what is in the cache; all of it can be made or fetched again."""
    from zoo.runtime import cache

    print(f"freed {cache.clear() / 1e6:.1f} MB of {cache.folder()}")


@data_app.command("list")
def data_list(data_dir: DataDir = None, as_json: Json = False) -> None:
    """The data sets that recipes use, and whether they are prepared here."""
    from zoo.data import catalogue, datasets

    rows = []
    for name in datasets.names():
        dataset = datasets.dataset(name)
        rows.append({"name": name, "title": dataset.title, "fields": [*dataset.fields], "licence": dataset.licence})
        rows[-1]["prepared"] = str(catalogue.prepared(name, data_dir) or "")
    if as_json:
        return show_json(rows)
    shown = [(row["name"], ", ".join(row["fields"]), row["prepared"] or "no", row["licence"]) for row in rows]
    table("", ("data set", "fields", "prepared", "licence"), shown)


@data_app.command("show")
def data_show(name: Annotated[str, typer.Argument(help="A data set.")], as_json: Json = False) -> None:
    """What a data set is, its terms, and the folder layout that `--from` takes."""
    from zoo.data import catalogue

    dataset = catalogue.dataset(name)
    if as_json:
        return show_json(dataset.facts())
    print(f"{dataset.title} ({dataset.name})\n{dataset.summary}\n{dataset.url}\n")
    print(f"licence: {dataset.licence}\nsplits: {', '.join(dataset.splits)}\n")
    print(f"zoo eval --from DIR takes:\n{dataset.layout}\n\nzoo data prepare {name} --from DIR takes:\n{dataset.files}")


@data_app.command("prepare")
def data_prepare(
    name: Annotated[str, typer.Argument(help="A data set.")],
    source: Annotated[str | None, typer.Option("--from", help="Folder with its original files or archives.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Prepare a data set for training; the only command that may download."""
    from zoo.data import catalogue

    backend.start()
    print(catalogue.prepare(name, source, data_dir))


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
