"""Fine-tuning on the page: photographs in class folders become a classifier of one's own.

The training is the command `zoo finetune` in a process of its own: it needs the framework, which the page does without,
and can be stopped at any time.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import zoo
from zoo.errors import BadInput, quoted
from zoo.hub import checkpoint
from zoo.kinds.files import is_hidden

from ..app import Choice, Image, Input, Kind, Number
from .api import MAX_UPLOAD
from .calls import read_input, session_of, zipped
from .chat import errors_shown
from .home import Entry
from .look import CLEAR
from .records import record_view
from .sessions import Session

BASE = "mobilenet.caltech101"
CLASSES = 4  # that can be given without a ZIP file
MOST_FILES, MOST_BYTES = 5_000, 1_000_000_000  # of an archive, unpacked
PART = 2**20  # bytes of a photograph that are copied at once
EPOCHS, MOST_EPOCHS = 10, 30
ENTRY = Entry(
    name="finetune",
    title="Teach it your own classes",
    summary="Fine-tunes a classifier on photographs of yours: some ten of each class are enough to begin with.",
    topic="Teach",
    checkpoints=(BASE,),
)
_running: set[subprocess.Popen] = set()


@dataclass(frozen=True, kw_only=True)
class Upload(Kind):
    """A file that is used as it is: its path."""

    noun = "file"
    is_file = True

    def read(self, path, name=""):
        return Path(path)


def view(gradio, used_by) -> None:
    """Components of the view. used_by: the component that takes the checkpoint of the app `label`, or None."""
    with gradio.Row(elem_classes="zoo-columns"):
        with gradio.Column():
            archive = gradio.File(label="A ZIP file of class folders", file_types=[".zip"])
            with gradio.Accordion("Or upload the photographs of each class", open=False):
                groups = []
                for number in range(1, CLASSES + 1):
                    name = gradio.Textbox(label=f"Name of class {number}", max_lines=1)
                    photos = gradio.File(
                        label=f"Photographs of class {number}", file_count="multiple", file_types=list(Image.reads)
                    )
                    groups += [name, photos]
            base = gradio.Dropdown(classifiers(), value=BASE, label="Start from", info="The network to train further.")
            epochs = gradio.Slider(
                1, MOST_EPOCHS, value=EPOCHS, step=1, label="Epochs", info="Passes over the photographs, at most."
            )
            with gradio.Row():
                run = gradio.Button("Train", variant="primary")
                stop = gradio.Button("Stop")
        with gradio.Column():
            status = gradio.Textbox(label="Progress", lines=2, interactive=False)
            figures = record_view(gradio, "Measured on the fifth held back")
            made = {"interactive": False, "elem_classes": "zoo-when"}  # hidden while empty
            confusion = gradio.Image(label="Confusion matrix", buttons=["download", "fullscreen"], **made)
            curves = gradio.Image(label="Training curves", buttons=["download", "fullscreen"], **made)
            download = gradio.File(label="The checkpoint (ZIP)", **made)
            trained = gradio.State(None)  # its folder
            use = gradio.Button("Use it in “Label a photograph”", interactive=False)
    gradio.HTML(
        "The ZIP file to upload has a folder of photographs for each class: cat/1.jpg, cat/2.jpg, dog/1.jpg, ... The "
        "one to download is, unpacked, a checkpoint for <code>zoo.load</code> and for <code>--checkpoint</code> of "
        "<code>zoo run label</code>.",
        elem_classes="zoo-credits",
    )

    def call(request: gradio.Request, uploaded, base, epochs, *given):
        with errors_shown(gradio), tempfile.TemporaryDirectory() as photos:
            base = Choice(options=tuple(classifiers())).check("the network to start from", base)
            epochs = Number(minimum=1, maximum=MOST_EPOCHS, whole=True).check("epochs", epochs)
            session = session_of(request)
            labels = collect(uploaded, given, Path(photos), session)
            out = session.files.new_folder() / "mine"
            for line in train(base, Path(photos), out, epochs):
                yield line, None, None, None, None, None, gradio.Button(interactive=False)
            found = [
                {name: row[name] for name in ("metric", "value", "unit", "n")} for row in zoo.card(str(out)).metrics
            ]
            pictures = [str(out / name) if (out / name).exists() else None for name in ("confusion.png", "curves.png")]
            archived = zipped(out.with_suffix(".zip"), sorted(out.iterdir()), out.parent, zipfile.ZIP_DEFLATED)
            for path in (*out.iterdir(), archived):
                session.keep(path)
            done = f"Done: it knows {', '.join(labels)}."
            yield done, found, *pictures, str(archived), str(out), gradio.Button(interactive=True)

    training = run.click(
        call,
        [archive, base, epochs, *groups],
        [status, figures, confusion, curves, download, trained, use],
        preprocess=False,
        concurrency_id=ENTRY.name,
        concurrency_limit=1,
        api_visibility="private",
        js=CLEAR,
    )
    stop.click(lambda: "Stopped.", None, status, cancels=[training], queue=False, api_visibility="private")
    if used_by is None:
        use.visible = False
        return
    use.click(
        lambda folder: gradio.Dropdown([BASE, ("yours, just trained", folder)], value=folder),
        trained,
        used_by,
        queue=False,
        api_visibility="private",
    ).then(None, js="() => { location.hash = 'label'; }", api_visibility="private")


def classifiers() -> list[str]:
    """The shipped checkpoints that can learn new classes of images."""
    cards = map(checkpoint.card, checkpoint.list())
    return [card.name for card in cards if card.task == "classify_images" and card.labels]


def collect(archive, groups, folder: Path, session: Session) -> list[str]:
    """Put the photographs that were uploaded into class folders. Returns the names of the classes.

    archive: a ZIP file with class folders, or None; groups: else the name of a class, its photographs, and so on.
    Raises BadInput where there are fewer than two classes, or two names that give the same folder.
    """
    if archive:
        unpack(read_input(session, Input("archive", Upload()), archive), folder)
    else:
        classes = _Classes(folder)
        photographs = Input("photographs", Upload(), None, many=True)
        for name, uploaded in zip(groups[::2], groups[1::2], strict=True):
            paths = read_input(session, photographs, uploaded) or []
            if paths and not str(name or "").strip():
                raise BadInput("one group of photographs has no name; give each class a name")
            for path in paths:
                shutil.copyfile(path, classes.new_file(str(name), path.suffix))
    labels = sorted(path.name for path in folder.iterdir())
    if len(labels) < 2:
        raise BadInput(
            f"there are photographs of {len(labels)} classes; upload a ZIP file with a folder of photographs for each "
            "class, of two classes at least"
        )
    return labels


def unpack(path: Path, folder: Path) -> None:
    """The photographs of a ZIP file, each in the folder of its class: `folder`/CLASS/NUMBER.SUFFIX.

    What is no photograph, hidden, or in no folder is left out. Raises BadInput for what is no ZIP file, is damaged,
    holds too much, or has two names of classes that give the same folder.
    """
    classes, size = _Classes(folder), 0
    try:
        with zipfile.ZipFile(path) as archive:
            members = [each for each in archive.infolist() if _is_photograph(each)]
            if len(members) > MOST_FILES:
                raise BadInput(f"the ZIP file holds {len(members):,} photographs; {MOST_FILES:,} are the most")
            for each in members:
                name = PurePosixPath(each.filename)
                path = classes.new_file(name.parts[-2], name.suffix)
                with archive.open(each) as file:
                    _copy(file, path, each.filename)
                size += path.stat().st_size
                if size > MOST_BYTES:
                    raise BadInput(
                        f"unpacked, the ZIP file is larger than {MOST_BYTES / 1e6:.0f} MB; give fewer photographs"
                    )
    except BadInput:
        raise
    except Exception as error:  # zipfile and the decompressors raise a dozen kinds for damaged files
        raise BadInput(f"the ZIP file cannot be read ({' '.join(str(error).split()):.100})") from error


def _is_photograph(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    hidden = any(map(is_hidden, path.parts))
    return not member.is_dir() and not hidden and len(path.parts) > 1 and path.suffix.lower() in Image.reads


def _copy(file, path: Path, name: str) -> None:
    """Copy a photograph of a ZIP file, `name`, in parts. Raises BadInput if it is larger than an upload may be."""
    size = 0
    with open(path, "xb") as copy:
        while part := file.read(PART):
            size += len(part)
            if size > MAX_UPLOAD:
                limit = f"{MAX_UPLOAD // 1024**2} MB"
                raise BadInput(f"{quoted(name)} in the ZIP file is larger than {limit}; give a smaller photograph")
            copy.write(part)


class _Classes:
    """The class folders in a folder. Names come from outside: only what is harmless of them is used."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._names: dict[str, str] = {}  # folder -> the class whose photographs it holds
        self._count = 0  # of all photographs: no two have the same number

    def new_file(self, name: str, suffix: str) -> Path:
        """The path of a new photograph of a class. Raises BadInput for a name whose folder is another class's."""
        label = re.sub(r"[^\w -]", "_", name.strip())[:60] or "_"
        other = self._names.setdefault(label, name)
        if other != name:
            raise BadInput(
                f"the classes {quoted(other)} and {quoted(name)} both give the folder {quoted(label)}; rename one"
            )
        (self._folder / label).mkdir(exist_ok=True)
        self._count += 1
        return self._folder / label / f"{self._count:05}{suffix.lower()}"


