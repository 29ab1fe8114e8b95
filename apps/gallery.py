"""The gallery: one local page with a tab for every registered app, made from the inputs and outputs of the apps.

The page is Gradio's (extra `web`). It is served to this machine only and requests nothing from other hosts: fonts and
scripts are those in Gradio's wheel, its statistics are off, and a content security policy sent with every response
makes browsers block the rest. Uploads and results are kept in a temporary folder for an hour, or until the gallery
stops. Checkpoints that would have to be downloaded raise an error.

Each app is also an endpoint of its name; that of a conversation takes a line, and each client has its own conversation.
Gradio's client contacts Hugging Face, unless HF_HUB_OFFLINE=1 is set:

    from gradio_client import Client, handle_file
    Client("http://127.0.0.1:7860").predict(photo=handle_file("photo.jpg"), api_name="/colorize")
"""

import contextlib
import functools
import html
import importlib
import inspect
import itertools
import os
import socket
import tempfile
import threading
from pathlib import Path

from zoo.errors import BadInput, MissingPackage, ZooError
from zoo.kinds.table import flattened

from .app import (
    REQUIRED,
    App,
    Audio,
    Checkpoint,
    Choice,
    Flag,
    Image,
    Input,
    Number,
    Output,
    Record,
    Table,
    Video,
    apps,
)
from .conversation import Conversation
from .gallery_chat import chat, errors_shown
from .results import write_files

HOST = "127.0.0.1"
MAX_UPLOAD = "50mb"
MAX_WAITING = 16  # calls in the queue; more are turned away
WIDEST = 10_000  # a slider; from there on numbers are typed
LIFETIME = 3600  # seconds after which uploads and answers are deleted

# Gradio's page has its scripts and styles inline, and shows pictures as blobs before they are uploaded.
_POLICY = b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'self'"

_STYLE = """
.gradio-container { max-width: 72rem !important; margin: 0 auto !important; }
.zoo-head h1 { margin: .5rem 0 .1rem; font-size: 1.75rem; letter-spacing: -.02em; }
.zoo-head p, .zoo-credits { color: var(--body-text-color-subdued); }
.zoo-summary { margin: .25rem 0; font-size: 1.05rem; }
.zoo-credits { font-size: .85rem; }
"""


