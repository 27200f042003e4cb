"""How a cluster is joined, and what is said where that fails."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import ray

from tuner.errors import SweepFailedError
from tuner.runtime import connect as connecting


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What Ray would be started or joined with; no Ray is."""
    seen: dict[str, Any] = {}

    def init(options: Mapping[str, Any]) -> None:
        seen.update(options)
        if "failure" in seen:
            raise seen["failure"]

    monkeypatch.setattr(connecting, "_init_ray", init)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    return seen


@pytest.fixture
def port() -> Iterator[int]:
    """A port at which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_code_goes_to_workers_elsewhere(given: dict[str, Any], port: int) -> None:
    connecting.connect(f"127.0.0.1:{port}", code=[Path("/x/model.py"), Path("/x/pkg")])
    assert given["runtime_env"] == {"py_modules": ["/x/model.py", "/x/pkg"]}


def test_without_code_workers_are_those_that_ray_keeps_ready(
    given: dict[str, Any], port: int
) -> None:
    connecting.connect(f"127.0.0.1:{port}")
    assert "runtime_env" not in given


def test_workers_of_a_local_ray_find_it_themselves(given: dict[str, Any]) -> None:
    connecting.connect(None, code=[Path("/x/model.py")])
    assert "runtime_env" not in given


def test_nobody_listens(given: dict[str, Any]) -> None:
    with pytest.raises(SweepFailedError, match="ray start --head"):
        connecting.connect("127.0.0.1:1")


def test_who_listens_and_does_not_answer_may_want_a_token(given: dict[str, Any], port: int) -> None:
    given["failure"] = ConnectionError("Failed to connect to Ray cluster")
    with pytest.raises(SweepFailedError, match=r"Failed to connect .*RAY_AUTH_MODE=token"):
        connecting.connect(f"127.0.0.1:{port}")


def test_of_auto_it_is_not_known_who_listens(given: dict[str, Any]) -> None:
    given["failure"] = ConnectionError("Could not find any running Ray instance")
    with pytest.raises(SweepFailedError, match="ray start --head"):
        connecting.connect("auto")
