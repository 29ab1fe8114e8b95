"""`zoo finetune`: from a folder of class folders to a checkpoint that `zoo.load` takes."""

import shutil

import cv2
import keras
import numpy as np
import pytest
from helpers import array, card_of, shared_data

import zoo
from zoo import metrics
from zoo.data import background, catalogue
from zoo.data.class_folders import read_examples
from zoo.errors import BadInput, MissingData, OutputExists, UnknownName
from zoo.hub import store
from zoo.kinds.image import read_image, write_image
from zoo.tasks.classify_images import labelled
from zoo.tasks.task import hold_back
from zoo.training import evaluation, plots, report
from zoo.training import finetune as module
from zoo.training.finetune import finetune
from zoo.training.resume import Resume


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
    assert measured[1]["metric"] == "acceptance_rate" and measured[1]["value"] >= 85
    with pytest.raises(OutputExists):
        finetune(base, shapes, tmp_path / "mine", runs=tmp_path / "runs")


@pytest.mark.parametrize("base", ["mlp.mnist", "lenet5.mnist"])
def test_strange_pictures_are_rejected_and_the_card_alone_says_so(base, shapes, tmp_path):
    card = finetune(base, shapes, tmp_path / "mine", epochs=6, runs=tmp_path / "runs")
    # LeNet-5's output layer has no weights to calibrate: its logits are minus squared distances.
    assert card.ood_threshold == 0 if base == "mlp.mnist" else card.ood_threshold < 0
    predict = zoo.predictor(tmp_path / "mine")
    photographs = np.concatenate(background.photographs((28, 28, 1), seed=7))
    strange = [answer["in_distribution"] for answer in predict.task.decode(predict.card, predict(photographs))]
    assert np.mean(strange) < 0.5
    own, _ = read_examples(shapes, card.labels, (28, 28, 1))
    known = [answer["in_distribution"] for answer in predict.task.decode(predict.card, predict(own))]
    assert np.mean(known) > 0.85
    rejected = card.result("rejection_rate", "background")
    assert rejected["n"] == 100 and rejected["value"] > 50
    assert card.result("acceptance_rate", "validation")["value"] >= 90


def test_at_its_end_it_says_the_interval_the_baseline_and_the_licence(shapes, tmp_path):
    card = finetune("mlp.mnist", shapes, tmp_path / "mine", epochs=2, runs=tmp_path / "runs")
    [baseline] = [row for row in card.metrics if row["role"] == "baseline"]
    assert baseline["metric"] == "accuracy" and baseline["n"] == 18 and 33 < baseline["value"] <= 100
    found = "\n".join(report.lines(zoo.card(tmp_path / "mine")))
    for words in (
        "on 18 examples held back; 95 % confidence interval",
        "few data: 18 examples held back",
        f"baseline {baseline['value']:.2f} % (nearest centroid, on the features of mlp.mnist as it was)",
        f"licence, inherited from mlp.mnist: {zoo.card('mlp.mnist').licence}; commercial use allowed; the terms of",
    ):
        assert words in found


@pytest.mark.parametrize(
    ("value", "baseline", "n", "verdict", "few"),
    [
        (
            90,
            88,
            60,
            "may be as good",
            "few data: 60 examples held back leave the accuracy uncertain by 8 points",
        ),
        (90, 70, 1000, "the fine-tuned network is better", None),
        (60, 75, 1000, "BETTER than the fine-tuned network", None),
    ],
)
def test_the_report_compares_with_the_baseline_as_far_as_the_data_tell(value, baseline, n, verdict, few):
    facts = {"n": n, "protocol": "a test"}
    rows = [
        metrics.row("accuracy", "validation", value, **facts),
        metrics.row("accuracy", "validation", baseline, role="baseline", **facts),
    ]
    model = zoo.Perceptron(input_shape=(2,))
    lines = report.lines(card_of(model, metrics=rows, data={"name": "own"}, training={"base": "mlp.mnist"}))
    assert verdict in lines[1]
    assert few in lines[2] if few else len(lines) == 3 and lines[2].startswith("licence, inherited from mlp.mnist")


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
    x, y, labels, facts = labelled("mnist", (28, 28, 1), shared_data() / "tfds")
    assert (
        facts["name"] == "mnist" and x.shape == (60000, 28, 28, 1) and len(y) == 60000 and labels == list("0123456789")
    )
    with pytest.raises(BadInput, match="has no labels"):
        labelled("flickr8k", (28, 28, 1), tmp_path)
    with pytest.raises(MissingData, match="zoo data prepare cifar10"):
        labelled("cifar10", (28, 28, 1), tmp_path)


