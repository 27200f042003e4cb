"""A web server of this machine that can misbehave, and a cache of the test's own."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tuner.public_data import OriginalFile

CONTENT = bytes(range(256)) * 1000


class Web:
    """Serves one file.

    Attributes:
        content: What is in it.
        sent_at_most: After how many bytes each connection breaks off.
        knows_ranges: Whether a part of the file can be asked for.
        status: What it answers instead, if anything.
        asked: The range of each request.
    """

    def __init__(self) -> None:
        self.content = CONTENT
        self.sent_at_most: int | None = None
        self.knows_ranges = True
        self.status: int | None = None
        self.asked: list[str | None] = []
        self.url = ""

    def original(self, name: str = "file.bin") -> OriginalFile:
        """Return what was published, whatever is served."""
        return OriginalFile(name, self.url, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range")
        self.asked.append(wanted)
        if self.status is not None:
            request.send_error(self.status)
            return
        match = re.fullmatch(r"bytes=(\d+)-", wanted or "")
        begin = int(match[1]) if match and self.knows_ranges else 0
        request.send_response(206 if match and self.knows_ranges else 200)
        request.send_header("Content-Length", str(len(self.content) - begin))
        request.end_headers()
        request.wfile.write(self.content[begin:][: self.sent_at_most])


@pytest.fixture
def web() -> Iterator[Web]:
    served = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}/file.bin"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TUNER_DATA_DIR", raising=False)
    return tmp_path / "cache" / "tuner" / "data"


@pytest.fixture
def content() -> bytes:
    return CONTENT


@pytest.fixture
def filled() -> Callable[[Path, tuple[str, ...]], Path]:
    """Make a folder with files of the given names."""

    def make(folder: Path, names: tuple[str, ...]) -> Path:
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).write_text(name)
        return folder

    return make
