"""Pictures that a trained convolutional network makes of what it has learned.

- Deep Dream: A. Mordvintsev, C. Olah, M. Tyka, "Inceptionism: Going Deeper into Neural Networks", 2015,
  https://research.google/blog/inceptionism-going-deeper-into-neural-networks/. A photograph climbs the gradient of what
  some layers answer to it, so that whatever they see in it a little comes out strongly.
- Activation maximisation: D. Erhan, Y. Bengio, A. Courville, P. Vincent, "Visualizing Higher-Layer Features of a Deep
  Network", 2009. Noise climbs the gradient of a single channel, until it is what that channel looks for. Left to
  itself it becomes speckles; here it is drawn in decorrelated colours and frequencies, from C. Olah, A. Mordvintsev,
  L. Schubert, "Feature Visualization", Distill 2017, https://distill.pub/2017/feature-visualization/.

    dreamer = Dreamer(model, ["conv10_pointwise_relu"], photo.shape[:2])
    dream = dreamer.dream(photo)
    pictures = maximized(model, "conv10_pointwise_relu", [3, 14, 15])

Networks take uint8 colour pictures (B, H, W, 3), as all in the zoo. Only what leads to the layers that are asked for is
used, and as it is convolutional it takes pictures of another size than the model's.
"""

import math

import cv2
import keras
import numpy as np
from keras import ops

from zoo.errors import BadCheckpoint, BadInput
from zoo.explain import attribution
from zoo.explain.attribution import Gradient

TILE = 416  # a picture goes through in tiles of at most this side, so that its size doesn't matter to memory
STRIDE = 32  # sides of tiles are multiples of this, the coarsest map of common networks
MARGIN = 32  # pixels at a tile's border whose gradient isn't used: beyond the border the network sees nothing
LONGEST = 2048  # long side to dream at; what is added is enlarged for a larger picture, which keeps its own detail
OCTAVE = 1.4  # how much larger than the one before an octave is
SMALLEST = 48  # short side below which there is no further octave
STEP = 1.5  # mean change of a pixel in a step uphill, of 255
STEPS = 10  # uphill in each octave
FINEST = 0.5  # weight of the finest details of a gradient
COLOUR = 0.5  # weight of a gradient's colours
MAP_SIDE = 256  # long side at which a photograph's maps are looked at
CHANNEL_SIDES = (32, 128)  # least and greatest side of a picture made for a channel

SLOPE = 1.25  # amplitude of a frequency f is 1 / f ** SLOPE; photographs have 1, but to networks any speckle is a joy
JITTER = 16  # pixels that such a picture is moved by at most, otherwise in each step
START = 0.05  # deviation of the noise, in Adam's numbers, that a picture for a channel starts from

# Red, green and blue of the three directions in which the colours of photographs vary independently: lightness, warm to
# cold, green to magenta (Olah and others, from ImageNet).
COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], np.float32)
COLOURS /= np.linalg.norm(COLOURS, axis=0).max()


def _names(model) -> list[str]:
    """Of a model's layers that answer stacks of maps, see `zoo.explain.attribution.map_layers`, lowest first."""
    takes_pictures = len(model.input_shape) == 4 and model.input_shape[-1] in (1, 3)
    names = [layer.name for layer in attribution.map_layers(model)] if takes_pictures else []
    if not names:
        raise BadCheckpoint(
            f"{model.name} has no convolutions; take a convolutional network, such as mobilenet.caltech101"
        )
    return names


