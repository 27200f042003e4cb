"""The job that a command asks for."""

from __future__ import annotations

from typing import Any

import pytest

from tuner.errors import SpecError
from tuner.places import Uri
from tuner.submission import Job, job_of


def job(**options: Any) -> Job:
    given = {"storage_path": "/shared/results"} | options
    return job_of("mine.py", given, default_name="mine-1", token="abc")


def test_a_job() -> None:
    assert job(num_samples=8, seed=None) == Job(
        submission_id="mine-1-abc",
        launch={
            "scenario": "mine.py", "address": "auto", "storage_path": "/shared/results",
            "name": "mine-1", "num_samples": 8, "progress": "lines",
        },
        points=None,
        results=job().results,
    )  # fmt: skip
    assert str(job().results) == "/shared/results/mine-1"
    assert job().entrypoint == "tuner run tuner-job.toml"


def test_what_is_said_wins() -> None:
    asked = job(name="first", progress="none", address="elsewhere:6379")
    assert (asked.launch["name"], asked.launch["progress"]) == ("first", "none")
    assert asked.launch["address"] == "auto", "on the cluster it is the cluster"
    assert asked.submission_id == "first-abc"


def test_an_id_is_part_of_an_address() -> None:
    assert job(name="a name/with 100%").submission_id == "a-name-with-100--abc"


def test_points_travel_in_a_file_of_their_own() -> None:
    points = [{"norm": None}]
    asked = job(points_to_evaluate=points)
    assert asked.points == points
    assert "points_to_evaluate" not in asked.launch
    assert asked.entrypoint == "tuner run tuner-job.toml --points-to-evaluate tuner-job-points.json"


def test_credentials_are_sent_and_not_told() -> None:
    asked = job(storage_path="s3://key:secret@bucket/results")
    assert asked.launch["storage_path"] == "s3://key:secret@bucket/results"
    assert isinstance(asked.results, Uri)
    assert str(asked.results) == "s3://bucket/results/mine-1"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"storage_path": None}, r"storage_path of a job .* got 'results', for example"),
        ({"storage_path": "here/results"}, "storage_path of a job"),
        ({"warm_start": ["results/first"]}, "warm_start of a job .* got 'results/first'"),
        ({"num_cpus": 4}, "num_cpus sizes a local Ray"),
        ({"num_gpus": 0}, "num_gpus sizes a local Ray"),
    ],
)
def test_what_a_job_cannot_have(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        job(**options)