def gallery(port: int = 7860, *, open_page: bool = False) -> None:
    """Serve all registered apps on `port` of this machine (0: any free one) until Ctrl-C."""
    with running(apps(), port, open_page=open_page) as address:
        print(f"The gallery is on {address} (Ctrl-C stops it)", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


@contextlib.contextmanager
def running(registered: dict[str, App], port: int = 0, *, open_page: bool = False):
    """A context in which these apps are served; its value is the address of the page."""
    gradio = _gradio()
    port = _free(port)
    with tempfile.TemporaryDirectory(prefix="zoo-gallery-", ignore_cleanup_errors=True) as folder:
        # Read whenever a component is made. Gradio's own default is one folder for all users of the machine.
        before = os.environ.get("GRADIO_TEMP_DIR")
        os.environ["GRADIO_TEMP_DIR"] = folder
        blocks = None
        try:
            blocks = page(registered)
            blocks.queue(max_size=MAX_WAITING, default_concurrency_limit=1, api_open=False)
            _, address, _ = blocks.launch(
                server_name=HOST,
                server_port=port,
                inbrowser=open_page,
                share=False,
                prevent_thread_lock=True,
                quiet=True,
                ssr_mode=False,
                run_history=False,
                mcp_server=False,
                pwa=False,
                max_file_size=MAX_UPLOAD,
                footer_links=["api", "settings"],
                app_kwargs={"middleware": _middleware()},
                css=_STYLE,
                # Plain strings are fonts of the reader's system.
                theme=gradio.themes.Default(
                    primary_hue="teal",
                    neutral_hue="stone",
                    font=("system-ui", "sans-serif"),
                    font_mono=("ui-monospace", "monospace"),
                ),
            )
            yield address
        finally:
            if blocks is not None:
                blocks.close(verbose=False)
            if before is None:
                os.environ.pop("GRADIO_TEMP_DIR", None)
            else:
                os.environ["GRADIO_TEMP_DIR"] = before


def page(registered: dict[str, App]):
    """The page as a gradio.Blocks, which isn't served yet."""
    gradio = _gradio()
    with gradio.Blocks(title="zoo gallery", analytics_enabled=False, delete_cache=(LIFETIME // 4, LIFETIME)) as blocks:
        gradio.HTML(
            "<h1>The zoo's apps</h1><p>All of it runs on this machine; nothing that you upload leaves it.</p>",
            elem_classes="zoo-head",
        )
        if not registered:
            gradio.HTML("<p>No app is installed.</p>")
        for app in registered.values():
            with gradio.Tab(app.title, id=app.name):
                (chat if isinstance(app, Conversation) else _tab)(gradio, app)
    return blocks


def _gradio():
    """Gradio, imported when first needed, without its telemetry."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read while it is imported, too
    try:
        return importlib.import_module("gradio")
    except ModuleNotFoundError as error:
        raise MissingPackage(f"the gallery needs {error.name}; pip install 'landmark-zoo[web]'") from error


def _free(port: int) -> int:
    """This port, or any free one for 0. Raises BadInput for a port that cannot be used."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server will: one just left is free
            probe.bind((HOST, port))
            return probe.getsockname()[1]
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "give a number from 0 to 65535"
        raise BadInput(f"port {port} cannot be used ({reason}); choose another, or 0 for any free one") from error


def _middleware() -> list:
    """The middleware between requests and the page."""
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    # A page elsewhere could give its own name this machine's address and so read ours: only our names are answered.
    return [Middleware(_Policy), Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])]


class _Policy:
    """Sends the content security policy with every answer."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def guarded(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", _POLICY)]
            await send(message)

        await self.app(scope, receive, guarded)


def _tab(gradio, app: App) -> None:
    """One app: its inputs beside its outputs, and its samples below."""
    gradio.HTML(html.escape(app.summary), elem_classes="zoo-summary")
    with gradio.Row():
        with gradio.Column():
            inputs = {each.name: _input(gradio, app, each) for each in app.inputs.values()}
            run = gradio.Button("Run", variant="primary")
        with gradio.Column():
            outputs = [_output(gradio, each) for each in app.outputs]
    # One call at a time, from the page or a client: an app keeps its models and its progress to itself.
    # Values come as the browser sent them (preprocess=False): the app's own checks say what is wrong with one, and
    # Gradio would open pictures by itself, without our limits.
    event = {
        "fn": _call(gradio, app),
        "inputs": list(inputs.values()),
        "outputs": outputs,
        "preprocess": False,
        "concurrency_id": app.name,
        "concurrency_limit": 1,
    }
    run.click(**event, api_name=app.name, api_description=app.summary)
    try:
        samples = app.samples()
    except ZooError as error:
        gradio.HTML(f"No samples: {html.escape(str(error))}", elem_classes="zoo-credits")
        return
    if samples:
        loaded = _samples(gradio, app, samples, inputs)
        loaded.then(**event, api_visibility="private")


def _input(gradio, app: App, each: Input):
    """The component for one input."""
    kind, value = each.kind, None if each.default is REQUIRED else each.default
    words = {"label": _label(each.label), "info": kind.help or None}
    step = {"step": 1} if isinstance(kind, Number) and kind.whole else {}
    if kind.is_file:
        return _file_input(gradio, each)
    if each.count:
        return gradio.Textbox(value=_text(value), **words)
    match kind:
        case Number() if kind.maximum - kind.minimum <= WIDEST:
            value = kind.minimum if value is None else value
            return gradio.Slider(kind.minimum, kind.maximum, value=value, **step, **words)
        case Number():
            return gradio.Number(value=value, **step, **words | {"info": f"{kind.help} ({kind.limits})".strip()})
        case Checkpoint():
            return gradio.Dropdown(list(app.checkpoints), value=value, allow_custom_value=True, **words)
        case Choice():
            component = gradio.Radio if len(kind.options) <= 5 else gradio.Dropdown
            return component(list(kind.options), value=value, **words)
        case Flag():
            return gradio.Checkbox(value=bool(value), **words)
        case _:
            large = {"lines": 4, "max_lines": 16} if each.many or each == app.main_input() else {}
            return gradio.Textbox(value=_text(value), **large, **words)


def _file_input(gradio, each: Input):
    """The component for an input of files. The app gets the uploaded files unchanged."""
    label = _label(each.label)  # there is no room for help
    match each.kind:
        case Image() if not each.many:
            sources = ["upload", "clipboard"]
            component = gradio.Image(label=label, type="filepath", image_mode=None, sources=sources)
        case Audio() if not each.many:
            component = gradio.Audio(label=label, type="filepath", sources=["upload"])
        case Video() if not each.many:
            component = gradio.Video(label=label, sources=["upload"])
        case kind:
            count = "multiple" if each.many else "single"
            component = gradio.File(label=label, type="filepath", file_count=count, file_types=list(kind.reads))
    component.async_move_resource_to_block_cache = _local_only(gradio, component.async_move_resource_to_block_cache)
    return component


def _local_only(gradio, move):
    """Gradio's function that stores an uploaded file. Raises an error for an address, which Gradio would download."""

    @functools.wraps(move)
    async def checked(file):
        if file is not None and "://" in str(file):
            raise gradio.Error("addresses are not fetched; upload the file", print_exception=False)
        return await move(file)

    return checked


def _output(gradio, each: Output):
    """The component for one output."""
    label, fixed = _label(each.label), {"interactive": False}
    match each.kind:
        case Image() if each.many:
            return gradio.Gallery(label=label, format="png", columns=4, object_fit="contain", **fixed)
        case Image():
            return gradio.Image(label=label, format="png", buttons=["download", "fullscreen"], **fixed)
        case Audio() if not each.many:
            return gradio.Audio(label=label, format=None, **fixed)
        case Video() if not each.many:
            return gradio.Video(label=label, autoplay=True, loop=True, buttons=["download"], **fixed)
        case Table() if not each.many:
            return gradio.Dataframe(label=label, wrap=True, **fixed)
        case kind if kind.is_file:
            return gradio.File(label=label, file_count="multiple", **fixed)
        case Record() if each.many:
            return gradio.Dataframe(label=label, wrap=True, **fixed)
        case Record():
            return gradio.JSON(label=label, open=True)
        case Number() if not each.many:
            return gradio.Number(label=label, **fixed)
        case Flag() if not each.many:
            return gradio.Checkbox(label=label, **fixed)
        case _:
            lines = 8 if each.streamed else 2
            return gradio.Textbox(label=label, lines=lines, max_lines=24, buttons=["copy"], **fixed)


def _label(words: str) -> str:
    words = words.replace("_", " ")
    return words[:1].upper() + words[1:]


def _call(gradio, app: App):
    """A function with the app's parameters, for Gradio to call with what a browser or a client sent."""

    def answers(*values):
        *values, progress = values
        app.track = functools.partial(_track, progress)
        given = {each.name: _read(each, value) for each, value in zip(app.inputs.values(), values, strict=True)}
        answer = app(**given)
        return answer if isinstance(answer, tuple) else (answer,)

    def show(found):
        shown = [_show(output, value) for output, value in zip(app.outputs, found, strict=True)]
        return shown if len(shown) > 1 else shown[0]

    def call(*values):
        with errors_shown(gradio):
            return show(answers(*values))

    def stream(*values):
        with errors_shown(gradio):
            found, text = list(answers(*values)), ""
            for piece in itertools.chain(found[streamed[0]], [""]):  # of a text without pieces that is shown, too
                text += piece
                found[streamed[0]] = text
                yield show(found)

    streamed = [number for number, output in enumerate(app.outputs) if output.streamed]
    function = stream if streamed else call
    # Gradio reads from here what the endpoint's parameters are called, and where it is to put the progress bar.
    plain = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(each.name, plain, default=each.default) for each in app.inputs.values()]
    progress = inspect.Parameter("progress_", plain, default=gradio.Progress())
    function.__signature__ = inspect.Signature([*parameters, progress])
    return function


