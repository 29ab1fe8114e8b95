"""The gallery under load, beside another checkout in the same run: `python benchmarks/gallery_load.py CHECKOUT`.

CHECKOUT is a folder with an earlier state of this repository, such as `git worktree add ../before COMMIT` makes; the
packages are those of this Python for both. The builds take turns. In each turn a gallery starts in a process of its
own, and how long its first answer of `label` takes counts from the start of that process. Then 50 clients, half of them
with a photograph for `label` and half with a sentence for `sentiment`, ask for one answer after another by Gradio's API
for programs: upload, call, result, and for `label` the picture in it. A client that is refused comes again when it was
told to, or after a second; its time counts from its first request. The clients take part of the same processors.
"""

import argparse
import collections
import contextlib
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from results import keep

HERE = Path(__file__).resolve().parent.parent
FOLDERS = {"zoo": "zoo", "zoo_apps": "apps", "zoo_weights": "weights"}  # package -> folder of a checkout
SENTENCE = "A warm and funny film, with a cast that could not be better."
BOUNDARY = "a-boundary-that-no-file-contains"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path, help="folder with the other state of this repository")
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--turns", type=int, default=1, help="loads of each build")
    parser.add_argument("--starts", type=int, default=5, help="starts of each build for the first answer")
    given = parser.parse_args()
    builds = {"before": given.checkout.resolve(), "now": HERE}
    measured = {build: collections.defaultdict(list) for build in builds}
    with tempfile.TemporaryDirectory() as folder:
        photo = jpeg(Path(folder))
        for turn in range(max(given.turns, given.starts)):
            for build, checkout in builds.items():
                with gallery(checkout, Path(folder) / build) as (process, port, start):
                    Client(port, photo).answer("label")
                    found = {"first answer of label": (time.perf_counter() - start, "s")}
                    if turn < given.turns:
                        found |= load(process, port, photo, given.clients, given.seconds)
                for name, (value, unit) in found.items():
                    print(f"{build:7} {name:40} {value:9.2f} {unit}", flush=True)
                    measured[build][name, unit].append(value)
    rows = {}
    for name, unit in measured["now"]:
        before, now = (statistics.median(measured[build][name, unit]) for build in builds)
        rows[f"gallery before: {name}"] = {unit: round(before, 2)}
        rows[f"gallery now: {name}"] = {unit: round(now, 2)} | ({"of before": round(now / before, 3)} if before else {})
    keep("gallery_load", rows)


def jpeg(folder: Path) -> bytes:
    """A photograph as a file."""
    from skimage import data

    from zoo.kinds.image import write_image

    write_image(folder / "photo.jpg", data.coffee())
    return (folder / "photo.jpg").read_bytes()


@contextlib.contextmanager
def gallery(checkout: Path, packages: Path):
    """A context with the gallery of a checkout: (its process, its port, the time at which it was started)."""
    packages.mkdir(exist_ok=True)
    for package, folder in FOLDERS.items():
        if not (packages / package).exists():
            (packages / package).symlink_to(checkout / folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = f"import sys; sys.argv = ['zoo', 'gallery', '--port', '{port}']; from zoo.cli.main import main; main()"
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(packages)}, stdout=subprocess.DEVNULL
    )
    try:
        while True:
            with contextlib.suppress(OSError):
                http.client.HTTPConnection("127.0.0.1", port).connect()
                break
            if process.poll() is not None:
                sys.exit(f"the gallery of {checkout} ended with {process.returncode}")
            time.sleep(0.02)
        yield process, port, start
    finally:
        process.kill()  # the earlier build may not end otherwise
        process.wait()


class Client:
    """A program that asks the gallery for one answer after another. It keeps its connection and its cookie."""

    def __init__(self, port: int, photo: bytes):
        self.photo, self.cookie = photo, ""
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

    def request(self, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        """The body of an answer. Raises Refused."""
        headers = {"Cookie": self.cookie} | ({"Content-Type": kind} if body else {})
        self.connection.request("POST" if body else "GET", path, body, headers)
        answer = self.connection.getresponse()
        found = answer.read()
        if set_cookie := answer.getheader("set-cookie"):
            self.cookie = set_cookie.partition(";")[0]
        if answer.status != 200:
            raise Refused(answer.status, answer.getheader("retry-after"))
        return found

    def answer(self, app: str) -> list:
        """One answer of an app. Raises Refused."""
        data = [SENTENCE]
        if app == "label":
            head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="photo.jpg"\r\n\r\n'
            form = head.encode() + self.photo + f"\r\n--{BOUNDARY}--\r\n".encode()
            [path] = json.loads(self.request("/gradio_api/upload", form, f"multipart/form-data; boundary={BOUNDARY}"))
            data = [{"path": path, "meta": {"_type": "gradio.FileData"}}]
        data += {"label": ["mobilenet.caltech101", 5], "sentiment": ["bert.rt-polarity"]}[app]
        event = json.loads(self.request(f"/gradio_api/call/{app}", json.dumps({"data": data}).encode()))["event_id"]
        *_, last = self.request(f"/gradio_api/call/{app}/{event}").decode().split("event: ")
        name, _, found = last.partition("\ndata: ")
        if name != "complete":
            raise Refused(name, None)
        if app == "label":
            self.request(f"/gradio_api/file={json.loads(found)[0]['path']}")
        return json.loads(found)


class Refused(Exception):
    """An answer that is none: its status, and after how many seconds to come again, if it says so."""


def load(process, port: int, photo: bytes, clients: int, seconds: float) -> dict[str, tuple[float, str]]:
    """What clients measure in so many seconds: {of what: (value, unit)}."""
    starter = Client(port, photo)
    starter.request("/config")  # the page is there, too
    starter.answer("sentiment")
    times, refused, lock = collections.defaultdict(list), collections.Counter(), threading.Lock()
    end = time.perf_counter() + seconds

    def ask(app: str) -> None:
        client = Client(port, photo)
        while (start := time.perf_counter()) < end:
            while time.perf_counter() < end:
                try:
                    client.answer(app)
                except Refused as refusal:
                    status, wait = refusal.args
                    with lock:
                        refused["refusals with a wait" if wait else "refusals without a wait"] += 1
                        refused["other answers"] += status not in (200, 503)
                    time.sleep(float(wait or 1))
                except (http.client.HTTPException, OSError):  # the earlier build cut pictures off
                    with lock:
                        refused["other answers"] += 1
                    client.connection.close()
                else:
                    with lock:
                        times[app].append(time.perf_counter() - start)
                    break

    threads = [threading.Thread(target=ask, args=(("label", "sentiment")[n % 2],)) for n in range(clients)]
    for thread in threads:
        thread.start()
    time.sleep(seconds / 3)
    early = megabytes(process)
    for thread in threads:
        thread.join()
    found = {f"answers in {seconds:g} s to {clients} clients": (sum(map(len, times.values())), "answers")}
    for app, taken in times.items():
        found[f"answers of {app}"] = len(taken), "answers"
        found[f"95th percentile of {app}"] = statistics.quantiles(taken, n=20)[-1], "s"
    for name in ("refusals with a wait", "refusals without a wait", "other answers"):
        found[name] = refused[name], "answers"
    found["memory after a third of the time"] = early, "MB"
    found["memory at the end"] = megabytes(process), "MB"
    return found


def megabytes(process) -> float:
    """Memory that a process holds (Linux)."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
