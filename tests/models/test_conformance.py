"""One test for every landmark in the registry. Runs on TensorFlow, JAX and PyTorch."""

import json

import keras
import numpy as np
import pytest
from helpers import card_of, failing

import zoo
from zoo import tasks
from zoo.errors import BadInput
from zoo.models import unet
from zoo.nn.model import LogitsModel

pytestmark = pytest.mark.backends

# Arguments to test with, where the defaults are too large for a quick test. Every other landmark is built as it is.
CASES = {
    "bert": {"vocabulary": 11, "context": 32, "width": 12, "depth": 2, "heads": 3, "dropout": 0.0, "classes": 3},
    "transformer": {"vocabulary": 11, "width": 12, "depth": 2, "heads": 3, "hidden": 16, "dropout": 0.0},
    "gpt": {"vocabulary": 11, "context": 32, "width": 12, "depth": 2, "heads": 3, "dropout": 0.0},
    "gpt first": {"version": 1, "vocabulary": 11, "context": 32, "width": 12, "depth": 2, "heads": 3, "dropout": 0.0},
    "seq2seq": {"vocabulary": 11, "source_vocabulary": 12, "embedding": 4, "units": 6, "depth": 2},
    "seq2seq attention": {"vocabulary": 11, "embedding": 4, "units": 6, "depth": 2, "attention": True},
    "lstm": {"vocabulary": 11, "embedding": 4, "units": 6, "depth": 2},
    "lstm peepholes": {"vocabulary": 11, "embedding": 4, "units": 6, "forget_gate": False, "peepholes": True},
    "rnn": {"vocabulary": 11, "units": 6},
    "vae": {"latents": 3, "hidden": 12},
    "vae convolutional": {"input_shape": (8, 12, 3), "latents": 3, "hidden": 12, "convolutional": True},
    "gan": {"input_shape": (8, 6, 1), "latents": 5, "hidden": 12, "maxout": (6, 2)},
    "dcgan": {"input_shape": (8, 12, 1), "latents": 5, "channels": 3},
    "dcgan conditional": {
        "input_shape": (8, 16, 3),
        "latents": 5,
        "channels": 3,
        "conditions": (3, 2),
        "spectral": True,
        "augment": True,
    },
    "stylegan2": {"input_shape": (16, 16, 3), "latents": 5, "channels": 2, "max_channels": 6, "depth": 2},
    "stylegan2 conditional": {
        "input_shape": (8, 8, 1),
        "latents": 5,
        "channels": 3,
        "max_channels": 6,
        "depth": 1,
        "conditions": (3, 2),
        "augment": True,
    },
    "ddpm": {"input_shape": (8, 16, 3), "channels": 8, "multiples": (1, 2), "attention": (0,), "dropout": 0.0},
    "ddpm conditional": {
        "input_shape": (8, 16, 1),
        "channels": 8,
        "multiples": (2, 1),
        "blocks": 1,
        "attention": (),
        "patch": 2,
        "conditions": (3, 2),
        "schedule": "cosine",
        "predict": "x0",
    },
    "alexnet": {"layout": "cifar10", "classes": 10},
    "resnet": {"depth": 20},
    "resnet plain": {"depth": 20, "plain": True},
    "resnet imagenet": {"depth": 18, "input_shape": (64, 64, 3), "classes": 7},
    "efficientnet": {"input_shape": (32, 32, 3), "classes": 3},
    "efficientnet lite": {"lite": True, "input_shape": (32, 32, 3), "classes": 3},
    "mobilenet": {"width": 0.25, "input_shape": (64, 64, 3), "classes": 7},
    "unet": {"input_shape": (44, 44, 1), "filters": (4, 6, 8)},
    "unet pretrained": {**unet.PRETRAINED, "filters": (4, 6, 8), "classes": 3},
    "unet mobile": {**unet.MOBILE, "filters": (4, 6, 8), "classes": 3},
}
STEPS = {"ddpm": 3}  # until all learn; layers that start at zero block the others' gradients until they have moved
ANY_SIZE = 32  # pixels, or tokens, where a model takes images, or texts, of any size


