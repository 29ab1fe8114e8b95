"""The demo: every registered app on its own samples, and a page that shows inputs and outputs."""

import contextlib
import html
import os
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

from zoo.errors import BadInput, OutputExists
from zoo.kinds.text import write_text

from .app import App, Flag, Image, Kind, Record, Sample, Table, apps
from .conversation import Conversation
from .run import is_runnable

# Marks a page that the demo wrote, which it may replace.
_MARK = '<meta name="generator" content="zoo demo">'

_STYLE = """
:root { color-scheme: light dark; --paper: #f6f5f2; --card: #fff; --ink: #1d1c1a; --soft: #6b6862; --line: #e2dfd8; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #151515; --card: #1f1f1e; --ink: #eceae5; --soft: #a09c94; --line: #343330; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 76rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { margin: 0 0 .25rem; font-size: 2rem; line-height: 1.2; letter-spacing: -.02em; }
h2 { margin: 3rem 0 .25rem; font-size: 1.5rem; line-height: 1.25; letter-spacing: -.01em; }
h3 { margin: 0; font-size: 1.05rem; }
p { margin: 0 0 .75rem; }
.soft { color: var(--soft); font-size: .9rem; }
article { margin: 1.25rem 0; padding: 1.1rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 14px; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); gap: .9rem;
  margin: .8rem 0; }
figure { margin: 0; }
img, video, audio { display: block; width: 100%; border-radius: 8px; }
img, video { height: auto; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { padding: .2rem .6rem; border: 1px solid var(--line); text-align: left; }
figcaption { margin-top: .3rem; color: var(--soft); font-size: .9rem; }
pre { margin: 0; padding: .6rem .8rem; overflow-x: auto; border: 1px solid var(--line); border-radius: 8px;
  background: var(--paper); font: .85rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
"""


