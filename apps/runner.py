"""Run an app on pictures: a file, several files, a folder or a glob in, files out. (On texts: text_runner.py.)

Where results go:
- one file: `-o FILE`; `-o FOLDER` (an existing one, a name without suffix, or one with a slash at its end) puts it
  there under its own name; without -o it becomes `<stem>.<app><suffix>` in the current folder: `photo.colorize.jpg`;
- a folder, a glob or several inputs: `-o FOLDER`, made when needed, with the inputs' own names and sub-folders.
- an app's second picture becomes `<stem>.<its label><suffix>` beside the first, a film `<stem>.mp4`; where a film is
  made, `-o FILE.mp4` names it, and the picture beside it becomes `FILE.png`;
- a record becomes `<stem>.json` beside it; those of a folder make one `<app>.json` and one `<app>.csv`, also of a run
  that was stopped half way. Of an app that answers a record, `-o FILE.json` or `-o FILE.csv` writes records alone, and
  without -o one file's is printed.
Results keep the suffix of their input where it can be written; GIF, AVIF and the like become PNG. An input is never
overwritten, not even with force, and what lies in an output folder inside the input folder is no input: it is what an
earlier run wrote.
"""

import time
from pathlib import Path

from zoo.errors import BadInput, OutputExists

from .app import App, Image, Input, Record, Video
from .files import (
    TABLES,
    Job,
    Report,
    check_folder,
    each_once,
    identity,
    is_earlier_result,
    jobs_of,
    made,
    names_folder,
    refuse_taken,
    write_drawn,
    write_table,
)
from .text_runner import ANSWERED, run_on_texts

FILED = (Image, Video, Record)  # what there are files for


def run(app: App, inputs: list[str], output: str | None = None, *, force: bool = False, **options) -> int:
    """Run `app` on all that the inputs name; the number of files (or inputs, or texts) that could not be done.

    Each of those is one line on standard error, and the others are done all the same. What concerns all of them (an
    option, the output folder, an unsuitable checkpoint) raises a ZooError instead.
    """
    argument = argument_of(app)
    if not argument.kind.is_file:
        return run_on_texts(app, argument, inputs, output, force=force, **options)
    options = app.check(**options)
    from zoo.kinds.image import find_images

    report = Report()
    jobs = []
    for text in inputs:
        with report.failing():
            jobs += jobs_of(text, find_images)
    jobs = each_once(jobs)
    if not jobs:
        return report.failed
    single = len(inputs) == 1 and Path(inputs[0]).is_file()
    records = any(isinstance(kind, Record) for kind in app.outputs)
    printed = records and single and output is None
    tables, folder = [], None  # files for the records of all inputs
    if records and output and Path(output).suffix.lower() in TABLES and not Path(output).is_dir():
        tables, places = [Path(output)], [{} for _ in jobs]
    elif printed:
        places = [{}]
    elif single:
        path = _single_output(app, jobs[0], output)
        tables = [path.with_suffix(".json")] if records else []
        places = [_places(app, path, options)]
    else:
        folder = _output_folder(output)
        jobs = [job for job in jobs if not is_earlier_result(job, folder)]
        tables = [folder / f"{app.name}{suffix}" for suffix in TABLES] if records else []
        places = [_places(app, folder / _name(job), options) for job in jobs]

    # Refused before the work, which may take long, and before the framework is imported.
    sources = {identity(job.source) for job in jobs} - {None}
    for table in tables:
        refuse_taken(table, sources, force)
    todo = _possible(app, jobs, places, sources, force, report.fail)
    done, written, found, started = 0, [], {}, time.perf_counter()
    try:
        with report.progress() as progress:
            app.track = lambda steps, total, what: progress.track(steps, total, description=what)
            for job, outputs in todo if single else progress.track(todo, description=app.name):
                with report.failing():
                    answers = _answer(app, argument.name, job.source, options)
                    for number, path in outputs.items():
                        if answers[number] is not None:
                            write_drawn(path, app.outputs[number], answers[number])
                            written.append(path)
                    for kind, answer in zip(app.outputs, answers, strict=True):
                        if isinstance(kind, Record):
                            found[job.source] = answer
                    done += 1
    finally:  # of a run that was stopped too: what hours have found must not be lost
        for table in tables if found else []:
            write_table(table, [{"file": str(source), **record} for source, record in found.items()], single)
            written.append(table)
    if printed:
        for record in found.values():
            print(app.describe(record))
    elif single:
        report.console.print(*(f"wrote {path}" for path in written), sep="\n", end="\n" if written else "")
    if not single:
        speed = f", {done / (time.perf_counter() - started):.1f} a second" * bool(found)
        where = f"; results are in {folder or output}" * bool(written)
        report.console.print(f"{done} done, {report.failed} failed{speed}{where}")
    return report.failed


