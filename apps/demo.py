"""The demo: every registered app on its own samples, and a page that shows before and after."""

import contextlib
import html
import os
import shlex
import time
from pathlib import Path

from zoo.errors import BadInput, OutputExists

from .app import App, Conversation, Flag, Image, Images, Numbers, Record, Records, Sample, Stream, Texts, Video, apps
from .files import write_drawn
from .maker import makes
from .runner import runs_on_files

# Tells a page of ours from somebody else's index.html.
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
img, video { display: block; width: 100%; height: auto; border-radius: 8px; }
figcaption { margin-top: .3rem; color: var(--soft); font-size: .9rem; }
pre { margin: 0; padding: .6rem .8rem; overflow-x: auto; border: 1px solid var(--line); border-radius: 8px;
  background: var(--paper); font: .85rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
"""


def demo(folder: str | os.PathLike = "demo", *, force: bool = False) -> Path:
    """Run every registered app on its samples; the path of the page that shows them, `folder`/index.html.

    Pictures go to `folder`/<app>/. What an earlier demo wrote there is replaced; a folder that holds anything else
    is refused (OutputExists) without force. The page comes last: until then its place says that the demo isn't done.
    """
    folder = Path(folder)
    page = folder / "index.html"
    with _writing(folder):
        if folder.exists() and not force and any(folder.iterdir()) and not _is_ours(page):
            raise OutputExists(folder)
        folder.mkdir(parents=True, exist_ok=True)
        _write(page, _page(["<p>The demo is being made, or was interrupted: run <code>zoo demo</code> again.</p>"]))
    sections = []
    for app in apps().values():
        with _writing(folder):
            (folder / app.name).mkdir(exist_ok=True)
        sections.append(_section(app, folder))
    with _writing(folder):
        _write(page, _page(sections))
    print(f"The demo is in {folder.resolve()}; open {page.resolve()} in a browser.")
    return page


@contextlib.contextmanager
def _writing(folder: Path):
    """Around what touches the demo folder, and nothing else: what fails there is the folder's fault."""
    try:
        yield
    except OSError as error:
        raise BadInput(f"demo folder {folder} cannot be written: {error.strerror or error}; choose another") from error


def _is_ours(page: Path) -> bool:
    return page.is_file() and _MARK in page.read_text(encoding="utf-8", errors="replace")


def _write(page: Path, text: str) -> None:
    """Beside, then into place: a crash leaves the old page."""
    beside = page.with_name(page.name + ".part")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, page)


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
    """Run one app on its samples; its part of the page."""
    articles = []
    for number, sample in enumerate(app.samples()):
        started = time.perf_counter()
        answer = app(**sample.inputs)
        seconds = time.perf_counter() - started
        note = f"{seconds:.1f} s, the model's loading included" if number == 0 else f"{seconds:.2f} s"
        articles.append(_article(app, sample, answer, note, folder))
    summary = html.escape(app.summary)
    return f"<section>\n<h2>{html.escape(app.title)}</h2>\n<p>{summary}</p>\n{''.join(articles)}</section>\n"


def _article(app: App, sample: Sample, answer, note: str, folder: Path) -> str:
    """Write a sample's pictures; its part of the page, with the command that makes the same result."""
    answers = answer if isinstance(answer, tuple) else (answer,)
    shown, words = [], ["zoo", "run", app.name]
    for name, value in sample.inputs.items():
        each = app.inputs[name]
        shown.append((f"{sample.name}-{name}.png", each.kind, each.label, _words(app, each.kind, value)))
        if each.kind.is_file:
            words.append(f"{app.name}/{sample.name}-{name}.png")
        elif each == app.main_input():
            words += each.kind.check(name, value) if isinstance(each.kind, Texts) else [value]
        elif isinstance(each.kind, Flag):
            words += [each.option if value else f"--no-{each.option[2:]}"] * (value != each.default)
        else:
            words += [each.option, *(map(str, value) if isinstance(each.kind, Numbers) else [f"{value}"])]
    for kind, value in zip(app.outputs, answers, strict=True):
        label = kind.label or "result"
        suffix = "mp4" if isinstance(kind, Video) else "png"
        if isinstance(kind, Images):
            shown += [(f"{sample.name}-{each.name}.png", kind, each.name, each) for each in value]
        elif value is not None:
            file = f"{sample.name}-{label.replace(' ', '-')}.{suffix}"
            shown.append((file, kind, label, _words(app, kind, value)))
    if sample.reference is not None:
        shown.append((f"{sample.name}-reference.png", Image(), sample.reference_label, sample.reference))
    if any(isinstance(kind, Image | Video) for kind in app.outputs):
        words += ["-o", sample.name if makes(app) else f"{sample.name}.png"]
    command = html.escape(shlex.join(words))
    if isinstance(app, Conversation):  # line and answer in turn rather than side by side
        lines = zip(sample.inputs["lines"], answer, strict=True)
        shown = [("", Texts(), "conversation", "\n".join(f"> {line}\n{reply}" for line, reply in lines))]
    figures = "".join(_figure(folder, f"{app.name}/{file}", *rest) for file, *rest in shown)
    return f"""<article>
<h3>{html.escape(sample.title)}</h3>
<p class="soft">{html.escape(sample.credit)} · {html.escape(note)}</p>
<div class="pictures">
{figures}</div>
{f"<pre><code>{command}</code></pre>" if runs_on_files(app) or makes(app) else ""}
</article>
"""


def _words(app: App, kind, value):
    """What an app takes or gives, as a page shows it: in words, but for pictures and films."""
    if isinstance(kind, Record):
        return app.describe(value)
    if isinstance(kind, Records):
        return "\n".join(", ".join(f"{name}: {each}" for name, each in record.items()) for record in value)
    if isinstance(kind, Stream):
        return "".join(value)
    return "\n".join(value) if isinstance(kind, Texts) and isinstance(value, list) else value


def _figure(folder: Path, link: str, kind, label: str, value) -> str:
    """A picture or a film, written to `folder`/`link`, or a value in words."""
    label, address = html.escape(label), html.escape(link, quote=True)
    if isinstance(kind, Image | Images | Video):
        write_drawn(folder / link, kind, value)
    if isinstance(kind, Video):
        shown = f'<video src="{address}" controls loop muted></video>'
    elif isinstance(kind, Image | Images):
        height, width = (value.pixels if isinstance(kind, Images) else value).shape[:2]
        shown = f'<img src="{address}" alt="{label}" width="{width}" height="{height}" loading="lazy">'
    else:
        shown = f"<pre>{html.escape(str(value))}</pre>"
    return f"<figure>{shown}<figcaption>{label}</figcaption></figure>\n"
