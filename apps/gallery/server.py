"""The gallery: one local page with a tab for every registered app, made from the inputs and outputs of the apps.

The page is Gradio's (extra `web`). It is served to this machine only and requests nothing from other hosts: fonts and
scripts are those in Gradio's wheel, its statistics are off, and a content security policy sent with every response
makes browsers block the rest. Uploads and results are kept in a temporary folder for an hour, or until the gallery
stops. Checkpoints that would have to be downloaded raise an error.

Each app is also an endpoint of its name; that of a conversation takes a line, and each client has its own conversation.
Gradio's client contacts Hugging Face, unless HF_HUB_OFFLINE=1 is set:

    from gradio_client import Client, handle_file
    Client("http://127.0.0.1:7860").predict(photo=handle_file("photo.jpg"), api_name="/colorize")
"""

import contextlib
import os
import socket
import tempfile
import threading

from zoo.errors import BadInput

from ..app import App, apps
from .page import import_gradio, page

HOST = "127.0.0.1"
MAX_UPLOAD = "50mb"
MAX_WAITING = 16  # calls in the queue; more are turned away

# Gradio's page has its scripts and styles inline, and shows pictures as blobs before they are uploaded.
_POLICY = b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'self'"

_STYLE = """
.gradio-container { max-width: 72rem !important; margin: 0 auto !important; }
.zoo-head h1 { margin: .5rem 0 .1rem; font-size: 1.75rem; letter-spacing: -.02em; }
.zoo-head p, .zoo-credits { color: var(--body-text-color-subdued); }
.zoo-summary { margin: .25rem 0; font-size: 1.05rem; }
.zoo-credits { font-size: .85rem; }
"""


def gallery(port: int = 7860, *, open_page: bool = False) -> None:
    """Serve all registered apps on `port` of this machine (0: any free one) until Ctrl-C."""
    with running(apps(), port, open_page=open_page) as address:
        print(f"The gallery is on {address} (Ctrl-C stops it)", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


@contextlib.contextmanager
def running(registered: dict[str, App], port: int = 0, *, open_page: bool = False):
    """A context in which these apps are served; its value is the address of the page."""
    gradio = import_gradio()
    port = _free(port)
    with tempfile.TemporaryDirectory(prefix="zoo-gallery-", ignore_cleanup_errors=True) as folder:
        # Read whenever a component is made. Gradio's own default is one folder for all users of the machine.
        before = os.environ.get("GRADIO_TEMP_DIR")
        os.environ["GRADIO_TEMP_DIR"] = folder
        blocks = None
        try:
            blocks = page(registered)
            blocks.queue(max_size=MAX_WAITING, default_concurrency_limit=1, api_open=False)
            _, address, _ = blocks.launch(
                server_name=HOST,
                server_port=port,
                inbrowser=open_page,
                share=False,
                prevent_thread_lock=True,
                quiet=True,
                ssr_mode=False,
                run_history=False,
                mcp_server=False,
                pwa=False,
                max_file_size=MAX_UPLOAD,
                footer_links=["api", "settings"],
                app_kwargs={"middleware": _middleware()},
                css=_STYLE,
                # Plain strings are fonts of the reader's system.
                theme=gradio.themes.Default(
                    primary_hue="teal",
                    neutral_hue="stone",
                    font=("system-ui", "sans-serif"),
                    font_mono=("ui-monospace", "monospace"),
                ),
            )
            yield address
        finally:
            if blocks is not None:
                blocks.close(verbose=False)
            if before is None:
                os.environ.pop("GRADIO_TEMP_DIR", None)
            else:
                os.environ["GRADIO_TEMP_DIR"] = before


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


def _middleware() -> list:
    """The middleware between requests and the page."""
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    # A page elsewhere could give its own name this machine's address and so read ours: only our names are answered.
    return [Middleware(_Policy), Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])]


class _Policy:
    """Sends the content security policy with every answer."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def guarded(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", _POLICY)]
            await send(message)

        await self.app(scope, receive, guarded)
