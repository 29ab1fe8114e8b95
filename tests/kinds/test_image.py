"""Picture files of every kind in, uint8 RGB out; bad ones are refused in one line with their name."""

import io
import os
import struct
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, PngImagePlugin

from zoo.errors import BadInput
from zoo.kinds import image as module
from zoo.kinds import image_limits
from zoo.kinds.image import WRITTEN, find_images, read_image, write_image
from zoo.kinds.kind import check_suffix


def picture(height=40, width=60):
    """A smooth colour picture, uint8 (H, W, 3), no two corners of which are alike."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([255 * x / width, 255 * y / height, 128 + 0 * x], -1).astype(np.uint8)


def encoded(image: Image.Image, kind="PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def refused(path_or_bytes, name=None) -> str:
    """The error's line."""
    with pytest.raises(BadInput) as caught:
        read_image(path_or_bytes, name)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".ppm", ".JPG"])
def test_what_is_written_is_read_again(tmp_path, suffix):
    array = picture()
    write_image(tmp_path / f"a{suffix}", array)
    again = read_image(tmp_path / f"a{suffix}")
    assert again.dtype == np.uint8 and again.flags.writeable
    lossy = suffix.lower() in (".jpg", ".jpeg", ".webp")
    assert np.abs(again.astype(int) - array).max() <= (6 if lossy else 0)
    write_image(tmp_path / f"grey{suffix}", array[..., 0])
    assert read_image(tmp_path / f"grey{suffix}").shape == (40, 60, 3)
    assert sorted(os.listdir(tmp_path)) == sorted([f"a{suffix}", f"grey{suffix}"])


def test_a_picture_says_what_it_is(tmp_path):
    about = {"Generated": "by a network", "Seed": "7"}
    for suffix in (".png", ".jpg"):
        write_image(tmp_path / f"a{suffix}", picture(), about)
    with Image.open(tmp_path / "a.png") as png, Image.open(tmp_path / "a.jpg") as jpeg:
        assert png.text == about and jpeg.info["comment"] == b"Generated: by a network; Seed: 7"


def test_jpeg_keeps_colour_at_full_resolution(tmp_path):
    stripes = np.zeros((16, 16, 3), np.uint8)
    stripes[:, ::2] = (255, 0, 0)
    stripes[:, 1::2] = (0, 0, 255)
    write_image(tmp_path / "a.jpg", stripes)
    assert np.abs(read_image(tmp_path / "a.jpg").astype(int) - stripes).max() < 16


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F"])
def test_modes(mode):
    grey = Image.fromarray(picture()).convert("L")
    if mode == "I;16":
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    elif mode == "LAB":
        rgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(grey.convert("RGB"), rgb, lab, outputMode="LAB")
    elif mode == "PA":
        image = grey.convert("P").convert("PA")
    else:
        image = grey.convert(mode)
    assert image.mode == mode
    kind = {"CMYK": "TIFF", "YCbCr": "JPEG", "LAB": "TIFF", "I": "TIFF", "F": "TIFF", "PA": None}.get(mode, "PNG")
    got = module._to_array(image) if kind is None else read_image(encoded(image, kind))
    expected = np.asarray(grey.convert("1").convert("RGB") if mode == "1" else grey.convert("RGB"))
    assert np.abs(got.astype(int) - expected).max() <= 6


def test_cmyk_jpeg():
    array = read_image(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"))
    assert array.shape == (8, 8, 3) and array[4, 4, 0] > 200 and array[4, 4, 1:].max() < 60


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 32768, 65535]], np.uint16), [0, 128, 255]),
        (np.array([[0, 100, 255]], np.int32), [0, 100, 255]),
        (np.array([[0, 32768, 65535]], np.int32), [0, 128, 255]),
        (np.array([[-1000, 20, 1000]], np.int32), [0, 130, 255]),
        (np.array([[0, 1_020_000, 2_000_000]], np.int32), [0, 130, 255]),
        (np.array([[0, 0.5, 1]], np.float32), [0, 128, 255]),
        (np.array([[0, 100, 250]], np.float32), [0, 100, 250]),
        (np.array([[np.nan, 0.5, np.inf]], np.float32), [0, 128, 0]),
        (np.array([[7, 7, 7]], np.float32), [7, 7, 7]),
        (np.array([[-7, -7, -7]], np.int32), [0, 0, 0]),
    ],
)
def test_grey_of_more_than_8_bits_is_scaled_not_clipped(values, expected):
    got = read_image(encoded(Image.fromarray(values), "TIFF"))
    np.testing.assert_array_equal(got[0, :, 0], expected)


