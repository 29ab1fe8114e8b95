"""Flickr8k: photographs of people and dogs with five captions each (Hodosh, Young, Hockenmaier 2013).

Splits by the official lists; images in none of them are in `rest`.
"""

import collections

from zoo.data.dataset import Dataset, Image, Text, Texts
from zoo.data.layouts import Images
from zoo.data.source import Source, require, require_all

_LISTS = {"train": "Flickr_8k.trainImages.txt", "dev": "Flickr_8k.devImages.txt", "test": "Flickr_8k.testImages.txt"}
_CAPTIONS = "Flickr8k.token.txt"


def examples(source: Source):
    images = {match[1]: path for path, match in source.find(r"Flicke?r8k_Dataset/([^/]+\.jpg)")}
    require(images, source.folder, "Flicker8k_Dataset/*.jpg")
    lines = source.lines(_CAPTIONS)
    require(lines, source.folder, _CAPTIONS)
    captions = collections.defaultdict(list)
    for line in lines:
        key, _, caption = line.partition("\t")  # 1000268201_693b08cb0e.jpg#0<TAB>A child ...
        captions[key.rpartition("#")[0]].append(caption)
    splits = {}
    for split, file in _LISTS.items():
        names = source.lines(file)
        require(names, source.folder, file)
        splits[split] = set(filter(None, map(str.strip, names)))
        require_all(splits[split], images, source.folder, file)
    splits["rest"] = set(images) - set().union(*splits.values())
    return {split: _photographs(source, images, captions, names) for split, names in splits.items() if names}


def _photographs(source, images, captions, names):
    for name, path in images.items():
        if name in names:
            yield name, {"id": name, "image": source.image(path), "captions": captions[name]}


DATASET = Dataset(
    name="flickr8k",
    title="Flickr8k",
    summary="8,000 photographs, mostly of people and dogs, each with five captions (Hodosh and others 2013)",
    licence="non-commercial research and education only; the photographs belong to their authors",
    commercial=False,
    url="https://doi.org/10.1613/jair.3994",
    splits=("train", "dev", "test", "rest"),
    fields={"id": Text(), "image": Image(), "captions": Texts()},
    inputs=("image",),
    layout=Images(),
    files="Flicker8k_Dataset/*.jpg and Flickr8k_text/*.txt, unpacked or in .tar archives",
    examples=examples,
    citation="""@article{hodosh2013framing,
  author = {Micah Hodosh and Peter Young and Julia Hockenmaier},
  title = {Framing Image Description as a Ranking Task: Data, Models and Evaluation Metrics},
  journal = {Journal of Artificial Intelligence Research}, volume = {47}, pages = {853--899}, year = {2013}}""",
)
