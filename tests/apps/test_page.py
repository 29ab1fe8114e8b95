"""The gallery's page in a browser: every view on a wide and on a narrow screen, every app from click to result."""

import gc
import io
import json
import os
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from helpers import chromium
from PIL import Image as Pillow

from zoo.errors import BadInput
from zoo.hub.registry import architectures
from zoo_apps.app import apps
from zoo_apps.gallery.finetuning import collect, train, unpack
from zoo_apps.gallery.server import running
from zoo_apps.gallery.sessions import Files, Session
from zoo_apps.photographs import read

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*no_silent_downcasting"),  # Gradio's own figures, as in test_gallery.py
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

WIDE, NARROW = 1280, 390
HEIGHT = 900
SLOW = 60_000  # milliseconds: a busy machine imports the framework
NAMES = [*apps(), "finetune"]
# What stands in the view once an app has answered.
ANSWERS = {
    "assistant": ".message.bot",
    "colorize": ".zoo-outputs .slider-wrap img, .zoo-outputs .wrap img",
    "digits": ".zoo-outputs .image-container img",
    "dream": ".zoo-outputs .slider-wrap img, .zoo-outputs .wrap img",
    "explain": ".zoo-outputs .image-container img",
    "faces": ".zoo-outputs .caption-label",
    "features": ".zoo-outputs .image-container img",
    "label": ".zoo-outputs .zoo-bars",
    "sentiment": ".zoo-outputs .zoo-record td",
    "translate": ".zoo-outputs .image-container img",
    "write": ".zoo-outputs textarea",
}
# Values beside those of the samples, which would take a minute.
LESS_WORK = {"dream": {"Octaves": "1"}, "features": {"Layers": "stem_activation"}, "faces": {"How many": "2"}}


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
    gc.collect()


