"""The `zoo` command as a user runs it: a process of its own, in an empty folder."""

import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import one_line, run_zoo, shared_data
from PIL import Image

import zoo
from zoo import recipes
from zoo.cli.training import beside_card
from zoo.data import datasets
from zoo.hub import checkpoint, store


def test_a_command_that_is_told_to_end_leaves_nothing_behind(tmp_path):
    code = """
import sys, tempfile, time
from zoo.cli import main as cli
@cli.app.command()
def wait():
    with tempfile.TemporaryDirectory(dir=".") as folder:
        print(folder, flush=True)
        time.sleep(60)
sys.argv = ["zoo", "wait"]
cli.main()
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        assert list(tmp_path.iterdir())
        process.terminate()
        assert process.wait(timeout=30) == 130
    assert not list(tmp_path.iterdir())


def test_the_package_runs_as_the_command(tmp_path):
    command = [sys.executable, "-m", "zoo", "show", "mlp.mnits"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and not done.stdout and "did you mean mlp.mnist" in one_line(done.stderr)


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    """A photograph that comes with scikit-image, 300 x 200."""
    import importlib.util

    data = Path(importlib.util.find_spec("skimage").origin).parent / "data"
    with Image.open(data / "chelsea.png") as picture:
        return picture.convert("RGB").resize((300, 200))


def test_list(tmp_path):
    out, _ = run_zoo("list", cwd=tmp_path)
    cards = json.loads(run_zoo("list", "--json", cwd=tmp_path)[0])
    assert {card["name"] for card in cards} == set(recipes.names())
    years = [zoo.architectures()[card["architecture"]].year for card in cards]
    assert years == sorted(years)
    order = [out.index(f" {card['name']} ") for card in cards]
    assert order == sorted(order)
    without = [about.name for about in zoo.architectures().values() if not about.checkpoints]
    assert "seq2seq" in without and all(f"{name} (" in out.splitlines()[-1] for name in without)


def test_history(tmp_path):
    out, _ = run_zoo("history", cwd=tmp_path)
    rows = json.loads(run_zoo("history", "--json", cwd=tmp_path)[0])
    assert [row["name"] for row in rows] == list(zoo.architectures())
    assert sorted(name for row in rows for name in row["checkpoints"]) == sorted(recipes.names())
    for row in rows:
        [line] = [line for line in out.splitlines() if line.startswith(f"{row['year']}  {row['name']} ")]
        assert row["new"] in line and row["file"] in line and ", ".join(row["lineage"]) in line


def test_show_of_a_model(tmp_path):
    out, _ = run_zoo("show", "perceptron", cwd=tmp_path)
    assert out.split("\n\n")[1].startswith("file  ")  # one blank line above the table
    assert "1958" in out and "zoo.Perceptron(input_shape=(28, 28, 1))" in out and "perceptron.mnist-01" in out
    assert re.search(r"built on by +mlp", out) and "Rosenblatt" in out
    found = json.loads(run_zoo("show", "bert", "--json", cwd=tmp_path)[0])
    assert found["lineage"] == ["transformer"] and found["about"].startswith("BERT")


@pytest.mark.parametrize("name", recipes.names())
def test_show(name, tmp_path):
    out, _ = run_zoo("show", name, cwd=tmp_path)
    assert zoo.card(name).summary in out and zoo.card(name).training["command"] in out
    assert json.loads(run_zoo("show", name, "--json", cwd=tmp_path)[0])["weights"]["sha256"]


def test_show_of_a_checkpoint_without_targets_claims_none(tmp_path):
    shutil.copytree(checkpoint.find("perceptron.mnist-01"), tmp_path / "mine")
    card = json.loads((tmp_path / "mine" / "card.json").read_text())
    del card["training"]["missed"]
    (tmp_path / "mine" / "card.json").write_text(json.dumps(card))
    assert re.search(r"targets +none", run_zoo("show", "./mine", cwd=tmp_path)[0])


def test_doctor_and_data(tmp_path):
    found = json.loads(run_zoo("doctor", "--json", cwd=tmp_path)[0])
    assert found["cores"] >= 1 and found["checkpoints"]["lenet5.mnist"] == "ok"
    assert "tensorflow" in found["versions"]
    assert "python" in run_zoo("doctor", cwd=tmp_path)[0]
    assert set(datasets.names()) == {
        row["name"] for row in json.loads(run_zoo("data", "list", "--json", cwd=tmp_path)[0])
    }
    for about in map(datasets.dataset, datasets.names()):
        out, _ = run_zoo("data", "show", about.name, cwd=tmp_path)
        assert str(about.layout) in out and about.files in out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("show", "lenet5.mnits"), "did you mean lenet5.mnist"),
        (("show", "perceptrn"), "no checkpoint or model is called 'perceptrn'; did you mean perceptron"),
        (("train", "nothing.here"), "no recipe is called 'nothing.here'"),
        (("data", "show", "minst"), "did you mean mnist?"),
        (("run", "colourise", "x.jpg"), "no app is called 'colourise'; did you mean colorize?"),
        (("run", "colorize", "photo.jpg", "--strength", "lots"), "strength is 'lots'; give a number from 0 to 3"),
        (("show", "some/folder"), "some/folder is no checkpoint"),
        (("shwo",), "No such command 'shwo'"),
        (("show",), "Missing argument"),
        (("train", "mlp.mnist", "--epochs", "x"), "Invalid value for '--epochs'"),
        (("finetune", "mlp.mnist", "--data", ".", "-o", "mine", "--seed", "-1"), "Invalid value for '--seed'"),
        (("finetune", "mlp.mnist", "--data", "cifar-10", "-o", "mine"), "no folder or file and no data set"),
        (("finetune", "mlp.mnist", "--data", "cifar-10", "-o", "mine"), "did you mean cifar10"),
        (("finetune", "gpt.gutenberg", "--data", "nowhere.txt", "-o", "mine"), "nowhere.txt: no such file or folder"),
        (("finetune", "mlp.mnist", "--data", "some/photos", "-o", "mine"), "some/photos: no such file or folder"),
        (("show", 300 * "x"), "no checkpoint or model is called"),
        (("eval", "lenet5.mnist", "--from", "nowhere"), "nowhere: no such folder"),
        (("run", "colorize", "nowhere.jpg"), "nowhere.jpg: no such file or folder"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(arguments, expected, tmp_path):
    _, err = run_zoo(*arguments, cwd=tmp_path, expect=2)
    assert expected in one_line(err)


MISTAKES = """
import io, sys
from contextlib import redirect_stderr
from zoo.cli import main
for line in sys.stdin.read().splitlines():
    command, expected = line.split(" # ")
    sys.argv = ["zoo", *command.split()]
    with redirect_stderr(io.StringIO()) as err:
        try:
            main.main()
        except SystemExit as end:
            assert end.code == 2, (command, err.getvalue())
    assert expected in err.getvalue() and err.getvalue().count("\\n") == 1, (command, err.getvalue())
    assert not {"keras", "tensorflow", "tensorflow_datasets", "torch", "jax"} & {*sys.modules}, command
