"""The Transformer and BERT: sizes, positions, schedule and losses as in the papers, masking, decoding."""

import math

import keras
import numpy as np
import pytest
from keras import ops

from zoo.errors import BadInput
from zoo.generation.tokens import Generator
from zoo.models import bert, transformer
from zoo.models.bert import BERT
from zoo.models.transformer import Transformer, WarmUp
from zoo.nn.attention import TransformerBlock

pytestmark = pytest.mark.backends


def numpy_of(tensor):
    return ops.convert_to_numpy(tensor)


def shaken(model, deviation=0.3):
    """Initial weights are too small for outputs that differ."""
    random = np.random.RandomState(1)
    for variable in model.trainable_variables:
        variable.assign(variable + deviation * random.normal(size=variable.shape))
    return model


def small(**arguments):
    keras.utils.set_random_seed(3)
    return shaken(
        Transformer(**{"vocabulary": 11, "width": 12, "depth": 2, "heads": 3, "hidden": 16, "context": 40} | arguments)
    )


def sentences(lengths, seed=0):
    random = np.random.RandomState(seed)
    return [[int(token) for token in random.randint(3, 11, length)] for length in lengths]


def translated(model, source, target):
    """Logits of the token after the target. Padded, since JAX compiles for each length."""
    x = {"source": np.zeros((1, 8), "int32"), "target": np.zeros((1, 12), "int32")}
    x["source"][0, : len(source)], x["target"][0, : len(target)] = source, target
    return numpy_of(model(x))[0, len(target) - 1]


def test_sizes_are_near_those_of_table_3():
    def counted(width, depth, hidden):
        attention, each = 4 * (width**2 + width), 2 * width * hidden + hidden + width
        return 37000 * width + depth * (3 * attention + 2 * each + 5 * 2 * width)

    assert Transformer().count_params() == counted(512, 6, 2048) == 63_082_496
    assert counted(1024, 6, 4096) == 214_245_376
    assert counted(512, 6, 2048) == pytest.approx(65e6, rel=0.04)
    assert counted(1024, 6, 4096) == pytest.approx(213e6, rel=0.04)


def test_positions_are_sines_and_cosines_of_section_3_5():
    table = transformer.positional_encoding(50, 8)
    for pos in (0, 1, 17):
        for i in range(4):
            assert table[pos, i] == pytest.approx(math.sin(pos / 10000 ** (2 * i / 8)), abs=1e-5)
            assert table[pos, 4 + i] == pytest.approx(math.cos(pos / 10000 ** (2 * i / 8)), abs=1e-5)


def test_the_learning_rate_is_that_of_equation_3():
    rate = WarmUp(512, warmup=4000)
    for step in (1, 100, 4000, 100_000):
        expected = 512**-0.5 * min(step**-0.5, step * 4000**-1.5)
        assert float(rate(step - 1)) == pytest.approx(expected, rel=1e-4)
    assert keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(rate)).get_config() == {
        "width": 512,
        "warmup": 4000,
        "factor": 1.0,
    }


def test_the_loss_is_cross_entropy_with_smoothed_labels_and_no_padding():
    model = small(label_smoothing=0.1)
    random = np.random.RandomState(0)
    logits = random.normal(size=(2, 4, 11)).astype("float32")
    y = np.array([[3, 4, 2, 0], [5, 2, 0, 0]])
    log = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    for training, smoothing in ((True, 0.1), (False, 0.0)):
        losses = [
            -((1 - smoothing) * log[b, t, y[b, t]] + smoothing * log[b, t].mean())
            for b, t in zip(*np.nonzero(y), strict=True)
        ]
        found = model.compute_loss(y=ops.convert_to_tensor(y), y_pred=ops.convert_to_tensor(logits), training=training)
        assert float(found) == pytest.approx(np.mean(losses), rel=1e-4)


