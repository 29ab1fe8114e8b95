"""Caltech-101: photographs of objects in 101 classes (Fei-Fei, Fergus, Perona 2004)."""

import io

import tensorflow_datasets as tfds

from zoo.data.builders.source import FolderBuilder, require, require_all
from zoo.data.datasets import DATASETS


class Caltech101(FolderBuilder, skip_registration=True):
    """Splits by train.txt and test.txt (lines `<class>/image_0001.jpg`); without them all is in `train`."""

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Photographs of objects in 101 classes; the clutter class is left out.",
            homepage="https://data.caltech.edu/records/mzrjq-6wc02",
            license="CC BY 4.0",
            citation="""@inproceedings{feifei2004learning,
  author = {Li Fei-Fei and Rob Fergus and Pietro Perona},
  title = {Learning Generative Visual Models from Few Training Examples: An Incremental Bayesian Approach Tested on
           101 Object Categories},
  booktitle = {CVPR Workshop on Generative-Model Based Vision}, year = {2004}}""",
            features=tfds.features.FeaturesDict(
                {
                    "id": tfds.features.Text(),
                    "image": tfds.features.Image(encoding_format="jpeg"),
                    "label": tfds.features.ClassLabel(names=DATASETS["caltech101"].labels),
                }
            ),
        )

    def _split_generators(self, dl_manager):
        labels = set(DATASETS["caltech101"].labels)
        images = {
            f"{match[1]}/{match[2]}": path
            for path, match in self.source.find(r"101_ObjectCategories/([^/]+)/([^/]+\.jpg)")
            if match[1] in labels
        }
        require(images, self.source.folder, "101_ObjectCategories/<class>/*.jpg")
        splits = {}
        for split in ("train", "test"):
            lines = self.source.lines(f"{split}.txt")
            if lines:
                splits[split] = set(filter(None, map(str.strip, lines)))
                require_all(splits[split], images, self.source.folder, f"{split}.txt")
        splits = splits or {"train": set(images)}
        return {split: self._generate_examples(images, names) for split, names in splits.items()}

    def _generate_examples(self, images, names):
        for name, path in images.items():
            if name in names:
                label = name.partition("/")[0]
                yield name, {"id": name, "image": io.BytesIO(self.source.image(path)), "label": label}
