"""Sequence models run by ONNX Runtime, as `zoo.generation.tokens.Generator` takes them: no framework is imported.

    model = onnx_generator.load("gpt.shakespeare")  # exported once, then read from the cache
    [tokens] = Generator(model)([prompt], new_tokens=200, temperature=0.8, seed=7)

For each new token the CPU reads every weight, which ONNX Runtime does faster than TensorFlow. Weights of 8 bits are a
quarter of that: `Generator(exported(zoo.load("hf:gpt2"), bits=8))`. Activations are then rounded to 8 bits of their
current range, too ("dynamic quantisation"), so the outputs differ a little from the model's own.

A model becomes up to three graphs, a file each:
- "decode": its `decode` of any number of tokens, which reads prompts and makes tokens one by one;
- "cache": of an encoder-decoder its `cache`, which encodes the source;
- "attention": of an encoder-decoder its `attention`, the cross-attention weights, where it has that.
"""

import contextlib
import gc
import hashlib
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from zoo.errors import BadCheckpoint, BadInput, one_line
from zoo.hub import checkpoint
from zoo.runtime import backend, cache, export, numpy_ops

BITS = (8, 32)
LARGEST = 1.6e9  # bytes of weights; an ONNX file has 2 GiB at most, and embeddings are in it twice


class OnnxModel:
    """A sequence model's `cache`, `decode` and `attention` on NumPy arrays.

    stem: path of its files, without the graph's name and the suffix. make: function that writes them all, called where
    one isn't there or is damaged.
    """

    ops = numpy_ops  # what `Generator` computes with

    def __init__(self, stem: Path, make):
        self._stem, self._make, self._sessions = stem, make, {}
        facts = json.loads(self._session("decode").metadata["zoo"])
        self.name, self.context, self.vocabulary = facts["name"], facts["context"], facts["vocabulary"]
        self.has_source = facts["has_source"]
        self._shapes = facts["shapes"]  # of the arrays in a cache; None for sizes that follow from batch and capacity
        self._changed = facts["changed"]  # which of them `decode` returns; the others stay what they are

    def cache(self, batch: int, capacity: int, source=None) -> list[np.ndarray]:
        """Room for `capacity` tokens; of an encoder-decoder also what it computes of the source, int32 (B, S)."""
        if self.has_source:
            return self._session("cache").outputs({"source": source, "capacity": np.array(capacity, "int32")})
        shapes = [[batch, *(capacity if size is None else size for size in shape[1:])] for shape in self._shapes]
        return [np.zeros(shape, "float32") for shape in shapes]

    def decode(self, tokens, cache, index, pad):
        """As the model's own, but into arrays in `cache` with a row for each token the new rows are written."""
        given = {"tokens": tokens, "index": np.array(index, "int32"), "pad": pad}
        given |= {f"cache{number}": each for number, each in enumerate(cache)}
        # Output number -> the array that it is written into.
        into = {1 + i: cache[number] for i, number in enumerate(self._changed) if None in self._shapes[number][1:]}
        logits, *changed = self._session("decode").outputs(given, into)
        cache = list(cache)
        for number, each in zip(self._changed, changed, strict=True):
            cache[number] = each
        return logits, cache

    def reorder(self, cache, rows) -> list[np.ndarray]:
        """A cache with these rows of its batch, each from a row of the same source; what belongs to that stays."""
        return [np.take(each, rows, axis=0) if i in self._changed else each for i, each in enumerate(cache)]

    def attention(self, source, target) -> np.ndarray:
        """How much each token of the target attends to each of the source: int32 (B, S), (B, T) -> (B, T, S)."""
        [weights] = self._session("attention").outputs({"source": source, "target": target})
        return weights

    def _session(self, graph: str):
        if graph not in self._sessions:
            self._sessions[graph] = export.load_or_make_session(_file(self._stem, graph), self._make)
        return self._sessions[graph]


