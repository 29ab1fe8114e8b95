"""What in a picture an answer comes from: three ways to ask a trained classifier.

- Saliency: K. Simonyan, A. Vedaldi, A. Zisserman, "Deep Inside Convolutional Networks", 2013,
  https://arxiv.org/abs/1312.6034. The gradient of a class's logit with respect to each pixel.
- Occlusion: M. D. Zeiler, R. Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014,
  https://arxiv.org/abs/1311.2901. How far the class's probability falls when a grey square hides a place.
- Grad-CAM: R. R. Selvaraju and others, "Grad-CAM", ICCV 2017, https://arxiv.org/abs/1610.02391. The maps of the last
  convolution, weighed by how much each speaks for the class.

Gradients come from `fit` as everywhere in the zoo: a zero offset on the input is the one thing that learns, and what a
step of plain descent makes of it is the gradient, on any backend.
"""

import keras
import numpy as np
from keras import ops

from zoo.data.labels import probabilities
from zoo.errors import BadInput


class Offset(keras.Model):
    """A frozen network behind an offset of zeros on its input; its loss is minus the objective, summed over the batch.

    net: a model of float (B, ...). objective(answers, y): what is to grow, of the net's outputs and whatever `y` holds.
    """

    def __init__(self, net, shape, objective):
        super().__init__()
        self.net, self.objective = net, objective
        self.net.trainable = False
        self.offset = self.add_weight(shape=shape, initializer="zeros", name="offset")

    def call(self, x):
        return self.net(x + self.offset, training=False)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return -ops.sum(self.objective(y_pred, y))


class Gradient:
    """The gradient of an objective with respect to inputs of one shape: traced once, to be asked many times.

    net: a model of float (B, ...); it is frozen. shape: of the inputs. objective(answers, y): see `Offset`.
    """

    def __init__(self, net, shape, objective):
        self.probe = Offset(net, shape, objective)
        self.probe.compile(keras.optimizers.SGD(1.0), jit_compile=False)
        self.zeros = np.zeros(shape, np.float32)

    def __call__(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """float32 x of the shape -> float32 of the same."""
        self.probe.offset.assign(self.zeros)
        self.probe.train_on_batch(x, y)
        return ops.convert_to_numpy(self.probe.offset)


def gradient(net, x: np.ndarray, classes) -> np.ndarray:
    """Gradient of each example's logit of its class with respect to x.

    Args:
        net: a model from float (B, ...) to logits (B, classes); its weights are left as they are.
        x: float32 (B, ...).
        classes: ints (B,).
    Returns:
        float32 of x's shape.
    """
    trainable = net.trainable
    wanted = np.eye(net.output_shape[-1], dtype="float32")[np.asarray(classes)]  # (B, classes)
    answer = Gradient(net, x.shape, ops.multiply)(x, wanted)
    net.trainable = trainable
    return answer


def behind(model, layer) -> keras.Model:
    """The part of a functional model from the output of `layer` (a layer of it) to its logits.

    Raises `zoo.errors.BadInput` where something else leads past that layer.
    """
    try:
        return keras.Model(layer.output, model.output)
    except ValueError:
        raise BadInput(f"{model.name} can't be cut at {layer.name}: a connection leads past it") from None


def last_maps(model):
    """The last layer of a model whose output is a stack of maps (B, h, w, C), larger than one pixel; or None."""
    for layer in reversed(model.layers):
        shape = layer.output.shape
        if len(shape) == 4 and shape[1:3] != (1, 1) and layer is not model.layers[0]:
            return layer
    return None


def saliency(model, images: np.ndarray, classes) -> np.ndarray:
    """How much each pixel moves the logit: uint8 (B, H, W, C) -> float32 (B, H, W), 0 ... 1 in each picture."""
    scale = model.layers[1]  # the layer that turns uint8 into what the network works on; pixels keep their places
    x = ops.convert_to_numpy(keras.Model(model.input, scale.output)(images))
    return _normalized(np.abs(gradient(behind(model, scale), x, classes)).max(axis=-1))


def grad_cam(model, images: np.ndarray, classes, layer=None) -> np.ndarray:
    """The maps of a layer, each weighed by its mean gradient, added up, and only what speaks for the class kept (eqs.
    1, 2). uint8 (B, H, W, C) -> float32 (B, h, w) at the layer's size, 0 ... 1 in each picture.

    Args:
        layer: a name; the last layer with maps when None.
    Raises:
        zoo.errors.BadInput: for a model or a layer without maps.
    """
    layer = model.get_layer(layer) if layer else last_maps(model)
    if layer is None or len(layer.output.shape) != 4:
        raise BadInput(f"{model.name} has no maps to look at there, so no Grad-CAM; give a convolutional layer")
    maps = ops.convert_to_numpy(keras.Model(model.input, layer.output)(images))  # (B, h, w, K)
    weights = gradient(behind(model, layer), maps, classes).mean(axis=(1, 2), keepdims=True)  # eq. 1: alpha_k
    return _normalized(np.maximum((weights * maps).sum(axis=-1), 0))  # eq. 2


def occlusion(predict, image: np.ndarray, label: int, *, square=0.25, steps=12) -> np.ndarray:
    """How far the probability of a class falls when a mid-grey square hides a place.

    Args:
        predict: uint8 (B, H, W, C) -> logits (B, classes).
        image: uint8 (H, W, C).
        square: its side, as a share of the picture's shorter one.
        steps: places each way.
    Returns:
        float32 (steps, steps): the fall at each place, 0 where hiding it doesn't hurt.
    """
    height, width = image.shape[:2]
    side = max(1, round(square * min(height, width)))
    covered = np.repeat(image[None], steps * steps, axis=0)
    tops = np.linspace(0, height - side, steps).round().astype(int)
    lefts = np.linspace(0, width - side, steps).round().astype(int)
    for number, (top, left) in enumerate((top, left) for top in tops for left in lefts):
        covered[number, top : top + side, left : left + side] = 127
    probability = probabilities(predict(np.concatenate([image[None], covered])))[:, label]
    return np.maximum(probability[0] - probability[1:], 0).reshape(steps, steps).astype("float32")


def _normalized(maps):
    """Each of (B, H, W) divided by its largest value; one that is zero everywhere stays so."""
    return (maps / np.maximum(maps.max(axis=(1, 2), keepdims=True), 1e-12)).astype("float32")
