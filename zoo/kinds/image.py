"""Picture files in, uint8 RGB arrays out, and back. Needs Pillow and NumPy only."""

import glob
import os
import threading
import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from zoo.errors import BadInput
from zoo.files import files_in, is_hidden

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
# EXIF tag 0x0112 -> what turns the stored picture upright.
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_warnings_lock = threading.Lock()  # warnings.catch_warnings changes the whole process


def read_image(path_or_bytes, name: str | None = None) -> np.ndarray:
    """Reads one picture, upright (EXIF) and in sRGB: uint8 (H, W, 3).

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
            with Image.open(file, formats=_FORMATS) as image:
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
    except Image.DecompressionBombError as error:
        raise BadInput(f"{name}: more than {MAX_PIXELS // 1_000_000} million pixels; make it smaller first") from error
    except PermissionError as error:
        raise BadInput(f"{name}: no permission to read it") from error
    except Exception as error:  # Pillow's decoders raise a dozen kinds on damaged files; the cause stays in the chain.
        raise BadInput(f"{name}: a damaged or truncated image ({' '.join(str(error).split())})") from error
    del image  # what it holds is large
    if turn is not None:
        rgb = rgb.transpose(turn)
    return _to_array(rgb)


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        limit = f"{MAX_PIXELS // 1_000_000} million"
        raise BadInput(f"{name}: {width} x {height} pixels, more than the limit of {limit}; make it smaller first")


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except Exception:  # Damaged EXIF says nothing about the pixels: the picture is taken as it is.
        return 1


def _to_rgb(image: Image.Image) -> Image.Image:
    """A loaded picture of any mode as sRGB."""
    if image.mode.startswith("I") or image.mode == "F":
        grey = _grey_of_tiff(image) if image.format == "TIFF" else _to_8_bits(np.asarray(image))
        return Image.fromarray(grey).convert("RGB")
    if image.has_transparency_data:
        if image.mode != "RGBA":
            image = image.convert("LA" if image.mode == "La" else "RGBA").convert("RGBA")
        rgb = Image.new("RGB", image.size, "white")
        rgb.paste(_follow_profile(image), mask=image.getchannel("A"))
        return rgb
    image = _follow_profile(image)
    return image if image.mode == "RGB" else image.convert("RGB")  # Pillow would copy what is RGB already


def _grey_of_tiff(image: Image.Image) -> np.ndarray:
    """Grey of 16 or 32 bits of a TIFF file as uint8. What Pillow 12.3 misreads, without a word, is put right here: see
    findings/tiff_grey.sh."""
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


def _follow_profile(image: Image.Image) -> Image.Image:
    """The picture in sRGB where it carries another colour profile (phones: Display P3; print: CMYK), else as it is."""
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


def _to_array(image: Image.Image) -> np.ndarray:
    """An RGB picture as a writable array, copied in strips: whole, Pillow would hold two more copies of it."""
    width, height = image.size
    array = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, 256):
        bottom = min(top + 256, height)
        array[top:bottom] = np.asarray(image.crop((0, top, width, bottom)))
    return array


def fit(image: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """A picture uint8 (H, W, 3) in the size and colours that a model takes: uint8 of `shape`, whose last is 1 or 3."""
    height, width, channels = shape
    picture = Image.fromarray(image)
    if channels == 1:
        picture = picture.convert("L")
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    return np.array(picture).reshape(shape)


def check_suffix(path) -> None:
    """BadInput if `write_image` cannot write files with the suffix of this path; asks before any work is done."""
    path = Path(path)
    if path.suffix.lower() not in WRITTEN:
        raise BadInput(f"{path}: cannot write {path.suffix or 'a file without suffix'}; use one of {' '.join(WRITTEN)}")


def write_image(path, array: np.ndarray, about: dict[str, str] | None = None) -> None:
    """Writes uint8 (H, W, 3) RGB or (H, W) grey as the format that the suffix names; a failure leaves no file behind.

    about: texts that a PNG file carries besides, and a JPEG file as its comment; others don't. JPEG is written with
    quality 95 and full-resolution colour. Replaces a file that is there.
    Raises BadInput for an unknown suffix, an array of another shape or type, or a place that cannot be written.
    """
    path = Path(path)
    check_suffix(path)
    if array.dtype != np.uint8 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)) or not array.size:
        raise BadInput(f"{path}: an image is uint8 (H, W, 3) or (H, W), not {array.dtype} {array.shape}")
    kind, options = WRITTEN[path.suffix.lower()]
    if about:
        texts = PngInfo()
        for name, text in about.items():
            texts.add_itxt(name, text)
        comment = "; ".join(f"{name}: {text}" for name, text in about.items())
        options = options | {"pnginfo": texts, "comment": comment}  # each format takes its own
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        try:
            with open(beside, "xb") as file:
                Image.fromarray(array).save(file, kind, **options)
            os.replace(beside, path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise BadInput(f"{path}: cannot be written ({reason})") from error


def find_images(path) -> list[Path]:
    """The image files that a path means: a file, all in a folder (with subfolders), or a glob; sorted.

    A file that is named is taken whatever its suffix. Hidden files, and in a folder all below a hidden subfolder, are
    left out, and so are thumbnails (`zoo.files`). Raises BadInput when there is nothing.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    if path.is_dir():
        candidates = files_in(path)
    elif glob.has_magic(str(path)):
        path = path.expanduser()
        found = map(Path, glob.glob(str(path), recursive=True))
        # What the pattern names is meant, even hidden.
        candidates = (p for p in found if not any(is_hidden(part) for part in p.parts if part not in path.parts))
    else:
        raise BadInput(f"{path}: {'neither a file nor a folder' if path.exists() else 'no such file or folder'}")
    found = sorted(p for p in candidates if p.suffix.lower() in SUFFIXES and p.name[0] != "." and p.is_file())
    if not found:
        raise BadInput(f"{path}: no image files there ({' '.join(SUFFIXES)})")
    return found
