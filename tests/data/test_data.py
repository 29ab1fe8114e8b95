"""The catalogue: preparing data sets from folders and archives, and reading them as arrays."""

import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from helpers import failing, packed, shared_data, unpacked
from PIL import Image

from zoo.data import catalogue
from zoo.data.catalogue import examples, load, load_folder, prepare, prepared
from zoo.data.dataset import Label
from zoo.data.datasets import dataset, names
from zoo.data.datasets.intel_scenes import LABELS as SCENES
from zoo.errors import BadInput, MissingData, UnknownName, ZooError
from zoo.kinds.image import read_image


def jpeg(number, size=(20, 16)) -> bytes:
    """A small JPEG file, another for each number."""
    file = io.BytesIO()
    Image.new("RGB", size, (number % 256, 255 - number % 256, 128)).save(file, "JPEG", quality=90)
    return file.getvalue()


def flickr8k():
    """The files of a data set of 230 photographs, by path: (train, dev, test, rest) = (203, 10, 10, 7)."""
    names = [f"{i:03}_photo.jpg" for i in range(230)]
    lines = [f"{n}#{k}\tcaption {k} of {n} ." for n in names for k in range(5)]
    lines += ["2258277193.jpg.1#0\tof an image that is not there ."]
    lists = {"train": names[:203], "dev": names[203:213], "test": names[213:223]}
    files = {f"Flicker8k_Dataset/{n}": jpeg(i) for i, n in enumerate(names)}
    files["Flickr8k_text/Flickr8k.token.txt"] = "\n".join(lines).encode()
    for split, listed in lists.items():
        files[f"Flickr8k_text/Flickr_8k.{split}Images.txt"] = ("\n".join(listed) + "\n").encode()
    return files


def bsds500():
    splits = {"train": 5, "val": 3, "test": 2}
    return {f"BSDS500/data/images/{s}/{i}.jpg": jpeg(i) for s, count in splits.items() for i in range(count)}


def caltech101(listed=True):
    classes = ("Faces", "accordion", "yin_yang", "BACKGROUND_Google")
    files = {
        f"101_ObjectCategories/{c}/image_000{i}.jpg": jpeg(10 * k + i) for k, c in enumerate(classes) for i in range(3)
    }
    if listed:
        files["train.txt"] = b"Faces/image_0000.jpg\nFaces/image_0001.jpg\naccordion/image_0002.jpg\n"
        files["test.txt"] = b"yin_yang/image_0001.jpg\n"
    return {f"caltech101/{name}": data for name, data in files.items()}


def intel_scenes():
    counts = {"train": 2, "test": 1}
    return {f"seg_{s}/{c}/{i}.jpg": jpeg(i) for s, n in counts.items() for c in SCENES for i in range(n)}


MADE = {
    "flickr8k": (flickr8k, {"train": 203, "dev": 10, "test": 10, "rest": 7}),
    "bsds500": (bsds500, {"train": 5, "val": 3, "test": 2}),
    "caltech101": (caltech101, {"train": 3, "test": 1}),
    "intel_scenes": (intel_scenes, {"train": 12, "test": 6}),
}


@pytest.mark.parametrize("form", ["unpacked", "files.tar", "files.tar.gz"])
@pytest.mark.parametrize("name", MADE)
def test_prepare_and_load(name, form, tmp_path, capfd):
    make, counts = MADE[name]
    files = make()
    source = tmp_path / "source"
    source = unpacked(source, files) if form == "unpacked" else packed(source, files, form)
    data = tmp_path / "data"
    assert prepared(name, data) is None
    where = prepare(name, source, data)
    assert where == prepared(name, data) == data / name / "1.0.0"
    assert os.listdir(data) == [name] and os.listdir(data / name) == ["1.0.0"]
    assert capfd.readouterr().out == ""
    for split, count in counts.items():
        read = list(examples(name, split, data))
        assert len(read) == count
        for example in read:  # JPEG files are stored as they are: the same pixels
            file = next(data for path, data in files.items() if path.endswith("/" + example["id"]))
            np.testing.assert_array_equal(example["image"], read_image(file))
        loaded = load(name, split, data)
        images = loaded[0] if dataset(name).targets else loaded
        assert len(images) == count and images[0].shape == (16, 20, 3) and images[0].dtype == np.uint8
    changed = (where / "dataset_info.json").stat().st_mtime_ns
    assert prepare(name, None, data) == where and (where / "dataset_info.json").stat().st_mtime_ns == changed