def _track(progress, steps, total: int, what: str):
    """The steps, one by one, while the page shows how many are done."""
    for done, step in enumerate(steps):
        progress((done, total), desc=what)
        yield step


def _read(each: Input, value):
    """A value that was sent, as the app takes it."""
    if isinstance(each.kind, Checkpoint) and _would_be_fetched(value):
        raise BadInput(f"{value} is not on this machine, and this page downloads nothing; zoo show {value} fetches it")
    if not each.kind.is_file:
        return value
    if not value:
        if each.default is None:
            return None
        raise BadInput(f"no {each.label} given; upload one or click a sample")
    files = [_path(file) for file in (value if isinstance(value, list) else [value])]
    values = [each.kind.read(path, path.name) for path in files]
    return values if each.many else values[0]


def _path(sent: dict) -> Path:
    """The path of an uploaded file; a film's is in a nested dict."""
    return Path((sent.get("video") or sent)["path"])


def _would_be_fetched(name) -> bool:
    """Whether loading this checkpoint would download it."""
    from zoo.hub import card, store
    from zoo.hub.sources import keras_applications
    from zoo.runtime import cache

    if not isinstance(name, str) or name not in keras_applications.SOURCES:
        return False
    fetched = cache.folder() / "checkpoints" / name / card.FILE
    return name not in store.shipped() and not Path(name).is_dir() and not fetched.exists()


