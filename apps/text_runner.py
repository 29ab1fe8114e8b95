"""Run an app on texts: texts out, on a terminal or in files. What names texts: text_inputs.py. (Pictures: runner.py.)

Where results go:
- without -o to standard output: texts as they come, records as a table;
- `-o FILE`: those of all inputs into one file. A .txt has a line for each of theirs, empty where there was nothing or
  it could not be done; .csv and .json have a row for each text, with all that a table's row held before;
- `-o FOLDER`: a file for each of theirs, under its name;
- a picture becomes `FILE.<its label>.png` beside that, or `<app>.<label>.png` here; `-o FILE.png` names it.
An input is never overwritten, not even with force. Of a run that was stopped, what it had found is written.
"""

import sys
import time
from pathlib import Path

from zoo.errors import BadInput

from .app import App, Image, Input, Record, Records, Stream, Text, Texts
from .files import (
    TABLES,
    Report,
    check_folder,
    check_writable,
    columns,
    identity,
    made,
    names_folder,
    refuse_taken,
    write_drawn,
    write_table,
    write_text,
)
from .text_inputs import COLUMN, SHEETS, Item, gather

# What an app may answer to a text, or to texts.
ANSWERED = {Text: (Text, Stream, Record, Image), Texts: (Texts, Records, Image)}
PLAIN = (".txt", ".md")
PART = 64  # texts that an app is given at once


def run_on_texts(
    app: App, argument: Input, inputs: list[str], output: str | None = None, *, force=False, column=COLUMN, **options
) -> int:
    """Run `app` on the texts of its input `argument`; the number of texts and files that could not be done.

    column: the one of a table that has the texts. Errors are as in `runner.run`.
    """
    options = app.check(**options)
    whole = isinstance(argument.kind, Text)
    folder = _output_folder(output)
    report = Report()
    items = gather(inputs, report, column=column, whole=whole, folder=folder)
    if whole and len(inputs) + len(items) > 2:
        raise BadInput(f"{app.name} takes one text, not {max(len(inputs), len(items))}; put it in quotes")
    wanted = [item for item in items if (item.text if whole else item.text.strip())]
    if not wanted and not report.failed:
        raise BadInput(f"{argument.label}: there is no text; give one")
    # Refused before the work, which may take long, and before the framework is imported.
    pictures = _pictures(app, output, folder, options, len(wanted))
    files = _files(app, items, output, folder)
    shown = not files  # results are printed
    refused = _refused([*files.items(), *((path, wanted) for path in pictures.values())], items, force, report)
    wanted = [item for item in wanted if item not in refused]

    parts = [wanted[first : first + PART] for first in range(0, len(wanted), PART)]
    drawn, printed, written, finished, started = {}, 0, [], False, time.perf_counter()
    try:
        with report.progress(shown=len(parts) > 1 and not (shown and sys.stdout.isatty())) as progress:
            app.track = lambda steps, total, what: progress.track(steps, total, description=what)
            task = progress.add_task(app.name, total=len(wanted))
            for part in parts:
                drawn |= _do(app, argument, part, options, report, shown)
                progress.update(task, advance=len(part))
                if shown:
                    end = items.index(part[-1]) + 1
                    _print_lines(app, items[printed:end], whole)
                    printed = end
        finished = True
    finally:  # of a run that was stopped, too
        if shown:
            _print_records(app, wanted)
        written += [path for path, members in files.items() if _write(app, path, members, whole, finished)]
    for number, picture in drawn.items():
        write_drawn(pictures[number], app.outputs[number], picture)
        written.append(pictures[number])
    if folder and written:
        report.console.print(f"results are in {folder}")
    elif not folder:
        for path in written:
            report.console.print(f"wrote {path}")
    if files and len(wanted) > 1:
        done = sum(item.found is not None for item in wanted)
        speed = f"{done / (time.perf_counter() - started):.1f} a second"
        report.console.print(f"{done} done, {report.failed} failed, {speed}")
    return report.failed


