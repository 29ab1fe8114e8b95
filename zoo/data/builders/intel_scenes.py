"""Intel image classification: photographs of six kinds of scene (published for a challenge in 2018)."""

import io

import tensorflow_datasets as tfds

from zoo.data.builders.source import FolderBuilder, require
from zoo.data.datasets import DATASETS


class IntelScenes(FolderBuilder, skip_registration=True):
    """Splits as published: seg_train and seg_test."""

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Photographs of buildings, forests, glaciers, mountains, seas and streets.",
            homepage="https://www.kaggle.com/datasets/puneet6060/intel-image-classification",
            license="None stated by the publisher; for research and demonstration.",
            citation="""@misc{intel2018scenes,
  author = {{Intel}}, title = {Intel Image Classification (challenge on Analytics Vidhya)}, year = {2018}}""",
            features=tfds.features.FeaturesDict(
                {
                    "id": tfds.features.Text(),
                    "image": tfds.features.Image(encoding_format="jpeg"),
                    "label": tfds.features.ClassLabel(names=DATASETS["intel_scenes"].labels),
                }
            ),
        )

    def _split_generators(self, dl_manager):
        classes = "|".join(DATASETS["intel_scenes"].labels)
        splits = {"train": {}, "test": {}}
        for path, match in self.source.find(rf"seg_(train|test)/({classes})/([^/]+\.jpg)"):
            splits[match[1]][f"{match[2]}/{match[3]}"] = path
        for split, images in splits.items():
            require(images, self.source.folder, f"seg_{split}/<class>/*.jpg")
        return {split: self._generate_examples(images) for split, images in splits.items()}

    def _generate_examples(self, images):
        for name, path in images.items():
            label = name.partition("/")[0]
            yield name, {"id": name, "image": io.BytesIO(self.source.image(path)), "label": label}
