"""Colour spaces for colorisation: sRGB photographs into CIE Lab lightness and chroma, and back.

L runs from 0 (black) to 100 (white); a and b, the chroma, are 0 for grey and stay within about -110 ... 110 for sRGB.
White point D65. One code for the recipe, the evaluation and the app:

    light = lightness(photo)          # (H, W) float32, full resolution
    chroma = guess(network, light)    # (h/4, w/4, 2) float32; network: uint8 (1, h, w, 1) -> float32 (1, h/4, w/4, 2)
    coloured = join(light, chroma)    # (H, W, 3) uint8
"""

import cv2
import numpy as np

# Short sides, in pixels, of the sizes at which the network gets the image, one after the other. Its receptive field has
# the whole scene in the smallest and single things in the largest; the mean of its outputs is better than any of them.
WORKING_SIDES = (128, 64, 32)
STRIDE = 32  # the network's own: both sides of its input are multiples of this
LONGEST = 4  # largest aspect ratio of its input; longer images are squeezed
CHROMA_SCALE = 50.0  # the network's a and b are in units of this, so that most lie in -1 ... 1
STRENGTH = 1.0  # default factor of the predicted chroma

# Float copies are made of this many pixels at a time, so that a large photograph needs little memory beyond its own.
_STRIP_PIXELS = 1 << 19


# OpenCV's direct conversion from sRGB to Lab interpolates in a coarse table (off by up to 0.2 in L and 0.5 in a, and
# greys come out tinted). From linear RGB it computes, so the sRGB curve (IEC 61966-2-1) is undone here, exactly.
def _linear(codes):
    return np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)


_LINEAR = _linear(np.arange(256) / 255).astype(np.float32)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE Lab of sRGB images: uint8, or float in 0 ... 1, (..., H, W, 3) -> float32 of that shape: L, a, b."""
    rows = np.ascontiguousarray(rgb).reshape(-1, rgb.shape[-2], 3)  # (... * H, W, 3)
    linear = cv2.LUT(rows, _LINEAR) if rows.dtype == np.uint8 else _linear(rows).astype(np.float32)
    return cv2.cvtColor(linear, cv2.COLOR_LRGB2Lab).reshape(rgb.shape)


def lightness(rgb: np.ndarray) -> np.ndarray:
    """Lightness L of one sRGB image: uint8 (H, W, 3) -> float32 (H, W), 0 ... 100."""
    height, width = rgb.shape[:2]
    light = np.empty((height, width), np.float32)
    for rows in _strips(height, width):
        light[rows] = lab(rgb[rows])[..., 0]
    return light


def guess(network, light: np.ndarray) -> np.ndarray:
    """Chroma a, b that a network predicts for an image: the mean of its outputs at all WORKING_SIDES.

    network: function uint8 (1, h, w, 1) -> (1, h/4, w/4, 2), in units of CHROMA_SCALE. light: float32 (H, W).
    Returns: float32 (h/4, w/4, 2) for the largest size.
    """
    outputs = [np.asarray(network(to_network(light, side)[None])[0], np.float32) for side in WORKING_SIDES]
    height, width = outputs[0].shape[:2]
    outputs = [cv2.resize(output, (width, height), interpolation=cv2.INTER_CUBIC) for output in outputs]
    return np.mean(outputs, axis=0) * np.float32(CHROMA_SCALE)


def network_size(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width at which the network gets an image: `side` the short one, both multiples of STRIDE."""
    short, long = sorted((height, width))
    long = min(long / short, LONGEST) * side
    long = round(long / STRIDE) * STRIDE
    return (side, long) if height <= width else (long, side)


def to_network(light: np.ndarray, side: int) -> np.ndarray:
    """The network's input for an image: lightness float32 (H, W) -> uint8 (h, w, 1), 255 for white."""
    height, width = network_size(*light.shape, side)
    small = _shrink(light, height, width)
    small = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)  # only enlarges, or nothing
    return np.rint(np.clip(small * (255 / 100), 0, 255)).astype(np.uint8)[..., None]  # (h, w, 1)


def join(light: np.ndarray, chroma: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """The image of this lightness (float32 (H, W)) and chroma (float32 (h, w, 2), any size): uint8 (H, W, 3) sRGB.

    The chroma is resized to (H, W) with bicubic interpolation and multiplied by `strength`: 0 gives the grey image.
    Colours that sRGB does not have are clipped.
    """
    rgb = np.empty((*light.shape, 3), np.uint8)
    for rows, strip in _joined(light, chroma, strength):
        rgb[rows] = np.rint(strip * 255)
    return rgb


def join_float(light: np.ndarray, chroma: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """As `join`, before rounding: float32 (H, W, 3), sRGB in 0 ... 1."""
    return np.concatenate([strip for _, strip in _joined(light, chroma, strength)])


def _joined(light, chroma, strength):
    """Strips of the joined image: (slice of rows, float32 (rows, W, 3) sRGB in 0 ... 1)."""
    height, width = light.shape
    chroma = _shrink(np.asarray(chroma, np.float32), height, width)
    # Sideways all at once, since the rows are still few; downwards strip by strip.
    chroma = cv2.resize(chroma, (width, chroma.shape[0]), interpolation=cv2.INTER_CUBIC)  # (h, W, 2)
    sources, weights = _cubic(chroma.shape[0], height)  # (H, 4) each
    for rows in _strips(height, width):
        strip = np.zeros((rows.stop - rows.start, width, 3), np.float32)  # Lab
        strip[..., 0] = light[rows]
        for tap in range(4):
            strip[..., 1:] += weights[rows, tap, None, None] * chroma[sources[rows, tap]]
        strip[..., 1:] *= strength
        grey = not strip[..., 1:].any()
        strip = np.clip(cv2.cvtColor(strip, cv2.COLOR_Lab2RGB), 0, 1)
        if grey:  # OpenCV's last bits differ between the channels, and would tint it after rounding
            strip[..., 1:] = strip[..., :1]
        yield rows, strip


def _strips(height: int, width: int):
    """Slices of rows that together make `height`, each of about _STRIP_PIXELS pixels."""
    step = max(1, _STRIP_PIXELS // width)
    for start in range(0, height, step):
        yield slice(start, min(start + step, height))


def _shrink(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The image at (height, width) by averaging areas, except that a side which would have to grow stays as it is."""
    rows, columns = image.shape[:2]
    return cv2.resize(image, (min(width, columns), min(height, rows)), interpolation=cv2.INTER_AREA)


def _cubic(size: int, new_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Source indices int (new_size, 4) and weights float32 (new_size, 4) of bicubic interpolation along one axis.

    Keys' kernel with a = -0.75 and repeated edges, which is what OpenCV's INTER_CUBIC computes.
    """
    position = (np.arange(new_size) + 0.5) * size / new_size - 0.5
    first = np.floor(position)
    sources = first[:, None] + np.arange(-1, 3)  # (new_size, 4)
    distance = np.abs(position[:, None] - sources)
    a = -0.75
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1  # within one pixel
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a  # one to two pixels away
    weights = np.where(distance <= 1, near, far).astype(np.float32)
    return np.clip(sources, 0, size - 1).astype(np.intp), weights
