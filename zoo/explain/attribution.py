"""Attribution: which parts of an image a classifier's prediction depends on, by three methods.

- Saliency: K. Simonyan, A. Vedaldi, A. Zisserman, "Deep Inside Convolutional Networks", 2013,
  https://arxiv.org/abs/1312.6034. The gradient of a class's logit with respect to each pixel.
- Occlusion: M. D. Zeiler, R. Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014,
  https://arxiv.org/abs/1311.2901. How far the class's probability falls when a grey square occludes a position.
- Grad-CAM: R. R. Selvaraju and others, "Grad-CAM", ICCV 2017, https://arxiv.org/abs/1610.02391. The feature maps of the
  last convolution, weighted by their gradients.

Gradients come from a training step as everywhere in the zoo: the only trainable variable is a zero offset on the input,
and one step of plain SGD turns it into the gradient, on any backend.
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
    """A frozen network with a trainable zero offset on its input; its loss is minus the objective, summed over the
    batch.

    net: a model of float (B, ...). objective(outputs, y): what to maximise, from the net's outputs and whatever `y`
    holds.
    """

    def __init__(self, net: keras.Model, shape: tuple, objective):
        super().__init__()
        self.net, self.objective = net, objective
        self.offset = self.add_weight(shape=shape, initializer="zeros", name="offset")

    def call(self, x):
        return self.net(x + self.offset, training=False)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return -ops.sum(self.objective(y_pred, y))


class Gradient:
    """The gradient of an objective with respect to inputs of one shape: traced once, for any number of calls.

    net: a model of float (B, ...); it is frozen during calls. shape: of the inputs. objective(outputs, y): see
    `Offset`.
    """

    def __init__(self, net: keras.Model, shape: tuple, objective):
        with _frozen(net):
            self.probe = Offset(net, shape, objective)
            self.probe.compile(keras.optimizers.SGD(1.0), jit_compile=backend.jit_compile())
        self.zeros = np.zeros(shape, np.float32)

    def __call__(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """float32 x of the shape -> its gradient, float32 of the same shape."""
        with _frozen(self.probe.net):
            self.probe.offset.assign(self.zeros)
            self.probe.train_on_batch(x, y)
        return ops.convert_to_numpy(self.probe.offset)


class ClassGradient:
    """Gradients of each example's class logit with respect to inputs.

    net: a model from float (B, ...) to logits (B, classes), or to one logit (B, 1) for class 1 against class 0; its
    weights, and which of them are trainable, don't change.
    """

    def __init__(self, net: keras.Model):
        count = net.output_shape[-1]
        self.net = net
        self.directions = np.eye(count, dtype="float32") if count > 1 else np.array([[-1.0], [1.0]], "float32")
        self._traced = {}  # shape -> Gradient

    def __call__(self, x: np.ndarray, classes) -> np.ndarray:
        """float32 x (B, ...), ints (B,) -> float32 of x's shape. Raises `BadInput` for unknown classes."""
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
    """Freeze a model for a while; its layers may be shared with another model, so each gets its own flag back."""
    layers = [(layer, layer.trainable) for layer in net._flatten_layers()]
    variables = [(variable, variable.trainable) for variable in net.variables]
    net.trainable = False
    try:
        yield
    finally:
        for part, trainable in layers + variables:  # variables last, as a layer's flag sets those of its variables
            part.trainable = trainable


def head_from(model, layer) -> keras.Model:
    """The part of a functional model from the output of `layer` (a layer of it) to its logits.

    Raises `zoo.errors.BadCheckpoint` where a shortcut bypasses that layer.
    """
    try:
        return keras.Model(layer.output, model.output)
    except ValueError:
        raise BadCheckpoint(
            f"{model.name} can't be cut at {layer.name}: a shortcut bypasses it; take the end of a block, such as "
            f"{last_feature_map_layer(model).name}"
        ) from None


def feature_map_layers(model: keras.Model) -> list:
    """The layers of a model that output feature maps (B, h, w, C) of more than one pixel, from the first convolution
    on: what comes before is the image itself.
    """
    found = []
    for layer in model.layers:
        if found or isinstance(layer, keras.layers.Conv2D):
            shape = layer.output.shape
            if len(shape) == 4 and shape[1:3] != (1, 1):
                found.append(layer)
    return found