def demo(folder: str | os.PathLike = "demo", *, force: bool = False) -> Path:
    """Run every registered app on its samples. Returns the path of the page that shows them, `folder`/index.html.

    Inputs and outputs are written to `folder`/<app>/. An earlier demo is replaced; a folder that holds anything else
    raises OutputExists without force. The page is written last: until then it says that the demo is incomplete.
    """
    folder = Path(folder)
    page = folder / "index.html"
    with _writing(folder):
        if folder.exists() and not force and any(folder.iterdir()) and not _is_ours(page):
            raise OutputExists(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_text(page, _page(["<p>The demo is being made, or was interrupted: run <code>zoo demo</code> again.</p>"]))
    sections = []
    for app in apps().values():
        with _writing(folder):
            (folder / app.name).mkdir(exist_ok=True)
        sections.append(_section(app, folder))
    with _writing(folder):
        write_text(page, _page(sections))
    print(f"The demo is in {folder.resolve()}; open {page.resolve()} in a browser.")
    return page


@contextlib.contextmanager
def _writing(folder: Path):
    """A context for file operations in the demo folder, in which an OSError is a user error."""
    try:
        yield
    except OSError as error:
        raise BadInput(f"demo folder {folder} cannot be written: {error.strerror or error}; choose another") from error


def _is_ours(page: Path) -> bool:
    return page.is_file() and _MARK in page.read_text(encoding="utf-8", errors="replace")


def _page(sections: list[str]) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{_MARK}
<title>zoo demo</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>The zoo's apps at work</h1>
<p class="soft">Made on this machine by <code>zoo demo</code>, with the weights in the package.
The commands below run in the folder of this page, once <code>zoo</code> is on your path:
<code>. .venv/bin/activate</code> in the clone does that.</p>
{"".join(sections) or "<p>No app is installed.</p>"}
</body>
</html>
"""


def _section(app: App, folder: Path) -> str:
    """Run one app on its samples. Returns its part of the page."""
    articles = []
    for number, sample in enumerate(app.samples()):
        given = _written(app, sample, folder)
        started = time.perf_counter()
        answer = app(**given)
        seconds = time.perf_counter() - started
        note = f"{seconds:.1f} s, the model's loading included" if number == 0 else f"{seconds:.2f} s"
        articles.append(_article(app, sample, answer, note, folder))
    summary = html.escape(app.summary)
    return f"<section>\n<h2>{html.escape(app.title)}</h2>\n<p>{summary}</p>\n{''.join(articles)}</section>\n"


def _written(app: App, sample: Sample, folder: Path) -> dict:
    """A sample's inputs. Those of files are written to `folder` and read again, so that the app gets the same values as
    by the command on the page.
    """
    given = dict(sample.inputs)
    for name, value in sample.inputs.items():
        kind, path = app.inputs[name].kind, folder / _input_file(app, sample, name)
        if kind.is_file:
            kind.write(path, value)
            given[name] = kind.read(path)
    return given


def _input_file(app: App, sample: Sample, name: str) -> str:
    return f"{app.name}/{sample.name}-{name}{app.inputs[name].kind.suffix}"


def _article(app: App, sample: Sample, answer, note: str, folder: Path) -> str:
    """Write a sample's results. Returns its part of the page, with the command that gives the same results."""
    answers = answer if isinstance(answer, tuple) else (answer,)
    figures = []
    for name, value in sample.inputs.items():
        each = app.inputs[name]
        if each.kind.is_file:
            figures.append(_figure(each.label, each.kind.html(value, _input_file(app, sample, name), each.label)))
        else:
            figures.append(_figure(each.label, _in_words(app, each.kind, value)))
    for output, value in zip(app.outputs, answers, strict=True):
        if not output.kind.is_file:
            figures.append(_figure(output.label, _in_words(app, output.kind, value)))
        elif value is not None:
            named = {each.name: each for each in value} if output.many else {output.label: value}
            figures += [_filed(app, sample, output.kind, label, each, folder) for label, each in named.items()]
    if sample.reference is not None:
        figures.append(_filed(app, sample, Image(), "reference", sample.reference, folder, sample.reference_label))
    if isinstance(app, Conversation):  # line and answer in turn rather than side by side
        lines = zip(sample.inputs["lines"], answer, strict=True)
        said = "\n".join(f"> {line}\n{reply}" for line, reply in lines)
        figures = [_figure("conversation", f"<pre>{html.escape(said)}</pre>")]
    command = html.escape(shlex.join(_command(app, sample)))
    return f"""<article>
<h3>{html.escape(sample.title)}</h3>
<p class="soft">{html.escape(sample.credit)} · {html.escape(note)}</p>
<div class="pictures">
{"".join(figures)}</div>
{f"<pre><code>{command}</code></pre>" if is_runnable(app) else ""}
</article>
"""


def _command(app: App, sample: Sample) -> list[str]:
    """The words of the command that runs an app on a sample, in the demo's folder."""
    words, main = ["zoo", "run", app.name], app.main_input()
    for name, value in sample.inputs.items():
        each = app.inputs[name]
        values = [_input_file(app, sample, name)] if each.kind.is_file else [f"{value}"]
        if each.many and not each.kind.is_file:
            values = [f"{one}" for one in each.check(value)]
        if isinstance(each.kind, Flag):
            words += [each.option if value else f"--no-{each.option[2:]}"] * (value != each.default)
        else:
            words += values if each == main else [each.option, *values]
    first = next((output.kind for output in app.outputs if output.kind.is_file), None)
    if first:
        words += ["-o", sample.name if main is None else f"{sample.name}{first.suffix}"]
    return words


def _filed(app: App, sample: Sample, kind: Kind, name: str, value, folder: Path, label: str = "") -> str:
    """Write an answer to a file. Returns a figure that shows it."""
    address = f"{app.name}/{sample.name}-{name.replace(' ', '-')}{kind.suffix}"
    kind.write(folder / address, value)
    return _figure(label or name, kind.html(value, address, label or name))


def _in_words(app: App, kind: Kind, value) -> str:
    """An input or an answer that is no file, as preformatted text."""
    if isinstance(kind, Record):
        words = Table().words(value) if isinstance(value, list) else app.describe(value)
    elif isinstance(value, list | tuple):
        words = "\n".join(kind.words(each) for each in value)
    elif isinstance(value, Iterator):  # a text, piece by piece
        words = "".join(value)
    else:
        words = kind.words(value)
    return f"<pre>{html.escape(words)}</pre>"


def _figure(label: str, shown: str) -> str:
    return f"<figure>{shown}<figcaption>{html.escape(label)}</figcaption></figure>\n"