def tiff(values, **options) -> bytes:
    """As microscopes and scanners write them, which Pillow can't in all of these forms."""
    file = io.BytesIO()
    tifffile.imwrite(file, values, **options)
    return file.getvalue()


@pytest.mark.parametrize("compression", [None, "deflate"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
@pytest.mark.parametrize(
    ("kind", "white"),
    [
        ("bool", 1),
        ("uint8", 255),
        ("uint16", 65535),
        ("uint32", 2**32 - 1),
        ("int16", 255),
        ("int32", 65535),
        ("int32", 2**31 - 1),
        ("float32", 1.0),
        ("float32", 255.0),
    ],
)
def test_grey_tiff_is_right_or_refused(kind, white, photometric, byteorder, compression):
    ramp = np.arange(2 if kind == "bool" else 16) / (1 if kind == "bool" else 15)
    form = {"photometric": photometric, "byteorder": byteorder, "compression": compression}
    data = tiff(np.array([ramp * white]).astype(kind), **form)
    # Forms that Pillow doesn't know, of which none must be taken for another.
    inverted = {"bool", "uint8", "float32"} | ({"uint16"} if byteorder == "<" else set())
    if (photometric == "miniswhite" and kind not in inverted) or (kind, byteorder) == ("uint32", ">"):
        assert "not an image that can be read" in refused(data)
        return
    expected = 255 * (ramp if photometric == "minisblack" else 1 - ramp)
    assert np.abs(read_image(data)[0, :, 0] - expected).max() < 1


def test_pillow_writes_grey_tiff_that_is_read_right():
    values = np.array([[0, 32768, 65535]], np.uint16)
    for photometric, expected in ((1, [0, 128, 255]), (0, [255, 127, 0])):
        for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
            data = encoded(Image.fromarray(values), "TIFF", compression=compression, tiffinfo={262: photometric})
            np.testing.assert_array_equal(read_image(data)[0, :, 0], expected)


def test_transparency_is_laid_on_white():
    red = np.zeros((4, 4, 4), np.uint8)
    red[..., 0] = 255
    red[:2, :, 3] = 255
    for image in (Image.fromarray(red), Image.fromarray(red).quantize(8)):
        array = read_image(encoded(image))
        assert tuple(array[0, 0]) == (255, 0, 0) and tuple(array[3, 0]) == (255, 255, 255)
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([0, 0, 255, 255, 0, 0])
    palette.paste(1, (0, 0, 4, 2))
    for transparency in (0, b"\0\xff"):  # a palette entry, or one alpha for each: Pillow warns of the latter
        array = read_image(encoded(palette, transparency=transparency))
        assert tuple(array[0, 0]) == (255, 0, 0) and tuple(array[3, 0]) == (255, 255, 255)
    key = read_image(encoded(Image.new("RGB", (4, 4), (1, 2, 3)), transparency=(1, 2, 3)))
    assert tuple(key[0, 0]) == (255, 255, 255)
    assert tuple(read_image(encoded(Image.new("L", (4, 4), 9), transparency=9))[0, 0]) == (255, 255, 255)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation(orientation, kind):
    upright = picture()
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}}.get(kind, {})
    array = read_image(encoded(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif, **options))
    assert array.shape == upright.shape
    assert np.abs(array.astype(int) - upright).max() <= 12


def test_damaged_exif_and_colour_profile_do_no_harm():
    plain = Image.fromarray(picture())
    exif = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01" * 9
    for broken in ({"exif": exif}, {"icc_profile": b"not a profile"}):
        assert read_image(encoded(plain, "JPEG", **broken)).shape == (40, 60, 3)


