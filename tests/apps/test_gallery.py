"""The gallery, as a browser and a client see it: all installed apps, and one of every kind made up here."""

import gc
import html
import json
import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from typing import Annotated

import numpy as np
import PIL.Image
import pytest

from zoo.errors import BadInput, MissingPackage
from zoo.hub import store
from zoo.kinds.image import read_image, write_image
from zoo.runtime import cache
from zoo_apps.app import (
    App,
    Checkpoint,
    Choice,
    Film,
    Flag,
    Image,
    Number,
    Picture,
    Record,
    Sample,
    Text,
    Video,
    apps,
)
from zoo_apps.conversation import Conversation
from zoo_apps.gallery.server import HOST, running
from zoo_apps.gallery.sessions import REFUSAL

pytestmark = [
    # Gradio's figures on its own queue, kept on this machine, use what pandas 3 calls old.
    pytest.mark.filterwarnings("ignore:.*no_silent_downcasting"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
    # Gradio leaves the event loops of its server and its clients to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


class Everything(App):
    name = "everything"
    title = "Every <kind>"
    summary = "Takes & gives all there is."
    checkpoints = ("lenet5.mnist",)
    steps = ()

    def __call__(
        self,
        photo: Annotated[Image, Image(label="photograph")],
        words: Annotated[str, Text(help="what to say")] = "hello",
        amount: Annotated[float, Number(minimum=0, maximum=1)] = 0.5,
        count: Annotated[int, Number(minimum=0, whole=True)] = 2,
        few: Annotated[int, Number(minimum=0, maximum=9, whole=True)] = 3,
        way: Annotated[str, Choice(options=("all", "red"))] = "all",
        colour: Annotated[str, Choice(options=tuple("abcdefg"))] = "a",
        film: Annotated[bool, Flag(help="a film, too")] = False,
        network: Annotated[str, Checkpoint(help="a network")] = "lenet5.mnist",
    ) -> tuple[Image, Text, Number, Record, Video]:
        self.steps = tuple(self.track(range(count), count, "counting"))
        found = {"amount": amount, "way": way, "colour": colour, "network": network, "shape": list(photo.shape)}
        frames = [np.full((32, 48, 3), 40 * i, np.uint8) for i in range(5)]
        return 255 - photo, f"{words}!", count, found, Film(frames, 10) if film else None

    def samples(self):
        photo = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)
        return [
            Sample(name="ramp", title="<b>Ramp</b>", credit="made here", inputs={"photo": photo}),
            Sample(name="said", title="Said", credit="made here", inputs={"photo": photo, "words": "bye"}),
        ]


class Sentences(App):
    """Texts in; texts, records and, when asked for, a picture out."""

    name = "sentences"
    title = summary = "Sentences"

    def __call__(
        self,
        texts: list[Annotated[str, Text(help="sentences")]],
        sign: Annotated[str, Text()] = "!",
        drawn: Annotated[bool, Flag()] = False,
    ) -> tuple[
        list[Annotated[str, Text(label="louder")]],
        list[Annotated[dict, Record(label="counted")]],
        Annotated[np.ndarray, Image(label="drawn", when="drawn")],
    ]:
        picture = np.full((4, 6, 3), 7, np.uint8) if drawn else None
        return [text + sign for text in texts], [{"text": text, "letters": len(text)} for text in texts], picture

    def samples(self):
        return [Sample(name="two", title="Two", credit="made here", inputs={"texts": ["one", "and two"]})]


class Story(App):
    """A text in, one piece by piece out."""

    name = "story"
    title = summary = "Story"

    def __call__(
        self, prompt: Text, count: Annotated[int, Number(minimum=0, whole=True)] = 3
    ) -> Iterator[Annotated[str, Text(label="story")]]:
        if not prompt:
            raise BadInput("the <prompt> is empty")
        return self.told(prompt, count)

    def told(self, prompt, count):
        yield prompt
        for number in range(count):
            if number == 7:
                raise BadInput("seven is too many")
            yield f" {number}"

    def samples(self):
        return [Sample(name="once", title="Once", credit="made here", inputs={"prompt": "Once\nupon"})]


Shade = Annotated[int, Number(minimum=0, maximum=200, whole=True)]


class Dots(App):
    """Options in, pictures and, when asked for, a film out."""

    name = "dots"
    title = summary = "Dots"

    def __call__(
        self,
        n: Annotated[int, Number(label="how many", minimum=1, maximum=9, whole=True)] = 2,
        pair: tuple[Shade, Shade] = (),
        moving: Annotated[bool, Flag()] = False,
    ) -> tuple[list[Annotated[Picture, Image(label="dots")]], Annotated[Film | None, Video(when="moving")]]:
        shades = pair or (0, 100)
        pixels = [np.full((4, 6, 3), shades[number % 2], np.uint8) for number in range(n)]
        pictures = [Picture(f"dot-{number}", each, {"Dot": f"{number}"}) for number, each in enumerate(pixels)]
        return pictures, Film(pixels, 10, {"comment": "dots"}) if moving else None

    def samples(self):
        return [Sample(name="three", title="Three", credit="made here", inputs={"n": 3, "pair": (7, 9)})]


class Helpless(Everything):
    name = "helpless"

    def __call__(self, photo: Image) -> Text:
        raise BadInput("no <face> there")

    def samples(self):
        raise MissingPackage("its pictures are missing")


class Counting(Conversation):
    """Says how many lines it has heard; one more than that, unasked, once."""

    name = "counting"
    title = summary = "Counting"

    def __init__(self):
        super().__init__()
        self.over, self.heard, self.unasked = False, 0, []

    def __call__(self, lines: list[Text]) -> list[Annotated[str, Text(label="answers")]]:
        talk = self.begin()
        return [talk.reply(line) for line in lines]

    def begin(self):
        return Counting()

    def reply(self, line):
        if line == "fail":
            raise BadInput("that <cannot> be")
        self.heard += 1
        self.unasked = [f"{self.heard + 1}"] if line == "go on" else []
        self.over = line == "bye"
        return f"{self.heard} {line}"

    def due(self):
        unasked, self.unasked = self.unasked, []
        return unasked

    def samples(self):
        return [Sample(name="two", title="Two", credit="made here", inputs={"lines": ["<one>", "two"]})]


@pytest.fixture(scope="module", autouse=True)
def strangers():
    """Hosts that this process, the gallery and its clients alike, has asked for anything: a list that stays empty."""
    asked = []
    own = (HOST, "localhost", "::1")

    def watched(name, function):
        def checked(*args, **kwargs):
            address = args[0] if name == "getaddrinfo" else args[1]  # connect's first is the socket
            host = address[0] if isinstance(address, tuple) else address
            local = host in own or (name != "getaddrinfo" and isinstance(address, str | bytes))  # a Unix socket
            if host is not None and not local:
                asked.append(f"{name} {address}")
                raise OSError(f"{name} {address}: only this machine may be asked")
            return function(*args, **kwargs)

        return checked

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, watched(name, getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", watched("getaddrinfo", socket.getaddrinfo))
        yield asked
    assert not asked  # what happened after the last test, too


@pytest.fixture(autouse=True)
def only_this_machine(strangers):
    yield
    assert not strangers


@pytest.fixture(scope="module")
def registered():
    made = [Everything(), Sentences(), Story(), Dots(), Counting(), Helpless()]
    return apps() | {app.name: app for app in made}


@pytest.fixture(scope="module")
def address(registered):
    with running(registered) as address:
        yield address
    gc.collect()  # what Gradio left open is warned of here, where that is ignored, and not in another file's tests


@pytest.fixture
def client(address, tmp_path):
    from gradio_client import Client

    slow = {"timeout": 300}  # a busy machine's first answer takes longer than the 5 seconds that it would wait for
    # A client would tell Hugging Face of itself. While it works nothing is set: the gallery runs in this process too.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        client = Client(
            address,
            verbose=False,
            analytics_enabled=False,
            download_files=tmp_path / "answers",
            httpx_kwargs=slow,
        )
    yield client
    client.close()


@pytest.fixture
def call(client, tmp_path):
    """Calls an app through its endpoint, as a program would."""
    from gradio_client import handle_file

    def call(app, **values):
        for name, value in values.items():
            if isinstance(value, np.ndarray):
                write_image(tmp_path / f"{name}.png", value)
                value = tmp_path / f"{name}.png"
            values[name] = handle_file(value) if isinstance(value, os.PathLike) else value
        return client.predict(api_name=f"/{app}", **values)

    return call


def refused(call, app, **values) -> str:
    """The line that the page shows instead of an answer."""
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError) as caught:
        call(app, **values)
    line = str(caught.value)
    assert "\n" not in line and "Traceback" not in line
    return line


