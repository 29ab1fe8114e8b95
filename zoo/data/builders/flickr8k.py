"""Flickr8k: photographs of people and dogs with five captions each (Hodosh, Young, Hockenmaier 2013)."""

import collections
import io

import tensorflow_datasets as tfds

from zoo.data.builders.source import FolderBuilder, require, require_all

_LISTS = {"train": "Flickr_8k.trainImages.txt", "dev": "Flickr_8k.devImages.txt", "test": "Flickr_8k.testImages.txt"}
_CAPTIONS = "Flickr8k.token.txt"


class Flickr8k(FolderBuilder, skip_registration=True):
    """Splits by the official lists; images in none of them are in `rest`."""

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Photographs from Flickr, mostly of people and dogs, each with five English captions.",
            homepage="https://doi.org/10.1613/jair.3994",
            license="Non-commercial research and education only; the photographs belong to their authors.",
            citation="""@article{hodosh2013framing,
  author = {Micah Hodosh and Peter Young and Julia Hockenmaier},
  title = {Framing Image Description as a Ranking Task: Data, Models and Evaluation Metrics},
  journal = {Journal of Artificial Intelligence Research}, volume = {47}, pages = {853--899}, year = {2013}}""",
            features=tfds.features.FeaturesDict(
                {
                    "id": tfds.features.Text(),
                    "image": tfds.features.Image(encoding_format="jpeg"),
                    "captions": tfds.features.Sequence(tfds.features.Text()),
                }
            ),
        )

    def _split_generators(self, dl_manager):
        source, folder = self.source, self.source.folder
        images = {match[1]: path for path, match in source.find(r"Flicke?r8k_Dataset/([^/]+\.jpg)")}
        require(images, folder, "Flicker8k_Dataset/*.jpg")
        lines = source.lines(_CAPTIONS)
        require(lines, folder, _CAPTIONS)
        captions = collections.defaultdict(list)
        for line in lines:
            key, _, caption = line.partition("\t")  # 1000268201_693b08cb0e.jpg#0<TAB>A child ...
            captions[key.rpartition("#")[0]].append(caption)
        splits = {}
        for split, file in _LISTS.items():
            names = source.lines(file)
            require(names, folder, file)
            splits[split] = set(filter(None, map(str.strip, names)))
            require_all(splits[split], images, folder, file)
        splits["rest"] = set(images) - set().union(*splits.values())
        return {split: self._generate_examples(images, captions, names) for split, names in splits.items() if names}

    def _generate_examples(self, images, captions, names):
        for name, path in images.items():
            if name in names:
                yield name, {"id": name, "image": io.BytesIO(self.source.image(path)), "captions": captions[name]}
