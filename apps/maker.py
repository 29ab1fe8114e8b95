"""Run an app that makes pictures of its options alone: files out. (On pictures: runner.py, texts: text_runner.py.)

All go into one folder, `-o FOLDER` or one of the app's name: each picture under its own name as PNG, a film as
`<app>.mp4`. A folder that holds anything is refused, but with force.
"""

from pathlib import Path

from zoo.errors import BadInput, OutputExists

from .app import App, Images, Video
from .files import Report, check_writable, write_drawn

MADE = (Images, Video)  # what such an app answers


def makes(app: App) -> bool:
    """Whether an app makes pictures of its options alone, so that there is nothing it is about."""
    kinds = [type(kind) for kind in app.outputs]
    return app.main_input() is None and Images in kinds and all(kind in MADE for kind in kinds)


def run(app: App, output: str | None = None, *, force: bool = False, **options) -> None:
    """Run `app` and write what it makes. Raises a ZooError in one line."""
    options = app.check(**options)
    folder = Path(app.name if output is None else output)
    if (folder.exists() and not folder.is_dir()) or (not output and output is not None):
        raise BadInput(f"{output or 'the output'} is not a folder; {app.name} makes several files, -o FOLDER")
    check_writable(folder)
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise OutputExists(folder)
    report = Report()
    count = 0
    with report.progress() as progress:
        app.track = lambda steps, total, what: progress.track(steps, total, description=what)
        answer = app(**options)
        for kind, value in zip(app.outputs, answer if isinstance(answer, tuple) else (answer,), strict=True):
            if value is None:
                continue
            files = {f"{app.name}.mp4": value} if isinstance(kind, Video) else {f"{p.name}.png": p for p in value}
            for name, each in files.items():
                write_drawn(folder / name, kind, each)
                count += 1
    report.console.print(f"wrote {count} file{'s' * (count != 1)} in {folder}")
