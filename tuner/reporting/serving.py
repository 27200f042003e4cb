"""One page for a browser on this machine, which a tunnel may bring to another one."""

from __future__ import annotations

import gzip
import hashlib
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from tuner.errors import SpecError

__all__ = ["PageServer"]

_LOOPBACK = "127.0.0.1"
_OWN_NAMES = frozenset({_LOOPBACK, "localhost", "[::1]"})
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_NO_PAGE_YET = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta http-equiv="refresh" content="1">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The report is being written</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 Inter, system-ui, Helvetica, Arial, sans-serif }
body { margin: 30vh 1rem 0; text-align: center; background: #fff; color: #1f2328 }
@media (prefers-color-scheme: dark) { body { background: #14171b; color: #e6e8eb } }
h1 { font-size: 1.35rem }
</style>
</head>
<body>
<h1>The report is being written</h1>
<p>This takes some seconds. The page loads itself again until it is there.</p>
</body>
</html>
"""
_SEES_THE_END_AFTER_S = 0.1
_SILENCE_S = 30.0  # after which a client that sends nothing is let go


@dataclass(frozen=True)
class _Published:
    """A page as it is sent."""

    content: bytes

    @cached_property
    def packed(self) -> bytes:
        return gzip.compress(self.content, mtime=0)

    @cached_property
    def tag(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


class PageServer:
    """Serves one page at ``/`` of a port of the loopback interface, and nothing else.

    Until there is a page it serves one that says so, and that loads itself again.

    A context manager: it serves from its beginning to its end, from threads of its own. Requests
    whose ``Host`` is not this machine are refused, so that no page from elsewhere can have its
    name lead here and read what is served (DNS rebinding).

    Args:
        port: The port; 0 for one that is free.

    Attributes:
        url: Where the page is.

    Raises:
        SpecError: The port is none, or is taken.
    """

    def __init__(self, port: int = 0) -> None:
        if not 0 <= port < 2**16:
            raise SpecError(f"a port is a number from 0 to 65535, got {port}; 0 takes a free one")
        try:
            self._server = _Server((_LOOPBACK, port), _Handler)
        except OSError as error:
            raise SpecError(
                f"port {port} of {_LOOPBACK} cannot be served on: {error.strerror}; name another "
                "one, or 0 for one that is free"
            ) from error
        self.url = f"http://{_LOOPBACK}:{self._server.server_port}/"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_SEES_THE_END_AFTER_S,), daemon=True
        )

    def publish(self, page: str) -> None:
        """Serve this page from now on."""
        self._server.page = _Published(page.encode())

    def __enter__(self) -> PageServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    page = _Published(_NO_PAGE_YET.encode())


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "tuner"
    sys_version = ""
    timeout = _SILENCE_S

    def do_GET(self) -> None:
        """Send the page."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Say what a GET would send."""
        self._answer(with_body=False)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Write nothing: the terminal is its user's."""

    def _answer(self, *, with_body: bool) -> None:
        if not self._is_for_us():
            return self._refuse(HTTPStatus.FORBIDDEN)
        if self.path.partition("?")[0] != "/":
            return self._refuse(HTTPStatus.NOT_FOUND)
        page = self.server.page  # one of them throughout, also where another is published now
        if self.headers.get("If-None-Match") == page.tag:
            self._head(HTTPStatus.NOT_MODIFIED, {"ETag": page.tag})
            return None
        packs = "gzip" in self.headers.get("Accept-Encoding", "")
        body = page.packed if packs else page.content
        headers = {"ETag": page.tag, "Vary": "Accept-Encoding"}
        if packs:
            headers["Content-Encoding"] = "gzip"
        self._head(
            HTTPStatus.OK,
            {
                "Content-Type": "text/html; charset=utf-8",
                "Content-Length": str(len(body)),
                **headers,
            },
        )
        if with_body:
            with suppress(ConnectionError):  # whoever asked has gone: a closed tab, a lost tunnel
                self.wfile.write(body)
        return None

    def _is_for_us(self) -> bool:
        host = self.headers.get("Host", "")
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        return name.lower() in _OWN_NAMES

    def _refuse(self, status: HTTPStatus) -> None:
        self._head(status, {"Content-Length": "0"})

    def _head(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | _HEADERS).items():
            self.send_header(name, value)
        self.end_headers()
