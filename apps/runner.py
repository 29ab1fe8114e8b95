"""Run an app on files: a file, several files, a folder or a glob in, files out.

Where results go:
- one file: `-o FILE`; `-o FOLDER` (an existing one, a name without suffix, or one with a slash at its end) puts it
  there under its own name; without -o it becomes `<stem>.<app><suffix>` in the current folder: `photo.colorize.jpg`;
- a folder, a glob or several inputs: `-o FOLDER`, made when needed, with the inputs' own names and sub-folders.
Results keep the suffix of their input where it can be written; GIF, AVIF and the like become PNG. An input is never
overwritten, not even with force, and what lies in an output folder inside the input folder is no input: it is what an
earlier run wrote.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from zoo.errors import BadInput, OutputExists

from .app import App, Image


@dataclass(frozen=True)
class Job:
    """One file to do."""

    source: Path
    root: Path  # the folder it was found through, or the one it lies in

    @property
    def name(self) -> Path:
        """Where its result goes, below the output folder."""
        from zoo.data.images import WRITTEN

        name = self.source.relative_to(self.root)
        return name if name.suffix.lower() in WRITTEN else name.with_suffix(".png")


def run(app: App, inputs: list[str], output: str | None = None, *, force: bool = False, **options) -> int:
    """Run `app` on every file the inputs name; the number of files (or inputs) that could not be done.

    Each of those is one line on standard error, and the others are done all the same. What concerns all files (an
    option, the output folder, a missing checkpoint) raises a ZooError instead.
    """
    from zoo.data.images import check_suffix, write_image  # late: `zoo run NAME --help` reads no picture

    argument = picture_argument(app)
    app.check(**options)
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)
    failed = 0

    def fail(line) -> None:
        nonlocal failed
        failed += 1
        console.print(" ".join(str(line).splitlines()))

    jobs = _jobs(inputs, fail)
    if not jobs:
        return failed
    single = len(inputs) == 1 and Path(inputs[0]).is_file()
    if single:
        outputs = [_single_output(app, jobs[0], output)]
    else:
        folder = _output_folder(output)
        jobs = [job for job in jobs if not _is_earlier_result(job, folder)]
        outputs = [folder / job.name for job in jobs]

    sources = {_identity(job.source) for job in jobs} - {None}
    planned, todo = {}, []  # output -> the input it will be made from
    for job, path in zip(jobs, outputs, strict=True):
        # Refused before the work, which may take long, and before the framework is imported.
        try:
            check_suffix(path)
            if path in planned:
                raise BadInput(
                    f"{job.source} is not done: its output {path} is already that of {planned[path]}; rename one"
                )
            if _identity(path) in sources:
                raise BadInput(f"{job.source} is not done: {path} is an input; choose another output")
            if path.exists() and not force:
                raise OutputExists(path)
        except (BadInput, OutputExists) as error:
            fail(error)
        else:
            planned[path] = job.source
            todo.append((job, path))
    written = []
    columns = (TextColumn(app.name), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    quiet = single or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
        for job, path in progress.track(todo):
            try:
                picture = _answer(app, argument, job.source, options)
                path.parent.mkdir(parents=True, exist_ok=True)
                write_image(path, picture)
                written.append(path)
            except BadInput as error:
                fail(error)
            except OSError as error:
                fail(f"{path} cannot be written: {error.strerror or error}")
    if single:
        console.print(*(f"wrote {path}" for path in written), end="\n" if written else "")
    else:
        console.print(f"{len(written)} done, {failed} failed" + f"; results are in {folder}" * bool(written))
    return failed


def picture_argument(app: App) -> str:
    """The name of the one input that is a file, a picture. BadInput for an app of any other kind."""
    files = [each for each in app.inputs.values() if each.kind.is_file]
    if [type(each.kind) for each in files] != [Image] or [type(kind) for kind in app.outputs] != [Image]:
        raise BadInput(f"app {app.name!r} does not make one picture of another, so it cannot run on files")
    return files[0].name


def runs_on_files(app: App) -> bool:
    """Whether `zoo run` can run it."""
    try:
        picture_argument(app)
    except BadInput:
        return False
    return True


def _answer(app: App, argument: str, source: Path, options: dict):
    """What the app makes of a file; every BadInput names it."""
    from zoo.data.images import read_image

    picture = read_image(source)
    try:
        return app(**{argument: picture}, **options)
    except BadInput as error:
        raise BadInput(f"{source}: {error}") from error


def _jobs(inputs: list[str], fail) -> list[Job]:
    """What the inputs name, each file once. An input that names nothing is reported to `fail`."""
    from zoo.data.images import find_images

    jobs, seen = [], set()
    for text in inputs:
        try:
            found = find_images(text)
        except BadInput as error:
            fail(error)
            continue
        for source in found:
            where = os.path.abspath(source)
            if where not in seen:
                seen.add(where)
                jobs.append(Job(source, _root(text, source)))
    return jobs


def _root(text: str, source: Path) -> Path:
    """The folder below which an input's files keep their relative paths."""
    path = Path(text)
    if path.is_dir():
        return path
    if path.exists():
        return source.parent
    fixed = []  # a glob: the parts before the first with a wildcard
    for part in path.expanduser().parts:
        if any(sign in part for sign in "*?["):
            break
        fixed.append(part)
    return Path(*fixed)


def _single_output(app: App, job: Job, output: str | None) -> Path:
    """Where the result of a single file goes."""
    if output is None:
        return Path(f"{job.name.stem}.{app.name}{job.name.suffix}")
    if not output:
        raise BadInput("the output has no name; give a file or a folder after -o")
    path = Path(output)
    is_folder = path.is_dir() or output.endswith(("/", os.sep)) or not path.suffix
    return path / job.name if is_folder else path


def _output_folder(output: str | None) -> Path:
    """The folder for the results of several files; made, if it isn't there, with the first of them."""
    from zoo.data.images import WRITTEN

    if not output:
        raise BadInput("a folder or several files need an output folder; add -o FOLDER")
    folder = Path(output)
    like_a_file = folder.suffix.lower() in WRITTEN and not output.endswith(("/", os.sep))
    if (folder.exists() and not folder.is_dir()) or (like_a_file and not folder.exists()):
        raise BadInput(f"{output} is not a folder; a folder or several files need an output folder, -o FOLDER")
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise BadInput(f"output folder {output}: {there} cannot be written to; choose another")
    return folder


def _is_earlier_result(job: Job, folder: Path) -> bool:
    """Whether a file lies in the output folder, and that inside the folder it was found through."""
    root, inside = job.root.resolve(), folder.resolve()
    return inside != root and inside.is_relative_to(root) and job.source.resolve().is_relative_to(inside)


def _identity(path: Path):
    """What is the same for two paths to one file; None if there is no file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
