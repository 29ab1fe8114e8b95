"""Constructors refuse what their annotations exclude in one line, before anything is built."""

import inspect
import math

import pytest
from helpers import failing

import zoo
from zoo.errors import BadInput
from zoo.hub.registry import architectures

ODD = (math.nan, math.inf, "3", 10**12, -(10**12), 10**5000, b"x", {}, object(), "x" * 10**5, [math.nan], ["3"])
ARGUMENTS = [
    (about.cls, name) for about in architectures().values() for name in inspect.signature(about.cls).parameters
]


@pytest.mark.parametrize(("cls", "name"), ARGUMENTS, ids=lambda each: getattr(each, "__name__", each))
def test_arguments_of_other_types_are_one_line(cls, name):
    for value in ODD:
        error = failing(zoo.errors.ZooError, lambda: cls(**{name: value}))  # noqa: B023
        assert len(error) < 1000
    with pytest.raises(BadInput, match=name):
        cls(**{name: object()})


@pytest.mark.parametrize("classes", [math.nan, 2.5, "3", 10**12, 0, True, [3]])
@pytest.mark.parametrize("model", ["LeNet5", "MobileNet", "ResNet", "AlexNet", "BERT", "DBN", "MLP"])
def test_numbers_of_classes_that_cannot_be(model, classes):
    assert model in failing(BadInput, lambda: getattr(zoo, model)(classes=classes))


@pytest.mark.parametrize(
    ("model", "arguments"),
    [
        ("Perceptron", {"input_shape": 2}),
        ("Perceptron", {"input_shape": ()}),
        ("Perceptron", {"input_shape": (10**6, 10**6, 3)}),
        ("MLP", {"input_shape": (0,)}),
        ("MLP", {"hidden": (0,)}),
        ("MLP", {"hidden": [3] * 1000}),
        ("LeNet5", {"input_shape": (10**6, 10**6, 1)}),
        ("GAN", {"input_shape": (0, 1, 1)}),
        ("VAE", {"input_shape": (28, 28, 0)}),
        ("DDPM", {"multiples": ()}),
        ("DDPM", {"input_shape": (0, 0, 3)}),
        ("UNet", {"filters": ()}),
        ("UNet", {"filters": [64] * 90}),
        ("UNet", {"strides": (0, 1)}),
        ("Transformer", {"context": 10**6, "width": 10**6}),
    ],
)
def test_sizes_that_cannot_be(model, arguments):
    failing(BadInput, lambda: getattr(zoo, model)(**arguments))


def test_the_signature_of_a_constructor_is_its_own():
    assert list(inspect.signature(zoo.Perceptron).parameters) == ["input_shape"]
    with pytest.raises(TypeError, match="colour"):
        zoo.Perceptron(colour="blue")