def load(name):
    """A checkpoint's sequence model to generate with, by name or folder: an `OnnxModel` where that works.

    With another backend than TensorFlow, or where the export fails, it is the Keras model. Raises what `zoo.load` does.
    """
    card = checkpoint.card(name)
    checkpoint.verify(name)  # changed weights must not hide behind an old export
    if backend.configured() == "tensorflow":
        facts = json.dumps([card.weights["sha256"], card.architecture, card.arguments], sort_keys=True)

        def loaded():
            print(f"{card.name}: exporting it to ONNX, once, for fast starts from now on", file=sys.stderr)
            backend.start()
            return checkpoint.load(name)

        try:
            return _of(card.name, facts.encode(), 32, loaded)
        except Exception as error:  # whatever an exporter or a runtime fails of, the model is there
            print(f"{card.name}: without ONNX Runtime, slower: {one_line(error)}", file=sys.stderr)
    backend.start()
    return checkpoint.load(name)


def exported(model, *, bits: int = 32) -> OnnxModel:
    """A Keras model as ONNX Runtime runs it, with weights of 32 or 8 bits.

    The files are made once for each set of weights, from the TensorFlow backend, and kept in the zoo's cache. Raises
    `MissingPackage` where they must be made and the backend is another, `BadInput` for other bits, a model of more
    than 400 million parameters or one that doesn't compute in float32.
    """
    if bits not in BITS:
        raise BadInput(f"weights can't have {bits} bits; choose from {' and '.join(map(str, BITS))}")
    _check(model)
    facts = hashlib.sha256(json.dumps(model.arguments, sort_keys=True).encode())
    for variable in model.weights:
        facts.update(np.asarray(variable).tobytes())
    return _of(model.name, facts.digest(), bits, lambda: model)


def _of(name: str, facts: bytes, bits: int, loaded) -> OnnxModel:
    """The exports of a model that follows from `facts`, from the cache; `loaded()` is the model to make them of."""
    digest = hashlib.sha256(facts + export.sources() + Path(__file__).read_bytes()).hexdigest()
    stem = cache.folder() / "onnx" / f"{name}-{bits}-{digest[:16]}"
    return OnnxModel(stem, lambda: _make(loaded(), bits, stem))


def _file(stem: Path, graph: str) -> Path:
    return stem.with_name(f"{stem.name}.{graph}.onnx")


def _check(model) -> None:
    if 4 * model.count_params() > LARGEST:
        raise BadInput(f"{model.name} has {model.count_params():,} parameters, too many to export; 400 million can be")
    if model.compute_dtype != "float32":
        raise BadInput(f"{model.name} computes in {model.compute_dtype}; exports are made of models in float32")


def _make(model, bits: int, stem: Path) -> None:
    """Write a model's graphs as ONNX, with the weights of its matrix products in so many bits."""
    export.needs_tensorflow()
    import onnx

    _check(model)
    graphs, facts = _traced(model)
    stem.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=stem.parent) as folder, backend.quiet(), _tidied():
        beside = Path(folder) / "made"
        for graph, function in graphs.items():
            path = _file(beside, graph)
            onnx.save(_converted(function), path)
            if bits == 8:
                _quantize(path)
            made = onnx.load(path)
            onnx.helper.set_model_props(made, {"zoo": json.dumps(facts)})
            onnx.save(made, path)
        if bits == 32:
            _compare(model, OnnxModel(beside, None))
        for graph in graphs:
            _file(beside, graph).replace(_file(stem, graph))