def train(base: str, data: Path, out: Path, epochs: int):
    """Fine-tune `base` by `zoo finetune`. Yields a line on each epoch. Raises BadInput with the command's error.

    A generator that is closed early stops the training.
    """
    runs = out.parent / "runs"  # what a training could resume from, which this one does not
    command = [sys.executable, "-m", "zoo", "finetune", base]
    command += ["--data", data, "-o", out, "--epochs", str(epochs), "--runs", runs]
    yield "Starting: the framework is loaded, and the photographs are read."
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    _running.add(process)
    try:
        done, last, left_out = 0, "", []
        for line in process.stdout:
            line = line.strip()
            last = line or last
            if line.startswith("left out:"):
                left_out.append(line)
            if figures := re.search(r" val_accuracy: ([\d.]+)", line):
                done += 1
                accuracy = f"{float(figures[1]):.0%} right on the photographs held back"
                yield "\n".join([f"Epoch {done} of at most {epochs}: {accuracy}.", *left_out])
        if process.wait():
            raise BadInput(last.replace(f"{data}{os.sep}", "").replace(str(data), "the upload"))
    finally:
        process.kill()
        process.wait()
        _running.discard(process)
        shutil.rmtree(runs, ignore_errors=True)


def stop_all() -> None:
    """Stop all trainings: the gallery ends."""
    for process in list(_running):
        process.kill()
