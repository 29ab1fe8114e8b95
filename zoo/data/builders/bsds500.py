"""BSDS500: the photographs of the Berkeley segmentation data set (Arbelaez, Maire, Fowlkes, Malik 2011)."""

import io

import tensorflow_datasets as tfds

from zoo.data.builders.source import FolderBuilder, require


class BSDS500(FolderBuilder, skip_registration=True):
    """Photographs only, without the segmentations; the splits whose folders are there."""

    name = "bsds500"  # TFDS would make "bsd_s500" of the class's name

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Photographs of animals, people, landscapes and buildings, 481 x 321 or 321 x 481.",
            homepage="https://doi.org/10.1109/TPAMI.2010.161",
            license="Non-commercial research and education only.",
            citation="""@article{arbelaez2011contour,
  author = {Pablo Arbelaez and Michael Maire and Charless Fowlkes and Jitendra Malik},
  title = {Contour Detection and Hierarchical Image Segmentation},
  journal = {IEEE Transactions on Pattern Analysis and Machine Intelligence},
  volume = {33}, number = {5}, pages = {898--916}, year = {2011}}""",
            features=tfds.features.FeaturesDict(
                {"id": tfds.features.Text(), "image": tfds.features.Image(encoding_format="jpeg")}
            ),
        )

    def _split_generators(self, dl_manager):
        splits = {}
        for path, match in self.source.find(r"images/(train|val|test)/([^/]+\.jpg)"):
            splits.setdefault(match[1], {})[match[2]] = path
        for split in ("train", "val"):
            require(splits.get(split), self.source.folder, f"images/{split}/*.jpg")
        return {split: self._generate_examples(images) for split, images in splits.items()}

    def _generate_examples(self, images):
        for name, path in images.items():
            yield name, {"id": name, "image": io.BytesIO(self.source.image(path))}
