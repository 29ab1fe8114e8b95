"""How TFDS stores the examples of our data sets. Imports TFDS, so that `zoo.data.catalogue` imports it late."""

import contextlib
import itertools

import pyarrow
import pyarrow.parquet
import tensorflow_datasets as tfds
from tensorflow_datasets.core import file_adapters

from zoo.data.dataset import Dataset
from zoo.data.source import Source


def make_builder(dataset: Dataset, source: Source, data_dir) -> tfds.core.GeneratorBasedBuilder:
    """The TFDS builder of a data set of ours, which reads from `source` and downloads nothing."""

    # It stays out of TFDS's own registry, which holds other data sets under some of our names.
    class Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        name = dataset.name
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            features = {name: field.feature(tfds.features) for name, field in dataset.fields.items()}
            return tfds.core.DatasetInfo(
                builder=self,
                description=dataset.summary,
                homepage=dataset.url,
                license=dataset.licence,
                citation=dataset.citation,
                features=tfds.features.FeaturesDict(features),
            )

        def _split_generators(self, dl_manager):
            return dataset.examples(source)

        def _generate_examples(self):
            """TFDS wants one; the splits above are their own."""

    return Builder(data_dir=data_dir)


class _WholeParquet(file_adapters.ParquetFileAdapter):
    """TFDS's Parquet files, with all their examples.

    In tensorflow-datasets 4.9.10 `file_adapters._batched` skips ever more of an iterator: of 1,000 examples it writes
    400, and says nothing. See findings/tfds-parquet-drops-examples.sh.
    """

    @classmethod
    def write_examples(cls, path, iterator):
        iterator = iter(iterator)
        with pyarrow.parquet.ParquetWriter(path, schema=cls._schema()) as writer:
            while examples := [example for _, example in itertools.islice(iterator, 100)]:
                writer.write_batch(pyarrow.record_batch([pyarrow.array(examples, pyarrow.binary())], cls._schema()))


@contextlib.contextmanager
def whole_parquet():
    """A context in which TFDS writes Parquet files with all their examples."""
    adapters, parquet = file_adapters.ADAPTER_FOR_FORMAT, file_adapters.FileFormat.PARQUET
    theirs = adapters[parquet]
    adapters[parquet] = _WholeParquet
    try:
        yield
    finally:
        adapters[parquet] = theirs
