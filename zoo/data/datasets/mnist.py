"""MNIST: handwritten digits (LeCun, Cortes, Burges 1998)."""

from zoo.data.dataset import Dataset, Image, Label
from zoo.data.layouts import ClassFolders

DATASET = Dataset(
    name="mnist",
    title="MNIST",
    summary="60,000 and 10,000 handwritten digits, 28 x 28, white on black (LeCun, Cortes, Burges 1998)",
    licence="usually stated as CC BY-SA 3.0; the authors' page gave no licence text",
    commercial=None,
    url="http://yann.lecun.com/exdb/mnist/",
    splits=("train", "test"),
    fields={"image": Image((28, 28, 1)), "label": Label(tuple("0123456789"))},
    inputs=("image",),
    targets=("label",),
    layout=ClassFolders("<label> from 0 to 9; any size and colours, made 28 x 28 grey; white digits on black"),
    files="a data directory in which it is prepared already; without --from, it is downloaded",
)
