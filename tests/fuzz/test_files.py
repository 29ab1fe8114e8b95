"""Damaged and hostile pictures, texts, tables, sound and archives: an answer or one line, soon, in bounded memory.

See `harness.py`. Files are small, and what is in them is real: each is written by the library that people use for it.
"""

import gzip
import io
import itertools
import json
import tarfile

import numpy as np
import pytest
import soundfile
from harness import changed_bytes, changed_json, inputs, survives
from PIL import Image, ImageCms

from zoo.data.source import Source
from zoo.kinds.audio import read_audio
from zoo.kinds.image import read_image
from zoo.kinds.table import read_records, read_rows
from zoo.kinds.text import read_lines


def picture() -> Image.Image:
    y, x = np.mgrid[0:48, 0:64]
    smooth = np.stack([4 * x, 5 * y, 128 + 0 * x], -1).astype(np.uint8)
    return Image.fromarray(smooth ^ np.random.default_rng(0).integers(0, 8, smooth.shape, np.uint8))


def with_facts(kind, image, **options) -> bytes:
    """An image file with what cameras and programs put beside the pixels."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "A test"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))  # so that it is followed
    facts = {"exif": exif, "icc_profile": profile} if kind in ("JPEG", "PNG", "TIFF", "WEBP", "AVIF") else {}
    file = io.BytesIO()
    image.save(file, kind, **facts | options)
    return file.getvalue()


def pictures() -> dict[str, bytes]:
    rgb, grey = picture(), picture().convert("L")
    floats = Image.fromarray(np.asarray(grey).astype(np.float32) * 300)
    frames = {"save_all": True, "append_images": [rgb.rotate(90)], "duration": 50}
    return {
        "PNG": with_facts("PNG", rgb),
        "PNG, palette": with_facts("PNG", rgb.quantize(16), transparency=3),
        "PNG, interlaced 16 bits": with_facts("PNG", Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)),
        "JPEG": with_facts("JPEG", rgb),
        "JPEG, progressive": with_facts("JPEG", rgb, progressive=True),
        "JPEG, CMYK": with_facts("JPEG", rgb.convert("CMYK")),
        "TIFF": with_facts("TIFF", rgb),
        "TIFF, LZW": with_facts("TIFF", rgb, compression="tiff_lzw"),
        "TIFF, JPEG": with_facts("TIFF", rgb, compression="jpeg"),
        "TIFF, floats": with_facts("TIFF", floats, compression="tiff_adobe_deflate"),
        "TIFF, BigTIFF": with_facts("TIFF", rgb, big_tiff=True),
        "GIF": with_facts("GIF", rgb.quantize(64), **frames),
        "WebP": with_facts("WEBP", rgb.convert("RGBA"), **frames),
        "WebP, lossless": with_facts("WEBP", rgb, lossless=True),
        "BMP": with_facts("BMP", rgb),
        "BMP, palette": with_facts("BMP", rgb.quantize(16)),
        "PPM": with_facts("PPM", rgb),
        "PPM, plain": b"P3 8 8 255\n# a comment\n" + b"255 0 128\n" * 64,
        "AVIF": with_facts("AVIF", rgb),
        "JPEG 2000": with_facts("JPEG2000", rgb),
    }


@pytest.mark.parametrize("kind", pictures())
def test_damaged_pictures(kind):
    whole = pictures()[kind]
    assert read_image(whole).shape[2] == 3
    for random, name in inputs(f"picture {kind}", 75):
        data = changed_bytes(random, whole)
        survives(lambda data=data, name=name: read_image(data, name), name)
        if random.random() < 0.5:  # most of what a file can say wrong is said at its beginning
            data = changed_bytes(random, whole[:200]) + whole[200:]
            survives(lambda data=data, name=name: read_image(data, name), f"{name}, header")


TABLE = 'text,label\n"A warm, lovely film",good\n"She said ""no""\nand left",bad\nété,good\n\n"plain;semi",bad\n'
ROWS = [{"city": "Berlin", "people": 3_700_000, "rivers": ["Spree", "Havel"]}, {"city": "Bern", "people": 134_000}]


@pytest.mark.parametrize("suffix", [".txt", ".csv", ".json"])
def test_damaged_texts_and_tables(suffix, tmp_path):
    path, fine = tmp_path / f"a{suffix}", 0
    for random, name in inputs(f"text {suffix}", 200):
        if suffix == ".json" and random.random() < 0.7:
            data = changed_json(random, ROWS).encode("utf-8", "surrogatepass")
        else:
            data = changed_bytes(random, json.dumps(ROWS).encode() if suffix == ".json" else TABLE.encode())
        path.write_bytes(data)
        reads = {".txt": read_lines, ".csv": lambda path: read_rows(path, ("text", "label")), ".json": read_records}
        fine += survives(lambda path=path, read=reads[suffix]: read(path), name)
    assert fine


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_damaged_sound(suffix, tmp_path):
    whole, path = io.BytesIO(), tmp_path / f"a.{suffix}"
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(4000) / 16_000)
    soundfile.write(whole, np.stack([tone, tone], -1), 16_000, format=suffix.upper())
    path.write_bytes(whole.getvalue())
    assert read_audio(path).rate == 16_000
    for random, name in inputs(f"sound {suffix}", 100):
        path.write_bytes(changed_bytes(random, whole.getvalue()))
        survives(lambda path=path: read_audio(path), name)


def archives() -> dict[str, bytes]:
    """Archives with long names, attributes, links and a file that is packed itself."""
    members = {"a/one.txt": b"one\n" * 300, "n" * 150: b"two", "é" * 60: b"three", "a/b.gz": gzip.compress(b"four")}
    found = {}
    for packed, form in itertools.product(("", "gz"), (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode=f"w:{packed}", format=form) as archive:
            for path, data in members.items():
                info = tarfile.TarInfo(path)
                info.size = len(data)
                if form == tarfile.PAX_FORMAT:
                    info.pax_headers = {"comment": "of a test", "mtime": "1.5"}
                archive.addfile(info, io.BytesIO(data))
            link = tarfile.TarInfo("link.txt")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
            archive.addfile(link)
        found[f"{packed or 'tar'}, {'GNU' if form == tarfile.GNU_FORMAT else 'PAX'}"] = file.getvalue()
    return found


def read_all(folder) -> None:
    """As `zoo data prepare` reads a folder: all of its files, packed ones unpacked."""
    with Source(folder) as source:
        for path, _ in source.find(".*"):
            source.unzipped(path) if path.endswith(".gz") else source.read(path)


@pytest.mark.parametrize("kind", archives())
def test_damaged_archives(kind, tmp_path):
    whole, fine = archives()[kind], 0
    for random, name in inputs(f"archive {kind}", 100):
        (tmp_path / "a.tar").write_bytes(changed_bytes(random, whole))
        fine += survives(lambda: read_all(tmp_path), name)
        data = bytearray(whole)  # an archive of honest checksums is read further
        if not kind.startswith("gz"):
            start = 512 * random.randrange(len(data) // 512)
            data[start : start + 512] = resealed(changed_bytes(random, bytes(data[start : start + 512])))
            (tmp_path / "a.tar").write_bytes(data)
            fine += survives(lambda: read_all(tmp_path), f"{name}, header")
    assert fine


def resealed(block: bytes) -> bytes:
    """A block of 512 bytes as the header of a member, with the checksum that belongs to it."""
    block = bytearray(block[:512].ljust(512, b"\0"))
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)
