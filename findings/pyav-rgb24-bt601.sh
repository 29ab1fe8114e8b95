#!/usr/bin/env bash
# PyAV converts RGB frames to YUV by the BT.601 matrix although the stream is tagged BT.709.
#
# One would guess: in a stream whose `codec_context.colorspace` says BT.709, frames made by
# `VideoFrame.from_ndarray(rgb, format="rgb24")` are encoded by BT.709.
# What is so: the tag is written to the file, but the pixels are converted by BT.601, and there is no warning. Players,
# and PyAV itself, obey the tag when they decode, so pure green (0, 255, 0) comes back as (0, 215, 0). Only what the
# *frame* says counts: set `frame.colorspace` as well, or convert by `reformat(format="yuv420p",
# dst_colorspace="itu709")`.
# Why it matters: a film that is read as RGB, changed by a network and written again has other colours, and each time
# that it is written they change once more. A test with grey frames never notices: grey is the same in both matrices.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "av==18.1.0" "numpy==2.3.5"
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import av
import numpy as np

BT709 = 1  # its number in the standards, FFmpeg and PyAV
LUMA = {"BT.601": 145, "BT.709": 173}  # of pure green in limited range: 16 + 219 * 0.587, 16 + 219 * 0.7152


def encode(prepare):
    """A green film in a stream tagged BT.709. Returns the luma in the file, and the RGB that PyAV decodes."""
    green = np.full((64, 64, 3), (0, 255, 0), "uint8")
    with av.open("film.mp4", "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.codec_context.colorspace = BT709
        for number in range(3):
            frame = prepare(av.VideoFrame.from_ndarray(green, format="rgb24"))
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with av.open("film.mp4") as container:
        frame = next(container.decode(video=0))
        assert frame.colorspace == BT709, f"the file is tagged {frame.colorspace}"
        plane = frame.planes[0]
        luma = np.frombuffer(plane, "uint8").reshape(-1, plane.line_size)[:64, :64].mean()
        return float(luma), frame.to_ndarray(format="rgb24").mean((0, 1)).tolist()


def as_it_is(frame):
    return frame


def tagged(frame):
    frame.colorspace = BT709
    return frame


def converted(frame):
    return frame.reformat(format="yuv420p", dst_colorspace="itu709")


print("PyAV", av.__version__)
print("luma of pure green:", LUMA)
same = True
for prepare, expected in ((as_it_is, "BT.601"), (tagged, "BT.709"), (converted, "BT.709")):
    luma, rgb = encode(prepare)
    print(f"stream tagged BT.709, frame {prepare.__name__}: luma {luma:.0f}, decoded as {rgb}")
    same = same and abs(luma - LUMA[expected]) < 2
print("as described" if same else "THIS HAS CHANGED")
sys.exit(not same)
PYTHON