def feature_map_layer(model, name: str):
    """A model's layer by name.

    Raises `zoo.errors.UnknownName` for an unknown name and `zoo.errors.BadCheckpoint` for a layer without feature maps.
    """
    known = {layer.name: layer for layer in feature_map_layers(model)}
    if name not in {layer.name for layer in model.layers}:
        raise UnknownName(f"layer of {model.name}", name, list(known))
    if name not in known:
        advice = f"take one that has, such as {[*known][-1]}" if known else "none of its layers has any"
        raise BadCheckpoint(f"layer {name} of {model.name} has no feature maps; {advice}")
    return known[name]


def last_feature_map_layer(model):
    """The last of `feature_map_layers`; or None."""
    found = feature_map_layers(model)
    return found[-1] if found else None


class Explainer:
    """Explains a classifier's predictions by gradients. What is compiled for one image is reused for the next."""

    def __init__(self, model: keras.Model):
        self.model = model
        self._parts = {}  # layer -> (images to its feature maps, gradients with respect to those)

    @functools.cached_property
    def _whole(self):
        whole = keras.Model(self.model.input, self.model.output)
        floats = keras.Input(self.model.input_shape[1:])  # the same layers with an input that has a gradient
        return ClassGradient(keras.models.clone_model(whole, input_tensors=floats, clone_function=lambda layer: layer))

    def saliency(self, images: np.ndarray, classes) -> np.ndarray:
        """Absolute gradient of the logit at each pixel: uint8 (B, H, W, C) -> float32 (B, H, W), 0 ... 1 in each
        image.
        """
        return _normalized(np.abs(self._whole(images.astype("float32"), classes)).max(axis=-1))

    def grad_cam(self, images: np.ndarray, classes, layer=None) -> np.ndarray:
        """Feature maps of a layer, weighted by their mean gradient and summed; only the positive part (eqs. 1, 2).

        uint8 (B, H, W, C) -> float32 (B, h, w) at the layer's resolution, 0 ... 1 in each image.

        Args:
            layer: a name; the last layer with feature maps when None.
        Raises:
            zoo.errors.UnknownName: for a layer that the model doesn't have.
            zoo.errors.BadCheckpoint: for a model or a layer without feature maps.
        """
        model = self.model
        layer = feature_map_layer(model, layer) if layer else last_feature_map_layer(model)
        if layer is None:
            raise BadCheckpoint(f"{model.name} has no feature maps, so no Grad-CAM; take a convolutional network")
        if layer.name not in self._parts:
            self._parts[layer.name] = keras.Model(model.input, layer.output), ClassGradient(head_from(model, layer))
        feature_maps, gradients = self._parts[layer.name]
        channels = ops.convert_to_numpy(feature_maps(images))  # (B, h, w, K)
        weights = gradients(channels, classes).mean(axis=(1, 2), keepdims=True)  # eq. 1: alpha_k
        return _normalized(np.maximum((weights * channels).sum(axis=-1), 0))  # eq. 2


def occlusion(predict, image: np.ndarray, label: int, *, square=0.25, steps=12) -> np.ndarray:
    """How far the probability of a class falls when a mid-grey square occludes a position.

    Args:
        predict: uint8 (B, H, W, C) -> logits (B, classes).
        image: uint8 (H, W, C).
        square: its side, as a fraction of the image's shorter one, at most 1.
        steps: positions along each axis.
    Returns:
        float32 (steps, steps): the fall at each position, 0 where the probability doesn't fall.
    Raises:
        zoo.errors.BadInput: for an invalid square, steps or label.
    """
    if not 0 < square <= 1 or steps < 1:
        raise BadInput(f"a square of {square:g} at {steps} positions; give a fraction above 0 up to 1, and 1 or more")
    height, width = image.shape[:2]
    side = max(1, round(square * min(height, width)))
    occluded = np.repeat(image[None], steps * steps, axis=0)
    tops = np.linspace(0, height - side, steps).round().astype(int)
    lefts = np.linspace(0, width - side, steps).round().astype(int)
    for number, (top, left) in enumerate((top, left) for top in tops for left in lefts):
        occluded[number, top : top + side, left : left + side] = 127
    by_class = probabilities(predict(np.concatenate([image[None], occluded])))  # (1 + steps ** 2, classes)
    if not 0 <= label < by_class.shape[1]:
        raise BadInput(f"there are labels 0 to {by_class.shape[1] - 1}, not {label}")
    probability = by_class[:, label]
    return np.maximum(probability[0] - probability[1:], 0).reshape(steps, steps).astype("float32")


def _normalized(heat):
    """Each of (B, H, W) divided by its maximum; zeros stay zero."""
    return (heat / np.maximum(heat.max(axis=(1, 2), keepdims=True), 1e-12)).astype("float32")