def get(address, path="", **headers):
    import httpx

    return httpx.get(address + path, headers=headers, trust_env=False)


def config(address) -> dict:
    return get(address, "config").json()


def same(output, shown, expected) -> None:
    """What came over HTTP is what the call in Python answers; films are compressed, so only their size counts."""
    kind = output.kind
    if isinstance(kind, Image) and not output.many and expected is not None:
        np.testing.assert_allclose(read_image(shown).astype(int), expected.astype(int), atol=1)
    elif isinstance(kind, Record) and not output.many:
        np.testing.assert_equal(rounded(shown), rounded(json.loads(json.dumps(expected))))
    elif isinstance(kind, Video) and expected is not None:
        import av

        path = shown["video"] if isinstance(shown, dict) else shown
        with av.open(path) as film:
            assert film.streams.video[0].codec_context.name == "h264"
            shapes = [frame.to_ndarray(format="rgb24").shape for frame in film.decode(video=0)]
        assert shapes == [frame.shape for frame in expected.frames]
    elif isinstance(kind, Image) and output.many:
        for each, picture in zip(shown, [each for each in expected if each.shown], strict=True):
            assert each["caption"] == (picture.caption or picture.name)
            np.testing.assert_array_equal(read_image(each["image"]), picture.pixels)
            with PIL.Image.open(each["image"]) as image:
                assert image.text == picture.about
    elif isinstance(kind, Text) and output.many:
        assert shown == "\n".join(expected)
    elif output.streamed:
        assert shown == "".join(expected)
    elif isinstance(kind, Record):
        np.testing.assert_equal(rounded(shown), rounded(expected))
    else:
        assert shown == expected


