"""Images: files in, uint8 RGB arrays out, and back. Needs Pillow and NumPy only."""

import html
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from zoo.errors import BadInput, one_line
from zoo.kinds.image_limits import MAX_EXIF, BoundedFile, check, check_size, opened
from zoo.kinds.kind import Kind, check_suffix, find_files, writing

MAX_PIXELS = 120_000_000  # Phones take 108 megapixels; much above that is a decompression bomb.
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm", ".avif", ".jp2")

# Only formats that decode pixels: Pillow would hand an EPS file to Ghostscript, an interpreter. And not ICO, which it
# decodes before its size can be checked.
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "AVIF", "JPEG2000")
WRITTEN = {
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),  # 4:4:4: colour at full resolution
    ".jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".png": ("PNG", {}),
    ".webp": ("WEBP", {"quality": 95}),
    ".tif": ("TIFF", {"compression": "tiff_lzw"}),
    ".tiff": ("TIFF", {"compression": "tiff_lzw"}),
    ".bmp": ("BMP", {}),
    ".ppm": ("PPM", {}),
}
_ORIENTATION = 0x0112  # in EXIF
# What it says -> of an upright array (H, W, 3), the view in which pixels are where the file has them.
_AS_STORED = {
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright),
    7: lambda upright: upright[::-1, ::-1].transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, -1),
}
_STRIP = 2**21  # pixels that are converted at once


def read_image(path_or_bytes, name: str | None = None) -> np.ndarray:
    """Reads one image, upright (EXIF) and in sRGB: uint8 (H, W, 3).

    Takes a path, or the bytes of a file and the name to call it in errors. Any mode: transparency is laid on white,
    grey values of 16 or 32 bits are scaled to 8, an embedded colour profile is followed. Of an animation, the first
    frame. At most 1.3 GB of memory is needed, whatever the file.
    Raises BadInput for what is missing, empty, damaged, not an image, larger than MAX_PIXELS, or made to take long; see
    `zoo.kinds.image_limits`.
    """
    if isinstance(path_or_bytes, (bytes, bytearray, memoryview)):
        name, size = name or "image", len(path_or_bytes)
        file = BytesIO(path_or_bytes)
    else:
        path = Path(path_or_bytes)
        name = name or str(path)
        if path.is_dir():
            raise BadInput(f"{name}: a folder, not an image file")
        if not path.is_file():
            raise BadInput(f"{name}: no such file")
        size = path.stat().st_size
        try:
            file = open(path, "rb")  # noqa: SIM115 (closed below)
        except OSError as error:
            raise BadInput(f"{name}: cannot be read ({error.strerror})") from error
    with file:
        if not size:
            raise BadInput(f"{name}: the file is empty")
        return _decoded(BoundedFile(file, size, name), size, name)


def _decoded(file: BoundedFile, size: int, name: str) -> np.ndarray:
    try:
        with _silence, opened(file, _FORMATS, name) as image:
            check(image, file, size, MAX_PIXELS, name)
            image.load()
            check_size(image, MAX_PIXELS, name)
            return _to_array(image, _orientation(image))
    except BadInput:
        raise
    except MemoryError as error:
        raise BadInput(f"{name}: too large for this machine's memory; make it smaller first") from error
    except UnidentifiedImageError as error:
        raise BadInput(f"{name}: not an image that can be read (JPEG, PNG, WebP, TIFF, BMP, GIF, ...)") from error
    except Pillow.DecompressionBombError as error:
        raise BadInput(f"{name}: more than {MAX_PIXELS // 1_000_000} million pixels; make it smaller first") from error
    except Exception as error:  # Pillow's decoders raise a dozen kinds on damaged files; the cause stays in the chain.
        raise BadInput(f"{name}: a damaged or truncated image ({one_line(error)})") from error


def from_pillow(image: Pillow.Image, name: str = "image") -> np.ndarray:
    """A Pillow image of any mode as `read_image` gives that of a file: uint8 (H, W, 3), upright and in sRGB.

    Raises BadInput for one that cannot be decoded, or is larger than MAX_PIXELS.
    """
    check_size(image, MAX_PIXELS, name)
    try:
        image.load()
        return _to_array(image, _orientation(image))
    except Exception as error:  # as in `read_image`
        raise BadInput(f"{name}: an image that cannot be decoded ({one_line(error)})") from error