def argument_of(app: App) -> Input:
    """The input that INPUT on a command line gives: the app's one picture, or its text.

    BadInput for an app with neither, and for one whose answers no file holds.
    """
    argument = app.main_input()
    files = [each for each in app.inputs.values() if each.kind.is_file]
    if argument is None or len(files) > 1:
        raise BadInput(f"app {app.name!r} takes neither one picture nor a text, so it cannot run on files")
    if not all(isinstance(kind, FILED if files else ANSWERED[type(argument.kind)]) for kind in app.outputs):
        thing = "one picture" if files else "texts"
        raise BadInput(f"app {app.name!r} does not make files of {thing}, so it cannot run on files")
    return argument


def runs_on_files(app: App) -> bool:
    """Whether `zoo run` can run it."""
    try:
        argument_of(app)
    except BadInput:
        return False
    return True


def _name(job: Job) -> Path:
    """Where a picture's result goes, below the output folder."""
    from zoo.kinds.image import WRITTEN

    return job.below if job.below.suffix.lower() in WRITTEN else job.below.with_suffix(".png")


def _places(app: App, path: Path, options: dict) -> dict[int, Path]:
    """Where an input's results go: the number of the output -> its file, but for records."""
    wanted = made(app, options)
    pictures = [number for number in wanted if isinstance(app.outputs[number], Image)]
    films = [number for number, kind in enumerate(app.outputs) if isinstance(kind, Video)]
    shown = [number for number in films if number in wanted]
    film, places = path.with_suffix(".mp4"), {}
    if films and path.suffix.lower() == ".mp4":
        if not shown:
            flag = app.outputs[films[0]].when.replace("_", "-")
            raise BadInput(f"{path}: no film is made without --{flag}")
        film, path = path, path.with_suffix(".png")
    for number in pictures:
        name = path.name if number == pictures[0] else f"{path.stem}.{app.outputs[number].label}{path.suffix}"
        places[number] = path.with_name(name)
    return places | dict.fromkeys(shown, film)


def _possible(app, jobs, places, sources, force, fail) -> list[tuple[Job, dict]]:
    """The jobs whose files may be written; of the others `fail` is told why."""
    from zoo.kinds.image import check_suffix  # late: `zoo run NAME --help` reads no picture

    planned, todo = {}, []  # output -> the input it will be made from
    for job, outputs in zip(jobs, places, strict=True):
        try:
            mine = {}
            for number, path in outputs.items():
                if isinstance(app.outputs[number], Image):
                    check_suffix(path)
                if path in mine:
                    raise BadInput(f"{job.source} is not done: two of its outputs would be {path}")
                if path in planned:
                    raise BadInput(
                        f"{job.source} is not done: its output {path} is already that of {planned[path]}; rename one"
                    )
                refuse_taken(path, sources, force, job.source)
                mine[path] = job.source
        except (BadInput, OutputExists) as error:
            fail(error)
        else:
            planned |= mine
            todo.append((job, outputs))
    return todo


def _answer(app: App, argument: str, source: Path, options: dict) -> tuple:
    """What the app makes of a file, one value for each of its outputs; every BadInput names the file."""
    from zoo.kinds.image import read_image

    picture = read_image(source)
    try:
        answer = app(**{argument: picture}, **options)
    except BadInput as error:
        raise BadInput(f"{source}: {error}") from error
    return answer if isinstance(answer, tuple) else (answer,)


def _single_output(app: App, job: Job, output: str | None) -> Path:
    """Where the result of a single file goes."""
    if output is None:
        return Path(f"{_name(job).stem}.{app.name}{_name(job).suffix}")
    if not output:
        raise BadInput("the output has no name; give a file or a folder after -o")
    return Path(output) / _name(job) if names_folder(output) else Path(output)


def _output_folder(output: str | None) -> Path:
    """The folder for the results of several files."""
    from zoo.kinds.image import WRITTEN

    if not output:
        raise BadInput("a folder or several files need an output folder; add -o FOLDER")
    return check_folder(output, WRITTEN)
