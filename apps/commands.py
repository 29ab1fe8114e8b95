"""The commands that apps add to `zoo` by the entry-point group `zoo.commands`: `zoo run`, `zoo demo`, `zoo gallery`.

Each app's own command is made from its typed inputs; an app writes none.
"""

import inspect
import sys
from typing import Annotated

import typer

from .app import REQUIRED, App, Conversation, Flag, Input, Numbers, Text, apps, find
from .maker import makes
from .runner import argument_of, runs_on_files
from .text_inputs import COLUMN


def add(zoo: typer.Typer) -> None:
    """Add `run`, with a sub-command for each app, `demo` and `gallery`.

    Apps are loaded only when the command line says `run`.
    """
    run = typer.Typer(help="Run an app on files or texts: zoo run APP INPUT... -o OUT", no_args_is_help=True)
    zoo.add_typer(run, name="run")
    if sys.argv[1:2] == ["run"]:
        named = sys.argv[2] if len(sys.argv) > 2 and not sys.argv[2].startswith("-") else None
        for app in [find(named)] if named else [app for app in apps().values() if runs_on_files(app) or makes(app)]:
            run.command(app.name, help=app.summary)(_command(app))
    zoo.command("demo")(demo)
    zoo.command("gallery")(gallery)


def demo(
    folder: Annotated[str, typer.Option("-o", "--out", help="Folder to write.")] = "demo",
    force: Annotated[bool, typer.Option("--force", help="Write into a folder that holds other things.")] = False,
) -> None:
    """Every app on its own sample inputs, with a page that shows before and after."""
    from .demo import demo as make

    make(folder, force=force)


def gallery(
    port: Annotated[int, typer.Option(help="Port on this machine; 0 for any free one.")] = 7860,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Every app on one local page. Needs Gradio, the extra "web"."""
    from .gallery import gallery as serve

    serve(port, open_page=open_page)


def _command(app: App):
    """A function whose signature, read by typer, has the app's inputs: what it is about as INPUT..., others as options.

    BadInput for an app that cannot run on files.
    """
    if isinstance(app, Conversation):
        return _conversation(app)
    if makes(app):
        argument, parameters = None, [_folder(app), _FORCE]

        def command(out, force, **options) -> None:
            from .maker import run

            run(app, out, force=force, **options)
    else:
        argument = argument_of(app)
        parameters = _places(app, argument)

        def command(inputs, out, force, **options) -> None:
            from .runner import run

            if run(app, inputs, out, force=force, **options):
                raise typer.Exit(2)

    parameters += [_option(each) for each in app.inputs.values() if each != argument]
    command.__signature__ = inspect.Signature(parameters)
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


def _option(each: Input) -> inspect.Parameter:
    """An input as an option."""
    kind, word = each.kind, each.option
    if isinstance(kind, Flag):
        # What is off unless asked for needs no way to turn it off.
        both = word if each.default is False else f"{word}/--no-{word.removeprefix('--')}"
        return _parameter(each.name, Annotated[bool, typer.Option(both, help=kind.help)], each.default)
    # Taken as text: the app's own check knows the limits and says them better than a parser would.
    words = f"{kind.help} ({kind.limits})" if kind.limits else kind.help
    option = typer.Option(word, help=words, metavar=kind.metavar)
    if isinstance(kind, Numbers):
        return _parameter(each.name, Annotated[tuple[(str,) * kind.count] | None, option], None)
    default = REQUIRED if each.default is REQUIRED else str(each.default)
    return _parameter(each.name, Annotated[str, option], default)


def _conversation(app: Conversation):
    about = "What you say, a line each; without any, a conversation on the terminal, or the lines of standard input."
    lines = Annotated[list[str] | None, typer.Argument(metavar="[LINE]...", help=about, show_default=False)]

    def command(lines=None) -> None:
        from .conversation import converse

        converse(app, lines or [])

    command.__annotations__ = {"lines": lines}
    return command


def _parameter(name: str, kind, default=REQUIRED) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)


_FORCE = _parameter("force", Annotated[bool, typer.Option("--force", help="Replace outputs that exist.")], False)


def _folder(app: App) -> inspect.Parameter:
    """Where pictures go that are made of nothing."""
    option = typer.Option("-o", "--out", help="Folder to write.", show_default=app.name)
    return _parameter("out", Annotated[str | None, option], None)


def _places(app: App, argument: Input) -> list[inspect.Parameter]:
    """Where the input comes from and where results go."""
    kind, metavar = argument.kind, "INPUT..."
    about, where = kind.help or argument.label, "File to write, or folder: one that exists, or a name without suffix."
    if kind.is_file:
        about, usual = f"{about}: a file, several, a folder or a glob", f"NAME.{app.name}.SUFFIX here"
    else:
        usual = "standard output"
        if isinstance(kind, Text):
            about, metavar = f"{about}: the text itself, a file with it, or - for standard input", "TEXT"
        else:
            about = f"{about}: texts, files with a text a line, .csv files, a folder or a glob; - for standard input"
    places = [
        _parameter("inputs", Annotated[list[str], typer.Argument(metavar=metavar, help=about)]),
        _parameter("out", Annotated[str | None, typer.Option("-o", "--out", help=where, show_default=usual)], None),
        _FORCE,
    ]
    if not kind.is_file and not isinstance(kind, Text):
        column = typer.Option(metavar="NAME", help="The column of a .csv file that has the texts.")
        places.append(_parameter("column", Annotated[str, column], COLUMN))
    return places
