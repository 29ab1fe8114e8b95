"""What models check before they train: mistakes of data and of `compile` are one line, on every backend."""

import keras
import numpy as np
import pytest
from helpers import failing

import zoo
from zoo.errors import BadInput, UnknownName

pytestmark = pytest.mark.backends

RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.randint(0, 256, (12, 8, 6, 1)).astype("uint8")
LABELS = np.arange(12) % 3
POINTS = RANDOM.standard_normal((60, 2)).astype("float32")
SIDES = (POINTS @ [1, -2] + 0.3 > 0).astype("int64")


@pytest.fixture(scope="module")
def mlp():
    model = zoo.MLP(input_shape=(8, 6, 1), hidden=(4,), classes=3)
    model.compile(keras.optimizers.SGD(0.1), metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def gpt():
    model = zoo.GPT(vocabulary=11, context=8, width=6, depth=1, heads=2)
    model.compile()
    return model


@pytest.fixture(scope="module")
def gan():
    model = zoo.GAN(input_shape=(8, 6, 1), latents=5, hidden=4, maxout=(6, 2))
    model.compile(keras.optimizers.SGD(0.1))
    return model


def test_accuracy_of_one_logit_is_that_of_its_sign():
    model = zoo.Perceptron(input_shape=(2,))
    model.compile(keras.optimizers.SGD(1.0), metrics=["accuracy"])
    model.fit(POINTS, SIDES, batch_size=1, epochs=5, shuffle=False, verbose=0)
    expected = np.mean(keras.ops.convert_to_numpy(model.respond(POINTS)) == SIDES)
    assert expected > 0.9
    assert model.evaluate(POINTS, SIDES, verbose=0, return_dict=True)["accuracy"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (IMAGES, LABELS + 1, "these go from 1 to 3; they begin at 1: give y - 1"),
        (IMAGES, LABELS + 2, "whole numbers from 0 to 2; these go from 2 to 4"),
        (IMAGES, LABELS - 1, "these go from -1 to 1"),
        (IMAGES, np.eye(3)[LABELS], "these are one-hot: give y.argmax(axis=-1)"),
        (IMAGES, np.zeros((12, 5)), "of shape (batch), not (12, 5)"),
        (IMAGES, LABELS + 0.5, "these are float64 such as 0.5"),
        (IMAGES, np.array(list("abc"))[LABELS], "these are <U1 such as a"),
        (IMAGES, None, "MLP learns from labels; give labels, whole numbers from 0 to 2"),
        (IMAGES / 255, LABELS, "leave out the division by 255"),
        ((IMAGES > 127).astype("float32"), LABELS, "leave out the division by 255"),
        (IMAGES / 127.5 - 1, LABELS, "MLP takes pixels as whole numbers from 0 to 255"),
        (IMAGES[:, :6], LABELS, "MLP takes input of shape (batch, 8, 6, 1), not (12, 6, 6, 1)"),
        (np.repeat(IMAGES, 3, axis=-1), LABELS, "not (12, 8, 6, 3)"),
    ],
)
def test_data_that_does_not_fit_is_one_line(mlp, x, y, expected):
    before = mlp.get_weights()
    for call in (mlp.fit, mlp.evaluate):
        message = failing(BadInput, call, x, y)
        assert expected in message and message.startswith("MLP ")
    for old, new in zip(before, mlp.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_data_that_fit_in_any_form_train(mlp):
    forms = [
        (IMAGES, LABELS),
        (IMAGES[..., 0], LABELS[:, None]),
        (IMAGES.astype("float32"), LABELS.astype("float32")),
        (IMAGES.astype("int64"), LABELS.astype("uint8")),
        (keras.ops.convert_to_tensor(IMAGES), keras.ops.convert_to_tensor(LABELS)),
        (IMAGES.tolist(), LABELS.tolist()),
        (list(IMAGES), list(LABELS)),
        ([IMAGES], [LABELS]),
    ]
    for x, y in forms:
        # Anew: Keras can't train on images of three axes after such of two with the function that it compiled.
        mlp.compile(keras.optimizers.SGD(0.1), metrics=["accuracy"])
        mlp.fit(x, y, verbose=0, validation_data=(x, y))
    mlp.fit(IMAGES, LABELS, verbose=0, validation_split=0.5)
    assert mlp.predict(IMAGES, verbose=0).shape == (12, 3)


def test_what_is_validated_is_checked_before_the_training(mlp):
    assert "these go from 1 to 3" in failing(
        BadInput, lambda: mlp.fit(IMAGES, LABELS, validation_data=(IMAGES, LABELS + 1), verbose=0)
    )


def test_lists_are_arrays_also_of_several_inputs_and_in_a_loop_of_ones_own(mlp, gpt):
    np.testing.assert_allclose(mlp.predict(IMAGES.tolist(), verbose=0), mlp.predict(IMAGES, verbose=0), atol=1e-6)
    mlp.compile(keras.optimizers.SGD(0.1))
    mlp.train_on_batch(IMAGES.tolist(), LABELS.tolist())
    mlp.test_on_batch(IMAGES.tolist(), LABELS.tolist())
    gpt.fit([[1, 2, 3], [4, 5, 6]], [[2, 3, 4], [5, 6, 7]], verbose=0)
    assert "this list has examples of several shapes" in failing(BadInput, gpt.fit, [[1, 2], [3]], [[2, 3], [4]])
    assert "takes arrays of numbers; this list has 'a.jpg'" in failing(BadInput, mlp.fit, ["a.jpg", "b.jpg"], [0, 1])
    assert "these go from 1 to 3" in failing(BadInput, mlp.fit, IMAGES.tolist(), (LABELS + 1).tolist())
    bert = zoo.BERT(vocabulary=11, context=8, width=6, depth=1, heads=2, classes=2)
    bert.compile()
    bert.fit({"tokens": [[1, 2, 3], [4, 5, 6]], "segments": [[0, 0, 1], [0, 1, 1]]}, [0, 1], verbose=0)
    pair = zoo.DCGAN(input_shape=(8, 8, 1), latents=3, channels=2, conditions=(10,))
    z, labels = RANDOM.standard_normal((2, 3)).astype("float32"), np.array([[3], [4]])
    given = [z.tolist(), labels.tolist()]
    np.testing.assert_allclose(pair.predict(given, verbose=0), pair.predict([z, labels], verbose=0), atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_one_line(gan, bad):
    points = POINTS.copy()
    points[3, 1] = bad
    model = zoo.Perceptron(input_shape=(2,))
    model.compile()
    for given in (points, points.tolist(), keras.ops.convert_to_tensor(points)):
        assert "takes finite numbers; " in failing(BadInput, model.fit, given, SIDES)
    assert "z has NaN or infinity in it" in failing(BadInput, gan.predict, np.full((4, 5), bad, "float32"))


def test_a_metric_that_is_none_is_one_line(mlp, gan):
    assert "did you mean accuracy" in failing(UnknownName, lambda: mlp.compile(metrics=["acuracy"]))
    wrong = {"weighted_metrics": ["MeanSquareError"]}
    assert "did you mean MeanSquaredError" in failing(UnknownName, lambda: gan.compile("sgd", **wrong))
    mlp.compile(metrics=["Accuracy", "sparse_categorical_accuracy"])


def test_predictions_of_scaled_images_are_refused(mlp):
    assert "leave out the division by 255" in failing(BadInput, mlp.predict, IMAGES / 255)


class Feed(keras.utils.PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return 3

    def __getitem__(self, number):
        part = slice(4 * number, 4 * number + 4)
        return self.x[part], self.y[part]


def feeds(x, y):
    """What yields batches on this backend."""
    yield Feed(x, y)
    yield (batch for batch in Feed(x, y))
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        yield tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
    if keras.config.backend() == "torch":
        import torch

        pairs = torch.utils.data.TensorDataset(torch.from_numpy(x), torch.from_numpy(y))
        yield torch.utils.data.DataLoader(pairs, batch_size=4)


def test_the_first_batch_of_what_yields_batches_is_checked_and_none_is_lost(mlp):
    for feed in feeds(IMAGES, LABELS + 1):
        assert "these go from 1 to 3" in failing(BadInput, lambda feed=feed: mlp.fit(feed, verbose=0, shuffle=False))
    counted = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(batch))
    for feed in feeds(IMAGES, LABELS):
        batches = []
        mlp.fit(feed, verbose=0, shuffle=False, steps_per_epoch=3, callbacks=[counted])
        assert batches == [0, 1, 2]


def test_a_loop_of_ones_own_is_checked_at_its_first_batch(mlp):
    mlp.compile(keras.optimizers.SGD(0.1), metrics=["accuracy"])
    assert "one-hot" in failing(BadInput, mlp.train_on_batch, IMAGES, np.eye(3)[LABELS])
    mlp.train_on_batch(IMAGES, LABELS)
    mlp.train_on_batch(IMAGES, LABELS)


def test_the_checks_are_made_once_and_not_in_each_step(mlp, monkeypatch):
    checks = []
    original = type(mlp).check_inputs
    monkeypatch.setattr(type(mlp), "check_inputs", lambda self, x: (checks.append(1), original(self, x)))
    mlp.fit(IMAGES, LABELS, batch_size=2, epochs=3, validation_data=(IMAGES, LABELS), verbose=0)
    assert len(checks) == 2  # of the examples and of those for validation


def test_tokens_and_their_labels_are_in_the_vocabulary(gpt):
    tokens = RANDOM.randint(0, 11, (4, 6))
    assert "vocabulary of 11 tokens, 0 to 10" in failing(BadInput, gpt.fit, tokens + 11, tokens)
    assert "whole numbers from 0 to 10; these go from" in failing(BadInput, gpt.fit, tokens, tokens + 11)
    assert "of shape (batch, any), not (4,)" in failing(BadInput, gpt.fit, tokens, tokens[:, 0])


def test_a_gan_takes_latents_and_images(gan):
    z = RANDOM.standard_normal((12, 5)).astype("float32")
    assert "GAN takes z of shape (batch, 5), not (12, 8, 6, 1)" in failing(BadInput, gan.fit, IMAGES)
    assert "give fit(latents, images)" in failing(BadInput, gan.fit, z)
    assert "these are float64 from -1" in failing(BadInput, gan.fit, z, IMAGES / 127.5 - 1)
    assert "images of shape (8, 6, 1), not (8, 6, 3)" in failing(BadInput, gan.fit, z, np.repeat(IMAGES, 3, axis=-1))


def test_a_text_classifier_takes_labels_or_their_probabilities():
    bert = zoo.BERT(vocabulary=11, context=8, width=6, depth=1, heads=2, dropout=0.0, classes=3)
    bert.check_targets(np.array([0, 1, 2]))
    bert.check_targets(np.full((4, 3), 1 / 3))
    assert "from 0 to 2; these go from 0 to 3" in failing(BadInput, bert.check_targets, np.array([0, 3]))
    assert "of shape (batch), not (4, 2)" in failing(BadInput, bert.check_targets, np.zeros((4, 2)))


def resnet():
    return zoo.ResNet(depth=20, classes=3)


@pytest.mark.parametrize(
    ("model", "options", "expected"),
    [
        (zoo.Perceptron, {"loss": "mse"}, "Perceptron has a loss of its own"),
        (zoo.VAE, {"loss": "mse"}, "VAE has a loss of its own"),
        (resnet, {"loss": "sparse_categorical_crossentropy"}, "sparse_categorical_crossentropy takes probabilities"),
        (resnet, {"loss": keras.losses.SparseCategoricalCrossentropy()}, "takes probabilities; leave loss out"),
        (resnet, {"loss": "crossentropy"}, "crossentropy takes probabilities"),
        (resnet, {"metrics": ["sparse_categorical_crossentropy"]}, "give it from_logits=True"),
        (zoo.Perceptron, {"metrics": [keras.metrics.AUC()]}, "the metric AUC takes probabilities"),
        (zoo.Perceptron, {"metrics": [keras.metrics.BinaryAccuracy()]}, 'above the threshold 0.5; give "accuracy"'),
        (zoo.Perceptron, {"metrics": ["precision"]}, "above the threshold 0.5"),
    ],
)
def test_losses_and_metrics_of_probabilities_are_one_line(model, options, expected):
    assert expected in failing(BadInput, lambda: model().compile("sgd", **options))


def test_losses_and_metrics_of_logits_are_taken():
    metrics = [keras.metrics.BinaryAccuracy(threshold=0), keras.metrics.AUC(from_logits=True), "acc"]
    zoo.Perceptron().compile("sgd", metrics=metrics)
    model = resnet()
    model.compile("sgd", keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    model.check_targets(np.eye(3))  # of another loss the targets are the user's business
    model.compile("sgd", lambda y, logits: keras.ops.mean(logits), metrics=["accuracy", "mse"])


@pytest.mark.parametrize(
    ("make", "options"),
    [
        (lambda: zoo.MLP(input_shape=(2,), hidden=(3,), classes=2), {"optimizer": "adam", "metrics": ["accuracy"]}),
        (lambda: zoo.Perceptron(input_shape=(2,)), {"optimizer": "adam", "metrics": ["accuracy"]}),
        (lambda: zoo.MLP(input_shape=(2,), hidden=(3,), classes=2), {"loss": None}),
    ],
    ids=["two logits", "one logit", "defaults"],
)
def test_keras_own_format_keeps_how_a_model_was_compiled(make, options, tmp_path):
    model = make()
    model.compile(**options)
    model.fit(POINTS, SIDES, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")  # warnings are errors
    assert again.compiled and type(again.optimizer) is type(model.optimizer)
    old, new = ([keras.ops.convert_to_numpy(each) for each in m.optimizer.variables] for m in (model, again))
    assert len(old) == len(new) > 2
    for a, b in zip(old, new, strict=True):
        np.testing.assert_array_equal(a, b)
    figures = model.evaluate(POINTS, SIDES, verbose=0, return_dict=True)
    assert again.evaluate(POINTS, SIDES, verbose=0, return_dict=True) == pytest.approx(figures)
    again.fit(POINTS, SIDES, verbose=0)


def test_keras_own_format_keeps_the_stage_of_a_dbn(tmp_path):
    model = zoo.DBN(input_shape=(4, 4, 1), hidden=(5, 4), classes=3)
    model.compile("sgd", stage=model.stages[0], chain_steps=2)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert (again.stage, again.chain_steps, again.persistent) == (model.stages[0], 2, False)