@pytest.fixture(scope="module")
def prepared_by_tfds(shapes, tmp_path_factory):
    """A data directory in which TFDS prepared a data set that the catalogue lacks, in its usual format."""
    import tensorflow_datasets as tfds

    class ThreeShapes(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            names = tfds.features.ClassLabel(names=["cross", "disc", "square"])
            features = tfds.features.FeaturesDict({"photo": tfds.features.Image(shape=(None, None, 3)), "what": names})
            return tfds.core.DatasetInfo(builder=self, features=features, supervised_keys=("photo", "what"))

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples(0, 20), "test": self._generate_examples(20, 30)}

        def _generate_examples(self, first, last):
            for label in self.info.features["what"].names:
                for number in range(first, last):
                    yield f"{label}{number}", {"photo": str(shapes / label / f"{number:02}.png"), "what": label}

    folder = tmp_path_factory.mktemp("tfds")
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    ThreeShapes(data_dir=folder).download_and_prepare(download_config=config)
    return folder


def test_any_data_set_that_tfds_has_prepared_can_be_named(prepared_by_tfds, tmp_path):
    options = {"data_dir": prepared_by_tfds, "runs": tmp_path / "runs"}
    card = finetune("mlp.mnist", "three_shapes", tmp_path / "mine", epochs=3, **options)
    assert card.labels == ["cross", "disc", "square"]
    assert card.data["name"] == "three_shapes" and card.data["commercial_use"] is None and not card.commercial_use
    measured = evaluation.evaluate(tmp_path / "mine", data_dir=prepared_by_tfds)["metrics"]
    assert [(row["metric"], row["split"], row["n"]) for row in measured] == [
        ("accuracy", "test", 30),
        ("acceptance_rate", "test", 30),
    ]
    with pytest.raises(BadInput, match="has no split 'dev'; it has"):
        evaluation.evaluate(tmp_path / "mine", split="dev", data_dir=prepared_by_tfds)
    with pytest.raises(BadInput, match="trained on data of yours"):
        evaluation.evaluate(tmp_path / "mine", data_dir=tmp_path)
    with pytest.raises(UnknownName, match="no data set is called 'three_shapes'"):
        finetune("mlp.mnist", "three_shapes", tmp_path / "other", data_dir=tmp_path, runs=tmp_path / "runs")
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(BadInput, match=r"photo\.jpg is a file; give a folder that has a folder of images for each"):
        finetune("mlp.mnist", tmp_path / "photo.jpg", tmp_path / "other", runs=tmp_path / "runs")


def test_what_cannot_be_fine_tuned_says_so(shapes, tmp_path):
    with pytest.raises(BadInput, match="no classifier"):
        finetune("unet.color", shapes, tmp_path / "out", runs=tmp_path)
    with pytest.raises(UnknownName, match="and no data set is called 'cifar-10'; did you mean cifar10"):
        finetune("lenet5.mnist", "cifar-10", tmp_path / "out", runs=tmp_path)
    with pytest.raises(BadInput, match="0 class folders"):
        finetune("lenet5.mnist", shapes / "disc", tmp_path / "out", runs=tmp_path)
    shutil.copytree(shapes / "cross", tmp_path / "few" / "cross")
    (tmp_path / "few" / "lone disc").mkdir()
    shutil.copy(shapes / "disc" / "00.png", tmp_path / "few" / "lone disc")
    with pytest.raises(BadInput, match="few/lone disc holds one image; give each class 2 or more"):
        finetune("lenet5.mnist", tmp_path / "few", tmp_path / "out", runs=tmp_path)
    (tmp_path / "divided").mkdir()
    for name in ("Train", "val"):
        shutil.copytree(shapes, tmp_path / "divided" / name)
    with pytest.raises(BadInput, match=r"has splits \(Train, val\) where class folders should be"):
        finetune("lenet5.mnist", tmp_path / "divided", tmp_path / "out", runs=tmp_path)
    with pytest.raises(BadInput, match="doesn't begin with a dot"):
        finetune("lenet5.mnist", shapes, tmp_path / ".out", runs=tmp_path)
    assert not (tmp_path / "out").exists()