def rounded(value):
    """A record whose numbers leave room for sums that threads add in another order."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.3g}") if isinstance(value, float) else value


# Inputs beside those of the samples, which would take a minute.
LESS_WORK = {"dream": {"octaves": 1}, "faces": {"n": 2}, "features": {"layers": "stem_activation"}}

TALKS = [name for name, app in apps().items() if isinstance(app, Conversation)]


@pytest.mark.parametrize("name", ["everything", "sentences", "story", "dots", *sorted(apps().keys() - set(TALKS))])
def test_every_app_answers_over_http_as_in_python(name, registered, call):
    app, inputs = registered[name], registered[name].samples()[0].inputs | LESS_WORK.get(name, {})
    shown, expected = call(name, **inputs), app(**inputs)
    if len(app.outputs) == 1:
        shown, expected = [shown], [expected]
    for kind, *pair in zip(app.outputs, shown, expected, strict=True):
        same(kind, *pair)


def test_numbers_may_be_left_out(registered, call):
    shown, expected = call("dots"), registered["dots"]()
    for kind, *pair in zip(registered["dots"].outputs, shown, expected, strict=True):
        same(kind, *pair)


def test_texts_are_lines_or_a_list(registered, call):
    for texts in ("one\n\n and two ", ["one", " and two "]):
        shown = call("sentences", texts=texts, sign="?", drawn=True)
        for kind, *pair in zip(
            registered["sentences"].outputs, shown, registered["sentences"](texts, "?", True), strict=True
        ):
            same(kind, *pair)
    assert refused(call, "sentences", texts=" \n").startswith("texts: there is no text")
    assert refused(call, "sentences", texts=["one", ""]) == "text 2 of texts is empty; leave it out"


@pytest.mark.parametrize("name", ["counting", *TALKS])
def test_a_conversation_is_held_over_http(name, registered, client, tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_ASSISTANT", str(tmp_path / "kept.json"))  # the user's own file is left alone
    lines = registered[name].samples()[0].inputs["lines"]
    for number, line in enumerate(lines, start=1):
        box, said = client.predict(line=line, api_name=f"/{name}")
        assert box == "" and [each["role"] for each in said] == ["user", "assistant"] * number
        assert words(said[-2]) == line and words(said[-1]).strip()


def words(message) -> str:
    """What a message of a chat says, which comes as HTML."""
    content = message["content"]
    return html.unescape(content if isinstance(content, str) else "".join(part["text"] for part in content))


def test_each_client_has_a_conversation_of_its_own_until_it_says_goodbye(client, address, call):
    def say(line):
        return words(client.predict(line=line, api_name="/counting")[1][-1])

    assert [say("a"), say("b"), say(""), say("bye"), say("c")] == ["1 a", "2 b", "3 ", "4 bye", "1 c"]
    [*_, told, answer] = client.predict(line="<b>&", api_name="/counting")[1]
    assert "<b>" not in f"{told} {answer}" and [words(told), words(answer)] == ["<b>&", "2 <b>&"]
    assert refused(call, "counting", line="fail") == "that &lt;cannot&gt; be"
    assert say("d") == "3 d"
    client.reset_session()
    assert say("e") == "1 e"


def test_a_stream_is_shown_as_it_comes(client, call):
    job = client.submit(prompt="Once", count=3, api_name="/story")
    assert job.result(timeout=60) == "Once 0 1 2"
    assert list(dict.fromkeys(job.outputs())) == ["Once", "Once 0", "Once 0 1", "Once 0 1 2"]
    assert refused(call, "story", prompt="") == "the &lt;prompt&gt; is empty"
    assert refused(call, "story", prompt="Once", count=8) == "seven is too many"


def test_every_input_arrives_and_films_are_shown(registered, call):
    app, photo = registered["everything"], np.zeros((4, 6, 3), np.uint8)
    given = {"words": "so", "amount": 0.25, "count": 3, "few": 4, "way": "red", "colour": "g", "film": True}
    given["network"] = "mlp.mnist"  # the list holds the app's own, and takes others
    shown, expected = call("everything", photo=photo, **given), app(photo, **given)
    assert shown[3]["colour"] == "g" and shown[3]["network"] == "mlp.mnist" and shown[4] is not None
    for kind, *pair in zip(app.outputs, shown, expected, strict=True):
        same(kind, *pair)


def test_progress_passes_on_every_step(registered, call):
    call("everything", photo=np.zeros((4, 6, 3), np.uint8), count=4)
    assert registered["everything"].steps == (0, 1, 2, 3)


def test_pictures_are_read_as_everywhere_else(call, tmp_path):
    from PIL import Image as Pillow

    exif = Pillow.Exif()
    exif[0x0112] = 6  # lies on its side
    Pillow.new("CMYK", (30, 20)).save(tmp_path / "print.jpg", exif=exif)
    assert call("everything", photo=tmp_path / "print.jpg")[3]["shape"] == [30, 20, 3]


def test_unusable_uploads_are_one_line(call, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    assert refused(call, "everything", photo=tmp_path / "text.png").startswith("text.png: not an image")
    (tmp_path / "empty.jpg").touch()
    assert refused(call, "everything", photo=tmp_path / "empty.jpg") == "empty.jpg: the file is empty"
    assert refused(call, "everything", photo=None).startswith("no photograph given")


def test_unusable_values_and_faults_of_an_app_are_its_own_line(call):
    photo = np.zeros((4, 6, 3), np.uint8)
    assert refused(call, "everything", photo=photo, amount=7) == "amount is 7; give a number from 0 to 1"
    assert refused(call, "everything", photo=photo, way="up") == "way is 'up'; choose all or red"
    assert refused(call, "everything", photo=photo, count=None) == "count is None; give a whole number from 0 up"
    assert refused(call, "everything", photo=photo, few=2.9) == "few is 2.9; give a whole number from 0 to 9"
    assert refused(call, "helpless", photo=photo) == "no &lt;face&gt; there"  # the page renders it as HTML


@pytest.mark.parametrize("path", ["https://example.org/a.png", "http://127.0.0.1:9/a.png"])
def test_addresses_are_not_fetched(call, address, path):
    picture = {"path": path, "meta": {"_type": "gradio.FileData"}}
    assert refused(call, "everything", photo=picture) == REFUSAL
    assert get(address, f"gradio_api/file={path}").status_code == 403


def test_weights_are_not_downloaded(call, monkeypatch, tmp_path):
    photo, name = np.zeros((4, 6, 3), np.uint8), "mobilenet.imagenet"
    line = f"{name} is not on this machine, and this page downloads nothing; zoo show {name} fetches it"
    for app, given in (("everything", {"network": name}), ("label", {"checkpoint": name})):
        assert refused(call, app, photo=photo, **given) == line
    # Once it is in the cache, it is as good as any.
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    kept = cache.folder() / "checkpoints" / name / "card.json"
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert call("everything", photo=photo, network=name)[3]["network"] == name
    assert refused(call, "label", photo=photo, checkpoint="lenet5.mnits").startswith("no checkpoint is called")


def test_folders_are_checkpoints_only_of_the_session_that_made_them(call, tmp_path, monkeypatch):
    shutil.copytree(store.shipped()["lenet5.mnist"], tmp_path / "there")
    monkeypatch.chdir(tmp_path)
    photo = np.zeros((4, 6, 3), np.uint8)
    for folder in (tmp_path / "there", tmp_path / "missing", "./there", "./missing"):
        assert refused(call, "label", photo=photo, checkpoint=str(folder)) == REFUSAL
    for name in ("there", "missing", "hf:gpt2"):
        assert refused(call, "label", photo=photo, checkpoint=name).startswith("no checkpoint is called")


def test_inputs_are_shown_as_their_kind_says(address):
    props = {each["props"].get("label"): each for each in config(address)["components"]}
    network = props["Network"]
    assert network["type"] == "dropdown" and network["props"]["allow_custom_value"]
    assert network["props"]["choices"] == [["lenet5.mnist", "lenet5.mnist"]]
    assert props["Few"]["type"] == "slider" and props["Few"]["props"]["step"] == 1
    assert props["Count"]["type"] in ("number", "slider") and props["Octaves"]["props"]["step"] == 1
    assert props["Texts"]["type"] == props["Prompt"]["type"] == "textbox"
    assert props["Texts"]["props"]["lines"] > 1 and props["Prompt"]["props"]["lines"] > 1
    assert props["Sign"]["props"]["lines"] == 1 and "zoo-record" in props["Counted"]["props"]["html_template"]


def test_uploads_have_a_limit(address):
    import httpx

    assert config(address)["max_file_size"] == 50 * 1024**2
    files = {"files": ("big.png", bytes(50 * 1024**2 + 1))}
    answer = httpx.post(f"{address}gradio_api/upload", files=files, trust_env=False)
    assert answer.status_code == 413 and "50 MB a file" in answer.text


def test_page_shows_every_app(address, registered):
    shown = config(address)
    views = [each["props"].get("elem_id") or "" for each in shown["components"]]
    views = [view.removeprefix("view-") for view in views if view.startswith("view-")]
    assert views == ["home", *registered, "finetune"]
    text = json.dumps(shown, ensure_ascii=False)
    for app in registered.values():
        assert text.count(f"#{app.name}") >= 2  # in the navigation and on the first page
    assert "Takes &amp; gives all there is." in text and "&lt;b&gt;Ramp&lt;/b&gt;: made here" in text
    assert "No samples: its pictures are missing" in text
    public = {each["api_name"] for each in shown["dependencies"] if each["api_visibility"] == "public"}
    assert public == set(registered)


def test_page_asks_no_other_host(address):
    page = get(address)
    # What a browser fetches by itself. Addresses in <meta> are for link previews, <a> waits for a click.
    fetched = re.findall(r"""<(?:script|link|img|iframe)[^>]*?(?:src|href)=["']([^"']*)""", page.text)
    theme = get(address, "theme.css").text
    fetched += re.findall(r"""url\(["']?([^"')]*)|@import\s+["']([^"']*)""", page.text + theme)
    assert fetched and not [each for each in map(str, fetched) if re.search("(https?:)?//", each)]

    shown = config(address)
    assert shown["analytics_enabled"] is False and not shown["run_history"] and not shown["stylesheets"]
    # Beside the props stand examples for the API's documentation, which is text.
    props = json.dumps([each["props"] for each in shown["components"]])
    props = re.sub(r"<a [^>]*?href='https://[^']*'", "", props)  # papers, for those who click on them
    hosts = re.findall(r"https?://([^/\"'\s:]+)", props)
    assert set(hosts) <= {HOST, "localhost"}
    # And the browser is told to refuse whatever a script might ask for.
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'self' ") and "http" not in policy and "*" not in policy


def test_only_this_machine_is_answered(address):
    assert address.startswith(f"http://{HOST}:")
    assert get(address, Host="elsewhere.example").status_code == 400
    port = int(address.rstrip("/").rpartition(":")[2])
    with socket.socket() as listener:  # it doesn't listen on the machine's other addresses
        listener.bind(("127.0.0.2", port))


def test_calls_wait_in_one_queue_for_each_app(address):
    calls = [each for each in config(address)["dependencies"] if each["api_name"] == "everything"]
    assert all(each["queue"] for each in calls)
    import httpx

    around = httpx.post(f"{address}gradio_api/run/everything", json={"data": []}, trust_env=False)
    assert around.status_code == 404  # no way past the queue


def test_a_port_that_cannot_be_had():
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=f"port {port} cannot be used .*choose another"), running({}, port):
            pass
    with pytest.raises(BadInput, match="give a number from 0 to 65535"), running({}, 70_000):
        pass


def test_without_apps_and_nothing_left_behind(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = os.environ.get("GRADIO_TEMP_DIR")
    with running({}) as address:
        assert "No app is installed" in json.dumps(config(address))
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir()) and os.environ.get("GRADIO_TEMP_DIR") == before


def test_without_gradio(monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    with (
        pytest.raises(MissingPackage, match=r"the gallery needs gradio; pip install 'landmark-zoo\[web\]'"),
        running({}),
    ):
        pass