def _show(output: Output, value):
    """An answer of the app, as the component takes it."""
    kind = output.kind
    if value is None:
        return None
    if isinstance(kind, Record | Table) and (output.many or isinstance(kind, Table)):
        rows = [flattened(row) for row in value] if isinstance(kind, Table) else value
        names = list(dict.fromkeys(name for row in rows for name in row))
        return {"headers": names, "data": [[row.get(name) for name in names] for row in rows]}
    if not kind.is_file:
        return "\n".join(map(kind.words, value)) if output.many else value
    if isinstance(kind, Image) and not output.many:
        return value
    # Inside Gradio's folder, so that it serves files from there rather than copying them.
    folder = Path(tempfile.mkdtemp(dir=os.environ["GRADIO_TEMP_DIR"]))
    paths = write_files(folder if output.many else folder / f"{output.label}{kind.suffix}", output, value)
    if not output.many:
        return str(paths[0])
    return [(str(path), path.stem) for path in paths] if isinstance(kind, Image) else [str(path) for path in paths]


def _samples(gradio, app: App, samples: list, inputs: dict):
    """Show the samples with their credits. Returns the event of a click on one, which sets the inputs to its values."""
    given = [name for name in inputs if any(name in sample.inputs for sample in samples)]
    rows = [[_value(app, sample, name) for name in given] for sample in samples]
    examples = gradio.Examples(rows, [inputs[name] for name in given], label="Samples", cache_examples=False)
    credits = " · ".join(html.escape(f"{sample.title}: {sample.credit}") for sample in samples)
    gradio.HTML(credits, elem_classes="zoo-credits")
    return examples.load_input_event


def _text(value):
    """A list of texts as lines, a tuple of numbers as one line, other values unchanged."""
    if not isinstance(value, list | tuple) or not all(isinstance(each, str | int | float) for each in value):
        return value
    return ("\n" if isinstance(value, list) else " ").join(map(str, value))


def _value(app: App, sample, name: str):
    """A sample's value for one input, files as paths."""
    each = app.inputs[name]
    value = _text(sample.inputs.get(name, None if each.default is REQUIRED else each.default))
    if value is None or not each.kind.is_file:
        return value
    folder = Path(tempfile.mkdtemp(dir=os.environ["GRADIO_TEMP_DIR"]))
    path = folder / f"{sample.name}{each.kind.suffix}"
    paths = write_files(folder / sample.name if each.many else path, each, value)
    return [str(path) for path in paths] if each.many else str(paths[0])