def _traced(model) -> tuple[dict, dict]:
    """The functions to export, traced by TensorFlow, by the name of their graph; and what an `OnnxModel` must know."""
    import keras
    import tensorflow as tf
    from keras import ops

    def spec(name, *shape, dtype=tf.int32):
        return tf.TensorSpec(shape, dtype, name=name)

    def traced(function, *signature):
        function = tf.function(function, input_signature=signature, autograph=False)
        function.get_concrete_function()  # now, rather than when it is converted
        return function

    has_source = isinstance(model.input, dict) and "source" in model.input
    sources = [[tf.ones(shape, tf.int32)] if has_source else [] for shape in ((1, 4), (2, 8))]
    one, other = model.cache(1, 16, *sources[0]), model.cache(2, 32, *sources[1])
    shapes = [
        [size if size == another else None for size, another in zip(a.shape, b.shape, strict=True)]
        for a, b in zip(one, other, strict=True)
    ]
    changed = []

    def decode(tokens, index, pad, *cache):
        logits, after = model.decode(tokens, list(cache), index, pad)
        changed[:] = [i for i, (old, new) in enumerate(zip(cache, after, strict=True)) if new is not old]
        return [logits, *(after[i] for i in changed)]

    arrays = [
        spec(f"cache{i}", *shape, dtype=keras.backend.standardize_dtype(array.dtype))
        for i, (shape, array) in enumerate(zip(shapes, one, strict=True))
    ]
    graphs = {"decode": traced(decode, spec("tokens", None, None), spec("index"), spec("pad", None), *arrays)}
    if has_source:

        def encode(source, capacity):
            return model.cache(ops.shape(source)[0], capacity, source)

        source = spec("source", None, None)
        graphs["cache"] = traced(encode, source, spec("capacity"))
        if hasattr(model, "attention"):
            with contextlib.suppress(BadInput):  # a Seq2Seq without attention
                graphs["attention"] = traced(model.attention, source, spec("target", None, None))
    facts = {
        "name": model.name,
        "context": model.context,
        "vocabulary": model.output.shape[-1],
        "has_source": has_source,
        "shapes": shapes,
        "changed": changed,
    }
    return graphs, facts


def _converted(function):
    """A traced function of TensorFlow's as an ONNX model, its inputs named as in its signature."""
    import tf2onnx

    signature = function.input_signature
    handlers = {"XlaDynamicUpdateSlice": (_update_slice, [])}
    made, _ = tf2onnx.convert.from_function(function, signature, opset=17, custom_op_handlers=handlers)
    return made


def _quantize(path: Path) -> None:
    """Make the weights of matrix products in an ONNX file 8 bits wide."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # A bit less than 8: without, sums of products overflow on CPUs older than VNNI.
    options = {"weight_type": QuantType.QInt8, "per_channel": True, "reduce_range": True}
    quantize_dynamic(path, path, op_types_to_quantize=["MatMul"], **options)


def _compare(model, made: OnnxModel) -> None:
    """Raises `BadCheckpoint` where an export and the model differ, after a prompt or a token more."""
    from keras import ops

    rng = np.random.RandomState(0)
    tokens, pad = rng.randint(0, made.vocabulary, (2, 5)).astype("int32"), np.array([0, 2], "int32")
    source = [rng.randint(1, made.vocabulary, (2, 6)).astype("int32")] if made.has_source else []
    caches = [each.cache(2, 16, *source) for each in (model, made)]
    for index, part in ((0, tokens), (5, tokens[:, :1])):
        (expected, caches[0]), (found, caches[1]) = (
            each.decode(part, cache, index, pad) for each, cache in zip((model, made), caches, strict=True)
        )
        expected = ops.convert_to_numpy(expected)
        error = np.abs(found - expected).max() / np.abs(expected).max()
        if not error <= export.TOLERANCE:
            raise BadCheckpoint(f"the ONNX export of {model.name} is off by {error:.1e}")


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


def _update_slice(graph, node, name, _) -> None:
    """ONNX for `ops.slice_update` of some rows of a cache, on its third axis: (B, H, S, D).

    ONNX Runtime writes only those rows where input and output are one buffer, and copies the whole cache where not.
    """
    whole, new, start = node.input
    output, shape, dtype = node.output[0], graph.get_shape(node.output[0]), graph.get_dtype(node.output[0])

    def constant(what, value):
        return graph.make_const(f"{name}_{what}", np.array(value, "int64")).output[0]

    def made(kind, *inputs, **attr):
        return graph.make_node(kind, list(inputs), attr=attr).output[0]

    axis = constant("axis", 2)
    first = made("Cast", made("Gather", start, axis), to=7)  # int64
    size = made("Shape", new)
    rows = made("Range", first, made("Add", first, made("Gather", size, axis)), constant("step", 1))  # (T,)
    indices = made("Expand", made("Reshape", rows, constant("column", [-1, 1])), size)  # (B, H, T, D)
    graph.remove_node(name)
    facts = {"shapes": [shape], "dtypes": [dtype]}
    graph.make_node("ScatterElements", [whole, indices, new], attr={"axis": 2}, outputs=[output], name=name, **facts)
