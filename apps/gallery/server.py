"""The gallery: one local page with a view for every registered app, made from the inputs and outputs of the apps.

The page is Gradio's (extra `web`). It is served to this machine only and requests nothing from other hosts: fonts and
scripts are those in Gradio's wheel, its statistics are off, and a content security policy sent with every response
makes browsers block the rest. Uploads and results belong to the session that made them, see `sessions`. They are kept
in a temporary folder for an hour, or until the gallery stops. Checkpoints that would have to be downloaded raise an
error.

Each app is also an endpoint of its name; that of a conversation takes a line, and each client has its own conversation.
Calls wait for their turn, see `waiting`. Programs without Gradio's client use the addresses in `api`, which answer
before the page is built. That client contacts Hugging Face, unless HF_HUB_OFFLINE=1 is set:

    from gradio_client import Client, handle_file
    Client("http://127.0.0.1:7860").predict(photo=handle_file("photo.jpg"), api_name="/colorize")
"""

import contextlib
import functools
import importlib.util
import os
import signal
import socket
import sys
import tempfile
import threading
import webbrowser

from zoo.errors import BadInput, MissingPackage

from ..app import App, apps
from .calls import as_sent
from .finetuning import stop_all
from .look import head, style
from .page import entries, import_gradio, page
from .sessions import Files
from .waiting import MAX_WAITING

HOST = "127.0.0.1"
LONGEST_END = 2.5  # seconds from a signal until the process ends, whatever is still being computed


def gallery(port: int = 7860, *, open_page: bool = False) -> None:
    """Serve all registered apps on `port` of this machine (0: any free one) until Ctrl-C or SIGTERM; then exit.

    For programs there is `running`.
    """
    from zoo.runtime.export import Session

    Session.spins = False
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    with contextlib.suppress(KeyboardInterrupt), running(apps(), port, open_page=open_page) as address:
        print(f"The gallery is on {address} (Ctrl-C stops it)", flush=True)
        threading.Event().wait()
    sys.stdout.flush()
    os._exit(0)  # Python's own end takes down all that Gradio imported, for seconds, and waits for threads that compute


def _end(*_) -> None:
    """End the gallery: its files are deleted, and a computation that would hold it up is cut off."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # a second one would interrupt that
    in_time = threading.Timer(LONGEST_END, os._exit, [0])
    in_time.daemon = True
    in_time.start()
    raise KeyboardInterrupt


@contextlib.contextmanager
def running(registered: dict[str, App], port: int = 0, *, open_page: bool = False):
    """A context in which these apps are served; its value is the address of the page."""
    if importlib.util.find_spec("gradio") is None:  # it is imported later
        raise MissingPackage("the gallery needs gradio; pip install 'landmark-zoo[web]'")
    from .host import serving

    port = _free(port)
    with tempfile.TemporaryDirectory(prefix="zoo-gallery-", ignore_cleanup_errors=True) as folder:
        files = Files(folder)
        # Read whenever a component is made. Gradio's own default is one folder for all users of the machine.
        before = os.environ.get("GRADIO_TEMP_DIR")
        os.environ["GRADIO_TEMP_DIR"] = str(files.folder)
        try:
            with serving(registered, files, HOST, port, functools.partial(_built, registered, files, port)):
                address = f"http://{HOST}:{port}/"
                if open_page:
                    webbrowser.open(address)
                yield address
        finally:
            stop_all()
            if before is None:
                os.environ.pop("GRADIO_TEMP_DIR", None)
            else:
                os.environ["GRADIO_TEMP_DIR"] = before


def _built(registered: dict[str, App], files: Files, port: int):
    """The page as an ASGI app, and a function that ends its streams."""
    # Gradio's queue makes a table of its last calls after each one, for a page that nobody sees.
    os.environ |= {"GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**9), "GRADIO_ANALYTICS_MAX_EVENTS": "1"}
    gradio = import_gradio()
    from fastapi import FastAPI

    from .api import MAX_UPLOAD

    blocks = page(registered)
    files.share()  # what was made with the page: its samples
    blocks.preprocess_data = as_sent(blocks.preprocess_data)
    blocks.max_threads = MAX_WAITING  # events that Gradio takes at once; they wait in the apps' lines
    blocks.queue(max_size=MAX_WAITING, default_concurrency_limit=1, api_open=False)
    app = gradio.mount_gradio_app(
        FastAPI(openapi_url=None),
        blocks,
        "/",
        server_name=HOST,
        server_port=port,
        show_error=False,
        ssr_mode=False,
        run_history=False,
        mcp_server=False,
        pwa=False,
        max_file_size=MAX_UPLOAD,
        footer_links=["api", "settings"],
        css=style([each.name for each in entries(registered)]),
        head=head(),
        # Plain strings are fonts of the reader's system.
        theme=gradio.themes.Default(
            primary_hue="teal",
            neutral_hue="stone",
            font=("system-ui", "sans-serif"),
            font_mono=("ui-monospace", "monospace"),
        ),
    )
    blocks.has_launched = True  # only then does Gradio check the files of events that it prepares values for

    def end_streams():
        blocks.close(verbose=False)
        app.router.routes[-1].app.stop_event.set()

    return app, end_streams


def _free(port: int) -> int:
    """This port, or any free one for 0. Raises BadInput for a port that cannot be used."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server will: one just left is free
            probe.bind((HOST, port))
            return probe.getsockname()[1]
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "give a number from 0 to 65535"
        raise BadInput(f"port {port} cannot be used ({reason}); choose another, or 0 for any free one") from error
