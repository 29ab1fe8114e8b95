#!/usr/bin/env bash
# Gradio empties a sound that one user is playing while it encodes the same answer for another.
#
# One would guess: the file of an answer whose address was handed to a browser is whole for as long as it is served.
# What is so: a sound returned as an array is stored below a hash of its samples, so an equal answer has the same
# address. Gradio encodes it again all the same, straight into the file that is there. Until that ends, the server
# answers a request for the first user's file with status 200 and 0 bytes. Gradio's queue does not prevent it, since the
# first call has ended by then. A WAV file is short for a fraction of a second only; a download in progress then ends
# before its announced length.
# Why it matters: two visitors who try the same example are enough. One hears nothing, and no error is shown. An app
# whose answers repeat should write the file itself and return its path: Gradio keeps the copy that it has made of it
# before, as the second case shows.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  "gradio==6.31.0" "imageio-ffmpeg==0.6.0" "numpy==2.3.5"
cd "$folder"
export GRADIO_ANALYTICS_ENABLED=False HF_HUB_DISABLE_TELEMETRY=1 GRADIO_TEMP_DIR="$folder/cache"
venv/bin/python - <<'PYTHON'
import os
import shutil
import sys
import time
import urllib.request
from pathlib import Path

import gradio as gr
import imageio_ffmpeg
import numpy as np
from gradio_client import Client

Path("bin").mkdir()
Path("bin/ffmpeg").symlink_to(imageio_ffmpeg.get_ffmpeg_exe())
RATE, MINUTES = 44100, 5
sound = (3000 * np.random.default_rng(0).standard_normal(RATE * 60 * MINUTES)).astype("int16")


def fetch(url):
    """The status and the number of bytes."""
    with urllib.request.urlopen(url, timeout=30) as reply:
        return reply.status, len(reply.read())


def watch(answer):
    """The first answer's file, and what was fetched at its address while a second user got the same answer."""
    app = gr.Interface(answer, None, gr.Audio(format="mp3"), api_name="answer")
    address = app.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)[1]
    first, second = (Client(address, download_files=False, verbose=False) for _ in range(2))
    file = first.predict(api_name="/answer")
    whole, during = fetch(file["url"]), []
    job = second.submit(api_name="/answer")
    while not job.done():
        during.append(fetch(file["url"]))
        time.sleep(0.1)
    equal = job.result()["path"] == file["path"]
    app.close(verbose=False)
    return file["path"], whole, during, equal


def by_path():
    time.sleep(1)  # work, so that there is time to fetch
    return "sound.mp3"


print("Gradio", gr.__version__)
found, programs = {}, os.environ["PATH"]
os.environ["PATH"] = f"{Path('bin').absolute()}{os.pathsep}{programs}"  # for Gradio, which calls ffmpeg by its name
path, *found["array"] = watch(lambda: (RATE, sound))
os.environ["PATH"] = programs  # nothing is encoded any more
shutil.copy(path, "sound.mp3")
_, *found["path"] = watch(by_path)
same = True
for case, (whole, during, equal) in found.items():
    empty, full = during.count((200, 0)), during.count(whole)
    print(
        f"answer returned as {case}: {whole[1]} bytes; of {len(during)} fetches during the same answer to another user "
        f"{full} gave the whole file and {empty} gave status 200 and 0 bytes"
    )
    same &= whole[1] > 1_000_000 and equal
    same &= empty > 0 if case == "array" else full == len(during) > 0
print("as described" if same else "THIS HAS CHANGED")
sys.exit(not same)
PYTHON
