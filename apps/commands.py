"""The commands that apps add to `zoo` by the entry-point group `zoo.commands`: `zoo run`, `zoo demo`, `zoo gallery`.

Each app's own command is made from its typed inputs; an app writes none.
"""

import inspect
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:  # imported late, since apps bring NumPy with them and `zoo --help` is to be quick
    from .app import App, Input
    from .conversation import Conversation


def add(zoo: typer.Typer) -> None:
    """Add `run`, with a sub-command for each app, `demo` and `gallery`. Apps are loaded only by `zoo run`."""
    group = typer.Typer(help="Run an app on files or texts: zoo run APP INPUT... -o OUT", no_args_is_help=True)
    zoo.add_typer(group, name="run")
    if sys.argv[1:2] == ["run"]:
        from .app import apps, find
        from .run import is_runnable

        named = sys.argv[2] if len(sys.argv) > 2 and not sys.argv[2].startswith("-") else None
        for app in [find(named)] if named else [app for app in apps().values() if is_runnable(app)]:
            group.command(app.name, help=app.summary)(_command(app))
    zoo.command("demo")(demo)
    zoo.command("gallery")(gallery)


def demo(
    folder: Annotated[str, typer.Option("-o", "--out", help="Folder to write.")] = "demo",
    force: Annotated[bool, typer.Option("--force", help="Write into a folder that has other files.")] = False,
) -> None:
    """Run every app on its own samples, and write a page that shows inputs and outputs."""
    from .demo import demo as make

    make(folder, force=force)


def gallery(
    port: Annotated[int, typer.Option(help="Port on this machine; 0 for any free one.")] = 7860,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Serve a local page with all apps. Needs Gradio, the extra "web"."""
    from .gallery.server import gallery as serve

    serve(port, open_page=open_page)


def _command(app: "App"):
    """A function with a signature for typer: the app's main input as INPUT..., its other inputs as options.

    Raises BadInput for an app that cannot run on files.
    """
    from .conversation import Conversation
    from .run import argument_of, run

    if isinstance(app, Conversation):
        return _conversation(app)
    main = argument_of(app)

    def command(out, force, inputs=(), **options) -> None:
        if run(app, inputs, out, force=force, **options):
            raise typer.Exit(2)

    parameters = [*_input_and_output(app, main), *(_option(each) for each in app.inputs.values() if each != main)]
    command.__signature__ = inspect.Signature(parameters)
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


def _option(each: "Input") -> inspect.Parameter:
    """An input as an option. A missing one becomes None, and `run` raises the error."""
    from .app import REQUIRED, Flag

    kind, word = each.kind, each.option
    if isinstance(kind, Flag):
        # A flag that is off by default needs no --no-NAME.
        both = word if each.default is False else f"{word}/--no-{word.removeprefix('--')}"
        return _parameter(each.name, Annotated[bool, typer.Option(both, help=kind.help)], each.default)
    # A str for all kinds: the app's own check knows the limits, and has better error messages than a parser.
    words = f"{kind.help} ({each.limits})" if each.limits else kind.help
    fixed = isinstance(each.default, str | int | float)
    shown = True if fixed else "required" if each.default is REQUIRED else False
    option = typer.Option(word, help=words, metavar=kind.metavar, show_default=shown)
    if each.count:
        return _parameter(each.name, Annotated[tuple[(str,) * each.count] | None, option], None)
    if kind.is_file or each.many:  # several, so that a second file for one argument can be refused
        return _parameter(each.name, Annotated[list[str] | None, option], None)
    return _parameter(each.name, Annotated[str | None, option], str(each.default) if fixed else None)


def _conversation(app: "Conversation"):
    about = "Lines to say; without any, a conversation on the terminal, or the lines of standard input."
    lines = Annotated[list[str] | None, typer.Argument(metavar="[LINE]...", help=about, show_default=False)]

    def command(lines=None) -> None:
        from .conversation import converse

        converse(app, lines or [])

    command.__annotations__ = {"lines": lines}
    return command


def _parameter(name: str, kind, default=inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)


def _input_and_output(app: "App", main: "Input | None") -> list[inspect.Parameter]:
    """The parameters INPUT..., -o, --force and, for texts, --column."""
    force = _parameter("force", Annotated[bool, typer.Option("--force", help="Replace outputs that exist.")], False)
    if main is None:
        option = typer.Option("-o", "--out", help="Folder to write.", show_default=app.name)
        return [_parameter("out", Annotated[str | None, option], None), force]
    metavar, usual = "INPUT...", "standard output"
    about, where = main.kind.help or main.label, "File to write, or folder: one that exists, or a name without suffix."
    if main.kind.is_file:
        about = f"{about}: a file, several, a folder or a glob"
        if all(each.kind.is_file for each in app.outputs):  # other answers are printed
            usual = f"NAME.{app.name}.SUFFIX here"
    elif main.many:
        about = f"{about}: texts, files with a text a line, .csv files, a folder or a glob; - for standard input"
    else:
        about, metavar = f"{about}: the text itself, a file with it, or - for standard input", "TEXT"
    parameters = [
        _parameter("inputs", Annotated[list[str], typer.Argument(metavar=metavar, help=about)]),
        _parameter("out", Annotated[str | None, typer.Option("-o", "--out", help=where, show_default=usual)], None),
        force,
    ]
    if main.many and not main.kind.is_file:
        from .texts import COLUMN

        column = typer.Option(metavar="NAME", help="The column of a .csv file that has the texts.")
        parameters.append(_parameter("column", Annotated[str, column], COLUMN))
    return parameters
