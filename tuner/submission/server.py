"""A cluster's job server: jobs go in, their logs and ends come out."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tuner.errors import MissingDependencyError, SweepFailedError, TunerError
from tuner.store import last_line

__all__ = ["DEFAULT_ADDRESS", "JobServer"]

DEFAULT_ADDRESS = "http://127.0.0.1:8265"
_ADDRESS_VARIABLE = "RAY_API_SERVER_ADDRESS"
_ENDS = ("SUCCEEDED", "FAILED", "STOPPED")
_ENDING_TAKES_S = 30.0
_GLANCE_S = 0.5


class JobServer:
    """The job server of a cluster, which is part of its dashboard.

    Args:
        address: Its URL; None for that of ``RAY_API_SERVER_ADDRESS``, or on this machine.
        connect: Makes Ray's client for an address.

    Attributes:
        address: Its URL.

    Raises:
        MissingDependencyError: Ray's client for jobs is not installed.
        SweepFailedError: Nobody answers there, or it asks for a token.
    """

    def __init__(self, address: str | None, *, connect: Callable[[str], Any] | None = None) -> None:
        self.address = address or os.environ.get(_ADDRESS_VARIABLE, DEFAULT_ADDRESS)
        with self._telling("reach"):
            self._client = (connect or _ray_client)(self.address)

    def submit(
        self, entrypoint: str, submission_id: str, archive: Path, environment: Mapping[str, str]
    ) -> None:
        """Start a job in a folder of its own on the head node.

        Args:
            entrypoint: Its command.
            submission_id: Its id, a new one.
            archive: What the folder holds.
            environment: Variables for it.

        Raises:
            SweepFailedError: The server refuses.
        """
        with self._telling("submit to"):
            self._client.submit_job(
                entrypoint=entrypoint,
                submission_id=submission_id,
                runtime_env={"working_dir": str(archive), "env_vars": dict(environment)},
            )

    def follow(self, submission_id: str, show: Callable[[str], None]) -> None:
        """Show what a job prints until it ends.

        Raises:
            SweepFailedError: The connection breaks off; the job goes on.
        """

        async def show_all() -> None:
            async for text in self._client.tail_job_logs(submission_id):
                show(text)

        with self._telling("follow a job at"):
            asyncio.run(show_all())

    def exit_code(self, submission_id: str) -> int:
        """Return how a job ended: the exit code of its command, 1 where it has none.

        Raises:
            SweepFailedError: The server does not say, or the job never began.
        """
        deadline = time.monotonic() + _ENDING_TAKES_S
        with self._telling("ask"):
            while True:
                info = self._client.get_job_info(submission_id)
                status = str(getattr(info.status, "value", info.status))
                if status in _ENDS or time.monotonic() > deadline:
                    break
                time.sleep(_GLANCE_S)
        if status == "SUCCEEDED":
            return 0
        if info.driver_exit_code is None:
            why = last_line(info.message or "") or "unknown"
            raise SweepFailedError(f"the job {submission_id} is {status}: {why}")
        return int(info.driver_exit_code)

    @contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        try:
            yield
        except TunerError:
            raise
        except Exception as error:  # of Ray, of the network, of what is served there
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            why = lines[0] if lines else type(error).__name__
            raise SweepFailedError(
                f"could not {what} the job server at {self.address}: {why} (it is part of the "
                "dashboard of a cluster with ray[default]; where it is on another machine's "
                "loopback: ssh -L 8265:127.0.0.1:8265 HEAD; where it asks for a token: "
                "RAY_AUTH_MODE=token and the cluster's ~/.ray/auth_token)"
            ) from error


def _ray_client(address: str) -> Any:
    missing = [name for name in ("aiohttp", "requests") if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingDependencyError(
            f"submitting needs Ray's client for jobs, and {' and '.join(missing)} is not "
            "installed: pip install 'tuner[jobs]'"
        )
    from ray.job_submission import JobSubmissionClient

    for name in ("job.sdk", "dashboard_sdk"):
        logging.getLogger(f"ray.dashboard.modules.{name}").setLevel(logging.ERROR)
    # Ray prefers what these variables say to what it is told.
    with _environment({_ADDRESS_VARIABLE: address}):
        return JobSubmissionClient(address)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