def test_outputs_depend_on_earlier_tokens_and_the_source_but_no_padding():
    model = small()
    [source, target] = sentences([6, 7])
    x = {"source": np.array([source], "int32"), "target": np.array([target], "int32")}
    usual = numpy_of(model(x))[0]

    def changed(side, position):
        other = {name: value.copy() for name, value in x.items()}
        other[side][0, position] = 3 + (other[side][0, position] - 2) % 8
        return np.abs(numpy_of(model(other))[0] - usual).max(axis=-1)

    after = changed("target", 4)
    assert (after[:4] < 1e-5).all() and (after[4:] > 1e-4).all()
    assert (changed("source", 5) > 1e-5).all()
    padded = {"source": np.array([[*source, 0, 0, 0]], "int32"), "target": x["target"]}
    np.testing.assert_allclose(numpy_of(model(padded))[0], usual, atol=1e-4)


@pytest.mark.parametrize("norm_first", [False, True])
def test_cached_decoding_equals_a_plain_loop(norm_first):
    model = small(norm_first=norm_first)
    generator = Generator(model, chunk=4)
    sources, prompts = sentences([3, 6]), [[1], [1, 4]]
    found = generator(prompts, new_tokens=9, temperature=0, source=sources)
    for source, prompt, tokens in zip(sources, prompts, found, strict=True):
        target = list(prompt)
        for _ in range(9):
            target.append(int(translated(model, source, target).argmax()))
        assert tokens == target[len(prompt) :]
    # By beams too, in a batch with other lengths.
    together = generator.beam([[1], [1]], new_tokens=6, stop=2, source=sources)
    assert together == [generator.beam([[1]], new_tokens=6, stop=2, source=[source])[0] for source in sources]


def test_bad_sources_are_one_line():
    generator = Generator(small())
    for sources, expected in (
        (None, "needs a source"),
        ([[3], [4]], "2 sources don't fit 1 prompts"),
        ([[3] * 41], "a source of 41 tokens is more than the 40"),
        ([[99]], "a source has token 99; give numbers from 0 to 10"),
        ([[]], "an empty source"),
    ):
        with pytest.raises(BadInput, match=expected):
            generator([[1]], new_tokens=3, source=sources)
        with pytest.raises(BadInput, match=expected):
            generator.beam([[1]], new_tokens=3, stop=2, source=sources)
    with pytest.raises(BadInput, match="41 tokens are more than this Transformer's context of 40"):
        generator.model({"source": np.ones((1, 41), "int32"), "target": np.ones((1, 2), "int32")})


def normalized(x):
    return (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-6)


@pytest.mark.parametrize("norm_first", [False, True])
def test_norm_first_normalises_the_input_else_the_sum(norm_first):
    """With zero sublayers, a block is the normalisation of the sum, twice, or the identity."""
    keras.utils.set_random_seed(3)
    block = TransformerBlock(12, 3, 16, "relu", norm_first=norm_first)
    x = np.random.RandomState(0).normal(2, 3, size=(2, 5, 12)).astype("float32")
    block(x)
    for variable in block.trainable_variables:
        if "norm" not in variable.path:
            variable.assign(np.zeros(variable.shape))
    np.testing.assert_allclose(numpy_of(block(x)), x if norm_first else normalized(normalized(x)), atol=1e-4)


def test_norm_first_normalises_the_outputs_of_encoder_and_decoder():
    model = small(norm_first=True)
    for name in ("encoder_norm", "decoder_norm"):
        layer = model.get_layer(name)
        layer.set_weights([np.ones(12), np.zeros(12)])
    encoder_output = numpy_of(model.encode(np.array([[3, 4, 5]], "int32"))[0])
    np.testing.assert_allclose(encoder_output, normalized(encoder_output), atol=1e-4)
    assert "encoder_norm" not in [layer.name for layer in small().layers]


@pytest.mark.parametrize("norm_first", [False, True])
def test_attention_weights_sum_to_1_over_the_source(norm_first):
    model = small(norm_first=norm_first)
    weights = numpy_of(model.attention(np.array([[3, 4, 5, 0]], "int32"), np.array([[1, 6]], "int32")))
    assert weights.shape == (1, 2, 4)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-4)
    np.testing.assert_allclose(weights[..., 3], 0, atol=1e-6)


# --- BERT -------------------------------------------------------------------------------------------------------------