# --- where results go, which is said before the work ------------------------------------------------------------------


def _output_folder(output: str | None) -> Path | None:
    if output == "":
        raise BadInput("the output has no name; give a file or a folder after -o")
    return check_folder(output) if output and names_folder(output) else None


def _pictured(app) -> tuple[str, ...]:
    """Suffixes of the files that a picture of the app's can go into; none where it makes none."""
    if not any(isinstance(kind, Image) for kind in app.outputs):
        return ()
    from zoo.kinds.image import WRITTEN

    return tuple(WRITTEN)


def _names_picture(app, output: str | None) -> bool:
    return bool(output) and Path(output).suffix.lower() in _pictured(app)


def _pictures(app, output, folder, options, count: int) -> dict[int, Path]:
    """Where pictures go: the number of the output -> its file. Raises BadInput where none is made, or of many texts."""
    possible = [number for number, kind in enumerate(app.outputs) if isinstance(kind, Image)]
    wanted = [number for number in possible if number in made(app, options)]
    named = folder is None and _names_picture(app, output)
    flag = app.outputs[possible[0]].when.replace("_", "-") if possible else ""
    if named and not wanted:
        raise BadInput(f"{output}: no picture is made without --{flag}")
    if wanted and count > 1:
        raise BadInput(f"{app.name} draws one text, not {count}; give one" + f" or leave out --{flag}" * bool(flag))
    base = folder / app.name if folder else Path(output or app.name).with_suffix("")
    places = {number: base.with_name(f"{base.name}.{app.outputs[number].label}.png") for number in wanted}
    return places | ({wanted[0]: Path(output)} if named else {})


def _files(app, items: list[Item], output, folder) -> dict[Path, list[Item]]:
    """Which texts' results go into which file; none where they are printed. Raises BadInput for a strange suffix."""
    words = _words(app)
    if folder is not None:
        files = {}
        for item in items:
            name = item.job.below if item.job else Path(f"{app.name}.txt")
            if words is None or name.suffix.lower() not in PLAIN:
                name = name.with_suffix(".csv" if words is None or name.suffix.lower() in SHEETS else ".txt")
            files.setdefault(folder / name, []).append(item)
        return files
    if output is None or _names_picture(app, output):
        return {}
    suffixes = (*_pictured(app), *(TABLES if words is None else (*PLAIN, *TABLES)))
    if Path(output).suffix.lower() not in suffixes:
        raise BadInput(f"{output}: cannot write {Path(output).suffix}; use one of {' '.join(suffixes)}")
    return {Path(output): items}


def _refused(files: list, items: list[Item], force: bool, report) -> set:
    """The texts whose file, of pairs of a file and its texts, can't be written; `report` is told why."""
    sources = {identity(item.job.source) for item in items if item.job} - {None}
    refused = set()
    for path, members in files:
        failed = report.failed
        with report.failing():
            check_writable(path.parent)
            refuse_taken(path, sources, force)
        refused.update(members if report.failed > failed else ())
    return refused


def _words(app) -> str | None:
    """What the app's answer in words is called, None where it has none."""
    return next((_name(kind) for kind in app.outputs if isinstance(kind, Text | Texts | Stream)), None)


def _name(kind) -> str:
    return kind.label or "result"


# --- the work ---------------------------------------------------------------------------------------------------------


