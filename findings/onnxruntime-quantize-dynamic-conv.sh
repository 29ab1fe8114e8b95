#!/usr/bin/env bash
# ONNX Runtime's quantize_dynamic ignores per_channel=True for convolutions, and makes them slower.
#
# One would guess: `quantize_dynamic(..., per_channel=True)` gives each output channel of a convolution a scale of its
# own, as it does for MatMul, and int8 convolutions are no slower than float ones.
# What is so: the kernel of a convolution gets one scale for all channels, without a warning. A channel whose weights
# are small beside another's is rounded to zero. And ConvInteger has no fast kernel on CPUs.
# Why it matters: int8 weights per output channel keep a network's accuracy, one scale per tensor may not. So store
# int8 per output channel and compute in float32.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  "onnxruntime==1.32.0" "onnx==1.23.2" "numpy==2.3.5" "sympy"
cd "$folder"
venv/bin/python - 2>&1 <<'PYTHON'
import logging
import sys
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import quantize_dynamic

logging.disable(logging.WARNING)  # advice to run shape inference first, which changes nothing here
print("ONNX Runtime", onnxruntime.__version__)
CHANNELS = 64
rng = np.random.default_rng(0)
loudness = np.geomspace(1, 1e-4, CHANNELS).astype("float32")  # of each output channel


def model(op):
    """One convolution 3 x 3 or one product whose output channels differ in size by up to 10,000."""
    if op == "Conv":
        shape, weights = ["n", CHANNELS, 32, 32], rng.standard_normal((CHANNELS, CHANNELS, 3, 3), "float32")
        weights *= loudness[:, None, None, None]
        node = helper.make_node(op, ["x", "w"], ["y"], pads=[1, 1, 1, 1])
    else:
        shape, weights = ["n", CHANNELS], rng.standard_normal((CHANNELS, CHANNELS), "float32") * loudness
        node = helper.make_node(op, ["x", "w"], ["y"])
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "xy"]
    graph = helper.make_graph([node], op, value[:1], value[1:], [numpy_helper.from_array(weights, "w")])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, f"{op}.onnx")
    quantize_dynamic(f"{op}.onnx", f"{op}.int8.onnx", per_channel=True, op_types_to_quantize=[op])


def run(path, x):
    """The output, and the seconds of one call: the least of five."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        y = session.run(None, {"x": x})[0]
        seconds.append(time.perf_counter() - start)
    return y, min(seconds)


scales, errors = {}, {}
for op in ("MatMul", "Conv"):
    model(op)
    tensors = onnx.load(f"{op}.int8.onnx").graph.initializer
    scales[op] = next(numpy_helper.to_array(t).size for t in tensors if t.name == "w_scale")
    x = rng.standard_normal((8, CHANNELS, 32, 32) if op == "Conv" else (512, CHANNELS), "float32")
    (y, seconds), (z, int8_seconds) = run(f"{op}.onnx", x), run(f"{op}.int8.onnx", x)
    last = np.moveaxis(y, 1, -1)[..., -1], np.moveaxis(z, 1, -1)[..., -1]  # the channel with the smallest weights
    errors[op] = float(np.abs(last[1] - last[0]).mean() / np.abs(last[0]).mean())
    print(
        f"{op}: {scales[op]} scale(s) for {CHANNELS} output channels, error of the smallest channel "
        f"{100 * errors[op]:.0f} %, int8 takes {int8_seconds / seconds:.1f} times as long as float32"
    )
same = scales == {"MatMul": CHANNELS, "Conv": 1} and errors["MatMul"] < 0.1 and errors["Conv"] > 0.9
print("as described" if same else "THIS HAS CHANGED")
sys.exit(not same)
PYTHON
