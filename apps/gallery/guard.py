"""What each request to the gallery passes first: whose it is, and the rules that browsers get with each answer."""

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from .sessions import Cookies, Files, Session

# Gradio's page has its scripts and styles inline, and shows pictures as blobs before they are uploaded.
_POLICY = b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'self'"

# Where a session begins. Not everywhere: a page that loads asks for much at once, and would begin several.
_BEGINNINGS = re.compile("/|/config|/gradio_api/(upload|queue/join|call/[^/]*)")

RETRY = 5  # seconds that a client should wait after a refusal that does not say


class Guard:
    """Middleware that finds the session of a request, and puts it into the request's state as `session`.

    It sends a new session's cookie and the content security policy, and refuses what a page elsewhere sends.
    """

    def __init__(self, app, cookies: Cookies, files: Files):
        self.app, self.cookies, self.files = app, cookies, files

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        extra = [(b"content-security-policy", _POLICY)]

        async def guarded(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *extra]
                if message["status"] == 503 and b"retry-after" not in dict(message["headers"]):
                    message["headers"].append((b"retry-after", str(RETRY).encode()))
            await send(message)

        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and not _is_own(headers):
            response = PlainTextResponse("only this page and programs may send this", status_code=403)
            await response(scope, receive, guarded)
            return
        cookie = self.cookies.read(headers.get("cookie", ""))
        if cookie is None:
            cookie = self.cookies.new()
            if _BEGINNINGS.fullmatch(scope["path"]):
                extra.append((b"set-cookie", self.cookies.header(cookie)))
        scope.setdefault("state", {})["session"] = Session(cookie, self.files)
        await self.app(scope, receive, guarded)


def _is_own(headers: Headers) -> bool:
    """Whether a request comes from the gallery's page or from a program, which sends no origin."""
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc == headers.get("host")
    except ValueError:  # no address: "http://["
        return False
