"""The gallery's serving: whose files a call may read, how calls wait and are answered, and how it all ends."""

import asyncio
import gc
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from pathlib import Path
from typing import Annotated

import httpx
import numpy as np
import pytest

from zoo.errors import BadCheckpoint, BadInput
from zoo.kinds.image import write_image
from zoo_apps.app import App, Audio, Flag, Image, Record, Table, Text, Video
from zoo_apps.gallery import sessions, waiting
from zoo_apps.gallery.server import running
from zoo_apps.gallery.sessions import REFUSAL, Cookies, Files, Session, safe_name
from zoo_apps.gallery.several import run_on_all
from zoo_apps.gallery.waiting import Busy, Line

pytestmark = [
    # Gradio leaves the event loops of its server to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.*no_silent_downcasting"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]

FILE = {"meta": {"_type": "gradio.FileData"}}


class Reads(App):
    """Takes a file of every kind."""

    name = "reads"
    title = summary = "Reads"

    def __call__(
        self,
        photo: Image | None = None,
        photos: list[Image] | None = None,
        sound: Audio | None = None,
        film: Video | None = None,
        table: Table | None = None,
    ) -> tuple[Image, Annotated[dict, Record(label="found")]]:
        return photo, {"shape": [] if photo is None else list(photo.shape)}


class Louder(App):
    """Texts in, texts out, a fault for "fail"; keeps how many came at once, and waits while it is held."""

    name = "louder"
    title = summary = "Louder"

    def __init__(self):
        super().__init__()
        self.sizes, self.free = [], threading.Event()

    def __call__(
        self,
        texts: list[Text],
        sign: Annotated[str, Text()] = "!",
        shown: Annotated[bool, Flag()] = False,
    ) -> tuple[list[Annotated[str, Text(label="louder")]], Annotated[Image | None, Image(when="shown")]]:
        self.free.wait(30)
        self.sizes.append(len(texts))
        if "fail" in texts:
            raise BadInput("fail is no text")
        return [text + sign for text in self.track(texts, len(texts), "texts")], None


@pytest.fixture(scope="module")
def apps():
    return {"reads": Reads(), "louder": Louder()}


@pytest.fixture(scope="module")
def address(apps):
    with running(apps) as address:
        yield address
    gc.collect()  # what Gradio left open is warned of here, where that is ignored


@pytest.fixture
def client(address):
    with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    write_image(path, np.zeros((4, 6, 3), np.uint8))
    return path.read_bytes()


def upload(client, content: bytes, name="photo.png") -> str:
    [path] = client.post("gradio_api/upload", files={"files": (name, content)}).raise_for_status().json()
    return path


def called(client, app: str, *data) -> tuple[str, object]:
    """The last event of a call by Gradio's API for programs, and what came with it."""
    event = client.post(f"gradio_api/call/{app}", json={"data": data}).raise_for_status().json()["event_id"]
    *_, last = client.get(f"gradio_api/call/{app}/{event}").text.split("event: ")
    name, _, value = last.partition("\ndata: ")
    return name, json.loads(value)


def joined(client, app: str, *data) -> tuple[bool, object]:
    """What the page is answered, by its own protocol: whether that is an answer, and the answer or error."""
    events = {each["api_name"]: each["id"] for each in client.get("config").json()["dependencies"]}
    body = {"data": data, "fn_index": events[app], "session_hash": os.urandom(8).hex()}
    client.post("gradio_api/queue/join", json=body).raise_for_status()
    stream = client.get("gradio_api/queue/data", params={"session_hash": body["session_hash"]}).text
    [last] = [json.loads(line[6:]) for line in stream.splitlines() if '"process_completed"' in line]
    return last["success"], last["output"].get("error" if not last["success"] else "data")


@pytest.fixture(scope="module")
def opened():
    """Files below a folder "secret" that this process has opened or looked at by Python: a list."""
    seen = []

    def watch(event, args):
        if event in ("open", "os.listdir", "os.scandir") and "secret" in str(args[0]):
            seen.append((event, args[0]))

    sys.addaudithook(watch)  # stays, which costs next to nothing
    return seen


def ways(path: Path, own: str, address: str) -> dict[str, object]:
    """Ways to name a file to a call. own: an upload of the caller."""
    up = "/".join([".."] * 12)
    link = Path(own).parent / f"link-{path.name}"
    link.symlink_to(path)
    fifo = Path(own).parent / f"fifo-{path.name}"
    os.mkfifo(fifo)
    text = str(path)
    spelled = {
        "absolute": text,
        "relative": os.path.relpath(text),
        "from the root": up + text,
        "from an upload": own + "/" + up + text,
        "from an upload's folder": f"{os.path.dirname(own)}/{os.path.relpath(text, os.path.dirname(own))}",
        "two slashes": "/" + text,
        "a slash at the end": text + "/",
        "a dot": text.replace("/secret", "/./secret"),
        "there and back": text.replace("/secret", "/secret/../secret"),
        "backslashes": text.replace("/", "\\"),
        "encoded": text.replace("/", "%2f"),
        "encoded twice": text.replace("/", "%252f"),
        "wide letters": text.replace("/", "\uff0f"),
        "file:": f"file://{text}",
        "file: with a host": f"file://localhost{text}",
        "the gallery's own address": f"{address}gradio_api/file={text}",
        "the address without a host": f"/gradio_api/file={text}",
        "a nul": text + "\0.png",
        "an upload and a nul": own + "\0" + text,
        "a space": f" {text}",
        "a line": f"{text}\n",
        "a home": "~/" + os.path.relpath(text, Path.home()),
        "a variable": "$PWD/" + os.path.relpath(text),
        "by the process": f"/proc/self/root{text}",
        "by its folder": f"/proc/self/cwd/{os.path.relpath(text)}",
        "a link": str(link),
        "a pipe": str(fifo),
        "a pattern": text[:-5] + "*" + text[-4:],
        "its folder": str(path.parent),
        "a device": f"/dev/zero/{path.name}",
        "upper case": text.upper(),
    }
    shapes = {
        "no meta": {"path": text},
        "no path": {"url": text, **FILE},
        "an address beside it": {"path": None, "url": f"{address}gradio_api/file={text}", **FILE},
        "a stream": {"path": text, "is_stream": True, **FILE},
        "only the text": text,
        "in a list": [{"path": text, **FILE}],
        "a list of texts": [text],
        "a film's": {"video": {"path": text, **FILE}},
        "a film's without meta": {"video": {"path": text}},
        "a path in a list": {"path": [text], **FILE},
        "a path in a path": {"path": {"path": text}, **FILE},
        "another name": {"name": text, "path": 7, **FILE},
        "as bytes": {"path": list(text.encode()), **FILE},
        "true": {"path": True, "orig_name": text, **FILE},
    }
    return {name: {"path": each, **FILE} for name, each in spelled.items()} | shapes


@pytest.mark.parametrize("door", [called, joined])
def test_no_way_to_name_a_file_opens_another_than_ones_own(door, address, client, photo, tmp_path, opened):
    folder = tmp_path / "secret"
    folder.mkdir()
    (folder / "there.png").write_bytes(photo)
    own = upload(client, photo)
    there, missing = (ways(folder / name, own, address) for name in ("there.png", "none.png"))
    assert len(there) >= 40
    del opened[:]
    for name in there:
        answers = [door(client, "reads", each[name]) for each in (there, missing)]
        assert answers[0] == answers[1], name
        assert answers[0][0] in ("error", False) and REFUSAL in str(answers[0][1]), name
    assert not opened


def test_no_address_of_a_file_opens_another_than_ones_own(address, client, photo, tmp_path, opened):
    folder = tmp_path / "secret"
    folder.mkdir()
    (folder / "there.png").write_bytes(photo)
    own = upload(client, photo)
    there, missing = (ways(folder / name, own, address) for name in ("there.png", "none.png"))
    del opened[:]
    texts = {name: each.get("path") for name, each in there.items() if isinstance(each, dict)}
    for name in [name for name, text in texts.items() if isinstance(text, str)]:
        found = [client.get(f"gradio_api/file={urllib.parse.quote(each[name]['path'])}") for each in (there, missing)]
        lines = {(each.status_code, re.sub("(?i)there?|none?", "", each.text)) for each in found}
        assert len(lines) == 1 and found[0].status_code in (403, 404), name
    assert not opened


@pytest.mark.parametrize("door", [called, joined])
def test_files_of_every_kind_are_checked_alike(door, client, tmp_path, opened):
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    del opened[:]
    for place, name in enumerate(Reads.inputs):
        for sent in ({"path": str(secret)}, {"path": str(secret), **FILE}, [{"path": str(secret)}], str(secret)):
            success, line = door(client, "reads", *[sent if n == place else None for n in range(len(Reads.inputs))])
            assert success in ("error", False) and REFUSAL in str(line), (name, sent)
    assert not opened


@pytest.mark.parametrize("door", [called, joined])
def test_uploads_and_results_belong_to_their_session(door, address, client, photo):
    own = upload(client, photo)
    success, (shown, found) = door(client, "reads", {"path": own, **FILE})
    assert success in ("complete", True) and found == {"shape": [4, 6, 3]}
    assert client.get(f"gradio_api/file={own}").content == photo
    assert client.get(shown["url"]).headers["content-type"] == "image/png"
    with httpx.Client(base_url=address, trust_env=False, timeout=60) as other:
        other.get("config")  # begins a session
        assert other.cookies
        nobodys = f"{os.path.dirname(own)}-/photo.png"
        for path in (own, shown["path"], nobodys):
            assert REFUSAL in str(door(other, "reads", {"path": path, **FILE})[1])
            answer = other.get(f"gradio_api/file={path}")
            assert (answer.status_code, answer.text) == (403, REFUSAL)
        name, value = next(iter(client.cookies.items()))
    with httpx.Client(base_url=address, trust_env=False, timeout=60, cookies={name: value[:-1] + "g"}) as impostor:
        assert REFUSAL in str(door(impostor, "reads", {"path": own, **FILE})[1])
    # A result may be sent on to another app.
    assert door(client, "reads", {"path": shown["path"], **FILE})[0] in ("complete", True)


def test_a_session_begins_with_a_call_too(address, client, photo):
    """So that a program may fetch what it was answered, without any upload before."""
    for path, sent in (
        ("gradio_api/call/reads", {"json": {"data": []}}),
        ("gradio_api/upload", {"files": {"files": photo}}),
    ):
        answer = httpx.post(address + path, trust_env=False, **sent)
        assert answer.is_success and "zoo-gallery" in answer.headers["set-cookie"]
    assert "set-cookie" not in httpx.get(address + "theme.css", trust_env=False, timeout=60).headers


def test_an_upload_keeps_its_name_and_nothing_of_a_path(client, photo):
    for name, kept in (
        ("../../etc/x.png", "x.png"),
        ("a b%.png", "a b.png"),
        ("..", "file"),
        ("C:\\d\\e.gif", "e.gif"),
    ):
        assert os.path.basename(upload(client, photo, name)) == kept
    assert len(safe_name("x" * 300 + ".jpeg")) == sessions.LONGEST_NAME + 5
    first, second = upload(client, photo), upload(client, photo)
    assert os.path.dirname(first) != os.path.dirname(second)  # even for the same file


def test_a_page_elsewhere_is_not_answered(client, photo):
    for origin in ("https://elsewhere.example", "http://127.0.0.1:1", "http://[", "null"):
        answer = client.post("gradio_api/upload", files={"files": photo}, headers={"origin": origin})
        assert answer.status_code == 403
    cookie = client.get("config").headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie


@pytest.mark.parametrize(
    "body", [b"", b"[", b"[]", b'{"data": 7}', b'{"data": [1,2,3,4,5,6]}', b"[" * 100_000, b"[" + b" " * 4 * 1024**2]
)
def test_a_call_that_is_none_is_refused_in_a_line(client, body):
    answer = client.post("gradio_api/call/reads", content=body)
    assert answer.status_code in (413, 422) and "\n" not in answer.text and "Traceback" not in answer.text


def test_old_files_go_first_and_samples_stay(tmp_path, monkeypatch):
    files = Files(tmp_path)
    (tmp_path / "sample.png").write_bytes(b"123")
    files.share()
    paths = [files.new_folder() / "x.png" for _ in range(3)]
    for path in paths:
        path.write_bytes(b"0123456789")
        files.keep(path, "me")
    monkeypatch.setattr(sessions, "MAX_BYTES", 25)
    files.delete_old()
    assert [path.exists() for path in paths] == [False, True, True] and not paths[0].parent.exists()
    with pytest.raises(BadInput, match="not uploaded in this session"):
        files.find(str(paths[0]), "me")
    assert files.find(str(paths[1]), "me") == paths[1]
    monkeypatch.setattr(sessions, "LIFETIME", -1)
    files.delete_old()
    assert not any(path.exists() for path in paths)
    assert files.find(f"{tmp_path}/sample.png", "anybody").read_bytes() == b"123"


def test_a_file_that_is_kept_twice_counts_once(tmp_path, monkeypatch):
    monkeypatch.setattr(sessions, "MAX_BYTES", 25)
    files = Files(tmp_path)
    twice, once = files.new_folder() / "x.png", files.new_folder() / "x.png"
    for path in (twice, once, twice):
        path.write_bytes(b"0123456789")
        files.keep(path, "me")
    assert twice.exists() and once.exists()
    third = files.new_folder() / "x.png"
    third.write_bytes(b"0123456789")
    files.keep(third, "me")
    assert [path.exists() for path in (twice, once, third)] == [True, False, True]  # `once` is the oldest now


def test_a_cookie_is_read_only_where_it_was_made():
    cookies, others = Cookies(1), Cookies(1)
    value = cookies.new()
    assert cookies.read(f"a=b; zoo-gallery-1={value}") == value
    for header in (
        "",
        "zoo-gallery-1=",
        "zoo-gallery-1=é.ü",
        f"zoo-gallery-2={value}",
        f"zoo-gallery-1={others.new()}",
    ):
        assert cookies.read(header) is None


@pytest.fixture
def answers(monkeypatch):
    """A function that answers calls which wait at once: answers and errors, and None for those given up."""
    monkeypatch.setattr(waiting, "THREADS", 0)

    async def one(call):
        try:
            async for what, value in call.messages():
                if what == "answer":
                    return value
        except Exception as error:
            return error

    async def together(line, calls, given_up):
        joined = [line.join(sent, lambda each, value: value, lambda answer: answer[0]) for sent in calls]
        for number in given_up:
            joined[number].over = True
        threading.Thread(target=line._work, daemon=True).start()
        asked = [call for call in joined if not call.over]
        return dict(zip(map(joined.index, asked), await asyncio.gather(*map(one, asked)), strict=True))

    return lambda app, calls, given_up=(): list(asyncio.run(together(Line(app), calls, given_up)).values())


def sent(*texts, sign="!", shown=False):
    return {"texts": list(texts), "sign": sign, "shown": shown}


def test_texts_that_wait_are_answered_at_once(answers):
    app = Louder()
    app.free.set()
    found = answers(app, [sent("a"), sent("b"), *[sent(f"{n}", sign="x") for n in range(40)], sent("c")])
    assert found == [["a!"], ["b!"], *[[f"{n}x"] for n in range(40)], ["c!"]]
    assert app.sizes == [3, 16, 16, 8]


def test_options_and_faults_are_each_calls_own(answers):
    app = Louder()
    app.free.set()
    calls = [sent("a", "aa"), sent("b", sign="?"), sent("fail"), sent(), sent("c"), sent("d", shown=True)]
    a, b, fail, empty, c, d = answers(app, calls)
    assert (a, b, c, d) == (["a!", "aa!"], ["b?"], ["c!"], ["d!"])
    assert str(fail) == "fail is no text" and isinstance(empty, BadInput)
    assert app.sizes == [4, 2, 1, 1, 1, 1]  # together, then alone to find the faulty one; the others


def test_a_call_that_nobody_waits_for_is_not_computed(answers):
    app = Louder()
    app.free.set()
    assert answers(app, [sent("a"), sent("b", "c"), sent("d")], given_up=[0, 2]) == [["b!", "c!"]]
    assert app.sizes == [2]


def test_only_texts_with_an_answer_each_are_put_together():
    assert waiting.texts_of(Louder()) == "texts" and waiting.texts_of(Reads()) is None
    assert waiting.can_be_split(Louder(), sent("a")) and not waiting.can_be_split(Louder(), sent("a", shown=True))


def test_a_call_is_told_its_place_and_refused_when_too_many_wait(monkeypatch):
    monkeypatch.setattr(waiting, "MAX_WAITING", 3)
    monkeypatch.setattr(waiting, "TICK", 0.05)
    monkeypatch.setattr(waiting, "THREADS", 0)
    app = Louder()
    app.free.set()

    async def crowd():
        line = Line(app)
        line._seconds = 2.0  # as if calls took that long until now

        def join(text):
            return line.join(sent(text), lambda _, value: value, lambda answer: answer)

        calls = [join(each) for each in "abc"]
        assert [line.waiting(call) for call in calls] == [(1, 2.0), (2, 4.0), (3, 6.0)]
        with pytest.raises(Busy, match="try again in 3 s") as refusal:
            join("d")
        assert refusal.value.seconds == 3
        messages = calls[-1].messages()
        assert await anext(messages) == ("waiting", (3, 6.0))
        calls[0].over = True  # makes room
        join("d")
        threading.Thread(target=line._work, daemon=True).start()
        assert [each async for each in messages][-1] == ("answer", (["c!"], None))

    asyncio.run(crowd())


class Even(App):
    """Takes photographs of an even width."""

    name = "even"
    title = summary = "Even"

    def __call__(self, photo: Image) -> Annotated[dict, Record(label="found")]:
        if photo.shape[1] % 2:
            raise BadCheckpoint("even: its weights are damaged")
        return {"width": photo.shape[1]}


def test_several_photographs_wait_for_room_and_each_has_its_own_error(tmp_path, monkeypatch):
    monkeypatch.setattr(waiting, "THREADS", 0)
    monkeypatch.setattr(waiting, "MAX_WAITING", 1)
    monkeypatch.setattr(waiting, "FIRST", 0)  # seconds after which to try again
    app, session = Even(), Session("me", Files(tmp_path))
    uploads = []
    for width in (6, 7, 8):
        path = session.files.new_folder() / f"{width}.png"
        write_image(path, np.zeros((4, width, 3), np.uint8))
        session.keep(path)
        uploads.append({"path": str(path), "orig_name": path.name})
    uploads.append({"path": "/etc/hostname"})

    def run(uploaded):
        return run_on_all(app, app.inputs["photo"], uploaded, {}, session, lambda *_, **__: None)

    async def crowd():
        line = waiting.line_of(app)
        line.join({}, None, None)  # there is no room for another
        several = asyncio.create_task(run(uploads))
        await asyncio.sleep(0.05)
        assert not several.done()
        threading.Thread(target=line._work, daemon=True).start()
        return await several

    _, rows, _ = asyncio.run(crowd())
    assert rows == [
        {"file": "6", "width": 6},
        {"file": "7", "problem": "even: its weights are damaged"},
        {"file": "8", "width": 8},
        {"file": "None", "problem": REFUSAL},
    ]
    for none in (None, [], "6.png", {"path": uploads[0]["path"]}):
        with pytest.raises(BadInput, match="no photos given; upload some"):
            asyncio.run(run(none))


def test_a_refusal_over_http_says_when_to_come_again(apps, client, monkeypatch):
    monkeypatch.setattr(waiting, "MAX_WAITING", 0)
    answer = client.post("gradio_api/call/louder", json={"data": [["a"]]})
    assert answer.status_code == 503 and int(answer.headers["retry-after"]) >= 1
    assert answer.json()["detail"].startswith("louder: ")
    monkeypatch.undo()
    apps["louder"].free.set()
    assert called(client, "louder", ["a", "b"]) == ("complete", ["a!\nb!", None])
    assert joined(client, "louder", ["a", "b"], "?", False) == (True, ["a?\nb?", None])


# A gallery of one app that computes for a minute, in a process of its own.
SLEEPER = """
import sys, time
from zoo_apps.app import App, Text
from zoo_apps.gallery import server

class Sleeps(App):
    name = title = summary = "sleeps"

    def __call__(self, text: Text) -> Text:
        time.sleep(60)
        return text

server.apps = lambda: {"sleeps": Sleeps()}
server.gallery(0)
"""

HALF = [
    b"",
    b"GET / HT",
    b"POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    b"Content-Length: 1000\r\n\r\n--x",
    b"GET /gradio_api/heartbeat/abc HTTP/1.1\r\nHost: localhost\r\n\r\n",
]


@pytest.mark.parametrize(("number", "built"), [(signal.SIGINT, True), (signal.SIGTERM, False)])
def test_a_signal_ends_the_gallery_in_three_seconds(number, built, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEPER],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    sockets = []
    try:
        port = int(re.search(r":(\d+)/", process.stdout.readline())[1])
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/", trust_env=False, timeout=60) as client:
            if built:
                client.get("config").raise_for_status()
            client.post("gradio_api/call/sleeps", json={"data": ["a"]}).raise_for_status()
            for part in HALF:
                sockets.append(socket.create_connection(("127.0.0.1", port)))
                sockets[-1].send(part)
            time.sleep(0.3)
            start = time.monotonic()
            process.send_signal(number)
            _, errors = process.communicate(timeout=20)
        assert time.monotonic() - start < 3
        assert process.returncode == 0 and not errors
        assert not list(tmp_path.glob("zoo-gallery-*"))
    finally:
        process.kill()
        process.communicate()
        for each in sockets:
            each.close()
