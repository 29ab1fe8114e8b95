"""Images optimised to activate a trained convolutional network: what it has learned to detect.

- Deep Dream: A. Mordvintsev, C. Olah, M. Tyka, "Inceptionism: Going Deeper into Neural Networks", 2015,
  https://research.google/blog/inceptionism-going-deeper-into-neural-networks/. Gradient ascent on a photograph
  maximises the activation of some layers, which amplifies whatever they detect in it.
- Activation maximisation: D. Erhan, Y. Bengio, A. Courville, P. Vincent, "Visualizing Higher-Layer Features of a Deep
  Network", 2009. Gradient ascent from noise maximises a single channel, until the image shows what that channel
  detects. Pixels alone become high-frequency noise; here the parameters are Fourier coefficients in decorrelated
  colours, from C. Olah, A. Mordvintsev, L. Schubert, "Feature Visualization", Distill 2017,
  https://distill.pub/2017/feature-visualization/.

    dreamer = Dreamer(model, ["conv10_pointwise_relu"], photo.shape[:2])
    dream = dreamer.dream(photo)
    images = maximize_channels(model, "conv10_pointwise_relu", [3, 14, 15])

Networks take uint8 RGB images (B, H, W, 3), as all in the zoo. Only the part up to the given layers is used, and as it
is convolutional it takes images of other sizes than the model's.
"""

import math

import cv2
import keras
import numpy as np
from keras import ops

from zoo.errors import BadCheckpoint, BadInput
from zoo.explain import attribution
from zoo.explain.attribution import Gradient

TILE = 416  # largest side of a tile; an image is processed in tiles, so that its size doesn't matter to memory
STRIDE = 32  # sides of tiles are multiples of this, the stride of the coarsest feature maps of common networks
MARGIN = 32  # pixels at a tile's border whose gradient is discarded, because the tile is cut off there
LONGEST = 2048  # longest side that is optimised; larger images get the enlarged difference, and keep their own detail
OCTAVE = 1.4  # ratio of the sizes of two octaves
SMALLEST = 48  # shortest side of an octave
STEP = 1.5  # mean change of a pixel in a step of gradient ascent, of 255
STEPS = 10  # of gradient ascent in each octave
FINEST = 0.5  # weight of the highest frequencies of a gradient
COLOUR = 0.5  # weight of a gradient's colours, against 1 of its lightness
FEATURE_MAP_SIDE = 256  # long side at which a photograph's feature maps are computed
CHANNEL_SIDES = (32, 128)  # smallest and largest side of an image optimised for a channel

SLOPE = (
    1.25  # amplitude of a frequency f is 1 / f ** SLOPE; photographs have 1, but networks overvalue high frequencies
)
JITTER = 16  # largest random shift of the image, in pixels, in each step
START = 0.05  # standard deviation of the initial coefficients of an image for a channel

# RGB of the three directions in which the colours of photographs are decorrelated: lightness, warm to cold, green to
# magenta (Olah and others, from ImageNet).
COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], np.float32)
COLOURS /= np.linalg.norm(COLOURS, axis=0).max()


def _names(model) -> list[str]:
    """Names of a model's layers with feature maps, see `attribution.feature_map_layers`, lowest first."""
    takes_images = len(model.input_shape) == 4 and model.input_shape[-1] in (1, 3)
    names = [layer.name for layer in attribution.feature_map_layers(model)] if takes_images else []
    if not names:
        raise BadCheckpoint(
            f"{model.name} has no convolutions; take a convolutional network, such as efficientnet-lite0.imagenet"
        )
    return names


