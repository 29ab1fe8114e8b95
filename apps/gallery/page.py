"""The page: a tab for every app, its inputs beside its outputs, its samples below."""

import html
import importlib
import os
import tempfile
from pathlib import Path

from zoo.errors import MissingPackage, ZooError

from ..app import REQUIRED, App
from ..conversation import Conversation
from ..results import write_files
from .calls import endpoint
from .chat import chat
from .components import input_component, output_component, plain

LIFETIME = 3600  # seconds after which uploads and answers are deleted


def page(registered: dict[str, App]):
    """The page as a gradio.Blocks, which isn't served yet."""
    gradio = import_gradio()
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


def import_gradio():
    """Gradio, imported when first needed."""
    try:
        return importlib.import_module("gradio")
    except ModuleNotFoundError as error:
        raise MissingPackage(f"the gallery needs {error.name}; pip install 'landmark-zoo[web]'") from error


def _tab(gradio, app: App) -> None:
    """One app: its inputs beside its outputs, and its samples below."""
    gradio.HTML(html.escape(app.summary), elem_classes="zoo-summary")
    with gradio.Row():
        with gradio.Column():
            inputs = {each.name: input_component(gradio, app, each) for each in app.inputs.values()}
            run = gradio.Button("Run", variant="primary")
        with gradio.Column():
            outputs = [output_component(gradio, each) for each in app.outputs]
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


def _samples(gradio, app: App, samples: list, inputs: dict):
    """Show the samples with their credits. Returns the event of a click on one, which sets the inputs to its values."""
    given = [name for name in inputs if any(name in sample.inputs for sample in samples)]
    rows = [[sample_value(app, sample, name) for name in given] for sample in samples]
    examples = gradio.Examples(rows, [inputs[name] for name in given], label="Samples", cache_examples=False)
    credits = " · ".join(html.escape(f"{sample.title}: {sample.credit}") for sample in samples)
    gradio.HTML(credits, elem_classes="zoo-credits")
    return examples.load_input_event


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
