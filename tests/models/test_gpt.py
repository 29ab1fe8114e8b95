"""GPT: its published sizes, attention against eq. 1, causality, initialisation."""

import math

import keras
import numpy as np
import pytest
from keras import ops

from zoo.errors import BadInput, UnknownName
from zoo.models.gpt import GPT, gelu
from zoo.nn.attention import MultiHeadAttention, causal_mask

pytestmark = pytest.mark.backends


def numpy_of(tensor):
    return ops.convert_to_numpy(tensor)


def small(**arguments):
    keras.utils.set_random_seed(3)
    return GPT(**{"vocabulary": 11, "context": 16, "width": 12, "depth": 2, "heads": 3} | arguments)


def counted(version, vocabulary, context, width, depth):
    """Parameters as a formula: a block has 12 W^2 + 13 W."""
    return (vocabulary + context) * width + depth * (12 * width**2 + 13 * width) + (2 * width if version == 2 else 0)


def test_parameters_are_those_published():
    # GPT-2 small is built once; the others follow from the formula that it and a small one obey.
    assert GPT().count_params() == counted(2, 50257, 1024, 768, 12) == 124_439_808
    assert counted(1, 40478, 512, 768, 12) == 116_534_784
    assert counted(2, 50257, 1024, 1024, 24) == 354_823_168
    assert counted(2, 50257, 1024, 1280, 36) == 774_030_080
    assert counted(2, 50257, 1024, 1600, 48) == 1_557_611_200
    assert small(version=1).count_params() == counted(1, 11, 16, 12, 2)


def test_attention_is_equation_1_in_each_head():
    layer = MultiHeadAttention(6, 2)
    random = np.random.RandomState(0)
    x, source = random.normal(size=(2, 3, 6)).astype("float32"), random.normal(size=(2, 5, 6)).astype("float32")
    mask = random.rand(2, 1, 3, 5) < 0.6
    mask[..., 0] = True
    found = numpy_of(layer(x, source, attention_mask=mask))
    project = [(numpy_of(each.kernel), numpy_of(each.bias)) for each in (layer.query, layer.key, layer.value)]
    heads = []
    for head in range(2):
        part = slice(3 * head, 3 * head + 3)
        q, k, v = ((z @ w + b)[..., part] for z, (w, b) in zip((x, source, source), project, strict=True))
        scores = np.where(mask[:, 0], q @ k.swapaxes(1, 2) / math.sqrt(3), -np.inf)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        heads.append(weights / weights.sum(axis=-1, keepdims=True) @ v)
    expected = np.concatenate(heads, axis=-1) @ numpy_of(layer.output_dense.kernel) + numpy_of(layer.output_dense.bias)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_causal_mask_is_a_triangle():
    np.testing.assert_array_equal(numpy_of(causal_mask(3)), np.tri(3, dtype=bool))


@pytest.mark.parametrize("version", [1, 2])
def test_outputs_depend_on_no_later_token(version):
    model = small(version=version)
    x = np.random.RandomState(0).randint(0, 11, (1, 10)).astype("int32")
    other = x.copy()
    other[0, 6] = (x[0, 6] + 1) % 11
    change = np.abs(numpy_of(model(x)) - numpy_of(model(other))).max(axis=-1)[0]
    np.testing.assert_allclose(change[:6], 0, atol=1e-6)
    assert (change[6:] > 1e-6).all()


def test_gelu_is_near_its_exact_form():
    x = np.linspace(-4, 4, 41).astype("float32")
    exact = [0.5 * value * (1 + math.erf(value / math.sqrt(2))) for value in x]
    np.testing.assert_allclose(numpy_of(gelu(ops.convert_to_tensor(x))), exact, atol=1e-3)


def test_last_layers_of_sublayers_start_smaller():
    deep = GPT(vocabulary=2, context=2, width=96, depth=8, heads=2)
    block = deep.get_layer("block3")
    assert np.std(numpy_of(block.hidden.kernel)) == pytest.approx(0.02, rel=0.05)
    for layer in (block.output_dense, block.attention.output_dense):
        assert np.std(numpy_of(layer.kernel)) == pytest.approx(0.02 / 4, rel=0.05)


def test_bad_arguments_are_one_line():
    with pytest.raises(UnknownName, match="no version of GPT is called '3'"):
        GPT(version=3)
    with pytest.raises(BadInput, match=r"GPT can't have .* width 12 with 5 heads"):
        small(heads=5)
    with pytest.raises(BadInput, match="17 tokens are more than the 16"):
        small()(np.zeros((1, 17), "int32"))
