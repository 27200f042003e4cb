"""``tuner doctor``: findings in lines, remedies below them, and an exit code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tuner.diagnosing
from tuner.diagnosis import Diagnosis, Finding, Level

Command = Callable[..., Any]
FINE = Finding("clock", Level.ok, "all nodes' within 2 s of the driver's")
ODD = Finding("ports", Level.warning, "open", ("n2 (10.0.0.2)",), "close it")
WRONG = Finding("storage", Level.error, "not [red]shared", ("n2 (10.0.0.2)",), "mount it")


@pytest.fixture
def findings(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    found: list[Finding] = []

    def doctor(address: str | None, *, storage_path: str) -> Diagnosis:
        assert (address, storage_path) == ("auto", "results")
        return Diagnosis(address, 2, tuple(found))

    monkeypatch.setattr(tuner.diagnosing, "doctor", doctor)
    return found


@pytest.mark.parametrize(("worst", "code"), [(FINE, 0), (ODD, 0), (WRONG, 1)])
def test_only_what_is_wrong_fails(
    worst: Finding, code: int, tuner_command: Command, findings: list[Finding]
) -> None:
    findings.extend([FINE, worst])
    assert tuner_command("doctor", "--address", "auto").code == code


def test_each_finding_is_a_line_with_its_remedy_below(
    tuner_command: Command, findings: list[Finding]
) -> None:
    findings.extend([FINE, ODD, WRONG])
    fine, odd, close, wrong, mount, count = tuner_command(
        "doctor", "--address", "auto"
    ).out.splitlines()
    assert fine.split(maxsplit=2) == ["ok", "clock", FINE.message]
    assert odd.split(maxsplit=2) == ["warning", "ports", "n2 (10.0.0.2): open"]
    assert close.strip() == "-> close it"
    assert wrong.split(maxsplit=2) == ["error", "storage", "n2 (10.0.0.2): not [red]shared"]
    assert mount.strip() == "-> mount it"
    assert count == "1 error, 1 warning"


def test_json(tuner_command: Command, findings: list[Finding]) -> None:
    findings.append(WRONG)
    done = tuner_command("doctor", "--address", "auto", "--json")
    assert done.code == 1
    assert done.json["ok"] is False
    assert done.json["findings"][0]["remedy"] == "mount it"


def test_nobody_answers(tuner_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ray.is_initialized", lambda: False)  # by a test before this one
    done = tuner_command("doctor", "--address", "127.0.0.1:1")
    assert done.code == 1
    assert "connection" in done.out
    assert "127.0.0.1:1" in done.out
    assert "ray start --head" in done.out
