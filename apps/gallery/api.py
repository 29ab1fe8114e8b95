"""The gallery's answers to programs: uploads, calls and files. They need no page, and so are there at once.

The addresses and answers are those of Gradio's own API:

    POST gradio_api/upload           files -> their paths
    POST gradio_api/call/NAME        {"data": [the app's inputs, in order]} -> {"event_id", "position", "seconds"}
    GET  gradio_api/call/NAME/EVENT  the answer, as a stream of server-sent events
    GET  gradio_api/file=PATH        a file of the session

"position" and "seconds" say where in the queue the call is and how long its answer will take, and so do events of the
type "queue" in the stream. A refusal says when to come again: status 503 with the header Retry-After.
"""

import asyncio
import contextlib
import functools
import json
import mimetypes
import os
import secrets
import shutil
import time
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

from zoo.errors import ZooError

from ..app import REQUIRED, App
from ..conversation import Conversation
from .calls import join, sent
from .sessions import Session, safe_name
from .waiting import Busy, Call

MAX_UPLOAD = 50 * 1024**2  # bytes of a file ...
MAX_REQUEST = 10 * MAX_UPLOAD  # ... and of all files that are sent at once
MAX_FILES = 500
MAX_JSON = 4 * 1024**2  # bytes
KEPT = 300  # seconds for which an answer waits to be fetched
BEAT = 15  # seconds between two signs of life in a stream

# What browsers show; a file of another type, which an upload can be, they only save.
_SHOWN = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "video/mp4", "audio/mpeg", "audio/wav")


class Api:
    """The routes of the gallery's API.

    apps: name -> app. Conversations are left to the page, which keeps them. page: the ASGI app for all the rest.
    """

    def __init__(self, apps: dict[str, App], page):
        self._apps = {name: app for name, app in apps.items() if not isinstance(app, Conversation)}
        self._page = page
        self._calls: dict[str, tuple[float, Call]] = {}  # event -> when it came, and its call; the oldest first
        self._uploads: dict[str, asyncio.Event] = {}  # uploads that are watched -> whether they have ended
        self.routes = [
            Route("/gradio_api/upload", self._upload, methods=["POST"]),
            Route("/gradio_api/upload_progress", self._upload_progress),
            Route("/gradio_api/call/{name}", self._call, methods=["POST"]),
            Route("/gradio_api/call/{name}/{event}", self._answer),
            Route("/gradio_api/file={path:path}", self._file),
        ]

    async def _upload(self, request: Request):
        try:
            files = await self._received(request)
        except (MultiPartException, HTTPException) as error:  # Starlette makes the one the other, in a request
            return PlainTextResponse(getattr(error, "detail", None) or str(error), status_code=400)
        except _TooLarge:
            limits = f"{MAX_UPLOAD // 1024**2} MB a file and {MAX_REQUEST // 1024**2} MB at once"
            return PlainTextResponse(f"more than the limit of {limits}", status_code=413)
        finally:
            if ended := self._uploads.get(request.query_params.get("upload_id")):
                ended.set()
        return JSONResponse(files)

    async def _received(self, request: Request) -> list[str]:
        """The paths of the files that a request sends, once they are stored."""
        if int(request.headers.get("content-length", 0)) > MAX_REQUEST:
            raise _TooLarge
        bounded = Request(request.scope, _bounded(request.receive, MAX_REQUEST))
        async with bounded.form(max_files=MAX_FILES, max_fields=10) as form:
            uploads = [each for each in form.getlist("files") if not isinstance(each, str)]
            if any(each.size > MAX_UPLOAD for each in uploads):
                raise _TooLarge
            return [await run_in_threadpool(_store, each, request.state.session) for each in uploads]

    async def _upload_progress(self, request: Request):
        """Says when an upload of the page has ended. On one machine there is no time to show how much is sent."""
        name = request.query_params.get("upload_id", "")
        ended = self._uploads.setdefault(name, asyncio.Event())

        async def stream():
            try:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), KEPT)
                yield b'data: {"msg": "done"}\n\n'
            finally:
                self._uploads.pop(name, None)

        return StreamingResponse(stream(), media_type="text/event-stream")

    async def _call(self, request: Request):
        app = self._apps.get(request.path_params["name"])
        if app is None:
            return self._page
        session = request.state.session
        try:
            given = _inputs(app, await _json(request))
            show = functools.partial(sent, app, session, str(request.base_url))
            call = join(app, given, session, show)
        except Busy as busy:
            return JSONResponse({"detail": str(busy)}, 503, headers={"retry-after": str(busy.seconds)})
        self._forget()
        event = secrets.token_hex(16)
        self._calls[event] = time.monotonic(), call
        place, seconds = call.line.waiting(call) or (0, None)
        return JSONResponse({"event_id": event, "position": place, "seconds": seconds})

    def _forget(self) -> None:
        """Give up the calls whose answers nobody has fetched."""
        for event, (since, call) in list(self._calls.items()):
            if time.monotonic() - since <= KEPT:
                break
            call.over = True
            del self._calls[event]

    async def _answer(self, request: Request):
        _, call = self._calls.pop(request.path_params["event"], (0, None))
        if call is None:
            return self._page
        return StreamingResponse(_events(call), media_type="text/event-stream")

    async def _file(self, request: Request):
        """A file of the session. Those of the page, which lie elsewhere, are sent by it; addresses are not fetched."""
        path, session = request.path_params["path"], request.state.session
        if "://" not in path and not _lies_in(path, session.files.private):
            return self._page
        try:
            found = session.find(path)
        except ZooError as error:
            return PlainTextResponse(str(error), status_code=403)
        kind = mimetypes.guess_type(found.name)[0]
        return FileResponse(
            found,
            headers={"x-content-type-options": "nosniff"},
            media_type=kind if kind in _SHOWN else "application/octet-stream",
            filename=found.name,
            content_disposition_type="inline" if kind in _SHOWN else "attachment",
        )


