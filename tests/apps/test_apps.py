"""What an app is, running one on files, and the demo page; with apps made up here."""

import csv
import importlib.metadata
import inspect
import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from typing import Annotated

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

import zoo
from zoo.errors import BadCheckpoint, BadInput, MissingPackage, OutputExists, UnknownName, quoted
from zoo.hub import checkpoint
from zoo.kinds.image import read_image, write_image
from zoo_apps import app as app_module
from zoo_apps.app import REQUIRED, App, Choice, Flag, Image, Number, Output, Record, Sample, Text, apps, find
from zoo_apps.commands import _command
from zoo_apps.demo import demo
from zoo_apps.run import run


class Invert(App):
    name = "invert"
    title = "Turn <light> into dark"
    summary = "White & black change places."

    def __call__(
        self,
        photo: Image,
        amount: Annotated[float, Number(minimum=0, maximum=1, help="how much")] = 1.0,
        way: Annotated[str, Choice(options=("all", "red"))] = "all",
    ) -> Image:
        result = photo.copy()
        channels = slice(0, 1) if way == "red" else slice(None)
        result[..., channels] = np.rint(photo[..., channels] * (1 - amount) + (255 - photo[..., channels]) * amount)
        return result

    def samples(self):
        photo = np.full((20, 30, 3), 10, np.uint8)
        return [
            Sample(name="dark", title="<b>Dark</b>", credit="made here", inputs={"photo": photo}),
            Sample(
                name="half",
                title="Half",
                credit="made here",
                inputs={"photo": photo, "amount": 0.5},
                reference=photo,
                reference_label="as it was",
            ),
        ]


class Caption(App):
    name = "caption"
    title = summary = "Says what is there."

    def __call__(self, photo: Image, question: Text) -> tuple[Text, Annotated[float, Number(label="certainty")]]:
        return f"{question}: {photo.shape}", 1.0


class Count(App):
    """Answers what it was given."""

    name = "count"
    title = summary = "Counts."

    def __call__(
        self,
        photo: Image,
        times: Annotated[int, Number(minimum=1, maximum=9, whole=True)] = 2,
        bright: Flag = True,
        loud: Flag = False,
    ) -> Record:
        return {"times": times, "bright": bright, "loud": loud}


class Broken:
    """An entry point whose module asks for what isn't installed."""

    def __init__(self):
        raise ImportError("No module named 'rdkit'")


@pytest.fixture
def registered(monkeypatch):
    """Only these apps are installed."""

    def register(**classes):
        entries = [
            importlib.metadata.EntryPoint(name, f"{__name__}:{c.__name__}", "zoo.apps") for name, c in classes.items()
        ]
        monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: entries if group == "zoo.apps" else [])
        monkeypatch.setattr(app_module, "own_apps", dict)

    register(invert=Invert)
    return register


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def picture(path, value=10):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, np.full((4, 6, 3), value, np.uint8))
    return path


# What an app is


def test_inputs_and_outputs_come_from_the_signature():
    assert list(Invert.inputs) == ["photo", "amount", "way"]
    assert Invert.inputs["photo"].kind == Image() and Invert.inputs["photo"].default is REQUIRED
    assert Invert.inputs["amount"].kind == Number(minimum=0, maximum=1, help="how much")
    assert Invert.inputs["amount"].default == 1.0
    assert Invert.outputs == (Output(Image()),)
    assert Caption.outputs == (Output(Text()), Output(Number(label="certainty")))
    assert [each.kind.is_file for each in Caption.inputs.values()] == [True, False]


def test_an_argument_without_a_kind_is_a_mistake_of_the_author():
    with pytest.raises(TypeError, match="size"):

        class Wrong(App):
            def __call__(self, size: int) -> Image: ...


@pytest.mark.parametrize("amount", [-0.1, 1.1, float("nan"), float("inf"), "much", None, True])
def test_numbers_outside_their_range(amount):
    with pytest.raises(BadInput) as caught:
        Invert.check(amount=amount)
    assert str(caught.value) == f"amount is {amount!r}; give a number from 0 to 1"


