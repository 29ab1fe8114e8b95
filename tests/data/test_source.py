"""Folders and archives made to harm: nothing outside is read, nothing waits, memory and time are bounded."""

import gzip
import io
import json
import os
import tarfile
import time
import tracemalloc

import pytest
from helpers import failing, packed, unpacked

from zoo.data import catalogue, source
from zoo.data.source import Source
from zoo.errors import BadInput
from zoo.kinds.text import read_text


def archive(path, *members, mode="w", **options):
    """A .tar file of (TarInfo, bytes)."""
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, mode, **options) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data) if data else None)
    return path.parent


def member(name, kind=tarfile.REGTYPE, size=0, **fields):
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def test_links_and_devices_in_an_archive_are_not_there(tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    kinds = {
        "soft.txt": member("soft.txt", tarfile.SYMTYPE, linkname=str(tmp_path / "secret.txt")),
        "hard.txt": member("hard.txt", tarfile.LNKTYPE, linkname="../secret.txt"),
        "pipe.txt": member("pipe.txt", tarfile.FIFOTYPE),
        "device.txt": member("device.txt", tarfile.CHRTYPE, devmajor=1, devminor=5),  # /dev/zero
        "sparse.txt": member("sparse.txt", tarfile.GNUTYPE_SPARSE),
    }
    folder = archive(
        tmp_path / "a" / "a.tar", *((each, b"") for each in kinds.values()), (member("b", size=4), b"here")
    )
    with Source(folder) as files:
        assert files.read("b") == b"here"
        for name in kinds:
            assert f"no {name}" in failing(BadInput, files.one, name)


def test_links_out_of_a_folder_and_pipes_are_refused(tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "input.txt").write_text("secret")
    for name, target in (
        ("input.txt", "../secret/input.txt"),
        ("deep", tmp_path / "secret"),
        ("zero.txt", "/dev/zero"),
    ):
        folder = unpacked(tmp_path / f"with {name}", {"other.txt": b"x"})
        (folder / name).symlink_to(target)
        assert f"{folder / name}: a link out of" in failing(BadInput, Source, folder)
    folder = unpacked(tmp_path / "nowhere", {"other.txt": b"x"})
    (folder / "input.txt").symlink_to("missing.txt")
    assert "a link to nothing" in failing(BadInput, Source, folder)
    for name in ("input.txt", "a.tar"):
        os.mkfifo(unpacked(tmp_path / f"pipe {name}", {"other.txt": b"x"}) / name)
        assert "a pipe, socket or device" in failing(BadInput, Source, tmp_path / f"pipe {name}")
    inside = unpacked(tmp_path / "inside", {"deep/a.txt": b"here"})
    (inside / "b.txt").symlink_to("deep/a.txt")
    with Source(inside) as files:
        assert files.read("b.txt") == b"here"


def test_a_prepared_data_set_with_links_is_not_copied(tmp_path):
    about = {"fileFormat": "parquet", "moduleName": "zoo.data.builder"}
    there = unpacked(tmp_path / "theirs" / "bsds500" / "1.0.0", {"dataset_info.json": json.dumps(about).encode()})
    (there / "features.json").symlink_to("/etc/hostname")
    assert "a link out of" in failing(BadInput, catalogue.prepare, "bsds500", tmp_path / "theirs", tmp_path / "data")
    assert not list((tmp_path / "data").rglob("*.json"))
    for content in (b"[" * 100_000, b"[]", b'{"fileFormat": "parquet", "moduleName": 3}', b"\xff"):
        (there / "dataset_info.json").write_bytes(content)
        assert catalogue.prepared("bsds500", tmp_path / "theirs") is None
    (there / "dataset_info.json").unlink()
    os.mkfifo(there / "dataset_info.json")  # reading it would wait for ever
    assert catalogue.prepared("bsds500", tmp_path / "theirs") is None


def size_field(whole: bytes, field: bytes) -> bytes:
    """A .tar file whose first member has this in place of its size, and the checksum that belongs to it."""
    header = bytearray(whole[:512])
    header[124:136], header[148:156] = field, b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + whole[512:]


def test_archives_made_to_take_long_or_much_memory_are_refused(tmp_path):
    long_name = member("n" * (source.PART + 1))
    plain = (archive(tmp_path / "p" / "p.tar", (member("b", size=4), b"here")) / "p.tar").read_bytes()
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 1
    nested = (header.tobuf() + b"n".ljust(512, b"\0")) * 5000  # a name for a name for a name
    bomb = member("zeros.txt", size=2**30).tobuf()
    files = {
        "header of": (
            archive(tmp_path / "n" / "n.tar", (long_name, b""), format=tarfile.GNU_FORMAT) / "n.tar"
        ).read_bytes(),
        "has -512 bytes": size_field(plain, b"\xff" * 10 + b"\xfe\0"),
        "recursion": nested,
        "would have more than": gzip.compress(bomb + bytes(2**20)),
        "would have more than 10240 bytes": size_field(plain, b"\x80" + b"\0" * 6 + b"\xff" * 5),
    }
    for reason, data in files.items():
        folder = unpacked(tmp_path / reason, {"files.tar": data})
        started = time.process_time()
        assert reason in failing(BadInput, Source, folder)
        assert time.process_time() - started < 5


def test_members_are_read_to_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "LARGEST", 1000)
    files = {"small.txt": b"x" * 1000, "large.txt": b"x" * 1001, "bomb.gz": gzip.compress(bytes(500_000))}
    for name in ("files.tar", "files.tar.gz"):
        with Source(packed(tmp_path / name, {**files, "fine.gz": gzip.compress(b"y" * 1000)}, name)) as folder:
            assert folder.read("small.txt") == b"x" * 1000 and folder.unzipped("fine.gz") == b"y" * 1000
            assert "larger than" in failing(BadInput, folder.read, "large.txt")
            tracemalloc.start()
            assert "unpacks to more" in failing(BadInput, folder.unzipped, "bomb.gz")
            assert tracemalloc.get_traced_memory()[1] < 250_000
            tracemalloc.stop()


def test_what_is_no_file_is_no_text(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    for path in (tmp_path / "pipe.txt", "/dev/zero", "/dev/null"):
        assert "a pipe or a device" in failing(BadInput, read_text, path)


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz"])
def test_an_archive_is_what_its_bytes_are(tmp_path, name):
    other = "b.tar.gz" if name == "a.tar" else "b.tar"
    data = (packed(tmp_path / "packed", {"b": b"here"}, other) / other).read_bytes()
    with Source(unpacked(tmp_path / "renamed", {name: data})) as files:
        assert files.read("b") == b"here"
