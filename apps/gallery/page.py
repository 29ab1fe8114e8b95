"""The page: a first page with a card for each app, and a view of each: inputs beside outputs, samples below."""

import functools
import html
import importlib
import os
import tempfile
from pathlib import Path

from zoo.errors import MissingPackage, ZooError

from ..app import REQUIRED, TOPICS, App, Image
from ..conversation import Conversation
from ..results import write_files
from . import finetuning
from .calls import endpoint
from .chat import chat
from .components import input_component, output_component, plain, slider
from .home import HOME, Entry, first_page, grouped, navigation
from .look import CLEAR
from .sessions import LIFETIME
from .several import several

HIDDEN = {"api_visibility": "private", "queue": False, "show_progress": "hidden"}


def page(registered: dict[str, App]):
    """The page as a gradio.Blocks, which isn't served yet."""
    gradio = import_gradio()
    groups = grouped(entries(registered), TOPICS)
    with gradio.Blocks(title="The zoo", analytics_enabled=False, delete_cache=(LIFETIME // 4, LIFETIME)) as blocks:
        with gradio.Row(elem_id="zoo-frame"):
            with gradio.Column(elem_id="zoo-side"):
                gradio.HTML(navigation(groups))
            with gradio.Column(elem_id="zoo-main"):
                with _view(gradio, HOME):
                    gradio.HTML(first_page(groups))
                inputs = {}  # app -> input -> component
                for app in registered.values():
                    with _view(gradio, app.name):
                        _heading(gradio, app.title, app.summary)
                        inputs[app.name] = (chat if isinstance(app, Conversation) else _app)(gradio, app)
                if registered:
                    with _view(gradio, finetuning.ENTRY.name):
                        _heading(gradio, finetuning.ENTRY.title, finetuning.ENTRY.summary)
                        finetuning.view(gradio, inputs.get("label", {}).get("checkpoint"))
        blocks.load(None, js="() => zooShow(false)", **HIDDEN)
    return blocks


def entries(registered: dict[str, App]) -> list[Entry]:
    """What is listed: the apps, and fine-tuning."""
    found = [Entry(app.name, app.title, app.summary, app.topic, app.checkpoints) for app in registered.values()]
    return [*found, finetuning.ENTRY] if found else []


def import_gradio():
    """Gradio, imported when first needed."""
    try:
        return importlib.import_module("gradio")
    except ModuleNotFoundError as error:
        raise MissingPackage(f"the gallery needs {error.name}; pip install 'landmark-zoo[web]'") from error


def _view(gradio, name: str):
    return gradio.Column(elem_id=f"view-{name}", elem_classes="zoo-view")


def _heading(gradio, title: str, summary: str) -> None:
    gradio.HTML(f"<h1>{html.escape(title)}</h1><p class='zoo-lead'>{html.escape(summary)}</p>")


def _app(gradio, app: App) -> dict:
    """One app: its inputs beside its outputs, and its samples below. Returns the components of its inputs by name."""
    inputs = {}
    with gradio.Row(elem_classes="zoo-columns"):
        with gradio.Column():
            inputs |= {each.name: input_component(gradio, app, each) for each in app.inputs.values() if not _live(each)}
            with gradio.Row():
                run = gradio.Button("Run", variant="primary")
                refresh = gradio.Button("Refresh") if "seed" in app.inputs else None
        with gradio.Column(elem_classes="zoo-outputs"):
            outputs = [output_component(gradio, each) for each in app.outputs]
            sliders = {each: slider(gradio, each) for each in app.outputs if getattr(each.kind, "before", "")}
            inputs |= {each.name: input_component(gradio, app, each) for each in app.inputs.values() if _live(each)}
    inputs = {name: inputs[name] for name in app.inputs}
    # Calls from the page or a client wait in the app's own line (`waiting`), and not in Gradio's queue.
    # Values come as the browser sent them (preprocess=False): the app's own checks say what is wrong with one, and
    # Gradio would open pictures by itself, without our limits.
    event = {
        "fn": endpoint(gradio, app),
        "inputs": list(inputs.values()),
        "outputs": outputs,
        "preprocess": False,
        "concurrency_id": app.name,
        "concurrency_limit": None,
        "js": CLEAR,
    }
    if sliders:
        event["show_progress_on"] = [*(out for out in outputs if out.visible is True), *sliders.values()]
    private = event | {"api_visibility": "private"}
    calls = [run.click(**event, api_name=app.name, api_description=app.summary)]
    if refresh:
        calls.append(refresh.click(None, None, inputs["seed"], js=_new_seed(app), **HIDDEN).then(**private))
    for each in filter(_live, app.inputs.values()):
        changed = private | {"fn": _once_given(gradio, app, event["fn"]), "trigger_mode": "always_last"}
        calls.append(inputs[each.name].input(**changed))
    calls += _samples(gradio, app, inputs, private)
    for each, component in sliders.items():
        pair = [inputs[each.kind.before], outputs[app.outputs.index(each)]]
        for call in calls:
            call.success(None, pair, component, js="(before, after) => [after ? [before, after] : null]", **HIDDEN)
    main = app.main_input()
    if main and isinstance(main.kind, Image) and not main.many:
        several(gradio, app, main, inputs)
    return inputs


def _live(each) -> bool:
    return getattr(each.kind, "live", False)


def _new_seed(app: App) -> str:
    """A script that gives a random seed, small enough to note down."""
    return f"() => Math.floor(Math.random() * {min(app.inputs['seed'].kind.maximum, 9999)})"


def _once_given(gradio, app: App, call):
    """The call, which does nothing until every file that the app needs is there."""
    needed = [each.kind.is_file and each.default is REQUIRED for each in app.inputs.values()]

    @functools.wraps(call)
    async def quiet(*values):
        if all(value for value, is_needed in zip(values, needed, strict=False) if is_needed):
            return await call(*values)
        return gradio.skip() if len(app.outputs) == 1 else [gradio.skip()] * len(app.outputs)

    return quiet


def _samples(gradio, app: App, inputs: dict, event: dict) -> list:
    """The samples with their credits. A click on one sets the inputs to its values, and then calls the app.

    Returns these calls, as Gradio's events.
    """
    try:
        samples = app.samples()
    except ZooError as error:
        gradio.HTML(f"No samples: {html.escape(str(error))}", elem_classes="zoo-credits")
        return []
    if not samples:
        return []
    given = [name for name in inputs if any(name in sample.inputs for sample in samples)]
    rows = [[sample_value(app, sample, name) for name in given] for sample in samples]
    # Photographs are shown as they are; other samples by their titles, since a table of values is as wide as it likes.
    pictures = [app.inputs[name].kind.is_file for name in given] == [True]
    examples = gradio.Examples(
        rows,
        [inputs[name] for name in given],
        label="Samples",
        cache_examples=False,
        example_labels=None if pictures else [sample.title for sample in samples],
    )
    gradio.HTML(" · ".join(_credit(sample) for sample in samples), elem_classes="zoo-credits")
    return [examples.load_input_event.then(**event)]


def _credit(sample) -> str:
    """A sample's title and author; the script takes the title as the name of the photograph beside."""
    title = html.escape(sample.title, quote=True)
    return f'<span data-sample="{title}">{title}: {html.escape(sample.credit)}</span>'


def sample_value(app: App, sample, name: str):
    """A sample's value for one input, files as paths."""
    each = app.inputs[name]
    value = plain(sample.inputs.get(name, None if each.default is REQUIRED else each.default))
    if value is None or not each.kind.is_file:
        return value
    folder = Path(tempfile.mkdtemp(dir=os.environ["GRADIO_TEMP_DIR"]))
    path = folder / f"{sample.name}{each.kind.suffix}"
    paths = write_files(folder / sample.name if each.many else path, each, value)
    return [str(path) for path in paths] if each.many else str(paths[0])
