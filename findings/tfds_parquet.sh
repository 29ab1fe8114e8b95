#!/bin/sh
# Guess: a data set that tensorflow-datasets prepares as Parquet has all the examples that its builder yielded.
# Is so: of 1,000 examples 400 are written. `file_adapters._batched` skips, before each batch, as many examples as are
# in all batches before, though the iterator has moved past those already. Nothing is said, and dataset_info.json states
# 1,000.
# Matters: most of the training data is missing, and every figure is of another data set. zoo/data/builder.py writes the
# files itself.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet tensorflow-datasets==4.9.10 pyarrow==22.0.0 importlib_resources==6.5.2
"$folder/venv/bin/python" - "$folder" <<'EOF'
import sys

import pyarrow
import tensorflow_datasets as tfds
from tensorflow_datasets.core import file_adapters

path = f"{sys.argv[1]}/examples.parquet"
adapter = file_adapters.ADAPTER_FOR_FORMAT[file_adapters.FileFormat.PARQUET]
adapter.write_examples(path, iter([(number, b"%d" % number) for number in range(1000)]))
written = pyarrow.parquet.read_table(path).num_rows
print(f"tensorflow-datasets {tfds.__version__}, pyarrow {pyarrow.__version__}: of 1000 examples {written} are written")
sys.exit(written != 400)
EOF
