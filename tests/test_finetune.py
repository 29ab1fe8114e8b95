"""`zoo finetune`: from a folder of class folders to a checkpoint that `zoo.load` takes."""

import shutil

import cv2
import numpy as np
import pytest
from conftest import shared_data

import zoo
from zoo.data.images import read_image, write_image
from zoo.errors import BadInput, MissingData, OutputExists
from zoo.recipes import evaluation
from zoo.recipes.finetune import finetune, labelled, split


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    """Discs and squares of many sizes, drawn here: 30 pictures a class in folders of their names."""
    folder = tmp_path_factory.mktemp("shapes")
    random = np.random.RandomState(0)
    for label in ("disc", "square", "cross"):
        (folder / label).mkdir()
        for number in range(30):
            picture = np.zeros((56, 48, 3), np.uint8)
            (x, y), r = random.randint(20, 28, 2), random.randint(9, 17)
            if label == "disc":
                cv2.circle(picture, (int(x), int(y)), int(r), (255, 255, 255), 3)
            elif label == "square":
                cv2.rectangle(picture, (int(x - r), int(y - r)), (int(x + r), int(y + r)), (255, 255, 255), 3)
            else:
                cv2.line(picture, (int(x - r), int(y - r)), (int(x + r), int(y + r)), (255, 255, 255), 3)
                cv2.line(picture, (int(x - r), int(y + r)), (int(x + r), int(y - r)), (255, 255, 255), 3)
            write_image(folder / label / f"{number:02}.png", picture)
    (folder / "disc" / "broken.png").write_bytes(b"no picture")
    return folder


@pytest.mark.parametrize(("base", "least"), [("lenet5.mnist", 75), ("mlp.mnist", 65)])  # chance is 33 %
def test_new_classes_are_learned_and_the_checkpoint_loads(base, least, shapes, tmp_path, capsys):
    card = finetune(base, shapes, tmp_path / "mine", epochs=20, runs=tmp_path / "runs")
    assert "broken.png" in capsys.readouterr().err
    assert card.labels == ["cross", "disc", "square"]
    assert card.result("accuracy", "validation")["value"] >= least
    model = zoo.load(tmp_path / "mine")
    assert model.output_shape == (None, 3)
    for name in ("curves.png", "confusion.png"):
        assert min(read_image(tmp_path / "mine" / name).shape[:2]) > 300
    confusion = np.array(card.curves["confusion"])
    accuracy = 100 * np.trace(confusion) / confusion.sum()
    assert accuracy == pytest.approx(card.result("accuracy", "validation")["value"], abs=1e-3)
    assert len(card.curves["training"]) == card.training["epochs"] <= 20
    assert card.training["selected"]["epoch"] <= card.training["epochs"]
    measured = evaluation.evaluate(tmp_path / "mine", folder=shapes)["metrics"]
    assert measured[0]["value"] >= least and measured[0]["n"] == 90
    with pytest.raises(OutputExists):
        finetune(base, shapes, tmp_path / "mine", runs=tmp_path / "runs")


def test_one_epoch_trains_and_new_pictures_under_old_names_are_no_old_training(shapes, tmp_path):
    card = finetune("lenet5.mnist", shapes, tmp_path / "mine", epochs=1, runs=tmp_path / "runs")
    assert card.training["wall_time_s"] >= 0 and card.labels == ["cross", "disc", "square"]
    assert not (tmp_path / "runs" / "finetune-mine").exists()
    before = zoo.card(tmp_path / "mine").weights["sha256"]
    other = tmp_path / "other"
    for label in ("disc", "square"):
        shutil.copytree(shapes / label, other / label)
    finetune("lenet5.mnist", other, tmp_path / "mine", epochs=1, runs=tmp_path / "runs", force=True)
    assert zoo.card(tmp_path / "mine").weights["sha256"] != before


def test_a_head_for_other_classes_keeps_all_below(tmp_path):
    old, new = zoo.load("mlp.mnist"), zoo.load("mlp.mnist", classes=3)
    assert new.output_shape == (None, 3)
    for before, after in zip(old.layers[:-1], new.layers[:-1], strict=True):
        for one, other in zip(before.get_weights(), after.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
    with pytest.raises(BadInput, match="no classes to exchange"):
        zoo.load("unet.color", classes=3)
    with pytest.raises(BadInput, match="1 classes"):
        zoo.load("mlp.mnist", classes=1)


def test_a_data_set_can_be_named_instead_of_a_folder(tmp_path):
    x, y, labels = labelled("mnist", (28, 28, 1), shared_data() / "tfds")
    assert x.shape == (60000, 28, 28, 1) and len(y) == 60000 and labels == list("0123456789")
    with pytest.raises(BadInput, match="has no labels"):
        labelled("flickr8k", (28, 28, 1), tmp_path)
    with pytest.raises(MissingData, match="zoo data prepare cifar10"):
        labelled("cifar10", (28, 28, 1), tmp_path)


def test_what_cannot_be_fine_tuned_says_so(shapes, tmp_path):
    with pytest.raises(BadInput, match="no classifier"):
        finetune("unet.color", shapes, tmp_path / "out", runs=tmp_path)
    with pytest.raises(BadInput, match="folder of images for each class"):
        finetune("lenet5.mnist", tmp_path / "nowhere", tmp_path / "out", runs=tmp_path)
    with pytest.raises(BadInput, match="0 class folders"):
        finetune("lenet5.mnist", shapes / "disc", tmp_path / "out", runs=tmp_path)
    assert not (tmp_path / "out").exists()


def test_each_class_holds_back_a_fifth_and_never_all():
    y = np.array([0] * 10 + [1] * 2 + [2])
    training, held = split(y, seed=1)
    assert sorted([*training, *held]) == list(range(13))
    assert [int((y[held] == label).sum()) for label in range(3)] == [2, 1, 0]