def _lies_in(path: str, folder: Path) -> bool:
    """Whether a path leads into a folder. True, too, for what cannot be a path: the session then refuses it."""
    try:
        return folder in Path(os.path.realpath(os.path.join("/", path))).parents
    except (ValueError, OSError):
        return True


async def _events(call: Call):
    """The server-sent events of a call, in the words of Gradio's API."""
    beat = time.monotonic()
    try:
        async for what, value in call.messages():
            if what == "waiting":
                place, seconds = value
                yield _event("queue", {"position": place, "seconds": seconds})
            elif what == "piece":
                yield _event("generating", value)
            elif what == "answer":
                yield _event("complete", value)
            elif time.monotonic() - beat > BEAT:
                beat = time.monotonic()
                yield _event("heartbeat", None)
    except ZooError as error:
        yield _event("error", {"error": str(error)})
    except Exception:  # a fault of an app, which the queue has logged
        yield _event("error", {"error": None})


def _event(name: str, data) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


class _TooLarge(Exception):
    """More bytes than are taken."""


def _bounded(receive, most: int):
    """A function that receives a request's body, up to so many bytes. Raises _TooLarge."""
    total = 0

    async def bounded():
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > most:
            raise _TooLarge
        return message

    return bounded


def _store(upload, session: Session) -> str:
    """Write an upload to a folder that nobody can guess. Returns its path."""
    path = session.files.new_folder() / safe_name(upload.filename or "")
    with open(path, "xb") as file:
        shutil.copyfileobj(upload.file, file)
    session.keep(path)
    return str(path)


async def _json(request: Request) -> object:
    """The JSON in a request. Raises HTTPException."""
    try:
        return json.loads(await Request(request.scope, _bounded(request.receive, MAX_JSON)).body())
    except _TooLarge:
        raise HTTPException(413, f"more than {MAX_JSON // 1024**2} MB of JSON") from None
    except (ValueError, RecursionError):
        raise HTTPException(422, "the request's body is no JSON") from None


def _inputs(app: App, body: object) -> dict:
    """The inputs of a call: {name: value}, those left out at the end with their defaults. Raises HTTPException."""
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list) or len(data) > len(app.inputs):
        names = ", ".join(app.inputs)
        raise HTTPException(422, f'give {{"data": [...]}} with the inputs of {app.name}, in order: {names}')
    defaults = [None if each.default is REQUIRED else each.default for each in app.inputs.values()]
    return dict(zip(app.inputs, [*data, *defaults[len(data) :]], strict=True))
