"""`doctor`: looks, leaves nothing behind, and takes silence for a finding."""

from __future__ import annotations

from pathlib import Path

import pytest
import ray

import tuner
import tuner.diagnosing
from tuner.diagnosis import ClusterFacts, Level, Versions
from tuner.errors import SpecError


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at a cluster of no nodes, which makes the storage path as a real one does."""

    def examine(address: str | None, storage: Path) -> ClusterFacts:
        storage.mkdir(parents=True, exist_ok=True)
        return ClusterFacts(address, Versions("3.11.9", "2.60.0"), (), token=True)

    monkeypatch.setattr(tuner.diagnosing, "connect", lambda address: None)
    monkeypatch.setattr(tuner.diagnosing, "examine", examine)


def test_folders_that_were_made_to_look_are_removed(looks: None, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    assert tuner.doctor(storage_path=tmp_path / "there" / "not" / "yet").nodes == 0
    assert tuner.doctor(storage_path=tmp_path / "there").nodes == 0
    assert [each.name for each in tmp_path.rglob("*")] == ["there"]


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    found = tuner.doctor("127.0.0.1:1")

    (finding,) = found.findings
    assert (finding.check, finding.level, found.ok) == ("connection", Level.error, False)
    assert "127.0.0.1:1" in finding.message
    assert finding.remedy.startswith("start one with `ray start --head`")


def test_a_storage_path_that_is_none() -> None:
    with pytest.raises(SpecError, match="this machine"):
        tuner.doctor(storage_path="file://elsewhere/x")