def test_each_class_holds_back_a_fifth_and_never_all():
    y = np.array([0] * 10 + [1] * 2 + [2])
    training, held = hold_back(y, seed=1)
    assert sorted([*training, *held]) == list(range(13))
    assert [int((y[held] == label).sum()) for label in range(3)] == [2, 1, 0]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A tiny MobileNet of random weights as a checkpoint, with the batch statistics that belong to them."""
    keras.utils.set_random_seed(1)
    model = zoo.MobileNet(classes=4, input_shape=(32, 32, 3), width=0.25, dropout=0.2)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0  # the next batch's are kept as they are
    model(np.random.RandomState(0).randint(0, 256, (64, 32, 32, 3)).astype("uint8"), training=True)
    facts = {"inputs": {"image": array(32, 32, 3, dtype="uint8")}, "outputs": {"logits": array(4)}}
    folder = tmp_path_factory.mktemp("base") / "tiny"
    store.save(model, folder, card_of(model, **facts, labels=list("abcd"), ood_threshold=0.0))
    return folder


@pytest.fixture(scope="module")
def few(shapes, tmp_path_factory):
    """Ten pictures of each shape."""
    folder = tmp_path_factory.mktemp("few")
    for label in ("disc", "square", "cross"):
        (folder / label).mkdir()
        for number in range(10):
            shutil.copy(shapes / label / f"{number:02}.png", folder / label)
    return folder


def test_a_convolutional_base_learns_in_two_stages_and_resumes_to_the_same_weights(base, few, tmp_path, monkeypatch):
    before = zoo.load(base, classes=3)
    stages = {}
    fit = Resume.fit

    def watched(self, model, *rest, **options):
        fit(self, model, *rest, **options)
        stages[self.folder.name] = [layer.get_weights() for layer in model.layers]

    monkeypatch.setattr(Resume, "fit", watched)
    card = finetune(base, few, tmp_path / "whole", epochs=6, runs=tmp_path / "runs")

    names = [layer.name for layer in before.layers]
    weights = {"before": [layer.get_weights() for layer in before.layers], **stages}
    for index, name in enumerate(names[:-1]):
        moved = {}
        for stage in ("head", "all"):
            pairs = zip(weights["before"][index], weights[stage][index], strict=True)
            moved[stage] = any(not np.array_equal(one, other) for one, other in pairs)
        frozen = isinstance(before.layers[index], keras.layers.BatchNormalization)
        assert not moved["head"], f"{name} moved while the head alone was to learn"
        assert moved["all"] == (bool(weights["before"][index]) and not frozen), name
    assert not np.array_equal(weights["head"][-1][0], weights["all"][-1][0])

    fresh = zoo.load(tmp_path / "whole")
    assert card.parameters == sum(int(np.prod(v.shape)) for v in fresh.trainable_variables)
    description = "one logit a class, in the order of the labels"
    assert card.outputs == {"logits": {"shape": [3], "dtype": "float32", "description": description}}
    assert card.task == "classify_images"
    assert card.data["name"] == "own" and card.commercial_use and card.licence == zoo.card(base).licence
    best = card.training["selected"]
    of_epoch = card.curves["training"][best["epoch"] - 1]
    assert (of_epoch["stage"], of_epoch["val_accuracy"]) == (best["stage"], pytest.approx(best["value"], abs=1e-3))
    *all_but_last, _ = zip(fresh.layers, weights[best["stage"]], strict=True)  # the last layer is calibrated afterwards
    for shipped, chosen in all_but_last:
        for one, other in zip(shipped.get_weights(), chosen, strict=True):
            np.testing.assert_array_equal(one, other)

    def stopped(self, batch, logs=None):
        if self.folder.name == "all" and self.epoch == 2 and batch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as interrupted:
        interrupted.setattr(Resume, "on_train_batch_end", stopped)
        with pytest.raises(KeyboardInterrupt):
            finetune(base, few, tmp_path / "again", epochs=6, runs=tmp_path / "runs")
    assert not (tmp_path / "again").exists()
    with pytest.raises(BadInput, match="other settings"):
        finetune(base, few, tmp_path / "again", epochs=5, runs=tmp_path / "runs")
    again = finetune(base, few, tmp_path / "again", epochs=6, runs=tmp_path / "runs")
    assert again.training["selected"] == best and again.curves == card.curves
    for one, other in zip(fresh.get_weights(), zoo.load(tmp_path / "again").get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_best_epoch_of_both_stages_is_kept(shapes, tmp_path, monkeypatch):
    monkeypatch.setitem(module.RATES, "all", 10.0)  # ruins all that was learned
    card = finetune("mlp.mnist", shapes, tmp_path / "out", epochs=9, runs=tmp_path / "runs")
    accuracy = [row["val_accuracy"] for row in card.curves["training"]]
    assert card.training["selected"]["stage"] == "head" and max(accuracy[:3]) > max(accuracy[3:])
    assert card.result("accuracy", "validation")["value"] == pytest.approx(100 * max(accuracy), abs=0.1)
    old, new = zoo.load("mlp.mnist"), zoo.load(tmp_path / "out")
    for before, after in zip(old.layers[:-1], new.layers[:-1], strict=True):
        for one, other in zip(before.get_weights(), after.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_stage_ends_when_nothing_gets_better(shapes, tmp_path, monkeypatch):
    for stage in ("head", "all"):
        monkeypatch.setitem(module.RATES, stage, 0.0)
    card = finetune("mlp.mnist", shapes, tmp_path / "out", epochs=30, runs=tmp_path / "runs")
    assert card.training["epochs"] == 2 * (1 + module.PATIENCE)
    assert card.training["selected"]["epoch"] == 1


def test_pictures_that_fail_do_not_cost_the_training(shapes, tmp_path, monkeypatch, capsys):
    def broken(*_):
        raise RuntimeError("no room for axes\nat all")

    monkeypatch.setattr(plots, "confusion", broken)
    finetune("mlp.mnist", shapes, tmp_path / "out", epochs=1, runs=tmp_path / "runs")
    assert zoo.load(tmp_path / "out").output_shape == (None, 3)
    assert "no curves.png, no confusion.png: no room for axes\n" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "commercial"), [("intel_scenes", False), ("caltech101", True)])
def test_the_card_says_what_data_set_it_was_trained_on(name, commercial, tmp_path, monkeypatch):
    about = catalogue.dataset(name)

    def drawn(name, split, data_dir=None):
        y = np.repeat(np.arange(len(about.labels)), 2)
        return [np.full((40, 50, 3), label, np.uint8) for label in y], y

    monkeypatch.setattr(catalogue, "load", drawn)
    monkeypatch.setattr(catalogue, "check_prepared", lambda *_: tmp_path)
    card = finetune("mlp.mnist", name, tmp_path / "out", epochs=1, runs=tmp_path / "runs")
    assert card.labels == list(about.labels)
    assert card.data["name"] == name and card.data["url"] == about.url and card.data["split"] == "train"
    assert about.licence in card.data["licence"] and card.data["commercial_use"] == about.commercial
    assert zoo.card("mlp.mnist").commercial_use and card.commercial_use == commercial
    assert card.licence.startswith(zoo.card("mlp.mnist").licence) and about.licence in card.licence
    measured = evaluation.evaluate(tmp_path / "out")["metrics"]
    assert {(row["split"], row["n"]) for row in measured} == {("test", 2 * len(about.labels))}
    with pytest.raises(BadInput, match="leave --split out"):
        evaluation.evaluate(tmp_path / "out", split="test", folder=tmp_path)


def test_a_matrix_of_many_classes_stays_a_picture_and_names_are_no_formulas(tmp_path):
    names = ["$x^", "a$b$", "x" * 300, "\u732b", *map(str, range(496))]
    (tmp_path / "confusion.png").write_bytes(plots.confusion(np.eye(500, dtype=int), names))
    assert max(read_image(tmp_path / "confusion.png").shape) <= 3600
    assert plots.confusion(np.eye(4, dtype=int), names[:4])
