#!/usr/bin/env bash
# soundfile reads a WAV of floats as nothing but -1, 0 and 1 when it is asked for 16-bit integers.
#
# One would guess: `soundfile.read(path, dtype="int16")` gives samples of -32768 ... 32767 for any file, as it does for
# WAV, FLAC and OGG of integers, and as `dtype="float32"` gives -1 ... 1 for any file.
# What is so: floats are rounded without being scaled, and no error or warning says so. A recording becomes noise of
# one bit, close to silence.
# Why it matters: WAVs of floats are what audio editors and neural networks write. Read `dtype="float32"`, which is
# right for every file, and scale.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "soundfile==0.14.0" "numpy==2.3.5"
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import numpy as np
import soundfile

print("soundfile", soundfile.__version__, soundfile.__libsndfile_version__)
tone = 0.8 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
largest = {}
for subtype in ("PCM_16", "FLOAT"):
    soundfile.write(f"{subtype}.wav", tone, 16000, subtype=subtype)
    samples, _ = soundfile.read(f"{subtype}.wav", dtype="int16")
    floats, _ = soundfile.read(f"{subtype}.wav", dtype="float32")
    largest[subtype] = int(np.abs(samples).max())
    print(f"{subtype}: as int16 {len(np.unique(samples))} values up to {largest[subtype]}, as float32 up to {floats.max():.3f}")
same = largest["PCM_16"] > 26000 and largest["FLOAT"] == 1
print("as described" if same else "THIS HAS CHANGED")
sys.exit(not same)
PYTHON
