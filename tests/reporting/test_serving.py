"""One page on loopback, and nothing else, for nobody from elsewhere."""

from __future__ import annotations

import gzip
import http.client
import socket
import struct
import threading
from collections.abc import Iterator, Mapping

import pytest

from tuner.errors import SpecError
from tuner.reporting.serving import PageServer

PAGE = "<!doctype html>é"


@pytest.fixture
def server() -> Iterator[PageServer]:
    with PageServer() as found:
        found.publish(PAGE)
        yield found


def ask(
    server: PageServer, method: str = "GET", path: str = "/", headers: Mapping[str, str] = {}
) -> tuple[http.client.HTTPResponse, bytes]:
    host, port = server.url.removeprefix("http://").rstrip("/").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    try:
        connection.request(method, path, headers=dict(headers))
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def test_the_page(server: PageServer) -> None:
    answer, body = ask(server)
    assert (answer.status, body.decode()) == (200, PAGE)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    packed, body = ask(server, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body).decode() == PAGE


def test_until_there_is_a_page_that_is_said_and_asked_again() -> None:
    with PageServer() as server:
        answer, body = ask(server)
        page = body.decode()
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "report is being written" in page
        assert '<meta http-equiv="refresh" content="1">' in page
        assert "default-src 'none'" in page
        assert "<script" not in page
        server.publish(PAGE)
        had = {"If-None-Match": answer.headers["ETag"]}
        assert ask(server, headers=had)[1].decode() == PAGE


def test_whoever_leaves_in_the_middle_is_not_told_of(
    server: PageServer, capfd: pytest.CaptureFixture[str]
) -> None:
    server.publish("x" * 50_000_000)  # more than any buffer on the way holds
    host, port = server.url.removeprefix("http://").rstrip("/").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        connection.recv(10)
        lingers_not = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, lingers_not)
    server.publish(PAGE)
    assert ask(server)[1].decode() == PAGE
    for thread in threading.enumerate():
        if "process_request" in thread.name:
            thread.join(20)
    assert capfd.readouterr().err == ""


def test_head_sends_no_body(server: PageServer) -> None:
    answer, body = ask(server, "HEAD")
    assert (answer.status, body) == (200, b"")
    assert int(answer.headers["Content-Length"]) == len(PAGE.encode())


def test_who_has_the_page_is_told_so(server: PageServer) -> None:
    tag = ask(server)[0].headers["ETag"]
    answer, body = ask(server, headers={"If-None-Match": tag})
    assert (answer.status, body) == (304, b"")
    server.publish("another")
    answer, body = ask(server, headers={"If-None-Match": tag})
    assert (answer.status, body) == (200, b"another")


@pytest.mark.parametrize("path", ["/x", "/report.html", "/../etc/passwd", "/%2e%2e/", "*"])
def test_nothing_else_is_there(server: PageServer, path: str) -> None:
    assert ask(server, path=path)[0].status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_done(server: PageServer, method: str) -> None:
    assert ask(server, method)[0].status == 501


@pytest.mark.parametrize("host", ["localhost", "localhost:9999", "127.0.0.1:1", "[::1]:80"])
def test_a_tunnel_may_have_another_port(server: PageServer, host: str) -> None:
    assert ask(server, headers={"Host": host})[0].status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.nip.io", ""]
)
def test_a_name_from_elsewhere_is_refused(server: PageServer, host: str) -> None:
    answer, body = ask(server, headers={"Host": host})
    assert (answer.status, body) == (403, b"")


def test_only_this_machine_is_listened_to(server: PageServer) -> None:
    assert server.url.startswith("http://127.0.0.1:")


def test_ports() -> None:
    with pytest.raises(SpecError, match="0 to 65535, got 70000"):
        PageServer(70000)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SpecError, match=r"cannot be served on: .*; name another"):
            PageServer(taken.getsockname()[1])


def test_the_port_is_free_again_at_the_end() -> None:
    with PageServer() as first:
        port = int(first.url.rstrip("/").rpartition(":")[2])
    with PageServer(port) as second:
        assert second.url == first.url