def test_labels_and_captions(tmp_path):
    for name in ("flickr8k", "caltech101"):
        prepare(name, unpacked(tmp_path / name, MADE[name][0]()), tmp_path / "data")
    for example in examples("flickr8k", "dev", tmp_path / "data"):
        assert example["captions"] == [f"caption {k} of {example['id']} ." for k in range(5)]
    found = {e["id"]: e["label"] for e in examples("caltech101", "train", tmp_path / "data")}
    labels = dataset("caltech101").labels
    assert found == {i: labels.index(i.split("/")[0]) for i in found} and len(found) == 3


def test_caltech101_without_lists_is_all_train_and_has_no_clutter(tmp_path):
    prepare("caltech101", packed(tmp_path / "source", caltech101(listed=False)), tmp_path / "data")
    photos, labels = load("caltech101", "train", tmp_path / "data")
    assert len(photos) == len(labels) == 9
    assert "it has train" in failing(BadInput, load, "caltech101", "test", tmp_path / "data")


def without(files, *ends):
    return {path: data for path, data in files.items() if not path.endswith(ends)}


@pytest.mark.parametrize(
    ("name", "files", "looked_for"),
    [
        ("flickr8k", {}, "Flicker8k_Dataset/*.jpg"),
        ("flickr8k", without(flickr8k(), "token.txt"), "Flickr8k.token.txt"),
        ("flickr8k", without(flickr8k(), "devImages.txt"), "Flickr_8k.devImages.txt"),
        ("flickr8k", without(flickr8k(), "205_photo.jpg"), "205_photo.jpg"),
        ("bsds500", without(bsds500(), "val/0.jpg", "val/1.jpg", "val/2.jpg"), "images/val/*.jpg"),
        ("caltech101", {"caltech101/train.txt": b"Faces/image_0000.jpg"}, "101_ObjectCategories/<class>/*.jpg"),
        ("caltech101", without(caltech101(), "accordion/image_0002.jpg"), "accordion/image_0002.jpg"),
        ("intel_scenes", {f"seg_train/{c}/0.jpg": jpeg(0) for c in SCENES}, "seg_test/"),
        ("utkface", {"UTKFace/61_1_20170109142408075.jpg.chip.jpg": jpeg(0)}, "UTKFace/[age]_[gender]_[race]_*.jpg"),
        ("utkface", {"UTKFace/61_1_3_20170109142408075.jpg.chip.jpg": jpeg(0)[:300]}, "61_1_3_20170109142408075"),
        ("intel_scenes", intel_scenes() | {"seg_test/sea/9.jpg": jpeg(0)[:300]}, "seg_test/sea/9.jpg"),
    ],
)
def test_an_incomplete_source_says_what_is_missing_and_leaves_nothing(name, files, looked_for, tmp_path):
    source = packed(tmp_path / "source", files)
    message = failing(BadInput, prepare, name, source, tmp_path / "data")
    assert looked_for in message and str(source) in message
    assert prepared(name, tmp_path / "data") is None
    assert not list((tmp_path / "data").glob("*"))


