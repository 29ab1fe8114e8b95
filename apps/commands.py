"""The commands that apps add to `zoo` by the entry-point group `zoo.commands`: `zoo run`, `zoo demo`, `zoo gallery`.

Each app's own command is made from its typed inputs; an app writes none.
"""

import inspect
import sys
from typing import Annotated

import typer

from .app import REQUIRED, App, Flag, apps, find
from .runner import picture_argument, runs_on_files


def add(zoo: typer.Typer) -> None:
    """Add `run`, with a sub-command for each app, `demo` and `gallery`.

    Apps are loaded only when the command line says `run`.
    """
    run = typer.Typer(help="Run an app on files: zoo run APP INPUT... -o OUT", no_args_is_help=True)
    zoo.add_typer(run, name="run")
    if sys.argv[1:2] == ["run"]:
        named = sys.argv[2] if len(sys.argv) > 2 and not sys.argv[2].startswith("-") else None
        for app in [find(named)] if named else filter(runs_on_files, apps().values()):
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
    """A function whose signature, read by typer, has the app's inputs: files as INPUT..., the others as options.

    BadInput for an app that cannot run on files.
    """
    files = app.inputs[picture_argument(app)]

    def command(inputs, out, force, **options) -> None:
        from .runner import run

        if run(app, inputs, out, force=force, **options):
            raise typer.Exit(2)

    def parameter(name, kind, default=REQUIRED):
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)

    where = "File to write, or folder: one that exists, or a name without suffix."
    text = f"{files.kind.help or files.label}: a file, several, a folder or a glob"
    parameters = [
        parameter("inputs", Annotated[list[str], typer.Argument(metavar="INPUT...", help=text)]),
        parameter(
            "out",
            Annotated[str | None, typer.Option("-o", "--out", help=where, show_default=f"NAME.{app.name}.SUFFIX here")],
            None,
        ),
        parameter("force", Annotated[bool, typer.Option("--force", help="Replace outputs that exist.")], False),
    ]
    for each in app.inputs.values():
        if isinstance(each.kind, Flag):
            word = each.name.replace("_", "-")
            # What is off unless asked for needs no way to turn it off.
            spelled = f"--{word}" if each.default is False else f"--{word}/--no-{word}"
            option = typer.Option(spelled, help=each.kind.help)
            parameters.append(parameter(each.name, Annotated[bool, option], each.default))
        elif not each.kind.is_file:
            # Taken as text: the app's own check knows the limits and says them better than a parser would.
            kind, limits = each.kind, each.kind.limits
            option = typer.Option(help=f"{kind.help} ({limits})" if limits else kind.help, metavar=kind.metavar)
            default = REQUIRED if each.default is REQUIRED else str(each.default)
            parameters.append(parameter(each.name, Annotated[str, option], default))
    command.__signature__ = inspect.Signature(parameters)
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command