"""


def test_what_is_wrong_is_said_before_the_framework_is_imported(tmp_path):
    (tmp_path / "mood.csv").write_text("text,mood\na,b\n")
    (tmp_path / "one.csv").write_text("text,label\na,b\nc,b\n")
    (tmp_path / "short.txt").write_text("too short")
    (tmp_path / "lone" / "a").mkdir(parents=True)
    (tmp_path / "lone" / "b").mkdir()
    for name in ("a/1.png", "a/2.png", "b/1.png"):
        Image.new("RGB", (4, 4)).save(tmp_path / "lone" / name)
    lines = """
        finetune bert.gutenberg --data mood.csv -o out # no column 'label'
        finetune bert.rt-polarity --data one.csv -o out # has 1 labels
        finetune bert.rt-polarity --data lone -o out # give a CSV file
        finetune gpt.gutenberg --data short.txt -o out # too few to learn from
        finetune gpt.gutenberg --data one.csv -o out # fine-tuned on a text file
        finetune mobilenet.caltech101 --data lone -o out # lone/b holds one image
        finetune mobilenet.caltech101 --data short.txt -o out # is a file; give a folder
        finetune mobilenet.caltech101 --data lone/a -o out # has 0 class folders
        finetune mobilenet.caltech101 --data intel_scenes -o out --data-dir . # is not prepared in
        finetune mobilenet.caltech101 --data gutenberg -o out # has no labels
        finetune unet.color --data lone -o out # no classifier
        finetune gpt.gutenberg --data short.txt -o out --epochs 0 # greater than or equal to 1
        train lenet5.mnist --epochs 0 # greater than or equal to 1
        train lenet5.mnist --init nothing # no checkpoint is called
        eval mine --from mood.csv # no column 'label'
        eval mine --from one.csv --split test # have no split
        eval mine # name some to measure it on
        data prepare gutenberg # cannot be downloaded
        data prepare gutenberg --from nowhere # no such folder
        data prepare mnist --from lone # is not prepared there
        export lenet5.mnist pdf # no export format is called
    """
    card = checkpoint.card("bert.rt-polarity")
    folder = shutil.copytree(checkpoint.find("bert.rt-polarity"), tmp_path / "mine")
    about = json.loads((folder / "card.json").read_text())
    about |= {"training": {**card.training, "command": "zoo finetune x"}, "data": {**card.data, "name": "own"}}
    (folder / "card.json").write_text(json.dumps(about))
    text = "\n".join(line.strip() for line in lines.strip().splitlines())
    done = subprocess.run(
        [sys.executable, "-c", MISTAKES], cwd=tmp_path, input=text, capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr


def test_tampered_weights_are_refused(tmp_path):
    folder = tmp_path / "lenet"
    shutil.copytree(checkpoint.find("lenet5.mnist"), folder)
    weights = bytearray((folder / store.WEIGHTS).read_bytes())
    weights[len(weights) // 2] ^= 255
    (folder / store.WEIGHTS).write_bytes(weights)
    (tmp_path / "digits" / "3").mkdir(parents=True)
    Image.new("L", (28, 28)).save(tmp_path / "digits" / "3" / "a.png")
    _, err = run_zoo("eval", folder, "--from", "digits", cwd=tmp_path, expect=2)
    assert "SHA-256" in one_line(err)


def exif_rotated(picture) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn a quarter clockwise to see it right
    file = io.BytesIO()
    picture.save(file, "JPEG", exif=exif)
    return file.getvalue()


def test_colorize_a_folder_of_all_sorts(photo, tmp_path):
    """Odd pictures work, bad files are named, the others are done all the same."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    photo.convert("L").save(folder / "grey.jpg")
    Image.new("RGB", (1, 1), "white").save(folder / "one.png")
    photo.convert("CMYK").save(folder / "cmyk.jpg")
    deep = (np.asarray(photo.convert("L")).astype("uint16") * 257)[:100]
    Image.fromarray(deep).save(folder / "deep.png")
    photo.convert("P").save(folder / "palette.png", transparency=3)
    (folder / "turned.jpg").write_bytes(exif_rotated(photo))
    photo.save(folder / "more" / "deeper.webp")
    file = io.BytesIO()
    photo.save(file, "JPEG")
    (folder / "truncated.jpg").write_bytes(file.getvalue()[:2000])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.png").write_text("not a picture")
    bomb = io.BytesIO()
    Image.new("1", (20000, 20000)).save(bomb, "PNG")
    (folder / "bomb.png").write_bytes(bomb.getvalue())

    _, err = run_zoo("run", "colorize", folder, "-o", "out", cwd=tmp_path, expect=2)
    for bad in ("truncated.jpg", "empty.jpg", "text.png", "bomb.png"):
        assert sum(bad in line for line in err.splitlines()) == 1, err
        assert not (tmp_path / "out" / bad).exists()
    sizes = {
        "grey.jpg": (300, 200),
        "one.png": (1, 1),
        "cmyk.jpg": (300, 200),
        "deep.png": (300, 100),
        "palette.png": (300, 200),
        "turned.jpg": (200, 300),
        "more/deeper.webp": (300, 200),
    }
    found = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert found == set(sizes)
    for name, size in sizes.items():
        with Image.open(tmp_path / "out" / name) as picture:
            assert (picture.mode, picture.size) == ("RGB", size)
    with Image.open(tmp_path / "out" / "grey.jpg") as coloured:
        pixels = np.asarray(coloured).astype(int)
    assert np.abs(pixels[..., 0] - pixels[..., 2]).mean() > 4, "the answer is grey"

    # A second run refuses what is there, and replaces it when told to.
    _, err = run_zoo("run", "colorize", folder / "grey.jpg", "-o", "out/grey.jpg", cwd=tmp_path, expect=2)
    assert "--force" in one_line(err)
    run_zoo("run", "colorize", folder / "grey.jpg", "-o", "out/grey.jpg", "--force", cwd=tmp_path)


