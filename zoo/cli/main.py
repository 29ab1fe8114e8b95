"""The `zoo` command. Each command imports what it needs when it runs, so that `zoo --help` imports no framework.

Other packages add commands through the entry-point group `zoo.commands`: a function that takes this `typer.Typer`.
`zoo run`, `zoo demo` and `zoo gallery` come from the apps that way, since `zoo` itself never imports them.
"""

import signal
import sys
from importlib import metadata
from typing import Annotated

import typer

from zoo.cli import checkpoints, doctor, training
from zoo.cli.data import cache_app, data_app
from zoo.errors import LINE, QUOTED, ZooError, shorten

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(checkpoints.app)
app.add_typer(training.app)
app.add_typer(data_app, name="data")
app.add_typer(cache_app, name="cache")
app.add_typer(doctor.app)

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
        if not sys.argv[1:] or sys.argv[-1] in ("data", "run", "cache"):  # then the message is the help
            print(error.format_message(), file=sys.stderr)
        else:
            complain(error.format_message())
    except ZooError as error:
        complain(str(error))
    except OSError as error:
        if error.filename is None:
            raise
        complain(f"{error.filename}: {error.strerror}")
    except KeyboardInterrupt:
        sys.exit(STOPPED)
    sys.exit(2)


def complain(message: str) -> None:
    """Print what is wrong as one line, which quotes the first and last characters of long arguments only."""
    for argument in sys.argv[1:]:
        message = message.replace(argument, shorten(argument)) if len(argument) > QUOTED else message
    print(f"zoo: {shorten(message, LINE)}", file=sys.stderr)


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
