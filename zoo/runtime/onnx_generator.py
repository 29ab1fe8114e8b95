"""Text faster on a CPU: ONNX Runtime goes on with it, if asked to with weights rounded to 8 bits.

Each new token costs a CPU the reading of every weight, which ONNX Runtime does faster than TensorFlow; of 8 bits there
is a quarter as much to read. What is multiplied with those is rounded too, to 8 bits of the range that it has at that
moment ("dynamic quantisation"), so the answers differ a little from the model's own. Of a small recurrent net there is
little to read, and `zoo.generation.tokens` alone is faster.

    generator = ExportedGenerator(zoo.load("hf:gpt2"), bits=8)
    [tokens] = generator([prompt], new_tokens=200, temperature=0.8, seed=7)  # as with `zoo.generation.tokens.Generator`

Prompts are read by the model itself, all tokens at once; only what is made a token at a time goes by ONNX Runtime.
"""

import contextlib
import gc
import hashlib
import json
import tempfile
from pathlib import Path

import numpy as np
from keras import ops

from zoo.errors import BadInput
from zoo.generation.tokens import CHUNK, Generator, choose
from zoo.runtime import backend, cache, export

BITS = (8, 32)
LARGEST = 1.6e9  # bytes of weights; an ONNX file has 2 GiB at most, and embeddings are in it twice


class ExportedGenerator(Generator):
    """A `Generator` whose steps from token to token are ONNX Runtime's, with weights of 32 bits or 8.

    The file for it is made once for each set of weights, from the TensorFlow backend, and kept in the zoo's cache. Beam
    search is the model's own. Raises `MissingPackage` where it must be made and the backend is another, `BadInput` for
    other bits, a model of more than 400 million parameters or one that goes from one sequence to another.
    """

    def __init__(self, model, *, bits: int = 32, chunk: int = CHUNK):
        if bits not in BITS:
            raise BadInput(f"weights can't have {bits} bits; choose from {' and '.join(map(str, BITS))}")
        _check(model)
        super().__init__(model, chunk=chunk)
        self._session = _session(model, bits)
        # Outputs that are one of the inputs but for one place, after the logits: see `_put`.
        self._changed = [number for number, shape in enumerate(_shapes(model)) if None in shape[1:]]
        self._extend = self._by_steps

    def _by_steps(self, logits, cache, index, pad, done, count, chance, temperature, top_p, stop, top_k):
        """What `Generator._make_chunk` does, a token at a time. Writes into `cache` where it holds NumPy arrays."""
        tokens = np.full((len(pad), len(chance)), -1, "int32")
        cache = [each if isinstance(each, np.ndarray) else np.array(each, order="C") for each in cache]
        temperature, top_p = ops.convert_to_tensor(temperature), ops.convert_to_tensor(top_p)
        for i in range(count):
            if done.all():
                break
            logits, by_chance = ops.convert_to_tensor(logits), ops.convert_to_tensor(chance[i])
            token = ops.convert_to_numpy(choose(logits, by_chance, temperature, top_p, top_k))  # (B,)
            done = done | np.isin(token, stop)
            tokens[:, i] = np.where(done, -1, token)
            given = {"tokens": token[:, None], "index": np.array(index + i, "int32"), "pad": pad}
            given |= {f"cache{number}": each for number, each in enumerate(cache)}
            into = {1 + number: cache[number] for number in self._changed}
            logits, *cache = self._session.outputs(given, into)
        return tokens, done, logits, cache


def _check(model) -> None:
    if len(model.inputs) > 1:
        raise BadInput(f"{model.name} goes from one sequence to another; exports are for models that go on with one")
    if 4 * model.count_params() > LARGEST:
        raise BadInput(f"{model.name} has {model.count_params():,} parameters, too many to export; 400 million can be")
    if model.compute_dtype != "float32":
        raise BadInput(f"{model.name} computes in {model.compute_dtype}; exports are made of models in float32")


def _session(model, bits):
    path = cache.folder() / "onnx" / f"{model.name}-{bits}-{_digest(model)[:16]}.onnx"
    return export.load_or_make_session(path, lambda: _make(model, bits, path))