def from_array(array, name: str = "image") -> np.ndarray:
    """An array or a tensor with an image as uint8 (H, W, 3).

    array: (H, W), (H, W, 1), (H, W, 3), or (H, W, 4) with transparency, which is laid on white. Integers from 0 to 255,
    or uint16 from 0 to 65535; floats from 0 to 1, or from 0 to 255 where some are above 1. Raises BadInput for others.
    """
    values = np.asarray(array)
    channels = values.shape[2] if values.ndim == 3 else 1
    if values.ndim not in (2, 3) or channels not in (1, 3, 4) or not values.size:
        first = values.ndim == 3 and values.shape[0] in (1, 3, 4)
        hint = "; move the channels to the end, x.transpose(1, 2, 0)" if first else ""
        raise BadInput(f"{name} has shape {values.shape}; give (height, width) or (height, width, 1, 3 or 4){hint}")
    if values.dtype.kind not in "buif":
        raise BadInput(f"{name} is an array of {values.dtype}; give numbers, 0 to 255")
    low, high = values.min(), values.max()
    full = 65535 if values.dtype == np.uint16 else 255
    if not (low >= 0 and high <= full):  # also of NaN
        raise BadInput(f"{name} has values from {low:g} to {high:g}; give 0 to 255, or floats from 0 to 1")
    if values.dtype == bool or (values.dtype.kind == "f" and high <= 1):
        values = values.astype(np.float32) * 255
    elif full == 65535:
        values = values / np.float32(257)
    values = values.astype(np.uint8) if values.dtype.kind in "ui" else np.rint(values).astype(np.uint8)
    return from_pillow(Pillow.fromarray(values[..., 0] if channels == 1 and values.ndim == 3 else values), name)


class _Silence:
    """A context in which no warning is shown, for several threads at once.

    `warnings.catch_warnings` changes the whole process: the first thread in sets the filter, the last one out takes it
    back. The lock is held for that only, so that threads decode at the same time.
    """

    def __init__(self):
        self._lock, self._inside, self._caught = threading.Lock(), 0, None

    def __enter__(self):
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._caught = warnings.catch_warnings()
                self._caught.__enter__()
                warnings.simplefilter("ignore")

    def __exit__(self, *_):
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._caught.__exit__(None, None, None)


_silence = _Silence()


def _orientation(image: Pillow.Image) -> int:
    """How a loaded image must be turned, as EXIF counts it: 1 to 8, 1 also where nothing is said."""
    said = [image.info.get(name) or b"" for name in ("exif", "Raw profile type exif")]
    if max(map(len, said)) > MAX_EXIF:
        return 1
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except Exception:  # Damaged EXIF says nothing about the pixels: the image is taken as it is.
        return 1


def _to_array(image: Pillow.Image, orientation: int = 1) -> np.ndarray:
    """A loaded image of any mode, turned upright, in sRGB: a writable array, uint8 (H, W, 3).

    Converted in strips: whole, there would be up to four copies of it.
    """
    width, height = image.size
    turned = isinstance(orientation, int) and 5 <= orientation <= 8
    array = np.empty((width, height, 3) if turned else (height, width, 3), np.uint8)
    stored = _AS_STORED[orientation](array) if orientation in _AS_STORED else array
    convert = _converter(image)
    for top, bottom, strip in _strips(image):
        stored[top:bottom] = convert(strip)
    return array


def _strips(image: Pillow.Image) -> Iterator[tuple[int, int, Pillow.Image]]:
    """All of an image in strips: first row, the row after the last, and the pixels between."""
    width, height = image.size
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        yield top, bottom, image.crop((0, top, width, bottom))


def _converter(image: Pillow.Image) -> Callable[[Pillow.Image], np.ndarray]:
    """A function from a strip of this image to uint8 (H, W, 3), or (H, W, 1) of grey, in sRGB."""
    if image.mode.startswith("I") or image.mode == "F":
        return _grey_converter(image)
    to_srgb = _profile_transform(image)

    def convert(strip):
        if not strip.has_transparency_data:
            return np.asarray(to_srgb(strip))
        if strip.mode != "RGBA":
            strip = strip.convert("LA" if strip.mode == "La" else "RGBA").convert("RGBA")
        rgb = Pillow.new("RGB", strip.size, "white")
        rgb.paste(to_srgb(strip), mask=strip.getchannel("A"))
        return np.asarray(rgb)

    return convert