def chosen(model, names: str, count: int = 1) -> list[str]:
    """The layers that a text names, separated by commas; none named, a good choice.

    Good are layers with an activation: one at two thirds of the depth, or `count` spread over all of it.
    Raises `zoo.errors.UnknownName` and, for a layer without maps and a model that doesn't take pictures or has no such
    layer, `zoo.errors.BadCheckpoint`.
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
    places = np.linspace(0, len(active) - 1, min(count, len(active)))
    return [active[place] for place in places.round().astype(int)]


def _has_activation(layer) -> bool:
    linear = (None, keras.activations.linear)
    return isinstance(layer, keras.layers.ReLU) or getattr(layer, "activation", None) not in linear


class Grey(keras.layers.Layer):
    """The mean of the colours: (B, H, W, 3) -> (B, H, W, 1)."""

    def call(self, pictures):
        return ops.mean(pictures, axis=-1, keepdims=True)


def lower_part(model, names, size, *, linear=False) -> keras.Model:
    """What leads from a picture to the maps of some layers, as a network of its own.

    float32 (B, height, width, 3), 0 ... 255 -> (B, h, w, C), for several layers a list of them. A network that sees no
    colours gets the mean of them. Takes pictures of `size`, (height, width), or, where a layer on the way has weights
    for every place, of the model's own size.

    Args:
        linear: of a layer that only rectifies give what it rectifies, whose gradient is nowhere zero.
    Raises:
        zoo.errors.UnknownName, zoo.errors.BadCheckpoint: for a layer that isn't there or has no maps.
    """
    copy = type(model).from_config(model.get_config())  # gets frozen by those who use it; the model must not
    copy.set_weights(model.get_weights())
    tops = [attribution.feature_map_layer(copy, name) for name in names]
    cut = keras.Model(
        copy.input, [top.input if linear and isinstance(top, keras.layers.ReLU) else top.output for top in tops]
    )

    def resized(height, width):
        seen = keras.Input((height, width, model.input_shape[-1]))
        net = keras.models.clone_model(cut, input_tensors=seen, clone_function=lambda layer: layer)
        if seen.shape[-1] == 3:
            return net
        pictures = keras.Input((height, width, 3))
        return keras.Model(pictures, net(Grey()(pictures)))

    try:
        return resized(*size)
    except (ValueError, RuntimeError):  # RuntimeError is PyTorch's
        if None in model.input_shape[1:3]:
            raise
        return resized(*model.input_shape[1:3])


# --- Deep Dream -------------------------------------------------------------------------------------------------------


def excitement(answers, _):
    """How strongly layers answer: the mean square of each one's maps, added up."""
    return sum(ops.mean(ops.square(channels)) for channels in keras.tree.flatten(answers))


