"""Images: files in, uint8 RGB arrays out, and back. Needs Pillow and NumPy only."""

import html
import os
import threading
import warnings
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from zoo.errors import BadInput
from zoo.kinds.kind import Kind, check_suffix, find_files, writing

MAX_PIXELS = 120_000_000  # Phones take 108 megapixels; much above that is a decompression bomb.
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm", ".avif", ".jp2")

# Only formats that decode pixels: Pillow would hand an EPS file to Ghostscript, an interpreter.
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "AVIF", "JPEG2000", "ICO")
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
# EXIF tag 0x0112 -> what turns the stored image upright.
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}
_warnings_lock = threading.Lock()  # warnings.catch_warnings changes the whole process


def read_image(path_or_bytes, name: str | None = None) -> np.ndarray:
    """Reads one image, upright (EXIF) and in sRGB: uint8 (H, W, 3).

    Takes a path, or the bytes of a file and the name to call it in errors. Any mode: transparency is laid on white,
    grey values of 16 or 32 bits are scaled to 8, an embedded colour profile is followed. Of an animation, the first
    frame.
    Raises BadInput for what is missing, empty, damaged, not an image, or larger than MAX_PIXELS.
    """
    if isinstance(path_or_bytes, (bytes, bytearray, memoryview)):
        name, file = name or "image", BytesIO(path_or_bytes)
        empty = not len(path_or_bytes)
    else:
        path = Path(path_or_bytes)
        name, file = name or str(path), path
        if path.is_dir():
            raise BadInput(f"{name}: a folder, not an image file")
        if not path.is_file():
            raise BadInput(f"{name}: no such file")
        empty = not path.stat().st_size
    if empty:
        raise BadInput(f"{name}: the file is empty")
    try:
        with _warnings_lock, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Pillow.open(file, formats=_FORMATS) as image:
                _check_size(image, name)
                image.load()
                _check_size(image, name)  # ICO learns its size only now
                turn = _UPRIGHT.get(_orientation(image))
                rgb = _to_rgb(image)
    except BadInput:
        raise
    except MemoryError as error:
        raise BadInput(f"{name}: too large for this machine's memory; make it smaller first") from error
    except UnidentifiedImageError as error:
        raise BadInput(f"{name}: not an image that can be read (JPEG, PNG, WebP, TIFF, BMP, GIF, ...)") from error
    except Pillow.DecompressionBombError as error:
        raise BadInput(f"{name}: more than {MAX_PIXELS // 1_000_000} million pixels; make it smaller first") from error
    except PermissionError as error:
        raise BadInput(f"{name}: no permission to read it") from error
    except Exception as error:  # Pillow's decoders raise a dozen kinds on damaged files; the cause stays in the chain.
        raise BadInput(f"{name}: a damaged or truncated image ({' '.join(str(error).split())})") from error
    del image  # what it holds is large
    if turn is not None:
        rgb = rgb.transpose(turn)
    return _to_array(rgb)


def from_pillow(image: Pillow.Image, name: str = "image") -> np.ndarray:
    """A Pillow image of any mode as `read_image` gives that of a file: uint8 (H, W, 3), upright and in sRGB.

    Raises BadInput for one that cannot be decoded, or is larger than MAX_PIXELS.
    """
    _check_size(image, name)
    try:
        image.load()
        turn = _UPRIGHT.get(_orientation(image))
        rgb = _to_rgb(image)
    except Exception as error:  # as in `read_image`
        raise BadInput(f"{name}: an image that cannot be decoded ({' '.join(str(error).split())})") from error
    return _to_array(rgb if turn is None else rgb.transpose(turn))


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


def _check_size(image: Pillow.Image, name: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        limit = f"{MAX_PIXELS // 1_000_000} million"
        raise BadInput(f"{name}: {width} x {height} pixels, more than the limit of {limit}; make it smaller first")


def _orientation(image: Pillow.Image) -> int:
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except Exception:  # Damaged EXIF says nothing about the pixels: the image is taken as it is.
        return 1


def _to_rgb(image: Pillow.Image) -> Pillow.Image:
    """A loaded image of any mode as sRGB."""
    if image.mode.startswith("I") or image.mode == "F":
        grey = _grey_of_tiff(image) if image.format == "TIFF" else _to_8_bits(np.asarray(image))
        return Pillow.fromarray(grey).convert("RGB")
    if image.has_transparency_data:
        if image.mode != "RGBA":
            image = image.convert("LA" if image.mode == "La" else "RGBA").convert("RGBA")
        rgb = Pillow.new("RGB", image.size, "white")
        rgb.paste(_follow_profile(image), mask=image.getchannel("A"))
        return rgb
    image = _follow_profile(image)
    return image if image.mode == "RGB" else image.convert("RGB")  # Pillow would copy what is RGB already


def _grey_of_tiff(image: Pillow.Image) -> np.ndarray:
    """Grey of 16 or 32 bits of a TIFF file as uint8. What Pillow 12.3 misreads, without a word, is put right here: see
    findings/pillow-grey-tiff.sh."""
    tags, values = image.tag_v2, np.asarray(image)
    signed_16 = image.mode == "I" and tags.get(258) == (16,)  # BitsPerSample
    if signed_16:
        values = values.astype(np.int16)
    # Compressed files are decoded into the machine's byte order, and then swapped once more.
    if tags.prefix == b"MM" and image.info.get("compression") != "raw" and image.mode in ("I", "F"):
        values = values.byteswap()
    if image.mode == "I" and tags.get(339, (1,)) == (1,):  # SampleFormat: unsigned, taken for signed
        values = values.view(np.uint32)
    grey = _to_8_bits(values)
    return 255 - grey if tags.get(262) == 0 else grey  # PhotometricInterpretation: 0 is white


def _to_8_bits(values: np.ndarray) -> np.ndarray:
    """Grey values of 16 or 32 bits, integer or float, as uint8: scaled from the range they are meant in.

    Floats in 0..1, anything in 0..255 or in 0..65535 keep their scale; other ranges are stretched, least to greatest.
    """
    scales = (65535.0,) if values.dtype == np.uint16 else (255.0, 65535.0)
    if values.dtype.kind == "f":
        scales = (1.0, *scales)
        values = np.nan_to_num(values, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= scales[-1]:
        low, high = 0.0, next(scale for scale in scales if high <= scale)
    scaled = (values - np.float32(low)) * np.float32(255 / max(high - low, 1e-12))
    return np.round(scaled).astype(np.uint8)


def _follow_profile(image: Pillow.Image) -> Pillow.Image:
    """The image in sRGB where it carries another colour profile (phones: Display P3; print: CMYK), else as it is."""
    profile = image.info.get("icc_profile")
    if not profile and image.mode != "LAB":
        return image
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile)) if profile else ImageCms.createProfile("LAB")
        if profile and "sRGB" in ImageCms.getProfileDescription(source):
            return image
        plain = image.convert("RGB") if image.mode in ("P", "RGBA") else image
        return ImageCms.profileToProfile(plain, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):  # A damaged profile, or one for another mode: go without it.
        return image


def _to_array(image: Pillow.Image) -> np.ndarray:
    """An RGB image as a writable array, copied in strips: whole, Pillow would hold two more copies of it."""
    width, height = image.size
    array = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, 256):
        bottom = min(top + 256, height)
        array[top:bottom] = np.asarray(image.crop((0, top, width, bottom)))
    return array


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


@dataclass(frozen=True, kw_only=True)
class Image(Kind):
    """An image: uint8 (H, W, 3), sRGB; grey ones, uint8 (H, W), are taken too. Apps may return a `Picture` instead."""

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