def test_a_damaged_archive_is_named(tmp_path):
    source = packed(tmp_path / "source", bsds500(), "photos.tar.gz")
    whole = (source / "photos.tar.gz").read_bytes()
    for damaged in (b"rubbish", whole[: len(whole) // 2]):
        (source / "photos.tar.gz").write_bytes(damaged)
        assert str(source / "photos.tar.gz") in failing(BadInput, prepare, "bsds500", source, tmp_path / "data")


def test_an_interrupted_preparation_leaves_nothing_and_can_be_repeated(tmp_path, monkeypatch):
    from zoo.data import source

    folder = unpacked(tmp_path / "source", bsds500())
    calls = []

    def interrupted(self, path, image=source.Source.image):
        calls.append(path)
        if len(calls) == 7:
            raise KeyboardInterrupt
        return image(self, path)

    monkeypatch.setattr(source.Source, "image", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare("bsds500", folder, tmp_path / "data")
    assert prepared("bsds500", tmp_path / "data") is None
    assert not list((tmp_path / "data").glob("*"))
    prepare("bsds500", folder, tmp_path / "data")
    assert len(load("bsds500", "train", tmp_path / "data")) == 5


def test_a_prepared_data_set_can_be_the_source(tmp_path):
    prepare("bsds500", unpacked(tmp_path / "source", bsds500()), tmp_path / "one")
    assert prepare("bsds500", tmp_path / "one", tmp_path / "two") == tmp_path / "two" / "bsds500" / "1.0.0"
    assert os.listdir(tmp_path / "two" / "bsds500") == ["1.0.0"]
    for a, b in zip(load("bsds500", "val", tmp_path / "one"), load("bsds500", "val", tmp_path / "two"), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_highest_readable_version_of_our_own_is_taken(tmp_path):
    def version(name, number, **about):
        folder = tmp_path / name / number
        folder.mkdir(parents=True)
        about = {"moduleName": "tensorflow_datasets.mnist", "fileFormat": "parquet"} | about
        (folder / "dataset_info.json").write_text(json.dumps(about))
        return folder

    version("mnist", "3.0.1")
    newest = version("mnist", "3.0.10")
    version("mnist", "3.0.2")
    version("mnist", "4.0.0", fileFormat="tfrecord")  # TensorFlow alone reads that
    version("mnist", "5.0.0.incompleteAB12")
    (tmp_path / "mnist" / "6.0.0").mkdir()
    assert prepared("mnist", tmp_path) == newest
    version("caltech101", "3.0.2")  # the TFDS data set of that name, another one
    assert prepared("caltech101", tmp_path) is None


def test_a_place_taken_by_another_data_set_of_the_name_is_refused(tmp_path):
    other = tmp_path / "data" / "bsds500" / "1.0.0"
    other.mkdir(parents=True)
    (other / "dataset_info.json").write_text(
        json.dumps({"name": "bsds500", "moduleName": "theirs", "version": "1.0.0"})
    )
    source = unpacked(tmp_path / "source", bsds500())
    assert "choose another data directory" in failing(ZooError, prepare, "bsds500", source, tmp_path / "data")


def test_what_is_not_there_is_said_with_the_command_that_helps(tmp_path):
    message = failing(MissingData, load, "flickr8k", "train", tmp_path)
    assert f"zoo data prepare flickr8k --from FOLDER --data-dir {tmp_path}" in message
    assert f"zoo data prepare mnist --data-dir {tmp_path}" in failing(MissingData, load, "mnist", "train", tmp_path)
    assert "--from FOLDER" in failing(MissingData, prepare, "flickr8k", None, tmp_path)
    assert "no such folder" in failing(BadInput, prepare, "flickr8k", tmp_path / "none", tmp_path)
    assert "not prepared there" in failing(BadInput, prepare, "mnist", tmp_path, tmp_path)
    assert "mnist" in failing(UnknownName, catalogue.dataset, "mnits")


def test_data_dir(monkeypatch, tmp_path):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    assert catalogue.data_dir() == tmp_path and str(catalogue.data_dir("there")) == "there"
    monkeypatch.delenv("TFDS_DATA_DIR")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert catalogue.data_dir() == tmp_path / "tensorflow_datasets"


@pytest.mark.parametrize("under", ["", "test"])
def test_folder_of_labelled_images(under, tmp_path):
    digit = np.arange(28 * 28, dtype=np.uint8).reshape(28, 28)
    for label, size in (("7", (28, 28)), ("0", (56, 56))):
        folder = tmp_path / under / label
        folder.mkdir(parents=True)
        Image.fromarray(digit).resize(size, Image.Resampling.BOX).save(folder / "a.png")
        Image.fromarray(digit).resize(size, Image.Resampling.BOX).convert("RGB").save(folder / "b.bmp")
        (folder / "notes.txt").write_text("not an image")
    images, labels = load_folder("mnist", "test", tmp_path)
    assert images.shape == (4, 28, 28, 1) and images.dtype == np.uint8
    assert labels.tolist() == [0, 0, 7, 7] and labels.dtype == np.int64
    np.testing.assert_array_equal(images[2:, ..., 0], [digit, digit])


def test_folder_errors(tmp_path):
    assert "no such folder" in failing(BadInput, load_folder, "mnist", "test", tmp_path / "none")
    assert "no class folders" in failing(BadInput, load_folder, "mnist", "test", tmp_path)
    (tmp_path / "train" / "3").mkdir(parents=True)
    assert "none for the split test" in failing(BadInput, load_folder, "mnist", "test", tmp_path)
    (tmp_path / "train" / "three").mkdir()
    assert "no class 'three'" in failing(BadInput, load_folder, "mnist", "train", tmp_path)
    (tmp_path / "train" / "three").rmdir()
    (tmp_path / "train" / "3" / "bad.png").write_text("not an image")
    assert "bad.png" in failing(BadInput, load_folder, "mnist", "train", tmp_path)


def test_folder_of_photographs(tmp_path):
    files = {"b.jpg": jpeg(1, (9, 8)), "val/deep/a.jpg": jpeg(2), "val/c.jpg": jpeg(3)}
    unpacked(tmp_path, files)
    assert [p.shape for p in load_folder("bsds500", "test", tmp_path)] == [(8, 9, 3), (16, 20, 3), (16, 20, 3)]
    only = load_folder("bsds500", "val", tmp_path)
    np.testing.assert_array_equal(only, [read_image(files["val/c.jpg"]), read_image(files["val/deep/a.jpg"])])


def test_folder_of_labelled_photographs(tmp_path):
    unpacked(tmp_path, {"forest/a.jpg": jpeg(1, (9, 8)), "sea/b.jpg": jpeg(2), "sea/c.jpg": jpeg(3)})
    photos, labels = load_folder("intel_scenes", "test", tmp_path)
    assert [photo.shape for photo in photos] == [(8, 9, 3), (16, 20, 3), (16, 20, 3)]
    assert labels.tolist() == [1, 4, 4] and labels.dtype == np.int64


def face(seed, mirrored=False, size=(64, 64), quality=90) -> bytes:
    """A JPEG file of coloured blocks, for another seed others; not of one colour, which would be like nothing."""
    blocks = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8))
    blocks = blocks.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else blocks
    file = io.BytesIO()
    blocks.resize(size, Image.Resampling.NEAREST).save(file, "JPEG", quality=quality)
    return file.getvalue()


def utkface(count=60):
    """Files of that many different faces."""
    return {f"UTKFace/{i + 1}_{i % 2}_{i % 5}_2017010914240{i:04}.jpg.chip.jpg": face(i) for i in range(count)}


def found_faces(data_dir):
    """{id: (split, image, (age, gender, ethnicity))} of a prepared utkface."""
    return {
        e["id"]: (split, e["image"], (e["age"], e["gender"], e["ethnicity"]))
        for split in ("train", "validation", "test")
        for e in examples("utkface", split, data_dir)
    }


@pytest.mark.parametrize("form", ["unpacked", "UTKFace.tar"])
def test_faces_and_their_attributes(form, tmp_path, capfd):
    files = utkface()
    odd = {"UTKFace/61_1_20170109142408075.jpg.chip.jpg": face(61), "UTKFace/71_0_7_2017.jpg.chip.jpg": face(62)}
    source = tmp_path / "source"
    source = unpacked(source, files | odd) if form == "unpacked" else packed(source, files | odd, form)
    prepare("utkface", source, tmp_path / "data")
    out, said = capfd.readouterr()
    assert out == "" and said.count("left out 2 files whose names") == 1 and "61_1_2017" in said
    found = found_faces(tmp_path / "data")
    assert sorted(found) == sorted(path.split("/")[1] for path in files)
    for name, (_, image, attributes) in found.items():
        assert attributes == tuple(map(int, name.split("_")[:3]))
        np.testing.assert_array_equal(image, read_image(files[f"UTKFace/{name}"]))
    counts = {}
    for split in dataset("utkface").splits:
        images, attributes = load("utkface", split, tmp_path / "data")
        counts[split] = len(images)
        assert images.shape[1:] == (64, 64, 3) and images.dtype == np.uint8
        assert list(attributes) == ["age", "gender", "ethnicity"]
        stored = [(image, values) for where, image, values in found.values() if where == split]
        np.testing.assert_array_equal(images, [image for image, _ in stored])
        for column, values in enumerate(attributes.values()):
            assert values.dtype == np.int64 and values.tolist() == [each[column] for _, each in stored]
    assert counts == {"train": 50, "validation": 5, "test": 5}


def test_near_copies_of_a_face_are_in_one_split(tmp_path):
    from zoo.data.datasets.utkface import split_of

    originals = utkface()
    copies = {}
    for i, path in enumerate(originals):
        age, rest = path.removeprefix("UTKFace/").split("_", 1)
        copies[f"UTKFace/{age}0_{rest}"] = face(i, mirrored=i % 2 == 1, size=(200, 200), quality=60)
    prepare("utkface", packed(tmp_path / "source", copies | originals), tmp_path / "data")
    found = found_faces(tmp_path / "data")
    assert len(found) == 120
    alone = []
    for original, copy in zip(originals, copies, strict=True):
        original, copy = original.split("/")[1], copy.split("/")[1]
        assert found[original][0] == found[copy][0] == split_of(min(original, copy))
        alone.append(split_of(original) == split_of(copy))
    assert not all(alone)  # or this would have shown nothing
    images, _ = load("utkface", "train", tmp_path / "data")  # of both sizes
    assert images.shape[1:] == (64, 64, 3)


def test_faces_are_alike_in_any_blocks_and_one_colour_is_like_nothing():
    from zoo.data.datasets.utkface import first_copies

    noise = np.random.default_rng(0).integers(0, 256, (600, 16, 16), np.uint8)
    noise[590] = noise[3, :, ::-1]  # in another block of the search
    noise[595] = noise[590] // 2 + 20
    noise[5] = noise[596] = noise[597] = 7
    wanted = np.arange(600)
    wanted[[590, 595]] = 3
    assert first_copies(noise).tolist() == wanted.tolist()


def test_folder_of_faces(tmp_path):
    files = {"b/7_1_4_x.jpg": face(1), "30_0_2_.png.jpg": face(2, size=(90, 90)), "test/100_1_0_any name.jpeg": face(3)}
    unpacked(tmp_path, files)
    images, attributes = load_folder("utkface", "train", tmp_path)
    assert images.shape == (3, 64, 64, 3) and images.dtype == np.uint8
    assert {name: values.tolist() for name, values in attributes.items()} == {
        "age": [30, 7, 100],
        "gender": [0, 1, 1],
        "ethnicity": [2, 4, 0],
    }
    np.testing.assert_array_equal(images[1], read_image(files["b/7_1_4_x.jpg"]))
    assert load_folder("utkface", "test", tmp_path)[1]["age"].tolist() == [100]
    for bad in ("61_1_20170109142408075.jpg", "-1_0_0_x.jpg", "x.jpg", "5_2_0_x.jpg", "5_0_5_x.jpg"):
        where = unpacked(tmp_path / f"of {bad}", {bad: face(0)})
        message = failing(BadInput, load_folder, "utkface", "test", where)
        assert bad in message and "state age, gender, ethnicity" in message and "[age]_[gender]_[race]" in message


def test_every_data_set_describes_itself():
    for name in names():
        about = dataset(name)
        assert about.name == name and about.title and about.licence and str(about.layout) and about.files
        assert about.splits and about.inputs and {*about.inputs, *about.targets} <= {*about.fields}
        assert (about.examples is None) == (not about.citation)
        facts = json.loads(json.dumps(about.facts()))
        assert facts["name"] == name and facts["layout"] == str(about.layout) and [*facts["fields"]] == [*about.fields]
        for field in about.fields.values():
            assert not isinstance(field, Label) or len(set(field.names)) == len(field.names)
    assert len(dataset("caltech101").labels) == 101 and len(dataset("clinc150").labels) == 150
    assert dataset("flickr8k").labels is None and dataset("mnist").labels == tuple("0123456789")


def test_declarations_import_no_framework():
    code = (
        "import sys; from zoo.data.datasets import dataset, names\n"
        "assert len([dataset(name) for name in names()]) > 12\n"
        "assert not {'tensorflow', 'keras', 'jax', 'torch', 'tensorflow_datasets'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_our_builders_stay_out_of_the_registry_of_tfds(tmp_path):
    import tensorflow_datasets as tfds

    from zoo.data.builder import make_builder
    from zoo.data.source import Source

    with Source(unpacked(tmp_path / "source", caltech101())) as source:
        assert make_builder(dataset("caltech101"), source, tmp_path).name == "caltech101"
    theirs = tfds.builder_cls("caltech101")
    assert theirs.__module__.startswith("tensorflow_datasets.")


def test_reading_needs_no_tensorflow_and_importing_needs_nothing(tmp_path):
    prepare("bsds500", unpacked(tmp_path / "source", bsds500()), tmp_path / "data")
    code = (
        "import sys; from zoo.data import catalogue\n"
        "assert not {'tensorflow', 'keras', 'tensorflow_datasets'} & set(sys.modules)\n"
        "assert len(catalogue.load('bsds500', 'val', sys.argv[1])) == 3\n"
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "data"], check=True, timeout=60)


def test_mnist():
    shared = shared_data() / "tfds"
    images, labels = load("mnist", "test", shared)
    assert images.shape == (10000, 28, 28, 1) and images.dtype == np.uint8 and labels.dtype == np.int64
    assert np.bincount(labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_real_photographs(tmp_path):
    shared = shared_data()
    prepare("bsds500", shared / "bsds500", tmp_path)
    counts = {split: len(load("bsds500", split, tmp_path)) for split in ("train", "val")}
    assert counts == {"train": 200, "val": 95}


def test_real_faces(tmp_path):
    prepare("utkface", shared_data() / "utkface", tmp_path)
    counts = {}
    for split in dataset("utkface").splits:
        images, attributes = load("utkface", split, tmp_path)
        assert images.shape == (len(images), 64, 64, 3) and images.dtype == np.uint8
        assert attributes["age"].min() == 1 and 80 < attributes["age"].max() <= 116
        assert set(attributes["gender"]) == {0, 1} and set(attributes["ethnicity"]) == {0, 1, 2, 3, 4}
        counts[split] = len(images)
    assert counts == {"train": 17945, "validation": 2239, "test": 2269}


def test_cifar10_is_decoded_as_a_users_files_are():
    shared = shared_data() / "tfds"
    images, labels = load("cifar10", "test", shared)
    assert images.shape == (10000, 32, 32, 3) and images.dtype == np.uint8
    assert np.bincount(labels).tolist() == 10 * [1000]
    assert (
        len({example["id"] for example, _ in zip(examples("cifar10", "test", shared), range(50), strict=False)}) == 50
    )
