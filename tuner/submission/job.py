"""The job that runs a sweep on a cluster: its command, its id, where its results will lie. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuner.errors import SpecError
from tuner.places import Place, Uri, place_of

__all__ = ["Job", "job_of"]

_STOPPING_TAKES_S = 120
_NO_PART_OF_A_URL = re.compile(r"[^A-Za-z0-9._-]+")
_LAUNCH_FILE, _POINTS_FILE = "tuner-job.toml", "tuner-job-points.json"


@dataclass(frozen=True)
class Job:
    """A sweep as a Ray job.

    Attributes:
        submission_id: Its id at the job server.
        launch: The keywords of `tuner.run`, and ``scenario``: its launch file.
        points: Configurations to try first, which may hold what a launch file cannot; a file of
            their own.
        results: Where its sweep will lie.
    """

    submission_id: str
    launch: Mapping[str, Any]
    points: list[Any] | None
    results: Place

    @property
    def launch_file(self) -> str:
        """The name of its launch file."""
        return _LAUNCH_FILE

    @property
    def points_file(self) -> str:
        """The name of the file of its points."""
        return _POINTS_FILE

    @property
    def entrypoint(self) -> str:
        """The command that the cluster runs."""
        words = ["tuner", "run", _LAUNCH_FILE]
        if self.points is not None:
            words += ["--points-to-evaluate", _POINTS_FILE]
        return shlex.join(words)

    @property
    def environment(self) -> dict[str, str]:
        """Variables that it needs: time for running trials to save when the job is stopped."""
        return {"RAY_JOB_STOP_WAIT_TIME_S": str(_STOPPING_TAKES_S)}


def job_of(scenario: str, options: Mapping[str, Any], *, default_name: str, token: str) -> Job:
    """Return the job for a sweep.

    Args:
        scenario: As it is called in the folder that is sent.
        options: Keywords of `tuner.run`; None stands for what is not said.
        default_name: The sweep's name, unless it is given.
        token: Makes the id of the job its own.

    Raises:
        SpecError: Its results would lie in the job's own folder, which is removed; or an option
            has no meaning on a cluster.
    """
    given = {name: value for name, value in options.items() if value is not None}
    for name in ("num_cpus", "num_gpus"):
        if name in given:
            raise SpecError(f"{name} sizes a local Ray; a job runs on the cluster's, leave it out")
    storage = place_of(given.get("storage_path", "results"))
    _refuse_relative("storage_path", storage)
    for earlier in given.get("warm_start", ()):
        _refuse_relative("warm_start", place_of(earlier))
    points = given.pop("points_to_evaluate", None)
    name = given.setdefault("name", default_name)
    launch = {"progress": "lines"} | given | {"scenario": scenario, "address": "auto"}
    submission_id = f"{_NO_PART_OF_A_URL.sub('-', name)}-{token}"
    return Job(submission_id, launch, points, storage / name)


def _refuse_relative(option: str, place: Place) -> None:
    if isinstance(place, Uri) or Path(place).is_absolute():
        return
    raise SpecError(
        f"{option} of a job is a URI or a path from the root, which all nodes see: its working "
        f"folder is removed; got {str(place)!r}, for example --storage-path s3://bucket/results"
    )
