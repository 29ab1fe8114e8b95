"""Apps as functions in Python: files, images and texts in, labels, scores, images and texts out.

The apps are a package of their own, which `zoo` doesn't import: it registers what makes pipelines in the entry-point
group `zoo.pipelines`.
"""

import importlib.metadata

from zoo.errors import MissingPackage

GROUP = "zoo.pipelines"


def pipeline(app: str, *, progress: bool = True, **options):
    """An app as a function, like a pipeline of Hugging Face's `transformers`: `zoo.pipeline("label")("photo.jpg")`.

        label = zoo.pipeline("label")
        label("photo.jpg")  # {"label": "rooster", "score": 0.93, "labels": [{"label": ..., "score": ...}, ...], ...}
        label(["a.jpg", "b.png"])  # a list with an answer to each, in order
        zoo.pipeline("colorize", strength=1.2)("photo.jpg").save("out.png")  # images are PIL.Image
        zoo.pipeline("sentiment")("A warm and funny film.")["label"]  # "positive"

    Nothing is loaded before the first call, and no framework is imported where the app needs none.

    Args:
        app: the app's name, as `zoo run --help` lists them.
        progress: show a progress bar on a terminal and in a notebook, for lists and for what takes long.
        options: the app's options, as `zoo run APP --help` lists them, such as `checkpoint="mine/"` or `count=3`. A
            call can give others.
    Returns:
        a function. It takes
        - of an app for images: a path, a `PIL.Image`, or an array of any size: (H, W), (H, W, 1), (H, W, 3) or
          (H, W, 4), uint8, or floats from 0 to 1; of one for texts: a str;
        - several of them: a list, for a list of answers; a batch of arrays (B, H, W, C), likewise; a folder or a glob
          ("photos/*.jpg"), for a dict from paths to answers; a generator, for a generator that computes each answer
          when it is asked for;
        - of an app without such an input, such as faces: options only.
        An answer is plain Python: what the app gives, a dict where it gives several things. Classes come as "label"
        and "score", a probability from 0 to 1; images as `PIL.Image`; texts as str; films as `zoo.kinds.video.Film`,
        with `save`. The assistant answers lines, and remembers what was said between the calls.
    Raises:
        UnknownName: for an app or an option that there isn't. BadInput: for an input or an option that can't be used.
    """
    entry = next(iter(importlib.metadata.entry_points(group=GROUP)), None)
    if entry is None:
        raise MissingPackage("the zoo's apps are not installed, so there are no pipelines; pip install landmark-zoo")
    return entry.load()(app, progress=progress, **options)