def _do(app, argument: Input, part: list[Item], options, report, shown: bool) -> dict:
    """Give the app some texts, and each of them what it found; its pictures by the number of the output.

    Where it refuses them together it is asked for each by itself, so that the others are done all the same.
    """
    texts, drawn = [item.text for item in part], {}
    try:
        answer = app(**{argument.name: texts[0] if isinstance(argument.kind, Text) else texts}, **options)
        answers = answer if isinstance(answer, tuple) else (answer,)
        for number, (kind, each) in enumerate(zip(app.outputs, answers, strict=True)):
            if isinstance(kind, Image):
                drawn |= {} if each is None else {number: each}
                continue
            if isinstance(kind, Stream):
                each = _followed(each, part[0], kind, shown)
            for item, found in zip(part, _by_text(kind, each), strict=True):
                item.found = (item.found or {}) | found
    except BadInput as error:
        if len(part) > 1:
            for item in part:
                drawn |= _do(app, argument, [item], options, report, shown)
        else:
            report.fail(f"{part[0].place}: {error}" if part[0].place else error)
    return drawn


def _followed(pieces, item: Item, kind, shown: bool) -> str:
    """The text that comes piece by piece; `item` has of it what has come, and a terminal shows it."""
    text = ""
    try:
        for piece in pieces:
            text += piece
            item.found = (item.found or {}) | {_name(kind): text}
            if shown:
                print(piece, end="", flush=True)
    finally:
        if shown and text and not text.endswith("\n"):
            print(flush=True)
    return text


def _by_text(kind, answer) -> list[dict]:
    """What was found in each text, by name."""
    if isinstance(kind, Records):
        return [{name: value for name, value in record.items() if name != "text"} for record in answer]
    if isinstance(kind, Record):
        return [answer]
    return [{_name(kind): text} for text in (answer if isinstance(kind, Texts) else [answer])]


# --- results ----------------------------------------------------------------------------------------------------------


def _line(item: Item, words: str, whole: bool) -> str:
    """A text's answer in words; of one among others a single line, so that lines stay those of the input."""
    text = (item.found or {}).get(words, "")
    return text if whole else " ".join(text.splitlines())


def _print_lines(app, items: list[Item], whole: bool) -> None:
    words = _words(app)
    if words is not None and not any(isinstance(kind, Stream) for kind in app.outputs):
        for item in items:
            print(_line(item, words, whole), flush=True)
            for kind in app.outputs:  # what is said about that is no part of it
                note = item.found and isinstance(kind, Texts) and _name(kind) != words and item.found[_name(kind)]
                if note:
                    print(f"{item.place or item.text[:40]!r}: {note}", file=sys.stderr)


def _print_records(app, items: list[Item]) -> None:
    """Records as a table; a single one as the app describes it."""
    words, found = _words(app), [item for item in items if item.found]
    for kind in app.outputs if found else ():
        if isinstance(kind, Records):
            from zoo.cli.main import table

            rows = [columns({"text": item.text} | item.found) for item in found]
            names = dict.fromkeys(name for row in rows for name in row if name != words)
            table("", names, [["-" if row.get(name) is None else row[name] for name in names] for row in rows])
        elif isinstance(kind, Record):
            print(app.describe({name: value for name, value in found[0].found.items() if name != words}))


def _write(app, path: Path, items: list[Item], whole: bool, finished: bool) -> bool:
    """Write a file of results; whether there were any. Of a run that was stopped it ends with the last one."""
    found = [number for number, item in enumerate(items) if item.found is not None]
    if not found:
        return False
    items = items if finished else items[: found[-1] + 1]
    if path.suffix.lower() in TABLES:
        several = len({item.job for item in items}) > 1
        rows = [_row(app, item, several) for item in items if item.found is not None or item.row is not None]
        write_table(path, rows, whole)
    else:
        lines = [_line(item, _words(app), whole) for item in items]
        write_text(path, "".join(f"{line}\n" for line in lines))
    return True


def _row(app, item: Item, several: bool) -> dict:
    """A text's row in a table: what a table held before, and what was found; of several files, which it was in."""
    row = {"text": item.text} if item.row is None else item.row

    def named(facts: dict) -> dict:
        return {f"{app.name}_{name}" if name in row else name: value for name, value in facts.items()}

    source = {"file": str(item.job.source) if item.job else ""} if several else {}
    return named(source) | row | named(item.found or {})