def _digest(model) -> str:
    digest = hashlib.sha256(
        json.dumps(model.arguments, sort_keys=True).encode() + export.sources() + Path(__file__).read_bytes()
    )
    for variable in model.weights:
        digest.update(ops.convert_to_numpy(variable).tobytes())
    return digest.hexdigest()


def _make(model, bits, path: Path) -> None:
    """Write a model's `decode` of one token as ONNX, with the weights of its products in so many bits."""
    export.needs_tensorflow()
    import tensorflow as tf
    import tf2onnx

    def step(tokens, index, pad, *cache):
        logits, cache = model.decode(tokens, list(cache), index, pad)
        return [logits, *cache]

    signature = [
        tf.TensorSpec((None, 1), tf.int32, name="tokens"),
        tf.TensorSpec((), tf.int32, name="index"),
        tf.TensorSpec((None,), tf.int32, name="pad"),
        *(tf.TensorSpec(shape, tf.float32, name=f"cache{i}") for i, shape in enumerate(_shapes(model))),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, backend.quiet(), _tidied():
        made = Path(folder) / "made.onnx"
        tf2onnx.convert.from_function(
            tf.function(step, input_signature=signature, autograph=False),
            input_signature=signature,
            opset=17,
            custom_op_handlers={"XlaDynamicUpdateSlice": (_put, [])},
            output_path=str(made),
        )
        if bits == 8:
            made = _rounded(made)
        export.Session(made)  # raises where it cannot be run, before it takes its place
        made.replace(path)


def _rounded(whole: Path) -> Path:
    """The same beside it, with weights of 8 bits."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    rounded = whole.with_name("rounded.onnx")
    # A bit less than 8: without, sums of products overflow on CPUs older than VNNI.
    options = {"weight_type": QuantType.QInt8, "per_channel": True, "reduce_range": True}
    quantize_dynamic(whole, rounded, op_types_to_quantize=["MatMul"], **options)
    return rounded


@contextlib.contextmanager
def _tidied():
    """Collect garbage often, among new objects only.

    Each of tf2onnx's optimisers leaves a copy of the graph behind, weights and all, in cycles: 24 GB for GPT-2 before
    Python looks for those, which it does once many objects are new beside the old ones.
    """
    usual, frozen = gc.get_threshold(), gc.get_freeze_count()
    gc.freeze()
    gc.collect()
    gc.set_threshold(500, 2, 1)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        if not frozen:  # by someone else, who wants it to stay so
            gc.unfreeze()


def _shapes(model) -> list:
    """Shapes of what the model keeps, with None for the sizes that follow from batch and capacity."""
    one, other = model.cache(1, 16), model.cache(2, 32)
    return [
        tuple(size if size == another else None for size, another in zip(a.shape, b.shape, strict=True))
        for a, b in zip(one, other, strict=True)
    ]


def _put(graph, node, name, _) -> None:
    """ONNX for `ops.slice_update` of one place among those kept, on the third axis: (B, H, S, D).

    ONNX Runtime writes what is new into what is kept where both lie in one place, and copies all of it where not.
    """
    kept, new, start = node.input
    if graph.get_shape(new)[2] != 1:
        raise ValueError(f"{name} puts several places among those kept, and not one")
    output, shape, dtype = node.output[0], graph.get_shape(node.output[0]), graph.get_dtype(node.output[0])
    axis = graph.make_const(f"{name}_axis", np.array(2, "int64")).output[0]
    index = graph.make_node("Cast", [graph.make_node("Gather", [start, axis]).output[0]], attr={"to": 7}).output[0]
    indices = graph.make_node("Expand", [index, graph.make_node("Shape", [new]).output[0]]).output[0]  # (B, H, 1, D)
    graph.remove_node(name)
    inputs, facts = [kept, indices, new], {"shapes": [shape], "dtypes": [dtype]}
    graph.make_node("ScatterElements", inputs, attr={"axis": 2}, outputs=[output], name=name, **facts)