def test_a_twelve_megapixel_photo_stays_whole_and_below_two_gigabytes(photo, tmp_path):
    photo.save(tmp_path / "small.jpg")
    # The first run makes the export, which takes memory of its own.
    run_zoo("run", "colorize", "small.jpg", "-o", "small-colour.jpg", cwd=tmp_path)
    photo.resize((4000, 3000)).save(tmp_path / "large.jpg")
    # Not ru_maxrss: on Linux a child's starts at its parent's size.
    code = (
        "from zoo.cli.main import main\n"
        "try:\n    main()\n"
        "finally:\n    print(*(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM:')))"
    )
    command = [sys.executable, "-c", code, "run", "colorize", "large.jpg", "-o", "large-colour.jpg"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with Image.open(tmp_path / "large-colour.jpg") as picture:
        assert picture.size == (4000, 3000)
    assert int(done.stdout) < 2_000_000  # kilobytes


def test_an_output_that_cannot_be_written_is_one_line(photo, tmp_path):
    photo.save(tmp_path / "photo.jpg")
    (tmp_path / "file").write_text("in the way")
    _, err = run_zoo("run", "colorize", "photo.jpg", "-o", "file/out.jpg", cwd=tmp_path, expect=2)
    assert "file/out.jpg" in one_line(err)


def test_demo_makes_a_page_of_before_and_after(demo_folder):
    page = (demo_folder / "index.html").read_text(encoding="utf-8")
    assert "colorize" in page and "http://" not in page and "https://" not in page
    files = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(files) > 20 and all((demo_folder / file).stat().st_size for file in files)


def test_train_and_finetune(tmp_path):
    data = str(shared_data() / "tfds")
    out, err = run_zoo("train", "perceptron.mnist-01", "--epochs", 1, "--data-dir", data, cwd=tmp_path)
    assert out.splitlines()[-1] == "perceptron.mnist-01" and "epochs done" in err
    assert zoo.card(tmp_path / "perceptron.mnist-01").result("accuracy")["value"] > 99
    random = np.random.RandomState(0)
    for label, level in (("dark", 40), ("light", 200)):
        (tmp_path / "mine" / label).mkdir(parents=True)
        for number in range(10):
            grey = random.randint(level - 40, level + 40, (28, 28)).astype("uint8")
            Image.fromarray(grey).save(tmp_path / "mine" / label / f"{number}.png")
    arguments = ("finetune", "mlp.mnist", "--data", "mine", "--epochs", 6)
    assert run_zoo(*arguments, "-o", "out", cwd=tmp_path)[0].splitlines()[-1] == "out"
    assert zoo.card(tmp_path / "out").labels == ["dark", "light"]
    assert "--force" in one_line(run_zoo(*arguments, "-o", "out", cwd=tmp_path, expect=2)[1])
    _, err = run_zoo("eval", "out", "--from", "nowhere", cwd=tmp_path, expect=2)
    assert "a folder of images for each class" in one_line(err)


def test_eval_recomputes_what_the_card_says(tmp_path):
    data = shared_data()
    found = json.loads(run_zoo("eval", "lenet5.mnist", "--json", cwd=tmp_path, TFDS_DATA_DIR=str(data / "tfds"))[0])
    card = zoo.card("lenet5.mnist")
    assert found["metrics"][0]["value"] == pytest.approx(card.result("accuracy", "test")["value"], abs=0.02)


def test_eval_shows_each_baseline_beside_its_own_figure_in_the_card():
    rows = checkpoint.card("gan.mnist").metrics  # several baselines have the same metrics
    found = beside_card([row | {"value": row["value"] + 1} for row in rows], rows)
    assert [float(stated.split()[1]) for _, stated, *_ in found] == [round(row["value"], 2) for row in rows]
    assert beside_card(rows, [])[0][1] == "-"


def test_eval_of_color_on_a_folder_of_photographs(tmp_path):
    import tarfile

    data = shared_data()
    with tarfile.open(data / "bsds500" / "BSDS500_images.tar") as tar:
        members = [m for m in tar.getmembers() if "/val/" in m.name and m.isfile()]
        tar.extractall(tmp_path, members=members, filter="data")
    found = json.loads(run_zoo("eval", "unet.color", "--from", ".", "--json", cwd=tmp_path)[0])
    card = zoo.card("unet.color")
    for row in found["metrics"]:
        if row["role"] == "result":
            recorded = card.result(row["metric"])["value"]
            assert row["n"] == 95
            assert row["value"] == pytest.approx(recorded, rel=2e-3)