def test_colour_profile_is_followed():
    image = Image.fromarray(picture())
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    np.testing.assert_array_equal(read_image(encoded(image, icc_profile=srgb)), picture())
    # The same profile under another name, with the primaries for red and green exchanged.
    other = srgb.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))
    other = other.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    for transparent in (image, image.convert("RGBA"), image.quantize(256)):
        array = read_image(encoded(transparent, icc_profile=other))
        near = np.abs(array.astype(int) - np.asarray(transparent.convert("RGB"))[..., [1, 0, 2]])
        assert near.max() <= 2
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    np.testing.assert_array_equal(read_image(encoded(image, icc_profile=lab)), picture())  # doesn't fit: left alone


def test_photographs_of_several_pictures_give_the_first():
    pair = [Image.fromarray(picture()), Image.new("RGB", (60, 40), "blue")]
    array = read_image(encoded(pair[0], "MPO", save_all=True, append_images=pair[1:], quality=95))
    assert np.abs(array.astype(int) - picture()).max() <= 12


def test_smallest_image_and_first_frame():
    assert read_image(encoded(Image.new("RGB", (1, 1), (1, 2, 3)))).tolist() == [[[1, 2, 3]]]
    frames = [Image.new("RGB", (5, 4), colour) for colour in ("red", "blue")]
    array = read_image(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert array.shape == (4, 5, 3) and tuple(array[0, 0]) == (255, 0, 0)


def test_what_is_no_image_is_refused_by_name(tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "drawing.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")
    os.mkfifo(tmp_path / "pipe.jpg")
    expected = {
        "nothing.jpg": "no such file",
        "empty.jpg": "empty",
        "text.jpg": "not an image",
        "drawing.eps": "not an image",  # Pillow would run Ghostscript
        "pipe.jpg": "no such file",  # reading it would wait for ever
        ".": "folder",
    }
    for name, reason in expected.items():
        message = refused(tmp_path / name)
        assert str(tmp_path / name) in message and reason in message
    assert refused(b"") == "image: the file is empty"
    assert refused(b"rubbish", "upload.png").startswith("upload.png: not an image")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
def test_truncated_and_damaged_images_are_refused(kind):
    whole = encoded(Image.effect_noise((64, 64), 80).convert("RGB"), kind)
    assert "damaged" in refused(whole[: len(whole) // 2], "half.img")
    rng = np.random.default_rng(0)
    for _ in range(40):  # whatever the damage, an array or BadInput
        damaged = bytearray(whole)
        for at in rng.integers(0, len(whole), 5):
            damaged[at] = rng.integers(256)
        try:
            assert read_image(damaged).ndim == 3
        except BadInput as error:
            assert "\n" not in str(error)


def png(*chunks):
    """A PNG file of the given (type, data) chunks."""
    parts = [struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("side", [9_500, 11_000, 20_000, 2_000_000])
def test_decompression_bombs_are_refused_before_they_are_decoded(side):
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    message = refused(png((b"IHDR", header), (b"IDAT", zlib.compress(bytes(99))), (b"IEND", b"")), "bomb.png")
    # 9,500 x 9,500 is 90 megapixels, which phones take: not too large, but here without its pixels.
    assert ("damaged" if side == 9_500 else "million") in message and message.startswith("bomb.png: ")


def test_text_chunk_bomb_is_refused():
    text = b"a\0\0" + zlib.compress(bytes(PngImagePlugin.MAX_TEXT_CHUNK * 4))
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(4))
    assert "damaged" in refused(png((b"IHDR", header), (b"zTXt", text), (b"IDAT", pixels), (b"IEND", b"")), "text.png")


def test_size_limit(monkeypatch):
    data = encoded(Image.new("RGB", (11, 10)))
    monkeypatch.setattr(module, "MAX_PIXELS", 110)
    assert read_image(data).shape == (10, 11, 3)
    monkeypatch.setattr(module, "MAX_PIXELS", 109)
    assert "11 x 10 pixels" in refused(data)


def with_scans(image: Image.Image, count: int) -> bytes:
    """A progressive JPEG file that passes over its image `count` times more."""
    whole = encoded(image, "JPEG", progressive=True)
    last = whole[whole.rfind(b"\xff\xda") : -2]
    return whole[:-2] + count * last + whole[-2:]


def tags(*entries) -> bytes:
    """A little-endian TIFF file of a directory with these entries (tag, type, count, value) and no pixels."""
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries)


def test_files_made_to_take_long_or_much_memory_are_refused_before_they_are_decoded():
    small, large = Image.new("RGB", (60, 40), "red"), Image.new("RGB", (4000, 4000), "red")
    assert read_image(with_scans(small, 1000)).shape == (40, 60, 3)  # many, but of few pixels
    header = struct.pack(">IIBBBBB", 1, 100_000_000, 8, 0, 0, 0, 0)
    samples = b"P6 1000 1000 200\n" + bytes(3_000_000)  # of 201 values, which Pillow scales one by one
    tile = [(256, 4, 1, 9000), (257, 4, 1, 9000), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1)]
    tile += [(322, 4, 1, 2**15), (323, 4, 1, 2**15), (324, 4, 1, 8), (325, 4, 1, 8)]
    cases = {
        "1010 scans": with_scans(large, 1000),
        "1 x 100000000 pixels": png((b"IHDR", header), (b"IDAT", zlib.compress(bytes(99))), (b"IEND", b"")),
        "slow to read": samples,
        "tag 273 has 40000000 values": tags((256, 3, 1, 8), (273, 4, 40_000_000, 8)),
        "tiles of 1073741824 pixels": tags(*tile),
        "takes too long to read": b"GIF89a\x08\0\x08\0\0\0\0" + bytes(3 * image_limits.MAX_READS),
    }
    for reason, data in cases.items():
        started = time.process_time()
        assert reason in refused(data, "bad.img")
        assert time.process_time() - started < 5
    plain = b"P3 64 64 255\n" + b"255 0 0\n" * 64 * 64
    assert read_image(plain)[0, 0].tolist() == [255, 0, 0]
    assert "slow to read" in refused(plain + b"#\n" * 2**16)  # Pillow copies the file for each comment


def test_large_exif_is_left_alone():
    """Each of its entries may be a copy of nearly all of it: gigabytes."""
    entries = b"MM\0*\0\0\0\x08" + struct.pack(">H", 5000)
    entries += b"".join(struct.pack(">HHII", tag, 7, 2**17, 0) for tag in range(5000))
    for kind in ("PNG", "WEBP"):
        data = encoded(Image.fromarray(picture()), kind, exif=b"Exif\0\0" + entries + bytes(2**17))
        assert tracemalloc_peak(lambda data=data: read_image(data)) < 50e6


def tracemalloc_peak(call) -> int:
    """Most bytes that Python's objects held while `call` ran."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_two_threads_decode_at_the_same_time(monkeypatch):
    both, check = threading.Barrier(2, timeout=10), module.check

    def meeting(*args):
        both.wait()  # breaks where one thread holds a lock that the other needs
        return check(*args)

    monkeypatch.setattr(module, "check", meeting)
    before = list(warnings.filters)
    with ThreadPoolExecutor(2) as pool:
        arrays = list(pool.map(read_image, [encoded(Image.new("RGB", (4, 4), "red"))] * 2))
    assert [array.shape for array in arrays] == [(4, 4, 3)] * 2
    assert warnings.filters == before


def test_filters_for_warnings_are_as_before():
    before = list(warnings.filters)
    read_image(encoded(Image.new("L", (4, 4))))
    refused(b"rubbish")
    assert warnings.filters == before


def test_write_image_refuses_and_leaves_nothing_behind(tmp_path):
    array = picture()
    (tmp_path / "file").touch()
    (tmp_path / "folder.png").mkdir()
    cases = {
        "a.txt": (array, "cannot write .txt"),
        "a": (array, "without suffix"),
        "missing/a.png": (array, "No such file"),
        "file/a.png": (array, "Not a directory"),
        "folder.png": (array, "directory"),
        "a.png": (array.astype(np.float32), "float32"),
        "b.png": (array[..., :2], "(40, 60, 2)"),
        "c.webp": (np.zeros((20_000, 1, 3), np.uint8), "cannot be written"),  # WebP ends at 16,383
    }
    for name, (what, reason) in cases.items():
        if reason in ("cannot write .txt", "without suffix"):  # known without the picture
            with pytest.raises(BadInput, match=reason):
                check_suffix(tmp_path / name, WRITTEN)
        else:
            check_suffix(tmp_path / name, WRITTEN)
        with pytest.raises(BadInput) as caught:
            write_image(tmp_path / name, what)
        assert str(tmp_path / name) in str(caught.value) and reason in str(caught.value)
        assert "\n" not in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.png"]


def test_write_image_keeps_the_old_file_when_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    write_image(path, picture())
    old = path.read_bytes()

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        write_image(path, picture() // 2)
    assert path.read_bytes() == old and os.listdir(tmp_path) == ["a.png"]


def test_written_files_have_the_usual_permissions(tmp_path):
    write_image(tmp_path / "a.png", picture())
    (tmp_path / "b").touch()
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_find_images(tmp_path):
    hidden = (".hidden.png", ".thumbnails/a.jpg", "deep/.cache/below/d.jpg", "@eaDir/b.jpg", "deep/Thumbs/c.webp")
    for name in ("b.JPG", "a.png", "notes.txt", "deep/c.webp", "odd[1].png", "unnamed", *hidden):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    names = lambda path: [p.relative_to(tmp_path).as_posix() for p in find_images(path)]  # noqa: E731
    assert names(tmp_path) == ["a.png", "b.JPG", "deep/c.webp", "odd[1].png"]
    assert names(tmp_path / "*.png") == ["a.png", "odd[1].png"]
    assert names(tmp_path / "**" / "*.webp") == ["deep/c.webp"]
    assert names(tmp_path / "odd[1].png") == ["odd[1].png"]
    assert names(str(tmp_path / "unnamed")) == ["unnamed"]
    assert names(tmp_path / ".thumbnails") == [".thumbnails/a.jpg"]  # a hidden folder that is named is meant
    assert names(tmp_path / "@eaDir") == names(tmp_path / "@eaDir" / "*") == ["@eaDir/b.jpg"]
    (tmp_path / "none").mkdir()
    for path, reason in (("none", "no image files"), ("*.gif", "no image files"), ("missing", "no such file")):
        with pytest.raises(BadInput, match=reason):
            find_images(tmp_path / path)


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="peak memory is read from /proc")
def test_importing_is_light_and_a_large_photograph_is_not_held_in_many_copies(tmp_path):
    photo = Image.effect_noise((4000, 3000), 30).convert("RGB")  # 12 megapixels, 36 MB as an array
    photo.save(tmp_path / "large.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save(tmp_path / "turned.jpg", exif=exif)
    Image.fromarray(np.full((3000, 4000), 1e5, np.float32)).save(tmp_path / "floats.tif")
    photo.convert("RGBA").save(tmp_path / "transparent.png", compress_level=1)
    # Not ru_maxrss: on Linux a child's starts at its parent's size.
    code = (
        "import sys; from zoo.kinds.image import read_image\n"
        "assert not {'tensorflow', 'keras', 'tensorflow_datasets', 'cv2'} & set(sys.modules)\n"
        "peak = lambda: next(int(l.split()[1]) for l in open('/proc/self/status') if l.startswith('VmHWM:'))\n"
        "before = peak(); read_image(sys.argv[1]); print((peak() - before) // 1024)"
    )
    for name in ("large.jpg", "turned.jpg", "floats.tif", "transparent.png"):
        done = subprocess.run([sys.executable, "-c", code, tmp_path / name], capture_output=True, text=True, check=True)
        assert 36 <= int(done.stdout) < 120  # MB: Pillow's 48, the array's 36, and what is converted at once