@pytest.mark.parametrize("times", [2.9, "2.9", 0, 10, float("nan"), 10**400, True])
def test_counts_are_whole(times):
    with pytest.raises(BadInput) as caught:
        Count.check(times=times)
    assert str(caught.value) == f"times is {quoted(times)}; give a whole number from 1 to 9"


def test_counts_arrive_as_ints():
    for times in (3, 3.0, "3", np.int64(3)):
        assert Count.check(times=times) == {"times": 3} and type(Count.check(times=times)["times"]) is int
    assert Number(whole=True, minimum=0).limits == "a whole number from 0 up"
    assert Number(whole=True, minimum=0, maximum=2**32 - 1).limits == "a whole number from 0 to 4294967295"
    assert Number(minimum=0.5, maximum=3).limits == "a number from 0.5 to 3"


@pytest.mark.parametrize("name", ["app", "inputs", "out", "output", "force", "column", "help"])
def test_names_that_zoo_run_needs_are_refused(name):
    def call(self, photo, **values): ...

    parameters = [inspect.Parameter(each, inspect.Parameter.POSITIONAL_OR_KEYWORD) for each in ("self", "photo", name)]
    call.__signature__ = inspect.Signature(parameters)
    call.__annotations__ = {"photo": Image, name: Text, "return": Image}
    with pytest.raises(TypeError, match=f"app 'greedy' has an input '{name}', a name that zoo run needs"):
        type("Greedy", (App,), {"name": "greedy", "__call__": call})


def test_a_checkpoint_that_was_made_again_is_loaded_again(tmp_path, monkeypatch):
    card = json.loads((checkpoint.find("perceptron.mnist-01") / "card.json").read_text())
    monkeypatch.setattr(zoo, "predictor", lambda name: object())

    class Loads(Invert):
        checkpoints = (str(tmp_path),)

    def write(digest):
        (tmp_path / "card.json").write_text(json.dumps(card | {"weights": card["weights"] | {"sha256": digest}}))

    app = Loads()
    write("one")
    first = app.predictor(str(tmp_path))
    assert app.predictor(str(tmp_path)) is first
    write("two")
    assert app.predictor(str(tmp_path)) is not first


def test_values_are_checked_and_read():
    assert Invert.check(amount="0.25", way="red") == {"amount": 0.25, "way": "red"}
    with pytest.raises(BadInput, match="way is 'blue'; choose all or red"):
        Invert.check(way="blue")
    with pytest.raises(UnknownName, match="amount"):
        Invert.check(amuont=1)
    with pytest.raises(BadInput, match="question is a int; give a text"):
        Caption.check(question=3)
    assert Number(minimum=0).limits == "a number from 0 up" and Number(maximum=2).limits == "a number up to 2"


def test_calls_are_checked():
    grey = np.zeros((3, 4), np.uint8)
    assert Invert()(grey).shape == (3, 4, 3)
    for wrong in ("photo.jpg", grey.astype(float), grey[None, None], grey[:0]):
        with pytest.raises(BadInput, match="photo"):
            Invert()(wrong)
    with pytest.raises(BadInput, match="amount"):
        Invert()(grey, 7)


def test_find(registered):
    assert isinstance(find("invert"), Invert)
    assert list(apps()) == ["invert"]
    with pytest.raises(UnknownName, match="did you mean invert"):
        find("invrt")
    registered(broken=Broken, invert=Invert)
    assert isinstance(find("invert"), Invert)  # not harmed by its neighbour
    with pytest.raises(MissingPackage, match="rdkit"):
        find("broken")


def test_installed_apps_are_whole():
    assert "colorize" in apps()
    for name, app in apps().items():
        assert app.name == name and app.title and app.summary and "\n" not in app.summary
        assert app.outputs and app.samples()