def choose_layers(model: keras.Model, names: str, count: int = 1) -> list[str]:
    """The layers in a comma-separated list of names; of an empty one, a good choice.

    Good are layers with an activation: one at two thirds of the depth, or `count` spread over all of it.
    Raises `zoo.errors.UnknownName` and, for a layer without feature maps and for a model that doesn't take images or
    has no such layer, `zoo.errors.BadCheckpoint`.
    """
    known = _names(model)
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        attribution.feature_map_layer(model, name)
    if wanted:
        return list(dict.fromkeys(wanted))
    active = [name for name in known if _has_activation(model.get_layer(name))] or known
    if count == 1:
        return [active[len(active) * 2 // 3]]
    indices = np.linspace(0, len(active) - 1, min(count, len(active)))
    return [active[index] for index in indices.round().astype(int)]


def _has_activation(layer) -> bool:
    linear = (None, keras.activations.linear)
    return isinstance(layer, keras.layers.ReLU) or getattr(layer, "activation", None) not in linear


class Grey(keras.layers.Layer):
    """The mean of the colours: (B, H, W, 3) -> (B, H, W, 1)."""

    def call(self, images):
        return ops.mean(images, axis=-1, keepdims=True)


def feature_extractor(model: keras.Model, names: list[str], size, *, linear: bool = False) -> keras.Model:
    """The part of a network from images to the feature maps of some layers, as a network of its own.

    float32 (B, height, width, 3), 0 ... 255 -> (B, h, w, C), for several layers a list of them. A network for grey
    images gets the mean of the colours. Takes images of `size`, (height, width), or, where a layer below has weights
    for every position, of the model's own size.

    Args:
        linear: of a ReLU layer return the input, whose gradient is nowhere zero.
    Raises:
        zoo.errors.UnknownName, zoo.errors.BadCheckpoint: for an unknown layer or one without feature maps.
    """
    copy = type(model).from_config(model.get_config())  # callers freeze it, which must not affect the model
    copy.set_weights(model.get_weights())
    tops = [attribution.feature_map_layer(copy, name) for name in names]
    cut = keras.Model(
        copy.input, [top.input if linear and isinstance(top, keras.layers.ReLU) else top.output for top in tops]
    )

    def resized(height, width):
        inputs = keras.Input((height, width, model.input_shape[-1]))
        net = keras.models.clone_model(cut, input_tensors=inputs, clone_function=lambda layer: layer)
        if inputs.shape[-1] == 3:
            return net
        images = keras.Input((height, width, 3))
        return keras.Model(images, net(Grey()(images)))

    try:
        return resized(*size)
    except (ValueError, RuntimeError):  # RuntimeError is PyTorch's
        if None in model.input_shape[1:3]:
            raise
        return resized(*model.input_shape[1:3])


# --- Deep Dream -------------------------------------------------------------------------------------------------------


def mean_square_activation(outputs, _):
    """The objective of Deep Dream: the mean square of each layer's feature maps, added up."""
    return sum(ops.mean(ops.square(channels)) for channels in keras.tree.flatten(outputs))


class Dreamer:
    """Deep Dream with some layers of a network, on images of any size.

    Args:
        layers: names; `zoo.errors.UnknownName` or `zoo.errors.BadCheckpoint` is raised for invalid ones.
        size: (height, width) of the largest image to come. Fits the tiles to it; other sizes work as well.
        seed: of the tiles' positions, which change with each step so that their seams don't show.
    """

    def __init__(self, model: keras.Model, layers: list[str], size: tuple[int, int], *, seed: int = 0):
        scale = min(1, LONGEST / max(size))
        net = feature_extractor(model, layers, [_tile_side(side * scale) for side in size])
        self.tile = net.input_shape[1:3]
        self.margin = [min(MARGIN, side // 8) for side in self.tile]
        self.stride = [side - 2 * margin for side, margin in zip(self.tile, self.margin, strict=True)]
        self.gradient = Gradient(net, (1, *self.tile, 3), mean_square_activation)
        self.random = np.random.default_rng(seed)

    def dream(
        self, photo, *, strength: float = 1.0, octaves: int = 5, track=lambda steps, total, what: steps
    ) -> np.ndarray:
        """Image uint8 (H, W, 3) -> the same after gradient ascent.

        Args:
            strength: factor of the step size.
            octaves: image sizes to optimise, from the smallest up, each 1.4 times the one before, so that large shapes
                emerge as well as small ones.
            track: shows progress, see `zoo_apps.app.App.track`.
        Raises:
            zoo.errors.BadInput: for no octave.
        """
        if octaves < 1:
            raise BadInput(f"can't dream in {octaves} octaves; give 1 or more")
        sizes = octave_sizes(*photo.shape[:2], octaves)
        total = STEPS * sum(len(_corners(size, self.stride)) for size in sizes)
        result = []
        for _ in track(self._ascend_octaves(photo, sizes, strength, result), total, "dreaming"):
            pass
        return _add(photo, result[0])

    def _ascend_octaves(self, photo, sizes, strength, result):
        """Gradient ascent from the smallest octave to the largest; appends to `result` the difference to the photograph
        at the last size, float32 (h, w, 3). Yields after each tile.
        """
        added = np.zeros((1, 1, 3), np.float32)
        for height, width in sizes:
            # The photograph at this size, with its own detail, plus the enlarged difference so far.
            base = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
            image = base + cv2.resize(added, (width, height), interpolation=cv2.INTER_CUBIC)
            for _ in range(STEPS):
                yield from self.ascend(image, STEP * strength)
            added = image - base
        result.append(added)

    def ascend(self, image, step):
        """One step of gradient ascent: float32 (H, W, 3), 0 ... 255, changes in place, by `step` in the mean. Yields
        after each tile.
        """
        height, width = image.shape[:2]
        (rows, columns), (above, left_of) = self.tile, self.margin
        step_down, step_right = self.stride
        shift = self.random.integers((height, width))
        below, right_of = above + max(0, step_down - height), left_of + max(0, step_right - width)
        rolled = np.pad(np.roll(image, shift, axis=(0, 1)), ((above, below), (left_of, right_of), (0, 0)), mode="wrap")
        gradient = np.empty((max(height, step_down), max(width, step_right), 3), np.float32)
        for top, left in _corners((height, width), self.stride):
            tile = self.gradient(rolled[None, top : top + rows, left : left + columns], None)[0]
            inner = tile[above : above + step_down, left_of : left_of + step_right]
            gradient[top : top + step_down, left : left + step_right] = inner
            yield
        gradient = balanced_gradient(np.roll(gradient[:height, :width], -shift, axis=(0, 1)))
        np.clip(image + step * _normalized(gradient), 0, 255, out=image)

    def zoom_frames(self, image, frames: int, *, strength: float = 1.0, zoom: float = 1.02, steps: int = 2):
        """Zoom into a dream: yields frames uint8 (H, W, 3), each an enlargement of the last after more gradient ascent.

        image: uint8 (H, W, 3), a dream, the first frame.
        """
        height, width = image.shape[:2]
        # Maps (x, y) in a frame to its position in the last one, nearer to the centre.
        inwards = np.array(
            [[1 / zoom, 0, (width - 1) / 2 * (1 - 1 / zoom)], [0, 1 / zoom, (height - 1) / 2 * (1 - 1 / zoom)]]
        )
        frame = image.astype(np.float32)
        for number in range(frames):
            if number:
                flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
                frame = cv2.warpAffine(frame, inwards, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT)
                for _ in range(steps):
                    for _ in self.ascend(frame, STEP * strength):
                        pass
            yield np.rint(np.clip(frame, 0, 255)).astype(np.uint8)


def octave_sizes(height: int, width: int, octaves: int) -> list[tuple[int, int]]:
    """(height, width) of each octave, the smallest first: the largest is the image's own, within LONGEST."""
    largest = min(1, LONGEST / max(height, width))
    scales = [largest / OCTAVE**number for number in range(octaves)]
    scales = [scale for scale in scales if scale == largest or scale * min(height, width) >= SMALLEST]
    return [(max(1, round(height * scale)), max(1, round(width * scale))) for scale in reversed(scales)]


def balanced_gradient(gradient, levels=3) -> np.ndarray:
    """A gradient float32 (H, W, 3) normalised in each octave of its frequencies, the highest with less weight:
    unnormalised, it adds fine noise before anything else (the Laplacian pyramid of Mordvintsev's own notebook). Colours
    change less than lightness, in which photographs vary much more.
    """
    gradient = COLOUR * gradient + (1 - COLOUR) * gradient.mean(axis=-1, keepdims=True)
    bands = []
    for _ in range(levels - 1):
        if min(gradient.shape[:2]) < 4:
            break
        low = cv2.pyrDown(gradient)
        bands.append(gradient - cv2.pyrUp(low, dstsize=gradient.shape[1::-1]))
        gradient = low
    balanced = _normalized(gradient)
    for number, band in reversed([*enumerate(bands)]):
        balanced = cv2.pyrUp(balanced, dstsize=band.shape[1::-1]) + _normalized(band) * (1 if number else FINEST)
    return balanced


def _normalized(gradient):
    mean = float(np.abs(gradient).mean())
    return gradient / mean if mean > 1e-30 else gradient


def _tile_side(side: float) -> int:
    """The side of the fewest tiles of at most TILE that cover this side; at least two pixels of the coarsest feature
    maps.
    """
    each = side / math.ceil(side / (TILE - 2 * MARGIN)) + 2 * MARGIN
    return max(2, math.ceil(each / STRIDE)) * STRIDE


def _corners(size, stride) -> list[tuple[int, int]]:
    """(top, left) of the tiles that cover an image; the last of a row or a column overlaps the one before."""
    tops, lefts = (
        [min(start, max(0, side - step)) for start in range(0, side, step)]
        for side, step in zip(size, stride, strict=True)
    )
    return [(top, left) for top in tops for left in lefts]


def _add(photo, added) -> np.ndarray:
    """uint8 (H, W, 3) plus float32 (h, w, 3) enlarged to its size, piece by piece: uint8 (H, W, 3)."""
    (height, width), (rows, columns) = photo.shape[:2], added.shape[:2]
    down, right = rows / height, columns / width
    result = np.empty_like(photo)
    for top in range(0, height, LONGEST):
        for left in range(0, width, LONGEST):
            piece = photo[top : top + LONGEST, left : left + LONGEST]
            # Pixel centres are aligned as in cv2.resize.
            matrix = np.array([[right, 0, (left + 0.5) * right - 0.5], [0, down, (top + 0.5) * down - 0.5]], np.float64)
            flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
            enlarged = cv2.warpAffine(added, matrix, piece.shape[1::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
            result[top : top + LONGEST, left : left + LONGEST] = np.rint(np.clip(piece + enlarged, 0, 255))
    return result


# --- activation maximisation ------------------------------------------------------------------------------------------


def feature_maps(model: keras.Model, layers: list[str], photo) -> list[np.ndarray]:
    """Feature maps of layers for a photograph, uint8 (H, W, 3): float32 (h, w, C) for each layer.

    Of a ReLU layer they are its input: one that clips at 6 makes the largest values of many channels equal, so that
    neither the most active channel nor the place where it is most active could be told. The network gets the photograph
    with a long side of FEATURE_MAP_SIDE in its own proportions, where it takes that size.
    """
    scale = FEATURE_MAP_SIDE / max(photo.shape[:2])
    size = [max(2, round(side * scale / STRIDE)) * STRIDE for side in photo.shape[:2]]
    net = feature_extractor(model, layers, size, linear=True)
    height, width = net.input_shape[1:3]
    pixels = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    return [ops.convert_to_numpy(channels)[0] for channels in keras.tree.flatten(net(pixels[None], training=False))]


def channel_image_size(model, layer: str) -> int:
    """Side of an image that shows what a layer's channels detect: low layers have a small receptive field."""
    smallest, largest = CHANNEL_SIDES
    net = feature_extractor(model, [layer], (largest, largest))
    stride = net.input_shape[1] / net.outputs[0].shape[1]
    return int(np.clip(16 * stride, smallest, largest)) if net.input_shape[1] == largest else net.input_shape[1]


def maximize_channels(
    model, layer: str, channels, *, steps=64, rate=0.03, seed=0, track=lambda steps, total, what: steps
) -> np.ndarray:
    """An image for each of some channels of a layer that maximises the channel's mean activation.

    All are optimised together: Adam on the Fourier coefficients of images in decorrelated colours, whose amplitudes are
    scaled as in photographs, so that no frequency or colour dominates. The parameters are an image's and not a
    network's, hence not by `fit`.

    Args:
        channels: numbers, ints (N,).
        steps, rate: steps and learning rate of Adam.
        track: shows progress, see `zoo_apps.app.App.track`.
    Returns:
        uint8 (N, side, side, 3).
    Raises:
        zoo.errors.UnknownName, zoo.errors.BadCheckpoint: for an unknown layer or one without feature maps.
        zoo.errors.BadInput: for channels that it doesn't have.
    """
    attribution.feature_map_layer(model, layer)
    side = channel_image_size(model, layer)
    net = feature_extractor(model, [layer], (side, side), linear=True)
    height, width = net.input_shape[1:3]
    count, channels = net.outputs[0].shape[-1], np.asarray(channels, int)
    if channels.size == 0 or channels.min() < 0 or channels.max() >= count:
        raise BadInput(f"layer {layer} has channels 0 to {count - 1}, not {channels.tolist()}")
    wanted = np.eye(count, dtype="float32")[channels]  # (N, C)
    gradient = Gradient(net, (len(wanted), height, width, 3), channel_means)

    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))  # (H, W / 2 + 1)
    amplitude = math.sqrt(height * width) / (4 * np.maximum(frequency, 1 / max(height, width)) ** SLOPE)
    amplitude = amplitude.astype(np.float32)[..., None]
    # Real and imaginary parts are separate parameters for Adam.
    spectrum = random.normal(0, START, (len(wanted), *frequency.shape, 3, 2)).astype(np.float32)
    mean, square = np.zeros_like(spectrum), np.zeros_like(spectrum)

    for number in track(range(1, steps + 1), steps, layer):
        images = _to_images(spectrum, amplitude, (height, width))  # (N, H, W, 3), 0 ... 1
        shift = random.integers(-JITTER, JITTER + 1, 2)  # so that the result doesn't depend on the position
        ascent = gradient(np.roll(255 * images, shift, axis=(1, 2)), wanted)
        ascent = np.roll(ascent, -shift, axis=(1, 2)) * images * (1 - images)
        # Back-propagation through `_to_images`, without constant factors, to which Adam is invariant.
        ascent = np.fft.rfft2(ascent @ COLOURS, axes=(1, 2)) * amplitude
        ascent = ascent.astype(np.complex64)[..., None].view(np.float32)
        mean += 0.1 * (ascent - mean)
        square += 0.001 * (ascent**2 - square)
        spread = np.sqrt(square / (1 - 0.999**number)) + 1e-12
        spectrum += rate * mean / (1 - 0.9**number) / spread
    return np.rint(255 * _to_images(spectrum, amplitude, (height, width))).astype(np.uint8)


def channel_means(outputs, wanted):
    """The mean over positions of one channel of each example's feature maps: wanted is one-hot (B, C).

    Negative outputs count a tenth: the plain mean of a convolution is that of the image's mean colour, while an edge
    has positive outputs here and negative ones there.
    """
    means = ops.mean(ops.leaky_relu(outputs, 0.1), axis=(1, 2))  # (B, C)
    return ops.sum(ops.multiply(means, wanted), axis=-1)


def _to_images(spectrum, amplitude, size) -> np.ndarray:
    """Fourier coefficients (N, H, W / 2 + 1, 3, 2) as images float32 (N, H, W, 3), 0 ... 1."""
    pixels = np.fft.irfft2(spectrum.view(np.complex64)[..., 0] * amplitude, s=size, axes=(1, 2)).astype(np.float32)
    return 1 / (1 + np.exp(-(pixels @ COLOURS.T)))
