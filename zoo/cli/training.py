"""The commands that train and measure checkpoints, and export them."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from zoo.cli.common import DataDir, Force, Json, Name, Restart, Runs, figure, show_json, table
from zoo.errors import BadInput, UnknownName
from zoo.runtime import backend

app = typer.Typer()


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
        advice = "give a folder of images for each class, a CSV file or a text file, as it was fine-tuned on"
        if card.data.get("name") in datasets.names():
            advice = f"see zoo data show {card.data['name']}"
        raise BadInput(f"{folder}: no such folder or file; {advice}")
    from zoo.training.evaluation import evaluate  # it imports the framework once the data are read

    found = evaluate(name, split=split, folder=folder, data_dir=data_dir)
    if as_json:
        return show_json(found)
    columns = ("measured", "in the card", "split", "role", "examples", "protocol")
    table(found["name"], columns, beside_card(found["metrics"], [] if folder else card.metrics))


def beside_card(measured: list[dict], stated: list[dict]) -> list[tuple]:
    """Rows of a table: each figure measured beside the card's for the same split, role and protocol ("-": none)."""

    def identity(row):
        return row["metric"], row["split"], row["role"], row["protocol"]

    in_card = {identity(row): figure(row) for row in stated}
    return [
        (
            figure(row),
            in_card.get(identity(row), "-"),
            row["split"],
            row["role"],
            row["n"],
            row["protocol"].split("; ")[0],
        )
        for row in measured
    ]


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="The recipe: the name of the checkpoint that it makes.")],
    out: Annotated[str | None, typer.Option("-o", "--out", help="Folder to write.", show_default="./NAME")] = None,
    init: Annotated[str | None, typer.Option(help="Start from this checkpoint's weights.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Train for this many.", show_default="the recipe's")] = None,
    data_dir: DataDir = None,
    runs: Runs = "runs",
    restart: Restart = False,
    force: Force = False,
) -> None:
    """Make a checkpoint by its recipe: train, or convert published weights. Started again after a stop, a training
    continues where it was."""
    from zoo.hub import checkpoint, store
    from zoo.recipes import check, find

    out = out or name
    check(name)  # what is wrong with the command line is said before the framework is imported
    store.check_output(out, force)
    if init is not None:
        checkpoint.verify(init)
    backend.start()
    from zoo.training import conversion, loop

    recipe = find(name)
    if isinstance(recipe, conversion.Conversion):
        conversion.convert(recipe, out, data_dir=data_dir, init=init, epochs=epochs, force=force)
    else:
        loop.train(recipe, out, runs=runs, data_dir=data_dir, init=init, epochs=epochs, restart=restart, force=force)
    print(out)


@app.command()
def finetune(
    name: Name,
    data: Annotated[
        str, typer.Option(help="A folder of images for each class, a data set's name, a CSV file, or a text file.")
    ],
    out: Annotated[str, typer.Option("-o", "--out", help="Folder to write the new checkpoint to.")],
    epochs: Annotated[
        int, typer.Option(min=1, help="At most this many; stops early when validation gets no better.")
    ] = 30,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the validation split and the training.")] = 1,
    data_dir: DataDir = None,
    runs: Runs = "runs",
    restart: Restart = False,
    force: Force = False,
) -> None:
    """Fine-tune a checkpoint on your own data.

    A classifier of images: a folder of class folders, or a data set (of zoo data list, or any that TFDS has prepared
    here). A BERT: a CSV file with the columns text and label. A GPT or LSTM: a text file.

    A fifth of each class is held back. At its end the command prints the accuracy on it with a 95 % interval, how a
    baseline does (images: nearest centroid on the checkpoint's features; texts: TF-IDF and logistic regression),
    whether the data are few, and the licence that the result inherits. A classifier is calibrated to accept 95 % of
    what is like your data, and to reject other things; images and texts in the installed packages stand for these.
    """
    from zoo import tasks
    from zoo.data import datasets, tfds_images
    from zoo.hub import checkpoint, store

    # What is wrong with the command line or the data is said before the framework is imported, which takes seconds.
    card = checkpoint.card(name)
    store.check_output(out, force)
    known = data in datasets.names() or Path(data).exists() or tfds_images.find(data, data_dir)
    if not known and (Path(data).suffix or Path(data).name != data):
        raise BadInput(f"{data}: no such file or folder")
    if not known:
        raise UnknownName("folder or file and no data set", data, datasets.names())
    tasks.of(card).check_data(name, card, data, data_dir)
    backend.start()
    from zoo.training import report
    from zoo.training.finetune import finetune as run

    card = run(name, data, out, epochs=epochs, seed=seed, data_dir=data_dir, runs=runs, restart=restart, force=force)
    for line in report.lines(card):
        print(line, file=sys.stderr)
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
