"""Sequence to sequence: both papers' equations, masking, decoding with a cache, learning to reverse."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from zoo.errors import BadInput
from zoo.generation.tokens import Generator
from zoo.models.seq2seq import Seq2Seq
from zoo.runtime import backend

pytestmark = pytest.mark.backends

VARIANTS = {"states": {"attention": False}, "attention": {"attention": True}}
both = pytest.mark.parametrize("variant", VARIANTS)
SOURCE = np.array([[3, 4, 5, 6, 3], [7, 5, 9, 0, 0]], "int32")
TARGET = np.array([[1, 6, 4, 8], [1, 3, 2, 0]], "int32")


def numpy_of(tensor):
    return ops.convert_to_numpy(tensor)


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def shaken(model, deviation=0.3):
    """Initial weights are too small for outputs that differ."""
    random = np.random.RandomState(1)
    for variable in model.trainable_variables:
        variable.assign(variable + deviation * random.normal(size=variable.shape))
    return model


def small(**arguments):
    keras.utils.set_random_seed(3)
    sizes = {"vocabulary": 11, "source_vocabulary": 10, "embedding": 5, "units": 6, "depth": 2}
    return shaken(Seq2Seq(**sizes | arguments))


@pytest.fixture(scope="module")
def models():
    return {variant: small(**arguments) for variant, arguments in VARIANTS.items()}


def cell(x, h, c, U):
    """The equations of zoo/models/lstm.py for one step: W x + b (4 U), h and c (U) -> h, c."""
    i, f, g, o = np.split(x + h @ U, 4)
    c = sigmoid(f + 1) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def run(net, name, inputs, h, c):
    """An LSTM called `name` over inputs (T, ...) -> h (T, U), and the last h and c."""
    gates, U = net.get_layer(f"{name}_gates"), numpy_of(net.get_layer(name).cell.U)
    outputs = []
    for x in inputs @ numpy_of(gates.kernel) + numpy_of(gates.bias):
        h, c = cell(x, h, c, U)
        outputs.append(h)
    return np.array(outputs), h, c


def embedded(net, tokens):
    return numpy_of(net.get_layer("embedding").embeddings)[tokens]


def dense(net, name, x):
    layer = net.get_layer(name)
    return x @ numpy_of(layer.kernel) + (numpy_of(layer.bias) if layer.use_bias else 0)


def translator(model, source, target):
    """Sutskever's model for one pair: the source backwards, then the target from its final states: logits (T, V)."""
    encoder, zero = model.get_layer("encoder"), np.zeros(6)
    x, y = embedded(encoder, source[::-1]), embedded(model, target)
    for number in (1, 2):
        x, h, c = run(encoder, f"lstm{number}", x, zero, zero)
        y, *_ = run(model, f"decoder{number}", y, h, c)
    return dense(model, "output", y)


def aligner(model, source, target):
    """Bahdanau's for one pair: logits (T, V) and alpha (T, S)."""
    encoder, zero = model.get_layer("encoder"), np.zeros(6)
    x, starts = embedded(encoder, source), []
    for number in (1, 2):
        forwards, *_ = run(encoder, f"forwards{number}", x, zero, zero)
        backwards, first, _ = run(encoder, f"backwards{number}", x[::-1], zero, zero)
        x = np.concatenate([forwards, backwards[::-1]], axis=1)
        starts.append(np.tanh(dense(encoder, f"W_s{number}", first)))
    layer, words = model.get_layer("decoder1"), embedded(model, target)
    W_a, v_a, C = (numpy_of(each.kernel) for each in (layer.query, layer.score, layer.context))
    keys, h, c = dense(encoder, "U_a", x), starts[0], zero
    outputs, contexts, alphas = [], [], []
    for y in dense(model, "decoder1_gates", words):
        e = (np.tanh(h @ W_a + keys) @ v_a)[:, 0]  # appendix A.1.2
        alphas.append(np.exp(e) / np.exp(e).sum())  # eq. 6
        contexts.append(sum(weight * h_j for weight, h_j in zip(alphas[-1], x, strict=True)))  # eq. 5
        h, c = cell(y + contexts[-1] @ C, h, c, numpy_of(layer.cell.U))
        outputs.append(h)
    top, *_ = run(model, "decoder2", np.array(outputs), starts[1], zero)
    deep = dense(model, "deep", np.concatenate([top, words, contexts], axis=1))
    largest = [[max(row[2 * j], row[2 * j + 1]) for j in range(3)] for row in deep]  # appendix A.2.2
    return dense(model, "output", np.array(largest)), np.array(alphas)


