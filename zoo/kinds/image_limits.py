"""Bounds on what decoding an image file may cost in time and memory, for files made to cost much of either.

Pillow decodes in this process and cannot be stopped, so each bound holds before a decoder starts, or while it reads the
file. All are far from what cameras, scanners and programs write.
"""

import struct

from PIL import Image as Pillow
from PIL.JpegImagePlugin import JpegImageFile

from zoo.errors import BadInput

MAX_SIDE = 65_535  # pixels, JPEG's own; Pillow needs memory and time for every row, however short
MAX_SCANNED = 2**31  # pixels times scans: each scan of a progressive JPEG passes over the whole image
MAX_EXIF = 2**17  # bytes; each entry may be a copy of nearly all of them
MAX_VALUES = 2**20  # numbers in one entry of a TIFF file, such as the places of its strips
MAX_TILE = 2**25  # pixels of a TIFF file's tile, which is decoded at once
MAX_READS = 2**21
MAX_SLOW = 2**21  # samples, of a decoder that is written in Python
MAX_PLAIN = 2**17  # bytes of a PPM file in decimal digits, likewise

_HUNGRY = {"WEBP": 2, "JPEG2000": 2}  # decoders that need so many times as much memory for a pixel as the others
_SLOW = ("bmp_rle", "ppm", "ppm_plain")
_TILE_WIDTH, _TILE_HEIGHT, _STRIP_HEIGHT = 322, 323, 278  # tags of TIFF
_OFFSETS, _COUNTS = (273, 324), (279, 325)  # of strips, and of tiles
_START_OF_SCAN = b"\xff\xda"  # in JPEG data only before a scan, and in a thumbnail
_BLOCK = 2**20


class BoundedFile:
    """A binary file that may be read as often, and as many bytes of it, as any honest image needs."""

    def __init__(self, file, size: int, name: str):
        self._file, self._name = file, name
        self._reads, self._bytes = MAX_READS, min(4 * size, 2**31) + 2**24

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._reads -= 1
        self._bytes -= len(data)
        if self._reads < 0 or self._bytes < 0:
            raise BadInput(f"{self._name}: takes too long to read; save it with another program first")
        return data

    def __getattr__(self, name):
        return getattr(self._file, name)


class _Jpeg(JpegImageFile):
    """A JPEG file, of which the first image is read."""

    def _read_dpi_from_exif(self) -> None:
        """Not needed, and EXIF may be large; see `orientation` in `zoo.kinds.image`."""


def opened(file: BoundedFile, formats: tuple[str, ...], name: str) -> Pillow.Image:
    """The image in a file, not decoded yet. Raises what Pillow does, and BadInput for a file that may cost too much."""
    start = file.read(16)
    if start[:2] in (b"II", b"MM"):
        _check_entries(file, start, name)
    file.seek(0)
    return _Jpeg(file) if start.startswith(b"\xff\xd8\xff") else Pillow.open(file, formats=formats)


def check(image: Pillow.Image, file: BoundedFile, size: int, most: int, name: str) -> None:
    """Raises BadInput where decoding an opened image would cost too much.

    size: bytes of the file. most: pixels that an image may have.
    """
    check_size(image, most // _HUNGRY.get(image.format, 1), name)
    width, height = image.size
    decoder = image.tile[0].codec_name if image.tile else ""
    samples = width * height * len(image.getbands())
    if (decoder in _SLOW and samples > MAX_SLOW) or (decoder == "ppm_plain" and size > MAX_PLAIN):
        raise BadInput(f"{name}: {width} x {height} pixels in a form that is slow to read; save it as PNG first")
    if image.format == "JPEG":
        _check_scans(width * height, [(0, size)], file, name)
    elif image.format == "TIFF":
        tags = image.tag_v2
        part = tags.get(_TILE_WIDTH, width) * tags.get(_TILE_HEIGHT, min(tags.get(_STRIP_HEIGHT, height), height))
        if _TILE_WIDTH in tags and part > MAX_TILE:
            raise BadInput(f"{name}: it has tiles of {part} pixels; save it with smaller ones first")
        if "jpeg" in image.info.get("compression", ""):
            offsets, counts = ([n for tag in each for n in tags.get(tag, ())] for each in (_OFFSETS, _COUNTS))
            _check_scans(part, zip(offsets, counts, strict=False), file, name)


def check_size(image: Pillow.Image, most: int, name: str) -> None:
    """Raises BadInput for an image with too many pixels, or too many in a row or column."""
    width, height = image.size
    if width * height > most:
        limit = f"{most // 1_000_000} million"
        raise BadInput(f"{name}: {width} x {height} pixels, more than the limit of {limit}; make it smaller first")
    if max(width, height) > MAX_SIDE:
        raise BadInput(f"{name}: {width} x {height} pixels, more than {MAX_SIDE} on a side; cut it into parts first")


def _check_scans(pixels: int, parts, file: BoundedFile, name: str) -> None:
    """Raises BadInput where the JPEG data in `parts` of a file, (offset, bytes) of each, have too many scans."""
    scans, before = 0, file.tell()
    for offset, left in parts:
        file.seek(offset)
        last = b""
        while left > 0 and (block := file.read(min(left, _BLOCK))):
            scans += (last + block).count(_START_OF_SCAN)
            last, left = block[-1:], left - len(block)
    file.seek(before)
    if scans * pixels > MAX_SCANNED:
        raise BadInput(f"{name}: takes too long to decode, with {scans} scans; save it as a baseline JPEG first")


def _check_entries(file: BoundedFile, start: bytes, name: str) -> None:
    """Raises BadInput for a TIFF file whose first directory has an entry of too many numbers."""
    order = "<" if start[:2] == b"II" else ">"
    big = start[2:4] in (b"+\0", b"\0+")  # BigTIFF, with sizes of 64 bits
    first, count, entry = ("8xQ", "Q", "HHQ8x") if big else ("4xI", "H", "HHI4x")
    try:
        file.seek(struct.unpack_from(order + first, start)[0])
        [entries] = struct.unpack(order + count, file.read(struct.calcsize(order + count)))
        table = file.read(min(entries, 2**16) * struct.calcsize(order + entry))
    except (struct.error, ValueError, OverflowError):  # Pillow says what is wrong
        return
    whole = len(table) - len(table) % struct.calcsize(order + entry)
    for tag, kind, values in struct.iter_unpack(order + entry, table[:whole]):
        if values > MAX_VALUES and kind not in (1, 2, 6, 7):  # those are bytes, which stay as they are
            raise BadInput(f"{name}: its tag {tag} has {values} values; save it with another program first")
