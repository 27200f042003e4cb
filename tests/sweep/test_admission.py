"""A sweep whose folder a node does not see: nothing starts, or it stops and can go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sweeping import Run, make_scenario

import tuner
from tuner.errors import StorageError


class Refusal:
    """Stands in for `Admission`; refuses at its first or a later look."""

    looks = 0

    def __init__(self, *_: Any) -> None:
        self.left = Refusal.looks

    def check(self) -> None:
        if self.left == 0:
            raise StorageError("it is not shared with n2")

    def look(self) -> None:
        self.left -= 1
        self.check()

    def close(self) -> None: ...


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch) -> type[Refusal]:
    monkeypatch.setattr("tuner.driver.Admission", Refusal)
    monkeypatch.setattr("tuner.driver._LOOK_FOR_NEW_NODES_EVERY_S", 0.1)
    return Refusal


def test_nothing_is_left_of_a_sweep_that_did_not_start(
    run: Run, refusal: type[Refusal], tmp_path: Path
) -> None:
    with pytest.raises(StorageError, match="not shared with n2"):
        run()
    assert not (tmp_path / "sweep").exists()


def test_a_sweep_to_which_such_a_node_comes_can_go_on_without_it(
    run: Run, refusal: type[Refusal], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = make_scenario()
    monkeypatch.setattr(refusal, "looks", 3)
    with pytest.raises(StorageError, match="not shared with n2"):
        run(scenario, num_samples=2)
    stopped = tuner.load(tmp_path / "sweep")
    assert (stopped.state["status"], stopped.state["message"]) == (
        "failed", "it is not shared with n2",
    )  # fmt: skip

    monkeypatch.setattr(refusal, "looks", 0)
    with pytest.raises(StorageError, match="not shared with n2"):
        tuner.resume(tmp_path / "sweep", scenario=scenario, progress="none")
    assert (tmp_path / "sweep" / "sweep.json").exists(), "a sweep that began is kept"