def test_parameters_are_those_of_the_paper():
    def counted(source, target, embedding, units, depth):
        layers = [(embedding + units + 1) * 4 * units] + [(2 * units + 1) * 4 * units] * (depth - 1)
        return (source + target) * embedding + 2 * sum(layers) + (units + 1) * target

    def counted_with_attention(source, target, embedding, units):
        lstms = 3 * (embedding + units + 1) * 4 * units  # forwards, backwards and the decoder's
        attention = 3 * units**2 + units + 8 * units**2  # W_a and U_a, v_a, C
        output = (3 * units + embedding + 1) * units + (units // 2 + 1) * target
        return (source + target) * embedding + lstms + units**2 + attention + output  # W_s, too

    assert small().count_params() == counted(10, 11, 5, 6, 2)
    assert counted(160_000, 80_000, 1000, 1000, 4) == 384_112_000
    assert small(attention=True, depth=1).count_params() == counted_with_attention(10, 11, 5, 6)
    assert counted_with_attention(30_000, 30_000, 620, 1000) == 87_304_000


def test_without_attention_it_is_two_lstms_and_a_reversed_source(models):
    found = numpy_of(models["states"]({"source": SOURCE, "target": TARGET}))
    for row, length in ((0, 5), (1, 3)):
        expected = translator(models["states"], SOURCE[row, :length], TARGET[row])
        np.testing.assert_allclose(found[row], expected, rtol=1e-3, atol=1e-4)


def test_attention_and_logits_are_those_of_the_formulas(models):
    model = models["attention"]
    found, alphas = numpy_of(model({"source": SOURCE, "target": TARGET})), numpy_of(model.attention(SOURCE, TARGET))
    assert alphas.shape == (2, 4, 5)
    np.testing.assert_allclose(alphas.sum(axis=-1), 1, rtol=1e-5)
    np.testing.assert_array_equal(alphas[1, :, 3:], 0)  # padding gets no attention
    for row, length in ((0, 5), (1, 3)):
        logits, alpha = aligner(model, SOURCE[row, :length], TARGET[row])
        np.testing.assert_allclose(found[row], logits, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(alphas[row, :, :length], alpha, rtol=1e-3, atol=1e-5)


@both
def test_outputs_depend_on_earlier_tokens_and_the_source_but_no_padding(models, variant):
    source, target = np.repeat(SOURCE[:1], 4, axis=0), np.repeat(TARGET[:1], 4, axis=0)
    source = np.pad(source, ((0, 0), (0, 3)))
    target[1, 2], source[2, 0], source[3, 4] = 9, 8, 8
    usual, *others = numpy_of(models[variant]({"source": source, "target": target}))
    changed = [np.abs(other - usual).max(axis=-1) for other in others]  # (T,) each
    assert (changed[0][:2] < 1e-6).all() and (changed[0][2:] > 1e-4).all()
    assert (np.array(changed[1:]) > 1e-6).all()
    shorter = numpy_of(models[variant]({"source": SOURCE[:1], "target": TARGET[:1]}))[0]
    np.testing.assert_allclose(usual, shorter, rtol=1e-4, atol=1e-5)


@both
def test_the_loss_is_cross_entropy_without_padding(models, variant):
    logits = np.random.RandomState(0).normal(size=(2, 4, 11)).astype("float32")
    y = np.array([[3, 4, 2, 0], [5, 2, 0, 0]])
    log = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    expected = np.mean([-log[b, t, y[b, t]] for b, t in zip(*np.nonzero(y), strict=True)])
    found = models[variant].compute_loss(y=ops.convert_to_tensor(y), y_pred=ops.convert_to_tensor(logits))
    assert float(found) == pytest.approx(expected, rel=1e-5)
    weighted = models[variant].compute_loss(
        y=ops.convert_to_tensor(y),
        y_pred=ops.convert_to_tensor(logits),
        sample_weight=ops.convert_to_tensor(np.array([[0, 1, 0, 1], [0, 0, 1, 0]], "float32")),
    )
    assert float(weighted) == pytest.approx(-log[0, 1, 4], rel=1e-5)


@both
def test_cached_decoding_equals_a_plain_call(models, variant):
    generator = Generator(models[variant], chunk=4)
    sources, prompts = [[3, 4, 5], [7, 5, 9, 8, 4, 6]], [[1], [1, 4]]
    found = generator(prompts, new_tokens=9, temperature=0, source=sources)
    x = {"source": np.zeros((2, 16), "int32"), "target": np.zeros((2, 11), "int32")}
    for row, (source, prompt, tokens) in enumerate(zip(sources, prompts, found, strict=True)):
        x["source"][row, : len(source)] = source
        x["target"][row, : len(prompt) + 9] = [*prompt, *tokens]
    likeliest = numpy_of(models[variant](x)).argmax(axis=-1)
    for row, (prompt, tokens) in enumerate(zip(prompts, found, strict=True)):
        assert tokens == likeliest[row, len(prompt) - 1 : len(prompt) + 8].tolist()
    assert found[0] != found[1]
    # By beams too, in a batch with other lengths.
    together = generator.beam(prompts, new_tokens=6, stop=2, source=sources)
    assert together == [
        generator.beam([prompt], new_tokens=6, stop=2, source=[source])[0]
        for prompt, source in zip(prompts, sources, strict=True)
    ]


@both
def test_one_step_moves_all_variables_and_a_hundred_learn_to_reverse(variant):
    """Three symbols are reversed, those of the validation set too."""
    keras.utils.set_random_seed(4)
    model = Seq2Seq(vocabulary=9, embedding=16, units=32, depth=1, **VARIANTS[variant])
    symbols = np.random.RandomState(0).permutation(list(itertools.product(range(3, 9), repeat=3))).astype("int32")
    targets, end = symbols[:, ::-1], np.full((len(symbols), 1), 2, "int32")
    source, target, y = (np.concatenate(pair, axis=1) for pair in ((symbols, end), (end - 1, targets), (targets, end)))
    x, trained = {"source": source[:192], "target": target[:192]}, y[:192]
    model.compile(keras.optimizers.Adam(0.01), jit_compile=backend.jit_compile())
    before = [numpy_of(variable) for variable in model.trainable_variables]
    model.train_on_batch(x, trained)
    for variable, old in zip(model.trainable_variables, before, strict=True):
        assert not np.array_equal(numpy_of(variable), old), f"{variable.path} did not learn"
    model.fit(x, trained, batch_size=32, epochs=24, shuffle=False, verbose=0)
    others = {"source": source[192:], "target": target[192:]}
    assert (numpy_of(model(others)).argmax(axis=-1) == y[192:]).all(axis=-1).mean() > 0.9
    if variant == "attention":  # it attends to the symbol that it outputs
        alphas = numpy_of(model.attention(others["source"], others["target"]))[:, :3]
        assert (alphas.argmax(axis=-1) == [2, 1, 0]).mean() > 0.9


def test_bad_arguments_are_one_line(models):
    with pytest.raises(BadInput, match=r"Seq2Seq can't have .* 0 layers"):
        small(depth=0)
    with pytest.raises(BadInput, match="0 source and 11 target tokens"):
        small(source_vocabulary=0)
    with pytest.raises(BadInput, match="dropout 1"):
        small(dropout=1)
    with pytest.raises(BadInput, match="7 cells; give an even number"):
        small(attention=True, units=7)
    with pytest.raises(BadInput, match="has no attention; build it with attention=True"):
        models["states"].attention(SOURCE, TARGET)