@pytest.fixture(scope="module")
def address(browser, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:  # the user's own file of the assistant is left alone
        patch.setenv("ZOO_ASSISTANT", str(tmp_path_factory.mktemp("assistant") / "kept.json"))
        with running(apps()) as address:
            yield address
    gc.collect()


@pytest.fixture
def page(browser, address):
    """The first page on a wide screen. Fails where the page's scripts did."""
    context = browser.new_context(viewport={"width": WIDE, "height": HEIGHT})
    page, problems = context.new_page(), []
    page.set_default_timeout(SLOW)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(address)
    page.wait_for_selector("#view-home h1")
    yield page
    context.close()
    assert not problems


def show(page, name):
    """The view of this name, by its link or, on a narrow screen, from the list."""
    if page.viewport_size["width"] == WIDE:
        page.locator(f'.zoo-links a[href="#{name}"]').click()
    else:
        page.locator(".zoo-select").select_option(name)
    view = page.locator(f"#view-{name}")
    view.locator("h1").wait_for()
    return view


def problems(page) -> list:
    """What keeps people from using what the page shows now: serious and critical findings of axe-core, and what is
    wider than the screen."""
    import axe_playwright_python

    if not page.evaluate("'axe' in window"):
        page.evaluate(Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
    page.wait_for_timeout(200)  # until names that the script adds are there, and no animation fades a colour
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    found = [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]
    wider = """[...document.querySelectorAll("body *")].filter(each => {
      const box = each.getBoundingClientRect();
      return box.width && box.right > document.documentElement.clientWidth + 1 && !each.closest(".zoo-scroll");
    }).map(each => each.outerHTML.slice(0, 200))"""
    return [*found, *(("wider than the screen", each) for each in page.evaluate(wider)[:1])]


def width(page, name) -> float:
    return page.locator(f"#view-{name}").bounding_box()["width"]


@pytest.mark.parametrize("across", [WIDE, NARROW])
def test_every_view_can_be_reached_and_read(page, across):
    page.set_viewport_size({"width": across, "height": HEIGHT})
    widths = {width(page, "home")}
    assert not problems(page)
    for name in NAMES:
        show(page, name)
        assert page.url.endswith(f"#{name}") and page.locator(".zoo-view:visible").count() == 1
        assert not problems(page), name
        widths.add(width(page, name))
    assert len(widths) == 1  # no jump of width
    assert page.locator("button", has_text="…").count() == 0


@pytest.mark.parametrize("name", [name for name in NAMES if name != "finetune"])
def test_every_app_answers_a_click(page, name):
    view = show(page, name)
    before = width(page, name)
    for label, value in LESS_WORK.get(name, {}).items():
        box = view.get_by_label(label, exact=False).first
        box.fill(value)
        box.press("Tab")
    if name == "assistant":
        view.get_by_label("You").fill("How many ounces are 250 grams?")
        view.get_by_role("button", name="Send").click()
    elif name == "faces":
        view.get_by_role("button", name="Run").click()
    else:
        view.locator(".gallery-item").first.click()
    view.locator(ANSWERS[name]).first.wait_for()
    if name == "write":
        page.wait_for_function("document.querySelector('#view-write .zoo-outputs textarea').value.length > 100")
    page.wait_for_function("[...document.images].every(each => each.complete || each.loading === 'lazy')")
    assert width(page, name) == before
    assert not covered(page)
    assert not problems(page)
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    assert not problems(page)


def covered(page) -> list:
    """Corner labels and buttons that lie on a picture."""
    return page.evaluate("""() => {
      const boxes = kind => [...document.querySelectorAll(kind)].map(each => each.getBoundingClientRect())
        .filter(box => box.width && box.height);
      const on = (one, other) => one.left < other.right - 1 && other.left < one.right - 1
        && one.top < other.bottom - 1 && other.top < one.bottom - 1;
      const pictures = boxes(".zoo-view .block img");
      return boxes('[data-testid="block-label"], .icon-button-wrapper.top-panel, .caption-label')
        .filter(corner => pictures.some(picture => on(corner, picture))).map(box => [box.left, box.top]);
    }""")


def test_a_reload_keeps_the_view_and_arrow_keys_move(page):
    show(page, "digits")
    page.reload()
    page.locator("#view-digits h1").wait_for()
    assert page.locator('.zoo-links a[aria-current="page"]').inner_text() == apps()["digits"].title
    link = page.locator('.zoo-links a[href="#digits"]')
    link.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.locator("#view-colorize h1").wait_for()
    page.go_back()
    page.locator("#view-digits h1").wait_for()
    page.evaluate("location.hash = 'nothing'")
    page.locator("#view-home h1").wait_for()


def test_an_error_goes_when_the_next_run_starts(page):
    view = show(page, "label")
    view.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("no photograph given; upload one or click a sample").first.wait_for()
    assert not problems(page)
    view.locator(".gallery-item").last.click()
    view.locator(".zoo-bars").first.wait_for()
    page.get_by_text("no photograph given").wait_for(state="detached", timeout=5000)  # it fades
    assert "Not sure: none of the known classes" in view.locator(".zoo-record").first.inner_text()  # a person
    swatch = view.locator(".zoo-swatches i").first.evaluate("each => getComputedStyle(each).backgroundColor")
    assert swatch.startswith("rgb(")


def test_strength_is_followed_as_it_is_changed(page):
    view = show(page, "colorize")
    view.get_by_role("slider", name="Strength").press("ArrowRight")  # nothing to colour yet, and no error
    view.locator(".gallery-item").first.click()
    picture = view.locator(ANSWERS["colorize"])
    picture.first.wait_for()
    page.wait_for_timeout(500)
    sources = "[...document.querySelectorAll('#view-colorize .zoo-outputs img')].map(each => each.src).join()"
    before = page.evaluate(sources)
    view.get_by_role("slider", name="Strength").press("End")
    page.wait_for_function(f"({sources}) !== {json.dumps(before)}")
    assert page.get_by_text("no photograph given").count() == 0


def test_refresh_shows_other_people_each_once(page):
    view = show(page, "faces")
    view.get_by_label("How many").first.fill("1")
    view.get_by_label("How many").first.press("Tab")
    view.get_by_role("button", name="Run").click()
    caption = view.locator(".zoo-outputs .caption-label")
    caption.first.wait_for()
    first = caption.all_inner_texts()
    assert len(first) == 1 and first[0].startswith("seed 0: ")
    view.get_by_role("button", name="Refresh").click()
    page.wait_for_function(
        f"document.querySelector('#view-faces .caption-label')?.textContent.trim() !== {json.dumps(first[0])}"
    )
    assert view.get_by_label("Seed").first.input_value() in caption.all_inner_texts()[0]


def test_several_photographs_at_once(page, tmp_path):
    for name in ("astronaut.png", "coffee.png"):
        Pillow.fromarray(read(name)).save(tmp_path / name)
    (tmp_path / "bad.jpg").write_text("no picture")
    view = show(page, "label")
    view.get_by_text("Several photographs at once").click()
    view.locator("input[type=file][multiple]").set_input_files(sorted(tmp_path.iterdir()))
    view.locator(".file-preview .file").nth(2).wait_for()
    view.get_by_role("button", name="Run on all").click()
    table = view.locator(".zoo-record table")
    table.wait_for()
    rows = [row.split("\t") for row in table.inner_text().splitlines() if row.strip()]
    assert "not an image" in table.inner_text() and "not sure" in table.inner_text() and len(rows) >= 4
    with page.expect_download() as download:
        view.locator("a[download='label.zip']").first.click()
    with zipfile.ZipFile(download.value.path()) as archive:
        names = set(archive.namelist())
        assert names == {"astronaut-annotated.png", "coffee-annotated.png", "label.json", "label.csv"}
        found = json.loads(archive.read("label.json"))
    assert [each["file"] for each in found] == ["astronaut", "bad", "coffee"] and found[2]["label"] == "espresso"
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    assert not problems(page)


def folders(path, names=("photos/dark/1.png", "photos/light/1.png"), count=6) -> Path:
    """A ZIP file with class folders: pictures of one brightness each."""
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for number, name in enumerate(names):
            for copy in range(count):
                pixels = np.clip(rng.normal(60 + 120 * number, 20, (28, 28, 3)), 0, 255).astype(np.uint8)
                file = io.BytesIO()
                Pillow.fromarray(pixels).save(file, "PNG")
                archive.writestr(name.replace("1.png", f"{copy}.png"), file.getvalue())
    return path


def test_a_classifier_learns_classes_and_is_used(page, tmp_path):
    view = show(page, "finetune")
    view.get_by_role("button", name="Train").click()
    page.get_by_text("there are photographs of 0 classes").first.wait_for()
    view.locator("input[type=file]").first.set_input_files(folders(tmp_path / "classes.zip"))
    view.locator(".file-preview .file").wait_for()
    base = view.get_by_label("Start from")
    base.fill("lenet5")
    base.press("Enter")
    view.get_by_label("Epochs").first.fill("1")
    view.get_by_label("Epochs").first.press("Tab")
    view.get_by_role("button", name="Train").click()
    use = view.locator("button:not([disabled])", has_text="Use it in")
    use.wait_for()
    assert "dark, light" in view.get_by_label("Progress").input_value()
    assert view.locator(".image-container img").count() == 2  # confusion matrix and curves
    assert "accuracy" in view.locator(".zoo-record").inner_text()
    assert not covered(page) and not problems(page)
    assert not [*Path(os.environ["GRADIO_TEMP_DIR"]).rglob("runs")]
    with page.expect_download() as download:
        view.locator("a[download='mine.zip']").first.click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert {"mine/card.json", "mine/model.weights.h5"} <= set(archive.namelist())
    use.click()
    label = page.locator("#view-label")
    label.locator("h1").wait_for()
    label.locator(".gallery-item").first.click()
    label.locator(".zoo-bars").wait_for()
    assert {"dark", "light"} == set(label.locator(".zoo-bars > span:nth-child(3n + 1)").all_inner_texts())


def test_archives_are_read_with_care(tmp_path):
    names = (
        "a/dark/1.png",
        "../../out/1.png",
        "/abs/1.png",
        "__MACOSX/x/1.png",
        "a/.hidden/1.png",
        "loose.png",
        "@eaDir/y/1.png",
    )
    archive = folders(tmp_path / "odd.zip", names, count=1)
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("a/dark/notes.txt", "no photograph")
        file.writestr("a/dark/../../../up.png", b"x")
    into = tmp_path / "into"
    into.mkdir()
    unpack(archive, into)
    found = {str(path.relative_to(into).parent) for path in into.rglob("*") if path.is_file()}
    assert found == {"dark", "abs"} and {path.name for path in tmp_path.iterdir()} == {"odd.zip", "into"}

    (tmp_path / "no.zip").write_bytes(b"PK no archive")
    with pytest.raises(BadInput, match="the ZIP file cannot be read"):
        unpack(tmp_path / "no.zip", into)


def test_archives_have_limits(tmp_path, monkeypatch):
    monkeypatch.setattr("zoo_apps.gallery.finetuning.MOST_BYTES", 1000)
    with pytest.raises(BadInput, match="larger than 0 MB"):
        unpack(folders(tmp_path / "large.zip"), tmp_path)
    monkeypatch.setattr("zoo_apps.gallery.finetuning.MOST_FILES", 11)
    with pytest.raises(BadInput, match="holds 12 photographs; 11 are the most"):
        unpack(folders(tmp_path / "many.zip"), tmp_path)


def test_a_large_photograph_of_an_archive_takes_little_memory(tmp_path):
    archive = folders(tmp_path / "large.zip")
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as file, file.open("a/dark/large.png", "w") as large:
        for _ in range(60):
            large.write(bytes(2**20))
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match=r"'a/dark/large\.png' in the ZIP file is larger than 50 MB"):
            unpack(archive, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
    finally:
        tracemalloc.stop()


@pytest.fixture
def session(tmp_path):
    return Session("a session", Files(tmp_path))


def uploaded(session, data=b"") -> dict:
    """A photograph that a session uploaded, as the page sends it."""
    path = session.files.new_folder() / "photo.png"
    path.write_bytes(data)
    session.keep(path)
    return {"path": str(path), "orig_name": "photo.png"}


def test_no_photograph_replaces_another(session, tmp_path):
    photos = [uploaded(session, bytes([number])) for number in range(5)]
    (into := tmp_path / "into").mkdir()
    assert collect(None, ["cat", photos[:2], "dog", photos[2:4], "cat", photos[4:]], into, session) == ["cat", "dog"]
    found = {name: sorted(path.read_bytes() for path in (into / name).iterdir()) for name in ("cat", "dog")}
    assert found == {"cat": [b"\0", b"\1", b"\4"], "dog": [b"\2", b"\3"]}


@pytest.mark.parametrize("names", [("dog?", "dog!"), ("cat", "cat "), ("x" * 60, "x" * 61)])
def test_classes_that_would_be_merged_are_refused(names, session, tmp_path):
    first, second = names
    photos = [uploaded(session)]
    for folder in ("groups", "archive"):
        (tmp_path / folder).mkdir()
    with pytest.raises(BadInput, match="both give the folder"):
        collect(None, [first, photos, second, photos], tmp_path / "groups", session)
    archive = folders(tmp_path / "classes.zip", [f"a/{first}/1.png", f"a/{second}/1.png"], count=1)
    with pytest.raises(BadInput, match="both give the folder"):
        unpack(archive, tmp_path / "archive")


def test_classes_need_names_and_two_of_them(session, tmp_path):
    photo = [uploaded(session)]
    for number, (groups, said) in enumerate(
        {(" ", 1): "has no name", ("a", 1): "of 1 classes", ("", 0): "of 0 classes"}.items()
    ):
        (tmp_path / str(number)).mkdir()
        name, given = groups
        with pytest.raises(BadInput, match=said):
            collect(None, [name, photo if given else None], tmp_path / str(number), session)
    with pytest.raises(BadInput, match="this file was not uploaded in this session"):
        collect(photo[0], [], tmp_path / "0", Session("another", session.files))


def test_a_training_that_fails_says_why_and_leaves_nothing_to_resume_from(tmp_path):
    (runs := tmp_path / "runs").mkdir()
    (runs / "state").touch()
    said = train("nonesuch.mnist", tmp_path, tmp_path / "out", 1)
    with pytest.raises(BadInput, match=r"no checkpoint is called 'nonesuch\.mnist'"):
        list(said)
    assert not runs.exists()


def test_the_timeline_has_every_model_in_order(page):
    shown = page.locator(".zoo-timeline li")
    years = [int(year) for year in shown.locator(".zoo-year").all_inner_texts()]
    assert years == sorted(years)
    assert shown.locator(".zoo-paper").all_inner_texts() == [each.title for each in architectures().values()]
    assert page.locator(".zoo-cards li").count() == len(NAMES)
