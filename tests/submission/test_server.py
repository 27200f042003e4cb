"""Jobs go to a server, and what comes back is told in one line."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tuner.errors import MissingDependencyError, SweepFailedError
from tuner.submission import JobServer
from tuner.submission import server as serving


class Client:
    """Stands in for Ray's client."""

    def __init__(self, *statuses: str, code: int | None = None, message: str = "") -> None:
        self.statuses, self.code, self.message = list(statuses), code, message
        self.submitted: dict[str, Any] = {}

    def submit_job(self, **job: Any) -> None:
        self.submitted = job

    async def tail_job_logs(self, submission_id: str) -> AsyncIterator[str]:
        yield f"log of {submission_id}\n"
        yield "no newline"

    def get_job_info(self, submission_id: str) -> Any:
        status = self.statuses.pop(0)
        return SimpleNamespace(status=status, driver_exit_code=self.code, message=self.message)


def server(client: Client) -> JobServer:
    return JobServer("http://head:8265", connect=lambda address: client)


def test_what_is_submitted(tmp_path: Path) -> None:
    client = Client()
    server(client).submit("tuner run x", "id", tmp_path / "p.zip", {"A": "1"})
    assert client.submitted == {
        "entrypoint": "tuner run x",
        "submission_id": "id",
        "runtime_env": {"working_dir": str(tmp_path / "p.zip"), "env_vars": {"A": "1"}},
    }


def test_a_log_is_shown_as_it_comes() -> None:
    shown: list[str] = []
    server(Client()).follow("id", shown.append)
    assert shown == ["log of id\n", "no newline"]


@pytest.mark.parametrize(
    ("statuses", "code", "expected"),
    [(["SUCCEEDED"], 0, 0), (["FAILED"], 3, 3), (["STOPPED"], 130, 130),
     (["RUNNING", "SUCCEEDED"], 0, 0)],
)  # fmt: skip
def test_how_a_job_ended(
    statuses: list[str], code: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_GLANCE_S", 0.0)
    assert server(Client(*statuses, code=code)).exit_code("id") == expected


def test_a_job_that_never_began() -> None:
    client = Client("FAILED", message="Traceback\n  ...\nRuntimeError: no such package\n")
    with pytest.raises(SweepFailedError, match="id is FAILED: RuntimeError: no such package"):
        server(client).exit_code("id")


def test_nobody_answers() -> None:
    def connect(address: str) -> Any:
        raise ConnectionError(f"Failed to connect to Ray at address: {address}.\nmore")

    with pytest.raises(SweepFailedError, match=r"http://head:8265: Failed .*ssh -L 8265") as caught:
        JobServer("http://head:8265", connect=connect)
    assert "\n" not in str(caught.value)


def test_the_address_is_the_one_that_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "http://elsewhere:1")
    assert server(Client()).address == "http://head:8265"
    assert JobServer(None, connect=Client).address == "http://elsewhere:1"
    with serving._environment({"RAY_API_SERVER_ADDRESS": "x", "TUNER_TEST_UNSET": "y"}):
        assert os.environ["RAY_API_SERVER_ADDRESS"] == "x"
    assert os.environ["RAY_API_SERVER_ADDRESS"] == "http://elsewhere:1"
    assert "TUNER_TEST_UNSET" not in os.environ


def test_without_the_client_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'tuner\[jobs\]'"):
        JobServer("http://head:8265")
