"""What the Dockerfile takes from the repository is there; to see that needs no Docker engine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = re.sub(r"\\\n", " ", (ROOT / "cluster" / "Dockerfile").read_text()).splitlines()
STEPS = [line.split(maxsplit=1) for line in LINES if line and not line.startswith("#")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def steps(name: str) -> list[str]:
    return [words for step, words in STEPS if step == name]


def test_every_file_that_is_copied_exists() -> None:
    copied = [source for words in steps("COPY") for source in words.split()[:-1]]
    assert copied
    assert [source for source in copied if not (ROOT / source).exists()] == []


def test_what_the_wheel_is_built_from_is_copied() -> None:
    copied = {source for words in steps("COPY") for source in words.split()[:-1]}
    licences = set(PROJECT["license-files"])
    assert {"pyproject.toml", "setup.py", "tuner", "scenarios", PROJECT["readme"]} <= copied
    assert licences <= copied


def test_the_extras_exist_and_versions_are_held() -> None:
    (install,) = [words for words in steps("RUN") if ".[" in words]
    (extras,) = re.findall(r"'\.\[([\w,]+)\]'", install)
    assert set(extras.split(",")) <= PROJECT["optional-dependencies"].keys()
    assert "--constraint constraints.txt" in install


def test_python_is_one_that_tuner_runs_on() -> None:
    (base,) = steps("FROM")
    (version,) = re.findall(r"^python:(\d+\.\d+)", base)
    assert f"Programming Language :: Python :: {version}" in PROJECT["classifiers"]


@pytest.mark.parametrize("step", ["EXPOSE", "ENTRYPOINT"])
def test_nothing_is_opened_or_started(step: str) -> None:
    assert steps(step) == []


def test_trials_do_not_run_as_root() -> None:
    assert steps("USER") == ["ray"]
