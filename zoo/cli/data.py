"""The commands about data sets and about the cache."""

from typing import Annotated

import typer

from zoo.cli.common import DataDir, Json, show_json, table
from zoo.runtime import backend

data_app = typer.Typer(help="Data sets: what they are, and preparing them.", no_args_is_help=True)
cache_app = typer.Typer(help="Exports and fetched weights, stored for later.", no_args_is_help=True)


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
    """Prepare a data set for training. MNIST and CIFAR-10 are downloaded without --from."""
    from zoo.data import catalogue

    catalogue.check_source(name, source, data_dir)  # said before the framework is imported
    backend.start()
    print(catalogue.prepare(name, source, data_dir))