class Dreamer:
    """Some layers of a network, ready to dream on pictures of any size.

    Args:
        layers: names; `zoo.errors.UnknownName` or `zoo.errors.BadCheckpoint` is raised for those that can't be.
        size: (height, width) of the largest picture to come. Fits the tiles to it; others work as well.
        seed: of the tiles' places, which change with each step so that their seams don't show.
    """

    def __init__(self, model, layers, size, *, seed=0):
        scale = min(1, LONGEST / max(size))
        net = lower_part(model, layers, [_tile_side(side * scale) for side in size])
        self.tile = net.input_shape[1:3]
        self.margin = [min(MARGIN, side // 8) for side in self.tile]
        self.stride = [side - 2 * margin for side, margin in zip(self.tile, self.margin, strict=True)]
        self.slope = Gradient(net, (1, *self.tile, 3), excitement)
        self.random = np.random.default_rng(seed)

    def dream(self, photo, *, strength=1.0, octaves=5, track=lambda steps, total, what: steps) -> np.ndarray:
        """Picture uint8 (H, W, 3) -> the same with what the layers see in it.

        Args:
            strength: a factor of the steps' length.
            octaves: sizes at which to dream, each 1.4 times the one before, so that large shapes come out as well as
                small ones.
            track: shows progress, see `zoo_apps.app.App.track`.
        Raises:
            zoo.errors.BadInput: for no octave.
        """
        if octaves < 1:
            raise BadInput(f"{octaves} octaves are none; give 1 or more")
        sizes = octave_sizes(*photo.shape[:2], octaves)
        total = STEPS * sum(len(_corners(size, self.stride)) for size in sizes)
        answer = []
        for _ in track(self._dreaming(photo, sizes, strength, answer), total, "dreaming"):
            pass
        return _add(photo, answer[0])

    def _dreaming(self, photo, sizes, strength, answer):
        """Dream from the smallest octave to the largest, and append to `answer` what the dream adds to the photograph
        at that size, float32 (h, w, 3). Yields after each tile."""
        added = np.zeros((1, 1, 3), np.float32)
        for height, width in sizes:
            # The photograph's own detail at this size, which a dream merely enlarged would lack, and the dream so far.
            base = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
            picture = base + cv2.resize(added, (width, height), interpolation=cv2.INTER_CUBIC)
            for _ in range(STEPS):
                yield from self.climb(picture, STEP * strength)
            added = picture - base
        answer.append(added)

    def climb(self, picture, step):
        """One step uphill: float32 (H, W, 3), 0 ... 255, changes in place, by `step` in the mean. Yields after each
        tile."""
        height, width = picture.shape[:2]
        (rows, columns), (above, left_of) = self.tile, self.margin
        step_down, step_right = self.stride
        shift = self.random.integers((height, width))
        below, right_of = above + max(0, step_down - height), left_of + max(0, step_right - width)
        rolled = np.pad(
            np.roll(picture, shift, axis=(0, 1)), ((above, below), (left_of, right_of), (0, 0)), mode="wrap"
        )
        slope = np.empty((max(height, step_down), max(width, step_right), 3), np.float32)
        for top, left in _corners((height, width), self.stride):
            tile = self.slope(rolled[None, top : top + rows, left : left + columns], None)[0]
            inner = tile[above : above + step_down, left_of : left_of + step_right]
            slope[top : top + step_down, left : left + step_right] = inner
            yield
        slope = balanced(np.roll(slope[:height, :width], -shift, axis=(0, 1)))
        np.clip(picture + step * _normalized(slope), 0, 255, out=picture)

    def film(self, picture, frames: int, *, strength=1.0, zoom=1.02, steps=2):
        """A way into the dream: yields frames uint8 (H, W, 3), each a little larger than the last and dreamed on.

        picture: uint8 (H, W, 3), a dream, the first frame.
        """
        height, width = picture.shape[:2]
        # What is at (x, y) in a frame was at this place in the last one: nearer to the middle.
        inwards = np.array(
            [[1 / zoom, 0, (width - 1) / 2 * (1 - 1 / zoom)], [0, 1 / zoom, (height - 1) / 2 * (1 - 1 / zoom)]]
        )
        frame = picture.astype(np.float32)
        for number in range(frames):
            if number:
                flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
                frame = cv2.warpAffine(frame, inwards, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT)
                for _ in range(steps):
                    for _ in self.climb(frame, STEP * strength):
                        pass
            yield np.rint(np.clip(frame, 0, 255)).astype(np.uint8)


def octave_sizes(height: int, width: int, octaves: int) -> list[tuple[int, int]]:
    """(height, width) of each octave, the smallest first: the largest is the picture's own, within LONGEST."""
    largest = min(1, LONGEST / max(height, width))
    scales = [largest / OCTAVE**number for number in range(octaves)]
    scales = [scale for scale in scales if scale == largest or scale * min(height, width) >= SMALLEST]
    return [(max(1, round(height * scale)), max(1, round(width * scale))) for scale in reversed(scales)]


def balanced(slope, levels=3) -> np.ndarray:
    """A gradient float32 (H, W, 3) with each octave of its frequencies as strong as the others, but for the highest:
    left as it is, it draws fine speckles before anything else (the Laplacian pyramid of Mordvintsev's own notebook).
    Colours change less than lightness, which photographs vary in much more."""
    slope = COLOUR * slope + (1 - COLOUR) * slope.mean(axis=-1, keepdims=True)
    bands = []
    for _ in range(levels - 1):
        if min(slope.shape[:2]) < 4:
            break
        low = cv2.pyrDown(slope)
        bands.append(slope - cv2.pyrUp(low, dstsize=slope.shape[1::-1]))
        slope = low
    answer = _normalized(slope)
    for number, band in reversed([*enumerate(bands)]):
        answer = cv2.pyrUp(answer, dstsize=band.shape[1::-1]) + _normalized(band) * (1 if number else FINEST)
    return answer


def _normalized(slope):
    mean = float(np.abs(slope).mean())
    return slope / mean if mean > 1e-30 else slope


def _tile_side(side: float) -> int:
    """The side of the fewest tiles of at most TILE that cover this side; at least two pixels of the coarsest maps."""
    each = side / math.ceil(side / (TILE - 2 * MARGIN)) + 2 * MARGIN
    return max(2, math.ceil(each / STRIDE)) * STRIDE


def _corners(size, stride) -> list[tuple[int, int]]:
    """(top, left) of the places that cover a picture; the last of a row or a column overlaps the one before."""
    tops, lefts = (
        [min(start, max(0, side - step)) for start in range(0, side, step)]
        for side, step in zip(size, stride, strict=True)
    )
    return [(top, left) for top in tops for left in lefts]


def _add(photo, added) -> np.ndarray:
    """uint8 (H, W, 3) plus float32 (h, w, 3) enlarged to its size, piece by piece: uint8 (H, W, 3)."""
    (height, width), (rows, columns) = photo.shape[:2], added.shape[:2]
    down, right = rows / height, columns / width
    answer = np.empty_like(photo)
    for top in range(0, height, LONGEST):
        for left in range(0, width, LONGEST):
            piece = photo[top : top + LONGEST, left : left + LONGEST]
            # Pixels' middles stay where they are, as in cv2.resize.
            places = np.array([[right, 0, (left + 0.5) * right - 0.5], [0, down, (top + 0.5) * down - 0.5]], np.float64)
            flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
            enlarged = cv2.warpAffine(added, places, piece.shape[1::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
            answer[top : top + LONGEST, left : left + LONGEST] = np.rint(np.clip(piece + enlarged, 0, 255))
    return answer


# --- activation maximisation ------------------------------------------------------------------------------------------


def feature_maps(model, layers, photo) -> list[np.ndarray]:
    """What layers answer to a photograph, uint8 (H, W, 3): float32 (h, w, C) for each layer.

    The network gets it with a long side of MAP_SIDE in its own proportions, where it takes that size.
    """
    scale = MAP_SIDE / max(photo.shape[:2])
    net = lower_part(model, layers, [max(2, round(side * scale / STRIDE)) * STRIDE for side in photo.shape[:2]])
    height, width = net.input_shape[1:3]
    pixels = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    return [ops.convert_to_numpy(channels)[0] for channels in keras.tree.flatten(net(pixels[None], training=False))]


def channel_side(model, layer: str) -> int:
    """Side of a picture that shows what a layer's channels look for: low layers see little of a picture at a time."""
    least, greatest = CHANNEL_SIDES
    net = lower_part(model, [layer], (greatest, greatest))
    stride = net.input_shape[1] / net.outputs[0].shape[1]
    return int(np.clip(16 * stride, least, greatest)) if net.input_shape[1] == greatest else net.input_shape[1]


def maximized(
    model, layer: str, channels, *, steps=64, rate=0.03, seed=0, track=lambda steps, total, what: steps
) -> np.ndarray:
    """A picture for each of some channels of a layer, made so that the channel's mean answer to it is high.

    All are made together: Adam climbs in the Fourier coefficients of pictures in independent colours, where no
    frequency and no colour is favoured but for low frequencies being as much stronger as they are in photographs. What
    learns is a picture and no network, hence not by `fit`.

    Args:
        channels: numbers, ints (N,).
        steps, rate: of Adam.
        track: shows progress, see `zoo_apps.app.App.track`.
    Returns:
        uint8 (N, side, side, 3).
    Raises:
        zoo.errors.UnknownName, zoo.errors.BadCheckpoint: for a layer that isn't there or has no maps.
        zoo.errors.BadInput: for channels that it doesn't have.
    """
    attribution.feature_map_layer(model, layer)
    side = channel_side(model, layer)
    net = lower_part(model, [layer], (side, side), linear=True)
    height, width = net.input_shape[1:3]
    count, channels = net.outputs[0].shape[-1], np.asarray(channels, int)
    if channels.size == 0 or channels.min() < 0 or channels.max() >= count:
        raise BadInput(f"layer {layer} has channels 0 to {count - 1}; {channels.tolist()} cannot be had")
    wanted = np.eye(count, dtype="float32")[channels]  # (N, C)
    slope = Gradient(net, (len(wanted), height, width, 3), channel_means)

    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))  # (H, W / 2 + 1)
    strength = math.sqrt(height * width) / (4 * np.maximum(frequency, 1 / max(height, width)) ** SLOPE)
    strength = strength.astype(np.float32)[..., None]
    # Real and imaginary parts side by side: Adam takes them for numbers like any other.
    spectrum = random.normal(0, START, (len(wanted), *frequency.shape, 3, 2)).astype(np.float32)
    mean, square = np.zeros_like(spectrum), np.zeros_like(spectrum)

    for number in track(range(1, steps + 1), steps, layer):
        drawn = _drawn(spectrum, strength, (height, width))  # (N, H, W, 3), 0 ... 1
        shift = random.integers(-JITTER, JITTER + 1, 2)  # what only works at one place is no feature
        uphill = slope(np.roll(255 * drawn, shift, axis=(1, 2)), wanted)
        uphill = np.roll(uphill, -shift, axis=(1, 2)) * drawn * (1 - drawn)
        # Backwards through `_drawn`, but for factors that Adam divides out again.
        uphill = np.fft.rfft2(uphill @ COLOURS, axes=(1, 2)) * strength
        uphill = uphill.astype(np.complex64)[..., None].view(np.float32)
        mean += 0.1 * (uphill - mean)
        square += 0.001 * (uphill**2 - square)
        spread = np.sqrt(square / (1 - 0.999**number)) + 1e-12
        spectrum += rate * mean / (1 - 0.9**number) / spread
    return np.rint(255 * _drawn(spectrum, strength, (height, width))).astype(np.uint8)


def channel_means(answers, wanted):
    """The mean over places of one channel of each example's maps: wanted is one-hot (B, C).

    What is below zero counts little: the mean of a convolution's plain answers is that of the picture's mean colour,
    while an edge shows in high answers here and low ones there.
    """
    means = ops.mean(ops.leaky_relu(answers, 0.1), axis=(1, 2))  # (B, C)
    return ops.sum(ops.multiply(means, wanted), axis=-1)


def _drawn(spectrum, strength, size) -> np.ndarray:
    """Fourier coefficients (N, H, W / 2 + 1, 3, 2) as pictures float32 (N, H, W, 3), 0 ... 1."""
    waves = np.fft.irfft2(spectrum.view(np.complex64)[..., 0] * strength, s=size, axes=(1, 2)).astype(np.float32)
    return 1 / (1 + np.exp(-(waves @ COLOURS.T)))
