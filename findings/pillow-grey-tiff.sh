#!/usr/bin/env bash
# Pillow reads three kinds of valid grey TIFF files as other values.
#
# One would guess: Pillow opens a grey TIFF as the values that the file means, or says that it cannot.
# What is so: it gives other values, without a warning:
#   - 16-bit integers and 32-bit floats with PhotometricInterpretation 0 (0 is white) are not inverted, though 1, 2, 4
#     and 8 bits are: white comes out black.
#   - Compressed big-endian files of 32 bits, and of 16 bits signed, have their bytes swapped once too often.
#   - 32-bit unsigned integers come out signed: what is above 2^31 is negative.
# Why it matters: scanners write 0 for white, microscopes and telescopes 16 and 32 bits: a negative, or noise, looks like
# an image and is learned from. zoo/kinds/image.py corrects all three.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==12.3.0 tifffile==2026.3.3 numpy==2.3.5
"$folder/venv/bin/python" - <<'EOF'
import io
import sys

import numpy as np
import PIL
import tifffile
from PIL import Image


def opened(values, **options):
    file = io.BytesIO()
    tifffile.imwrite(file, values, **options)
    return np.asarray(Image.open(io.BytesIO(file.getvalue()))).ravel().tolist()


print(f"Pillow {PIL.__version__}, tifffile {tifffile.__version__}")
white = {"photometric": "miniswhite"}
big = {"photometric": "minisblack", "byteorder": ">", "compression": "deflate"}
cases = [
    ("8 bits, 0 is white (right)", np.array([[0, 255]], "uint8"), white, [255, 0]),
    ("16 bits, 0 is white", np.array([[0, 65535]], "uint16"), white, [0, 65535]),
    ("32-bit floats, 0 is white", np.array([[0, 1]], "float32"), white, [0.0, 1.0]),
    ("32-bit floats, big-endian, compressed", np.array([[0, 1]], "float32"), big, [0.0, 4.600602988224807e-41]),
    ("32 bits signed, big-endian, compressed", np.array([[0, 1]], "int32"), big, [0, 1 << 24]),
    ("16 bits signed, big-endian, compressed", np.array([[0, 1]], "int16"), big, [0, 256]),
    ("32 bits unsigned", np.array([[0, 2**32 - 1]], "uint32"), {"photometric": "minisblack"}, [0, -1]),
]
changed = 0
for name, values, options, known in cases:
    found = opened(values, **options)
    changed += found != known
    print(f"{name}: stored {values.ravel().tolist()}, read {found}{'' if found == known else f', not {known} as known'}")
print("THIS HAS CHANGED" if changed else "as described")
sys.exit(changed > 0)
EOF