def cases():
    names = [name for name in zoo.architectures() if name not in CASES]
    return names + sorted(CASES)


def build(case):
    keras.utils.set_random_seed(7)
    return zoo.architectures()[case.split()[0]].cls(**CASES.get(case, {}))


HIGHEST = {"uint8": 255, "int32": 10}  # of pixels and tokens; segments are 0 or 1


def inputs(model, batch):
    """uint8 images, int32 tokens or float32 latents; a dict where a model takes several."""
    random = np.random.RandomState(batch)

    def random_input(name, tensor):
        shape = [batch, *(ANY_SIZE if side is None else side for side in tensor.shape[1:])]
        if tensor.dtype == "float32":
            return random.standard_normal(shape).astype("float32")
        lowest, highest = (0, 1) if name in ("segments", "labels") else (tensor.dtype == "int32", HIGHEST[tensor.dtype])
        return random.randint(lowest, highest + 1, shape).astype(tensor.dtype)

    if isinstance(model.input, dict):
        return {name: random_input(name, tensor) for name, tensor in model.input.items()}
    if isinstance(model.input, list):
        return [random_input(tensor.name, tensor) for tensor in model.input]
    return random_input("images", model.input)


def labels(model, x):
    """One for each image, or for each pixel or token, as the model's output; or target images."""
    logits = model(x)
    if isinstance(model, zoo.DDPM):
        return np.random.RandomState(3).standard_normal(logits.shape)
    if hasattr(model, "discriminator"):
        return np.random.RandomState(3).randint(0, 256, logits.shape).astype("uint8")
    classes = max(2, logits.shape[-1])
    return np.random.RandomState(3).randint(0, classes, logits.shape[:-1])


def numpy_of(variables):
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


class Built:
    """A model of a case that no test changes, an input of two examples, and the model's output for it."""

    def __init__(self, case):
        self.case = case
        self.model = build(case)
        self.x = inputs(self.model, 2)
        self.output = keras.ops.convert_to_numpy(self.model(self.x))


# Built once for all tests of a case: most of their time is building and, on JAX, compiling.
@pytest.fixture(scope="module", params=cases())
def built(request):
    yield Built(request.param)
    keras.utils.clear_session()  # the graphs that Keras keeps


def test_images_and_tokens_of_any_batch_size_become_finite_float32_logits(built):
    for batch, logits in ((1, keras.ops.convert_to_numpy(built.model(inputs(built.model, 1)))), (2, built.output)):
        assert logits.shape[0] == batch
        assert logits.dtype == np.float32
        assert np.isfinite(logits).all()
        for expected, found in zip(built.model.output_shape[1:], logits.shape[1:], strict=True):
            assert expected in (None, found)


def check_that_mistakes_are_refused(model, x, y):
    """Labels that are out of range or one-hot, and images that are scaled, are one line, and train nothing."""
    classifies = isinstance(model, LogitsModel) and isinstance(model.output, keras.KerasTensor)
    if classifies:
        classes = max(2, model.output.shape[-1])
        assert f"from 0 to {classes - 1}; these go from" in failing(BadInput, model.fit, x, y + classes)
        if not isinstance(model, zoo.BERT):  # which takes probabilities of the classes, too
            assert "one-hot" in failing(BadInput, model.fit, x, np.eye(classes)[y])
    if not isinstance(model.input, dict | list) and model.input.dtype == "uint8":
        assert "division by 255" in failing(BadInput, model.fit, x / 255, y)
        assert "division by 255" in failing(BadInput, model.predict, x / 255)


