"""What in a picture an answer comes from: three ways to ask a trained classifier.

- Saliency: K. Simonyan, A. Vedaldi, A. Zisserman, "Deep Inside Convolutional Networks", 2013,
  https://arxiv.org/abs/1312.6034. The gradient of a class's logit with respect to each pixel.
- Occlusion: M. D. Zeiler, R. Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014,
  https://arxiv.org/abs/1311.2901. How far the class's probability falls when a grey square hides a place.
- Grad-CAM: R. R. Selvaraju and others, "Grad-CAM", ICCV 2017, https://arxiv.org/abs/1610.02391. The maps of the last
  convolution, weighed by how much each speaks for the class.

Gradients come from a training step as everywhere in the zoo: a zero offset on the input is the one thing that learns,
and what plain descent makes of it is the gradient, on any backend.
"""

import contextlib
import functools

import keras
import numpy as np
from keras import ops

from zoo.data.labels import probabilities
from zoo.errors import BadCheckpoint, BadInput, UnknownName
from zoo.runtime import backend


class Offset(keras.Model):
    """A frozen network behind an offset of zeros on its input; its loss is minus the objective, summed over the batch.

    net: a model of float (B, ...). objective(answers, y): what is to grow, of the net's outputs and whatever `y` holds.
    """

    def __init__(self, net, shape, objective):
        super().__init__()
        self.net, self.objective = net, objective
        self.offset = self.add_weight(shape=shape, initializer="zeros", name="offset")

    def call(self, x):
        return self.net(x + self.offset, training=False)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return -ops.sum(self.objective(y_pred, y))


