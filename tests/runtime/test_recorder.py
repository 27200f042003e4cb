"""What the recorder writes of a trial, without a sweep around it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ray.tune import PlacementGroupFactory
from ray.tune.experiment import Trial

from tuner.objectives import Objective
from tuner.runtime.recorder import Recorder


class Kept:
    """A store that keeps the rows of trials, and nothing else."""

    def __init__(self) -> None:
        self.trials: list[dict[str, Any]] = []

    def trial(self, trial_id: str, **facts: Any) -> None:
        self.trials.append(facts)

    def event(self, row: dict[str, Any]) -> None:
        pass


def test_a_trial_has_started_when_its_first_worker_was_there() -> None:
    store, now = Kept(), iter(range(100, 200))
    spec = SimpleNamespace(
        mode="min", objectives=[Objective("loss", "min")], time_attr="epoch", resources={}, seed=0
    )
    recorder: Any = Recorder(store, spec, say=print, clock=lambda: float(next(now)))  # type: ignore[arg-type]
    shape = PlacementGroupFactory([{"CPU": 1}])
    trial = SimpleNamespace(
        trial_id="t0",
        config={},
        status=Trial.PENDING,
        error_file=None,
        placement_group_factory=shape,
    )
    recorder.on_trial_created(trial)
    recorder.on_trial_recover(0, [], trial)  # the worker died before the trial had begun
    assert not any("started" in row for row in store.trials)
    for _ in range(2):
        recorder.on_trial_start(0, [], trial)
        recorder.on_trial_recover(0, [], trial)
    assert [row["started"] for row in store.trials if "started" in row] == [102.0]
