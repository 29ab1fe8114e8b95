"""CIFAR-10: small colour images of ten kinds of things (Krizhevsky 2009)."""

from zoo.data.dataset import Dataset, Image, Label, Text
from zoo.data.layouts import ClassFolders

LABELS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
DATASET = Dataset(
    name="cifar10",
    title="CIFAR-10",
    summary="50,000 and 10,000 colour images of ten kinds of things, 32 x 32 (Krizhevsky 2009)",
    licence="none stated by the authors, who ask to be cited; for research and teaching",
    commercial=None,
    url="https://www.cs.toronto.edu/~kriz/cifar.html",
    splits=("train", "test"),
    fields={"id": Text(), "image": Image((32, 32, 3)), "label": Label(LABELS)},
    inputs=("image",),
    targets=("label",),
    layout=ClassFolders("any size, <label> such as airplane; made 32 x 32"),
    files="a data directory in which it is prepared already; without --from, it is downloaded",
)