def test_describing_apps_imports_no_framework():
    code = (
        "import sys, zoo_apps.run, zoo_apps.demo; from zoo_apps.app import apps; apps();"
        "import zoo_apps.write, zoo_apps.translate, zoo_apps.sentiment;"
        "print([m for m in ('keras', 'tensorflow', 'torch', 'jax', 'skimage', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Running one on files


def test_a_file_into_a_file(here, capfd):
    picture(here / "a.png")
    assert run(Invert(), ["a.png"], "out.png") == 0
    assert (read_image("out.png") == 245).all()
    assert run(Invert(), ["a.png"], "new/deep/out.bmp", amount="0", way="red") == 0
    assert (read_image("new/deep/out.bmp") == 10).all()
    assert capfd.readouterr().err == "wrote out.png\nwrote new/deep/out.bmp\n"


def test_a_file_into_a_folder_or_by_itself(here):
    picture(here / "in" / "a.jpg")
    picture(here / "in" / "b.tiff")
    (here / "there").mkdir()
    assert run(Invert(), ["in/a.jpg"], "there") == 0
    assert run(Invert(), ["in/a.jpg"], "new") == 0
    assert run(Invert(), ["in/a.jpg"], "v1.2/") == 0
    assert run(Invert(), ["in/a.jpg"]) == 0
    assert run(Invert(), ["in/b.tiff"]) == 0
    for path in ("there/a.jpg", "new/a.jpg", "v1.2/a.jpg", "a.invert.jpg", "b.invert.tiff"):
        assert (here / path).is_file(), path


def test_a_folder_keeps_its_names(here, capfd):
    for name in ("a.jpg", "b.PNG", "sub/c.bmp", "sub/deep/a.jpg"):
        picture(here / "photos" / name)
    (here / "photos" / "notes.txt").write_text("no picture")
    assert run(Invert(), ["photos"], "out") == 0
    found = sorted(str(path.relative_to(here / "out")) for path in (here / "out").rglob("*") if path.is_file())
    assert found == ["a.jpg", "b.PNG", os.path.join("sub", "c.bmp"), os.path.join("sub", "deep", "a.jpg")]
    assert capfd.readouterr().err == "4 done, 0 failed; results are in out\n"


def test_globs_and_several_inputs(here):
    for name in ("photos/a.png", "photos/sub/b.png", "photos/sub/c.bmp", "d.png"):
        picture(here / name)
    assert run(Invert(), ["photos/**/*.png", "d.png", "./d.png"], "out") == 0
    assert {str(path.relative_to(here / "out")) for path in (here / "out").rglob("*.png")} == {
        "a.png",
        os.path.join("sub", "b.png"),
        "d.png",
    }


def test_bad_files_are_named_and_the_rest_done(here, capfd):
    picture(here / "photos" / "good.png")
    (here / "photos" / "empty.jpg").touch()
    (here / "photos" / "text.png").write_text("no picture")
    assert run(Invert(), ["photos", "nowhere.jpg"], "out") == 3
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 4 and lines[-1] == "1 done, 3 failed; results are in out"
    for name in ("empty.jpg", "text.png", "nowhere.jpg"):
        assert sum(name in line for line in lines) == 1
    assert [path.name for path in (here / "out").iterdir()] == ["good.png"]


def test_one_missing_file(here, capfd):
    assert run(Invert(), ["nowhere.jpg"], "out.png") == 1
    assert len(capfd.readouterr().err.splitlines()) == 1 and not list(here.iterdir())


def test_existing_output_is_refused_before_the_work(here, capfd, monkeypatch):
    picture(here / "a.png")
    picture(here / "out.png", 77)
    monkeypatch.setattr(Invert, "__call__", lambda *_, **__: pytest.fail("it worked"))
    assert run(Invert(), ["a.png"], "out.png") == 1
    assert "out.png exists already" in capfd.readouterr().err
    monkeypatch.undo()
    os.chdir(here)
    assert run(Invert(), ["a.png"], "out.png", force=True) == 0
    assert (read_image("out.png") == 245).all()


@pytest.mark.parametrize("force", [False, True])
def test_an_input_is_never_overwritten(here, capfd, force):
    picture(here / "photos" / "a.png")
    picture(here / "photos" / "b.png")
    assert run(Invert(), ["photos/a.png"], "photos/a.png", force=force) == 1
    assert run(Invert(), ["photos"], "photos", force=force) == 2
    assert "a.png is an input" in capfd.readouterr().err
    assert (read_image("photos/a.png") == 10).all() and len(os.listdir("photos")) == 2


def test_two_inputs_with_one_output(here, capfd):
    picture(here / "photos" / "a.webp")
    (here / "photos" / "a.webp").rename(here / "photos" / "a.gif")  # what is in a file counts, not its name
    picture(here / "photos" / "a.png")
    assert run(Invert(), ["photos"], "out") == 1
    assert "already that of" in capfd.readouterr().err


def test_links_are_files_of_their_own_and_no_input_is_done_twice(here, capfd):
    picture(here / "photos" / "a.png")
    os.link(here / "photos" / "a.png", here / "photos" / "b.png")
    os.symlink("a.png", here / "photos" / "c.png")
    assert run(Invert(), ["photos", "photos/a.png", "./photos/a.png"], "out") == 0
    assert sorted(path.name for path in (here / "out").iterdir()) == ["a.png", "b.png", "c.png"]
    assert capfd.readouterr().err == "3 done, 0 failed; results are in out\n"


def test_a_run_that_does_nothing_leaves_no_folder(here, capfd):
    (here / "photos").mkdir()
    (here / "photos" / "a.png").write_text("no picture")
    assert run(Invert(), ["photos"], "out") == 1
    assert capfd.readouterr().err.endswith("0 done, 1 failed\n")
    assert not (here / "out").exists()


def test_earlier_results_inside_the_input_folder_are_no_inputs(here):
    picture(here / "photos" / "a.png")
    assert run(Invert(), ["photos"], "photos/out") == 0
    assert run(Invert(), ["photos"], "photos/out", force=True) == 0
    assert [path.name for path in (here / "photos").rglob("*.png")].count("a.png") == 2


def test_what_one_app_writes_another_may_not(here, capfd, monkeypatch):
    picture(here / "a.png")
    monkeypatch.setattr(Invert, "__call__", lambda *_, **__: pytest.fail("it worked"))
    for output in ("out.json", "out.csv", "out.mp4", "out.gif", "out.JSON"):
        assert run(Invert(), ["a.png"], output) == 1
        assert f"{output}: cannot write {output[3:]}" in capfd.readouterr().err
    assert [path.name for path in here.iterdir()] == ["a.png"]


def test_two_results_in_one_place(here, capfd):
    class Twins(App):
        name, title, summary = "twins", "Twins", "Twins."

        def __call__(
            self, photo: Image
        ) -> tuple[Image, Annotated[Image, Image(label="b")], Annotated[Image, Image(label="b")]]:
            pytest.fail("it worked")

    picture(here / "a.png")
    assert run(Twins(), ["a.png"], "out.png") == 1
    assert capfd.readouterr().err == "a.png is not done: two of its outputs would be out.b.png\n"


def test_output_must_suit(here, capfd):
    picture(here / "photos" / "a.png")
    (here / "file").touch()
    for output in (None, "out.png", "file", "file/below"):
        with pytest.raises(BadInput) as caught:
            run(Invert(), ["photos"], output)
        assert "folder" in str(caught.value) and "\n" not in str(caught.value)
    assert run(Invert(), ["photos/a.png"], "out.xyz") == 1
    assert run(Invert(), ["photos/a.png"], "file/out.png") == 1
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 2 and "out.xyz" in lines[0] and "file" in lines[1]


def test_options_are_checked_before_anything(here):
    with pytest.raises(BadInput, match="amount"):
        run(Invert(), ["nowhere.jpg"], None, amount=3)
    with pytest.raises(BadInput, match="caption"):
        run(Caption(), ["nowhere.jpg"], None)


def test_a_picture_that_a_flag_asks_for(here):
    class Twice(App):
        name, title, summary = "twice", "Twice", "Twice."

        def __call__(
            self, photo: Image, dark: Flag = False
        ) -> tuple[Image, Annotated[np.ndarray, Image(label="dark", when="dark")]]:
            return photo, photo // 2 if dark else None

    picture(here / "a.png")
    picture(here / "out.dark.png")
    assert run(Twice(), ["a.png"], "out.png") == 0  # what isn't made is in nobody's way
    assert run(Twice(), ["a.png"], "new.png", dark="true") == 0 and (read_image("new.dark.png") == 5).all()
    assert run(Twice(), ["a.png"], "out.png", dark="true", force=True) == 0 and (read_image("out.dark.png") == 5).all()


def test_each_of_several_files_has_a_line(here, capfd):
    class Measure(App):
        name, title, summary = "measure", "Measure", "Measures."

        def __call__(
            self, photo: Image, drawn: Flag = False
        ) -> tuple[Text, Record, Number, Annotated[np.ndarray, Image(when="drawn")]]:
            if photo[0, 0, 0] == 0:
                raise BadInput("too dark")
            found = {"height": len(photo), "sides": list(photo.shape)}
            return f"{photo.shape[1]}\nwide", found, 0.5, photo if drawn else None

    picture(here / "photos" / "a.png")
    picture(here / "photos" / "b.png", 0)
    picture(here / "photos" / "c.png")
    height, width = read_image("photos/a.png").shape[:2]
    assert run(Measure(), ["photos"]) == 1
    out, err = capfd.readouterr()
    assert out == "".join(f"photos/{n}.png: {width} wide, height {height}, 0.5\n" for n in "ac")
    assert "b.png: too dark" in err
    with pytest.raises(BadInput, match="-o FOLDER"):  # where should the pictures go?
        run(Measure(), ["photos"], drawn="true")
    assert sorted(os.listdir(here)) == ["photos"]


def test_a_fault_of_the_app_names_the_file(here, capfd):
    class Picky(Invert):
        def __call__(self, photo: Image) -> Image:
            raise BadInput("no face there")

    picture(here / "a.png")
    assert run(Picky(), ["a.png"], "out.png") == 1
    assert capfd.readouterr().err == "a.png: no face there\n"
    assert not (here / "out.png").exists()


def test_a_fault_of_the_checkpoint_is_said_once(here, capfd):
    class Unsuited(Invert):
        calls = 0

        def __call__(self, photo: Image) -> Image:
            Unsuited.calls += 1
            raise BadCheckpoint("unet.color is no classifier")

    for name in "abc":
        picture(here / "photos" / f"{name}.png")
    with pytest.raises(BadCheckpoint):
        run(Unsuited(), ["photos"], "out")
    assert Unsuited.calls == 1 and not (here / "out").exists() and not capfd.readouterr().err


@pytest.mark.parametrize("fault", [KeyboardInterrupt, RuntimeError, BadCheckpoint])
def test_what_was_found_before_a_stop_is_kept(here, fault):
    class Stopped(App):
        name, title, summary = "stopped", "Stopped", "Stops."

        def __call__(self, photo: Image) -> tuple[Image, Annotated[dict, Record()]]:
            if photo[0, 0, 0] == 3:
                raise fault
            return photo, {"value": int(photo[0, 0, 0])}

    for value in range(1, 5):
        picture(here / "photos" / f"{value}.png", value)
    with pytest.raises(fault):
        run(Stopped(), ["photos"], "out")
    assert [row["value"] for row in json.loads((here / "out" / "stopped.json").read_text())] == [1, 2]
    assert (here / "out" / "stopped.csv").read_text().splitlines()[1:] == ["photos/1.png,1", "photos/2.png,2"]
    assert sorted(path.name for path in (here / "out").iterdir()) == ["1.png", "2.png", "stopped.csv", "stopped.json"]


def test_a_table_has_a_column_for_every_value(here):
    class Many(App):
        name, title, summary = "many", "Many", "Many."

        def __call__(self, photo: Image) -> Record:
            things = [{"name": f"thing {i}", "share": i / 10, "place": [i, i]} for i in range(photo[0, 0, 0])]
            return {"things": things, "size": {"width": 6, "height": 4}, "best": None}

    for value in range(3):
        picture(here / "photos" / f"{value}.png", value)
    assert run(Many(), ["photos"], "out") == 0
    with open(here / "out" / "many.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    things = [f"things_{i}_{what}" for i in (1, 2) for what in ("name", "share", "place_1", "place_2")]
    assert list(rows[0]) == ["file", *things, "size_width", "size_height", "best"]
    assert [row["things_2_name"] for row in rows] == ["", "", "thing 1"]
    assert [row["things_1_share"] for row in rows] == ["", "0.0", "0.0"] and rows[2]["things_2_place_2"] == "1"
    assert {row["size_width"] for row in rows} == {"6"}


# The command line


@pytest.fixture
def command():
    """Runs an app's command; what it answers as a record, or the error that the `zoo` command would print."""

    def call(app, *words):
        line = typer.Typer()
        line.command()(_command(app))
        answer = CliRunner().invoke(line, [*words], catch_exceptions=True)
        if answer.exception and not isinstance(answer.exception, SystemExit):
            raise answer.exception
        return json.loads(answer.stdout) if answer.exit_code == 0 else answer.output

    return call


def test_flags_can_be_turned_on_and_off(here, command):
    picture(here / "a.png")
    assert command(Count(), "a.png") == {"times": 2, "bright": True, "loud": False}
    found = command(Count(), "a.png", "--no-bright", "--loud", "--times", "7")
    assert found == {"times": 7, "bright": False, "loud": True}
    assert command(Count(), "a.png", "--bright")["bright"] is True
    assert "no-loud" in command(Count(), "a.png", "--no-loud").lower()  # what is off needs no such word
    with pytest.raises(BadInput, match=r"times is '2\.9'; give a whole number from 1 to 9"):
        command(Count(), "a.png", "--times", "2.9")


# The demo


class Page(HTMLParser):
    """What a page refers to and whether its tags are balanced."""

    def __init__(self, text):
        super().__init__()
        self.links, self.open = [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.links += [value for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_demo_page(here, registered, capsys):
    index = demo()
    assert index.name == "index.html" and str(index.resolve()) in capsys.readouterr().out
    text = index.read_text(encoding="utf-8")
    page = Page(text)
    assert len(page.links) == 5 and all((here / "demo" / link).is_file() for link in page.links)
    assert "Turn &lt;light&gt; into dark" in text and "White &amp; black" in text and "&lt;b&gt;Dark" in text
    assert "://" not in text and "as it was" in text and "prefers-color-scheme" in text

    first = "zoo run invert invert/dark-photo.png -o dark.png"
    second = "zoo run invert invert/half-photo.png --amount 0.5 -o half.png"
    assert first in text and second in text
    os.chdir("demo")
    assert run(Invert(), ["invert/half-photo.png"], "half.png", amount="0.5") == 0
    np.testing.assert_array_equal(read_image("half.png"), read_image("invert/half-result.png"))


def test_demo_replaces_its_own_and_nothing_else(here, registered):
    demo("demo")
    before = sorted((here / "demo").rglob("*"))
    os.utime(here / "demo" / "index.html", (0, 0))
    demo("demo")
    assert sorted((here / "demo").rglob("*")) == before
    assert (here / "demo" / "index.html").stat().st_mtime > 0

    (here / "site").mkdir()
    (here / "site" / "index.html").write_text("somebody's")
    with pytest.raises(OutputExists):
        demo("site")
    assert (here / "site" / "index.html").read_text() == "somebody's"
    demo("site", force=True)
    (here / "file").touch()
    with pytest.raises(BadInput, match="demo folder file"):
        demo("file")


def test_an_interrupted_demo_can_be_repeated(here, registered, monkeypatch):
    with monkeypatch.context() as interrupted:
        interrupted.setattr("zoo_apps.demo._section", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            demo("demo")
    assert "interrupted" in (here / "demo" / "index.html").read_text()
    demo("demo")
    assert "interrupted" not in (here / "demo" / "index.html").read_text()


def test_demo_without_apps(here, registered):
    registered()
    assert "No app is installed" in demo().read_text(encoding="utf-8")


def test_own_apps_are_found_by_scanning_their_folder():
    found = app_module.own_apps()
    assert {"assistant", "colorize", "label", "write"} <= set(found)
    for name, value in found.items():
        assert importlib.metadata.EntryPoint(name, value, "zoo.apps").load().name == name


def test_app_module_names_the_group():
    assert app_module.GROUP == "zoo.apps"