def test_one_step_moves_all_trainable_variables_and_no_others(built):
    model = build(built.case)  # of its own, since it changes
    x = inputs(model, 5)
    y = labels(model, x)
    # Adam moves a weight however small its gradient is. Eagerly: a graph for one step takes ten times as long, and the
    # models' own tests train by graphs.
    model.compile(optimizer=keras.optimizers.Adam(0.05), run_eagerly=keras.config.backend() == "tensorflow")
    check_that_mistakes_are_refused(model, x, y)
    before, fixed = numpy_of(model.trainable_variables), numpy_of(model.non_trainable_variables)
    for _ in range(STEPS.get(built.case.split()[0], 1)):
        loss = model.train_on_batch(x, y)
        assert np.isfinite(loss).all()
    for variable, old in zip(model.trainable_variables, before, strict=True):
        if variable.path.endswith(("attention/key/bias", "_key/bias")):
            continue  # it adds the same to all scores of a query, to which softmax is invariant
        assert not np.array_equal(keras.ops.convert_to_numpy(variable), old), f"{variable.path} did not learn"
    for variable, old in zip(model.non_trainable_variables, fixed, strict=True):
        if any(name in variable.path for name in ("moving_", "seed_generator", "singular")):
            continue  # statistics of batches, states of random numbers, singular vectors change, but do not learn
        assert np.array_equal(keras.ops.convert_to_numpy(variable), old), f"{variable.path} is not meant to learn"


def test_config_is_plain_json_and_builds_the_same_model(built):
    config = json.loads(json.dumps(built.model.get_config()))
    again = type(built.model).from_config(config)
    assert [v.shape for v in again.variables] == [v.shape for v in built.model.variables]
    assert json.loads(json.dumps(again.get_config())) == config
    again.set_weights(built.model.get_weights())
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(again(built.x)), built.output)


def test_a_float32_save_and_load_is_bit_equal(built, tmp_path):
    zoo.save(built.model, tmp_path / "saved", card_of(built.model))
    again = zoo.load(tmp_path / "saved")
    card = zoo.save(again, tmp_path / "further", force=True)  # of what was loaded, and of a new model
    assert card.architecture == again.origin[1].architecture and zoo.card(tmp_path / "further") == card
    own = zoo.save(built.model, tmp_path / "own")
    assert own.task in (*tasks.names(), "") and own.arguments == again.origin[1].arguments
    for saved, loaded in zip(numpy_of(built.model.weights), numpy_of(again.weights), strict=True):
        np.testing.assert_array_equal(saved, loaded)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(again(built.x)), built.output)


def test_float16_weights_change_the_output_little(built, tmp_path):
    card = zoo.save(built.model, tmp_path / "half", card_of(built.model), dtype="float16", tolerance=1e-2)
    assert card.weights["dtype"] == "float16" and card.weights["tolerance"] == 1e-2
    output = keras.ops.convert_to_numpy(zoo.load(tmp_path / "half")(built.x))
    np.testing.assert_allclose(output, built.output, rtol=2e-2, atol=2e-2)


def test_a_classifier_takes_other_classes(built, tmp_path):
    model = built.model
    count = model.get_config().get("classes", 1)
    if count < 2 or model.output.shape != (None, count):
        pytest.skip("no classifier with an output a class")
    zoo.save(model, tmp_path / "saved", card_of(model, labels=[str(number) for number in range(count)]))
    other = zoo.load(tmp_path / "saved", classes=count + 1)
    assert numpy_of([other(built.x)])[0].shape == (2, count + 1)
    below = [keras.Model(each.input, each.layers[-1].input) for each in (model, other)]
    np.testing.assert_allclose(*numpy_of([each(built.x) for each in below]), rtol=1e-5, atol=1e-6)


def test_the_timeline_is_sorted_and_complete():
    known = zoo.architectures()
    years = [each.year for each in known.values()]
    assert years == sorted(years)
    for each in known.values():
        assert each.paper and each.url.startswith("https://") and each.cls.__doc__ and 10 <= len(each.new) <= 60
        assert all(known[ancestor].year <= each.year for ancestor in each.lineage)
