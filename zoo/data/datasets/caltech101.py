"""Caltech-101: photographs of objects in 101 classes (Fei-Fei, Fergus, Perona 2004).

Splits by train.txt and test.txt; without them all is in `train`. The clutter class is left out.
"""

from zoo.data.dataset import Dataset, Image, Label, Text
from zoo.data.layouts import ClassFolders
from zoo.data.source import Source, require, require_all

_NAMES = """
    accordion airplanes anchor ant barrel bass beaver binocular bonsai brain brontosaurus buddha butterfly camera cannon
    car_side ceiling_fan cellphone chair chandelier cougar_body cougar_face crab crayfish crocodile crocodile_head cup
    dalmatian dollar_bill dolphin dragonfly electric_guitar elephant emu euphonium ewer Faces Faces_easy ferry flamingo
    flamingo_head garfield gerenuk gramophone grand_piano hawksbill headphone hedgehog helicopter ibis inline_skate
    joshua_tree kangaroo ketch lamp laptop Leopards llama lobster lotus mandolin mayfly menorah metronome minaret
    Motorbikes nautilus octopus okapi pagoda panda pigeon pizza platypus pyramid revolver rhino rooster saxophone
    schooner scissors scorpion sea_horse snoopy soccer_ball stapler starfish stegosaurus stop_sign strawberry sunflower
    tick trilobite umbrella watch water_lilly wheelchair wild_cat windsor_chair wrench yin_yang
"""
LABELS = tuple(_NAMES.split())


def examples(source: Source):
    images = {
        f"{match[1]}/{match[2]}": path
        for path, match in source.find(r"101_ObjectCategories/([^/]+)/([^/]+\.jpg)")
        if match[1] in LABELS
    }
    require(images, source.folder, "101_ObjectCategories/<class>/*.jpg")
    splits = {}
    for split in ("train", "test"):
        lines = source.lines(f"{split}.txt")  # <class>/image_0001.jpg
        if lines:
            splits[split] = set(filter(None, map(str.strip, lines)))
            require_all(splits[split], images, source.folder, f"{split}.txt")
    splits = splits or {"train": set(images)}
    return {split: _photographs(source, images, names) for split, names in splits.items()}


def _photographs(source, images, names):
    for name, path in images.items():
        if name in names:
            yield name, {"id": name, "image": source.image(path), "label": name.partition("/")[0]}


DATASET = Dataset(
    name="caltech101",
    title="Caltech-101",
    summary="8,700 photographs of objects in 101 classes (Fei-Fei, Fergus, Perona 2004)",
    licence="CC BY 4.0",
    commercial=True,
    url="https://data.caltech.edu/records/mzrjq-6wc02",
    splits=("train", "test"),
    fields={"id": Text(), "image": Image(), "label": Label(LABELS)},
    inputs=("image",),
    targets=("label",),
    layout=ClassFolders(),
    files="101_ObjectCategories/<class>/*.jpg and, if there, train.txt and test.txt (lines <class>/<file>; "
    "without them all is train), unpacked or in a .tar archive",
    examples=examples,
    citation="""@inproceedings{feifei2004learning,
  author = {Li Fei-Fei and Rob Fergus and Pietro Perona},
  title = {Learning Generative Visual Models from Few Training Examples: An Incremental Bayesian Approach Tested on
           101 Object Categories},
  booktitle = {CVPR Workshop on Generative-Model Based Vision}, year = {2004}}""",
)