def small_bert(**arguments):
    keras.utils.set_random_seed(3)
    return shaken(BERT(**{"vocabulary": 11, "context": 16, "width": 12, "depth": 2, "heads": 3} | arguments))


def text(tokens):
    return {"tokens": np.array([tokens], "int32"), "segments": np.array([[0] * len(tokens)], "int32")}


def test_bert_has_the_published_parameters():
    def counted(vocabulary, width, depth):
        return (vocabulary + 514) * width + 2 * width + depth * (12 * width**2 + 13 * width) + width**2 + width

    assert BERT(classes=2).count_params() - (768 + 1) * 2 == counted(30522, 768, 12) == 109_482_240
    assert counted(30522, 1024, 24) == 335_141_888


def test_gelu_is_exact():
    x = np.linspace(-4, 4, 41).astype("float32")
    expected = [0.5 * value * (1 + math.erf(value / math.sqrt(2))) for value in x]
    np.testing.assert_allclose(numpy_of(bert.gelu(ops.convert_to_tensor(x))), expected, atol=1e-6)


def test_bert_attends_to_both_sides_and_no_padding():
    model = small_bert()
    usual = numpy_of(model(text([3, 4, 5, 6]))["masked"])[0]
    other = numpy_of(model(text([3, 4, 7, 6]))["masked"])[0]
    assert (np.abs(other - usual).max(axis=-1) > 1e-4).all()
    padded = model(text([3, 4, 5, 6, 0, 0]))
    np.testing.assert_allclose(numpy_of(padded["masked"])[0, :4], usual, atol=1e-4)


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_pooling_represents_the_text(pooling):
    model = small_bert(classes=2, pooling=pooling)
    inside = keras.Model(model.input, [model.get_layer("block2").output, model.output])
    outputs, logits = map(numpy_of, inside(text([3, 4, 5, 6])))
    pooled = outputs[0].mean(axis=0) if pooling == "mean" else outputs[0, 0]
    pooler, head = (model.get_layer(name).get_weights() for name in ("pooler", "classes"))
    expected = np.tanh(pooled @ pooler[0] + pooler[1]) @ head[0] + head[1]
    np.testing.assert_allclose(logits[0], expected, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(numpy_of(model(text([3, 4, 5, 6, 0, 0])))[0], expected, rtol=1e-3, atol=1e-5)


def test_only_masked_tokens_have_a_loss_and_both_heads_learn():
    model = small_bert(dropout=0.0)
    x = {"tokens": np.array([[3, 4, 5], [6, 7, 8]], "int32"), "segments": np.array([[0, 0, 1], [0, 1, 1]], "int32")}
    y = {"masked": np.array([[-1, 9, -1], [10, -1, -1]], "int32"), "next": np.array([1, 0], "int32")}
    output = {name: numpy_of(value) for name, value in model(x).items()}

    def nll(logits, label):
        return np.log(np.exp(logits).sum()) - logits[label]

    expected = np.mean([nll(output["masked"][0, 1], 9), nll(output["masked"][1, 0], 10)])
    expected += np.mean([nll(output["next"][0], 1), nll(output["next"][1], 0)])
    model.compile(keras.optimizers.Adam(0.01))
    assert model.evaluate(x, y, verbose=0) == pytest.approx(expected, rel=1e-4)
    model.fit(x, y, epochs=20, verbose=0)
    assert model.evaluate(x, y, verbose=0) < 0.2 * expected


def test_bad_arguments_are_one_line():
    with pytest.raises(BadInput, match=r"Transformer can't have .* width 12 with 5 heads"):
        small(heads=5)
    with pytest.raises(BadInput, match="dropout 1"):
        small(dropout=1)
    with pytest.raises(BadInput, match=r"BERT can't have .* 0 blocks"):
        small_bert(depth=0)
    with pytest.raises(BadInput, match="BERT can't tell 1 classes apart"):
        small_bert(classes=1)
    with pytest.raises(BadInput, match="'cls' or 'mean', not 'max'"):
        small_bert(pooling="max")
    with pytest.raises(BadInput, match="17 tokens are more than this BERT's context of 16"):
        small_bert()(text([1] * 17))
