"""Intel image classification: photographs of six kinds of scene (published for a challenge in 2018).

Splits as published: seg_train and seg_test.
"""

from zoo.data.dataset import Dataset, Image, Label, Text
from zoo.data.layouts import ClassFolders
from zoo.data.source import Source, require

LABELS = ("buildings", "forest", "glacier", "mountain", "sea", "street")


def examples(source: Source):
    splits = {"train": {}, "test": {}}
    for path, match in source.find(rf"seg_(train|test)/({'|'.join(LABELS)})/([^/]+\.jpg)"):
        splits[match[1]][f"{match[2]}/{match[3]}"] = path
    for split, images in splits.items():
        require(images, source.folder, f"seg_{split}/<class>/*.jpg")
    return {split: _photographs(source, images) for split, images in splits.items()}


def _photographs(source, images):
    for name, path in images.items():
        yield name, {"id": name, "image": source.image(path), "label": name.partition("/")[0]}


DATASET = Dataset(
    name="intel_scenes",
    title="Intel image classification",
    summary="photographs of six kinds of scene, from buildings to street (published for a challenge in 2018)",
    licence="none stated by the publisher; for research and demonstration",
    commercial=None,
    url="https://www.kaggle.com/datasets/puneet6060/intel-image-classification",
    splits=("train", "test"),
    fields={"id": Text(), "image": Image(), "label": Label(LABELS)},
    inputs=("image",),
    targets=("label",),
    layout=ClassFolders(),
    files="seg_train/<class>/*.jpg and seg_test/<class>/*.jpg, unpacked or in a .tar archive",
    examples=examples,
    citation="""@misc{intel2018scenes,
  author = {{Intel}}, title = {Intel Image Classification (challenge on Analytics Vidhya)}, year = {2018}}""",
)
