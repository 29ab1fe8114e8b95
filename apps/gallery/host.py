"""Serves the gallery from a thread: the API at once, and Gradio's page as soon as it is built."""

import asyncio
import contextlib
import logging
import sys
import threading
import traceback

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from zoo.errors import BadInput, ZooError

from ..app import App
from .api import Api
from .guard import Guard
from .sessions import Cookies, Files

SWEEP = 300  # seconds between two looks for files whose time is over
PATIENCE = 1  # seconds that answers on their way have when the gallery ends


class Page:
    """An ASGI app that takes seconds to build. Whoever asks for it earlier waits for it.

    build() -> (the page, an ASGI app of Starlette's kind; a function that ends its streams). It runs in a thread.
    """

    def __init__(self, build):
        self._build = build
        self._ready = asyncio.get_running_loop().create_future()  # of the page, once it runs

    async def __call__(self, scope, receive, send):
        try:
            app = await asyncio.shield(self._ready)
        except Exception:  # `_into` has printed it
            app = PlainTextResponse("the page could not be built; the gallery's log says why", status_code=500)
        await app(scope, receive, send)

    async def run(self, closing: asyncio.Event) -> None:
        """Build it, and run it until `closing` is set."""
        built = asyncio.get_running_loop().create_future()
        # A thread of its own, for which the loop doesn't wait at its end as for those of its executor.
        threading.Thread(target=_into, args=(built, self._build), name="zoo-page", daemon=True).start()
        ended = asyncio.ensure_future(closing.wait())
        await asyncio.wait([built, ended], return_when=asyncio.FIRST_COMPLETED)
        if not built.done():
            self._ready.cancel()
            return
        if error := built.exception():
            self._ready.set_exception(error)
            await ended
            return
        app, end_streams = built.result()
        async with app.router.lifespan_context(app):
            self._ready.set_result(app)
            await ended
            end_streams()


def _into(future: asyncio.Future, function) -> None:
    """Put what a function returns or raises into a future of another thread's event loop."""
    try:
        done = future.set_result, function()
    except Exception as error:
        if isinstance(error, ZooError):
            print(f"zoo: {error}", file=sys.stderr)
        else:
            traceback.print_exc()
        done = future.set_exception, error
    with contextlib.suppress(RuntimeError):  # the gallery has ended, and the loop with it
        future.get_loop().call_soon_threadsafe(*done)


@contextlib.contextmanager
def serving(apps: dict[str, App], files: Files, host: str, port: int, build):
    """A context in which the API and the page are served. build: see `Page`."""
    closing = asyncio.Event()

    @contextlib.asynccontextmanager
    async def lifespan(app):
        page = Page(build)
        app.router.routes += [*Api(apps, page).routes, Mount("/", page)]
        tasks = [asyncio.create_task(page.run(closing)), asyncio.create_task(_sweep(files))]
        yield
        tasks[1].cancel()
        await asyncio.wait(tasks, timeout=PATIENCE)

    # A page elsewhere could give its own name this machine's address and so read ours: only our names are answered.
    middleware = [
        Middleware(Guard, Cookies(port), files),
        Middleware(TrustedHostMiddleware, allowed_hosts=[host, "localhost"]),
    ]
    app = Starlette(middleware=middleware, lifespan=lifespan)
    config = uvicorn.Config(app, host, port, log_level="warning", timeout_graceful_shutdown=PATIENCE)
    server = uvicorn.Server(config)
    loops = []

    async def serve():
        loops.append(asyncio.get_running_loop())
        await server.serve()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="zoo-server", daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise BadInput(f"port {port} cannot be used; choose another, or 0 for any free one")
        thread.join(0.01)
    try:
        yield
    finally:
        log = logging.getLogger("uvicorn.error")
        level = log.level
        log.setLevel(logging.CRITICAL)  # that streams still open are cut is no error
        loops[0].call_soon_threadsafe(closing.set)
        server.should_exit = True
        thread.join(2 * PATIENCE + 0.5)
        log.setLevel(level)


async def _sweep(files: Files) -> None:
    while True:
        await asyncio.sleep(SWEEP)
        files.delete_old()