def _grey_converter(image: Pillow.Image) -> Callable[[Pillow.Image], np.ndarray]:
    """As `_converter`, of grey values of 16 or 32 bits, integer or float: scaled from the range they are meant in.

    Floats in 0..1, anything in 0..255 or in 0..65535 keep their scale; other ranges are stretched, least to greatest.
    """
    read = _tiff_reader(image) if image.format == "TIFF" else np.asarray
    inverted = image.format == "TIFF" and image.tag_v2.get(262) == 0  # PhotometricInterpretation: 0 is white

    def finite(strip):
        values = read(strip)
        return np.nan_to_num(values, posinf=0.0, neginf=0.0) if values.dtype.kind == "f" else values

    low, high, scales = np.inf, -np.inf, ()
    for _, _, strip in _strips(image):
        values = finite(strip)
        low, high = min(low, float(values.min())), max(high, float(values.max()))
        scales = (65535.0,) if values.dtype == np.uint16 else (255.0, 65535.0)
        scales = (1.0, *scales) if values.dtype.kind == "f" else scales
    if low >= 0 and high <= scales[-1]:
        low, high = 0.0, next(scale for scale in scales if high <= scale)

    def convert(strip):
        scaled = (finite(strip) - np.float32(low)) * np.float32(255 / max(high - low, 1e-12))
        grey = np.round(scaled).astype(np.uint8)[..., None]
        return 255 - grey if inverted else grey

    return convert


def _tiff_reader(image: Pillow.Image) -> Callable[[Pillow.Image], np.ndarray]:
    """A function to the grey values of a strip of a TIFF file. What Pillow 12.3 misreads, without a word, is put right
    here: see findings/pillow-grey-tiff.sh."""
    tags, mode = image.tag_v2, image.mode
    signed_16 = mode == "I" and tags.get(258) == (16,)  # BitsPerSample
    # Compressed files are decoded into the machine's byte order, and then swapped once more.
    swapped = tags.prefix == b"MM" and image.info.get("compression") != "raw" and mode in ("I", "F")
    unsigned = mode == "I" and tags.get(339, (1,)) == (1,)  # SampleFormat: unsigned, taken for signed

    def read(strip):
        values = np.asarray(strip)
        values = values.astype(np.int16) if signed_16 else values
        values = values.byteswap() if swapped else values
        return values.view(np.uint32) if unsigned else values

    return read


def _profile_transform(image: Pillow.Image) -> Callable[[Pillow.Image], Pillow.Image]:
    """A function from a strip of this image to RGB, in sRGB.

    It follows the profile of an image that carries one (phones: Display P3; print: CMYK).
    """

    def plain(strip):
        return strip.convert("RGB")

    profile = image.info.get("icc_profile")
    if not profile and image.mode != "LAB":
        return plain
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile)) if profile else ImageCms.createProfile("LAB")
        if profile and "sRGB" in ImageCms.getProfileDescription(source):
            return plain
        mode = "RGB" if image.mode in ("P", "RGBA") or image.has_transparency_data else image.mode
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):  # A damaged profile, or one for another mode: go without it.
        return plain
    return lambda strip: ImageCms.applyTransform(strip if strip.mode == mode else strip.convert(mode), transform)


