"""BSDS500: the photographs of the Berkeley segmentation data set (Arbelaez, Maire, Fowlkes, Malik 2011).

Animals, people, landscapes and buildings, 481 x 321 or 321 x 481, without the segmentations; of the published splits
those whose folders are there.
"""

from zoo.data.dataset import Dataset, Image, Text
from zoo.data.layouts import Images
from zoo.data.source import Source, require


def examples(source: Source):
    splits = {}
    for path, match in source.find(r"images/(train|val|test)/([^/]+\.jpg)"):
        splits.setdefault(match[1], {})[match[2]] = path
    for split in ("train", "val"):
        require(splits.get(split), source.folder, f"images/{split}/*.jpg")
    return {split: _photographs(source, paths) for split, paths in splits.items()}


def _photographs(source, paths):
    for name, path in paths.items():
        yield name, {"id": name, "image": source.image(path)}


DATASET = Dataset(
    name="bsds500",
    title="BSDS500",
    summary="500 natural photographs of the Berkeley segmentation data set (Arbelaez and others 2011)",
    licence="non-commercial research and education only",
    commercial=False,
    url="https://doi.org/10.1109/TPAMI.2010.161",
    splits=("train", "val", "test"),
    fields={"id": Text(), "image": Image()},
    inputs=("image",),
    layout=Images(),
    files="BSDS500/data/images/{train,val,test}/*.jpg, unpacked or in a .tar archive; test may be absent",
    examples=examples,
    citation="""@article{arbelaez2011contour,
  author = {Pablo Arbelaez and Michael Maire and Charless Fowlkes and Jitendra Malik},
  title = {Contour Detection and Hierarchical Image Segmentation},
  journal = {IEEE Transactions on Pattern Analysis and Machine Intelligence},
  volume = {33}, number = {5}, pages = {898--916}, year = {2011}}""",
)