class Gradient:
    """The gradient of an objective with respect to inputs of one shape: traced once, to be asked many times.

    net: a model of float (B, ...); nothing of it learns while it is asked. shape: of the inputs. objective(answers, y):
    see `Offset`.
    """

    def __init__(self, net, shape, objective):
        with _frozen(net):
            self.probe = Offset(net, shape, objective)
            self.probe.compile(keras.optimizers.SGD(1.0), jit_compile=backend.jit_compile())
        self.zeros = np.zeros(shape, np.float32)

    def __call__(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """float32 x of the shape -> float32 of the same."""
        with _frozen(self.probe.net):
            self.probe.offset.assign(self.zeros)
            self.probe.train_on_batch(x, y)
        return ops.convert_to_numpy(self.probe.offset)


class OfClasses:
    """Gradients of each example's logit of its class with respect to inputs.

    net: a model from float (B, ...) to logits (B, classes), or to the one logit (B, 1) that tells class 1 from class 0;
    its weights, and which of them learn, are left as they are.
    """

    def __init__(self, net):
        count = net.output_shape[-1]
        self.net = net
        self.directions = np.eye(count, dtype="float32") if count > 1 else np.array([[-1.0], [1.0]], "float32")
        self._traced = {}  # shape -> Gradient

    def __call__(self, x: np.ndarray, classes) -> np.ndarray:
        """float32 x (B, ...), ints (B,) -> float32 of x's shape. Raises `BadInput` for classes that aren't there."""
        classes = np.asarray(classes)
        if classes.shape != (len(x),):
            raise BadInput(f"classes {classes.tolist()} for {len(x)} examples; give one for each")
        if not np.all((classes >= 0) & (classes < len(self.directions))):
            raise BadInput(f"there are classes 0 to {len(self.directions) - 1}, not {classes.tolist()}")
        if x.shape not in self._traced:
            self._traced[x.shape] = Gradient(self.net, x.shape, ops.multiply)
        return self._traced[x.shape](x, self.directions[classes])  # directions: (B, classes)


@contextlib.contextmanager
def _frozen(net):
    """For a while nothing of a model learns; its layers may be another model's too, so each gets its own flags back."""
    layers = [(layer, layer.trainable) for layer in net._flatten_layers()]
    variables = [(variable, variable.trainable) for variable in net.variables]
    net.trainable = False
    try:
        yield
    finally:
        for part, trainable in layers + variables:  # variables last, as a layer's flag sets those of its variables
            part.trainable = trainable


def behind(model, layer) -> keras.Model:
    """The part of a functional model from the output of `layer` (a layer of it) to its logits.

    Raises `zoo.errors.BadCheckpoint` where something else leads past that layer.
    """
    try:
        return keras.Model(layer.output, model.output)
    except ValueError:
        raise BadCheckpoint(
            f"{model.name} can't be cut at {layer.name}: a connection leads past it; take the end of a block, such as "
            f"{last_feature_map_layer(model).name}"
        ) from None


def map_layers(model) -> list:
    """The layers of a model that answer stacks of maps (B, h, w, C), larger than one pixel, from the first convolution
    on: what comes before is the picture itself."""
    found = []
    for layer in model.layers:
        if found or isinstance(layer, keras.layers.Conv2D):
            shape = layer.output.shape
            if len(shape) == 4 and shape[1:3] != (1, 1):
                found.append(layer)
    return found


def feature_map_layer(model, name: str):
    """A model's layer by name.

    Raises `zoo.errors.UnknownName` for none of that name and `zoo.errors.BadCheckpoint` for one without maps.
    """
    known = {layer.name: layer for layer in map_layers(model)}
    if name not in {layer.name for layer in model.layers}:
        raise UnknownName(f"layer of {model.name}", name, list(known))
    if name not in known:
        such = f"take one that has, such as {[*known][-1]}" if known else "none of its layers has any"
        raise BadCheckpoint(f"layer {name} of {model.name} has no maps; {such}")
    return known[name]


def last_feature_map_layer(model):
    """The last layer of a model whose output is a stack of maps (B, h, w, C), larger than one pixel; or None."""
    found = map_layers(model)
    return found[-1] if found else None


class Explainer:
    """Explains a classifier's answers by gradients. What is compiled for one picture is kept for the next."""

    def __init__(self, model):
        self.model = model
        self._parts = {}  # layer -> (pictures to its maps, gradients of what comes behind)

    @functools.cached_property
    def _whole(self):
        whole = keras.Model(self.model.input, self.model.output)
        floats = keras.Input(self.model.input_shape[1:])  # the same layers, but what they take has a gradient
        return OfClasses(keras.models.clone_model(whole, input_tensors=floats, clone_function=lambda layer: layer))

    def saliency(self, images: np.ndarray, classes) -> np.ndarray:
        """How much each pixel moves the logit: uint8 (B, H, W, C) -> float32 (B, H, W), 0 ... 1 in each picture."""
        return _normalized(np.abs(self._whole(images.astype("float32"), classes)).max(axis=-1))

    def grad_cam(self, images: np.ndarray, classes, layer=None) -> np.ndarray:
        """The maps of a layer, each weighed by its mean gradient, added up, and only what speaks for the class kept
        (eqs. 1, 2). uint8 (B, H, W, C) -> float32 (B, h, w) at the layer's size, 0 ... 1 in each picture.

        Args:
            layer: a name; the last layer with maps when None.
        Raises:
            zoo.errors.UnknownName: for a layer that the model doesn't have.
            zoo.errors.BadCheckpoint: for a model or a layer without maps.
        """
        model = self.model
        layer = feature_map_layer(model, layer) if layer else last_feature_map_layer(model)
        if layer is None:
            raise BadCheckpoint(f"{model.name} has no maps to look at, so no Grad-CAM; take a convolutional network")
        if layer.name not in self._parts:
            self._parts[layer.name] = keras.Model(model.input, layer.output), OfClasses(behind(model, layer))
        feature_maps, gradients = self._parts[layer.name]
        channels = ops.convert_to_numpy(feature_maps(images))  # (B, h, w, K)
        weights = gradients(channels, classes).mean(axis=(1, 2), keepdims=True)  # eq. 1: alpha_k
        return _normalized(np.maximum((weights * channels).sum(axis=-1), 0))  # eq. 2


def occlusion(predict, image: np.ndarray, label: int, *, square=0.25, steps=12) -> np.ndarray:
    """How far the probability of a class falls when a mid-grey square hides a place.

    Args:
        predict: uint8 (B, H, W, C) -> logits (B, classes).
        image: uint8 (H, W, C).
        square: its side, as a share of the picture's shorter one, at most 1.
        steps: places each way.
    Returns:
        float32 (steps, steps): the fall at each place, 0 where hiding it doesn't hurt.
    Raises:
        zoo.errors.BadInput: for a square, steps or a label that can't be.
    """
    if not 0 < square <= 1 or steps < 1:
        raise BadInput(f"a square of {square:g} at {steps} places; give a share above 0, at most 1, and 1 or more")
    height, width = image.shape[:2]
    side = max(1, round(square * min(height, width)))
    covered = np.repeat(image[None], steps * steps, axis=0)
    tops = np.linspace(0, height - side, steps).round().astype(int)
    lefts = np.linspace(0, width - side, steps).round().astype(int)
    for number, (top, left) in enumerate((top, left) for top in tops for left in lefts):
        covered[number, top : top + side, left : left + side] = 127
    each = probabilities(predict(np.concatenate([image[None], covered])))  # (1 + steps ** 2, classes)
    if not 0 <= label < each.shape[1]:
        raise BadInput(f"there are labels 0 to {each.shape[1] - 1}, not {label}")
    probability = each[:, label]
    return np.maximum(probability[0] - probability[1:], 0).reshape(steps, steps).astype("float32")


def _normalized(channels):
    """Each of (B, H, W) divided by its largest value; one that is zero everywhere stays so."""
    return (channels / np.maximum(channels.max(axis=(1, 2), keepdims=True), 1e-12)).astype("float32")
