"""A server on loopback that speaks S3, and folders of this machine that no other test sees."""

from __future__ import annotations

import logging
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow.fs import FileSystem

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode adds no folder
sys.path.append(str(Path(__file__).parents[1] / "store"))
sys.path.append(str(Path(__file__).parents[1] / "sweep"))

from mirrored import Seen, seen
from one_process import one_process
from scripted import OPTIONS, SCRIPT, new_layout, perform

from tuner.store import SweepWriter

__all__ = ["one_process"]


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The query of a URI that leads to the server."""
    server = pytest.importorskip("moto.server", reason="moto[s3], flask and flask-cors are missing")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"endpoint_override=http%3A%2F%2F{host}%3A{port}&scheme=http&region=us-east-1"
    running.stop()


@pytest.fixture
def bucket(s3_server: str) -> str:
    """The URI of a folder in a bucket of the test's own, with credentials."""
    name = f"b{uuid.uuid4().hex}"
    filesystem, _ = FileSystem.from_uri(
        f"s3://user:hush-hush@{name}?{s3_server}&allow_bucket_creation=true"
    )
    filesystem.create_dir(name)
    return f"s3://user:hush-hush@{name}/results?{s3_server}"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where copies and staging folders go."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    monkeypatch.delenv("TUNER_STAGING", raising=False)
    return folder


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    layout = new_layout(tmp_path_factory.mktemp("whole"))
    writer = SweepWriter(layout, **OPTIONS)
    perform(writer, SCRIPT)
    writer.close()
    return seen(layout)