def fit(image: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """An image uint8 (H, W, 3) in the size and colours that a model takes: uint8 of `shape`, whose last is 1 or 3."""
    height, width, channels = shape
    fitted = Pillow.fromarray(image)
    if channels == 1:
        fitted = fitted.convert("L")
    if fitted.size != (width, height):
        fitted = fitted.resize((width, height), Pillow.Resampling.LANCZOS)
    return np.array(fitted).reshape(shape)


def write_image(path, array: np.ndarray, about: dict[str, str] | None = None) -> None:
    """Writes uint8 (H, W, 3) RGB or (H, W) grey as the format that the suffix names; a failure leaves no file behind.

    about: texts that a PNG file carries besides, and a JPEG file as its comment; others don't. JPEG is written with
    quality 95 and full-resolution colour. Replaces a file that is there.
    Raises BadInput for an unknown suffix, an array of another shape or type, or a path that cannot be written.
    """
    path = Path(path)
    kind, options = WRITTEN[check_suffix(path, WRITTEN)]
    if array.dtype != np.uint8 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)) or not array.size:
        raise BadInput(f"{path}: an image is uint8 (H, W, 3) or (H, W), not {array.dtype} {array.shape}")
    if about:
        texts = PngInfo()
        for name, text in about.items():
            texts.add_itxt(name, text)
        comment = "; ".join(f"{name}: {text}" for name, text in about.items())
        options = options | {"pnginfo": texts, "comment": comment}  # each format takes its own
    try:
        with writing(path) as beside, open(beside, "xb") as file:
            Pillow.fromarray(array).save(file, kind, **options)
    except ValueError as error:  # a size or a text that the format cannot hold
        raise BadInput(f"{path}: cannot be written ({error})") from error


def find_images(path) -> list[Path]:
    """The image files that a path means: a file, all in a folder (with subfolders), or a glob; see `find_files`."""
    return find_files(path, SUFFIXES, "image")


@dataclass(frozen=True)
class Picture:
    """An image with a name and metadata for its file, which an app may return in place of an array."""

    name: str
    pixels: np.ndarray  # uint8 (H, W, 3)
    about: dict[str, str] = field(default_factory=dict)  # {"Seed": "7"}
    caption: str = ""  # for people; the name if empty
    shown: bool = True  # on a page; False for a copy in another size


@dataclass(frozen=True, kw_only=True)
class Image(Kind):
    """An image: uint8 (H, W, 3), sRGB; grey ones, uint8 (H, W), are taken too. Apps may return a `Picture` instead."""

    before: str = ""  # of an output: the input that it is a changed version of, which a page shows beside it
    noun = "image"
    in_python = "a path, a PIL image or an array"
    is_file = True
    reads = SUFFIXES
    writes = tuple(WRITTEN)
    suffix = ".png"

    def check(self, name, value):
        if not isinstance(value, np.ndarray):
            raise BadInput(
                f"{name} is a {type(value).__name__}; give an array (zoo.kinds.image.read_image reads files)"
            )
        if value.dtype != np.uint8:
            raise BadInput(f"{name} is an array of {value.dtype}; give uint8, 0 to 255")
        if value.ndim == 2:
            value = np.repeat(value[..., None], 3, axis=-1)  # (H, W) -> (H, W, 3)
        if value.ndim != 3 or value.shape[-1] != 3 or value.size == 0:
            raise BadInput(f"{name} has shape {value.shape}; give one image, (height, width, 3) or (height, width)")
        return value

    def from_python(self, name, value):
        """Of a path, a Pillow image, or an array or a tensor of any size (`from_array`)."""
        if isinstance(value, Pillow.Image):
            return from_pillow(value, name)
        if hasattr(value, "__array__"):
            return from_array(value, name)
        if not isinstance(value, str | os.PathLike):
            raise BadInput(f"{name} is a {type(value).__name__}; give {self.in_python}")
        return super().from_python(name, value)

    def to_python(self, value):
        """A Pillow image; of a `Picture` its metadata are in `info`."""
        image = Pillow.fromarray(value.pixels if isinstance(value, Picture) else value)
        image.info.update(value.about if isinstance(value, Picture) else {})
        return image

    def read(self, path, name=""):
        return read_image(path, name or None)

    def write(self, path, value):
        if isinstance(value, Picture):
            write_image(path, value.pixels, value.about)
        else:
            write_image(path, value)

    def example(self):
        """Red grows to the right, green downwards."""
        down, right = np.mgrid[0:24, 0:32]
        return np.stack([8 * right, 10 * down, np.full_like(down, 90)], axis=-1).astype(np.uint8)

    def words(self, value):
        height, width = (value.pixels if isinstance(value, Picture) else value).shape[:2]
        return f"{width} x {height} pixels"

    def html(self, value, address="", label=""):
        height, width = (value.pixels if isinstance(value, Picture) else value).shape[:2]
        address, label = html.escape(address, quote=True), html.escape(label, quote=True)
        return f'<img src="{address}" alt="{label}" width="{width}" height="{height}" loading="lazy">'
