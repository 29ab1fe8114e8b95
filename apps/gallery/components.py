"""The components of the page: one for each input and output of an app, as its kind says."""

from ..app import REQUIRED, App, Audio, Checkpoint, Choice, Flag, Image, Input, Number, Output, Record, Table, Video
from .records import record_view

WIDEST = 10_000  # a slider; from there on numbers are typed


def input_component(gradio, app: App, each: Input):
    """The component for one input."""
    kind, value = each.kind, None if each.default is REQUIRED else each.default
    words = {"label": _label(each.label), "info": kind.help or None}
    step = {"step": 1} if isinstance(kind, Number) and kind.whole else {}
    if kind.is_file:
        return _file_input(gradio, each)
    if each.count:
        return gradio.Textbox(value=plain(value), **words)
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
            return gradio.Textbox(value=plain(value), **large, **words)


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
        case kind if each.many:
            return several_files(gradio, each, label)
        case kind:
            component = gradio.File(label=label, type="filepath", file_types=list(kind.reads))
    return component


def several_files(gradio, each: Input, label: str):
    """The component for several files of an input's kind."""
    reads = list(each.kind.reads)
    return gradio.File(label=_label(label), type="filepath", file_count="multiple", file_types=reads)


def output_component(gradio, each: Output):
    """The component for one output."""
    label, fixed = _label(each.label), {"interactive": False}
    if each.kind.when:
        fixed["elem_classes"] = "zoo-when"  # hidden while empty
    match each.kind:
        case Image() if each.many:
            buttons = ["download", "download_all", "fullscreen"]
            return gradio.Gallery(label=label, format="png", columns=4, object_fit="contain", buttons=buttons, **fixed)
        case Image():
            visible = "hidden" if each.kind.before else True  # the page shows both with a slider
            buttons = ["download", "fullscreen"]
            return gradio.Image(label=label, format="png", buttons=buttons, visible=visible, **fixed)
        case Audio() if not each.many:
            return gradio.Audio(label=label, format=None, **fixed)
        case Video() if not each.many:
            return gradio.Video(label=label, autoplay=True, loop=True, buttons=["download"], **fixed)
        case Table() if not each.many:
            return gradio.Dataframe(label=label, wrap=True, **fixed)
        case kind if kind.is_file:
            return gradio.File(label=label, file_count="multiple", **fixed)
        case Record():
            return record_view(gradio, label)
        case Number() if not each.many:
            return gradio.Number(label=label, **fixed)
        case Flag() if not each.many:
            return gradio.Checkbox(label=label, **fixed)
        case _:
            lines = 8 if each.streamed else 2
            return gradio.Textbox(label=label, lines=lines, max_lines=24, buttons=["copy"], **fixed)


def slider(gradio, each: Output):
    """The component that shows an image beside the one that it was made of."""
    buttons = ["download", "fullscreen"]
    return gradio.ImageSlider(label=f"Before | {each.label}", format="png", buttons=buttons, interactive=False)


def _label(words: str) -> str:
    words = words.replace("_", " ")
    return words[:1].upper() + words[1:]


def plain(value):
    """A list of texts as lines, a tuple of numbers as one line, other values unchanged."""
    if not isinstance(value, list | tuple) or not all(isinstance(each, str | int | float) for each in value):
        return value
    return ("\n" if isinstance(value, list) else " ").join(map(str, value))
