"""What BOHB's model is told, and when."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ray.tune.schedulers import TrialScheduler

from tuner.schedulers.bohb import BOHBScheduler

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode adds no folder

from streams import FakeSweep, Stream


class Listening(FakeSweep):
    """A sweep that hands results over as Ray's controller does, and keeps what a model learns."""

    def __init__(self, stream: Stream) -> None:
        scheduler = BOHBScheduler(time_attr="epoch", metric="loss", mode="min", max_t=9)
        super().__init__(scheduler, stream)
        self.learned: list[tuple[str, float, int]] = []
        self.paused: set[str] = set()

    def _ask(self, trial: Any, result: dict[str, Any]) -> str:
        answer = str(self.scheduler.on_trial_result(self, trial, result))
        if answer != TrialScheduler.STOP:
            self.on_trial_result(trial.trial_id, result)
        return answer

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        if "budget" in result["hyperband_info"]:
            budget = result["hyperband_info"]["budget"]
            self.learned.append((trial_id, budget, result["epoch"]))

    def on_pause(self, trial_id: str) -> None:
        self.paused.add(trial_id)

    def on_unpause(self, trial_id: str) -> None:
        self.paused.discard(trial_id)


def test_each_result_at_a_rung_is_told_once_with_the_rungs_time() -> None:
    """17 trials at max_t=9: 9 + 3 + 1 results in the first bracket, 5 + 1, and 3.

    Ray's tells nothing of a trial that it stops at once: neither the last of a rung, if it is not
    kept, nor any at ``max_t``.
    """
    sweep = Listening(Stream(0, 17, 2, 10, False, mishaps=0, strides=(1,))).run()
    budgets = [budget for _, budget, _ in sweep.learned]
    assert {b: budgets.count(b) for b in (1, 3, 9)} == {1: 9, 3: 3 + 5, 9: 1 + 1 + 3}
    assert len(set(sweep.learned)) == len(sweep.learned)
    assert all(budget == epoch for _, budget, epoch in sweep.learned)


def test_a_searcher_knows_who_is_paused() -> None:
    sweep = Listening(Stream(0, 9, 1, 10, False, mishaps=0, strides=(1,)))
    while not sweep.ended:
        sweep.step()
        running = {t.trial_id for t in sweep.trials if t.status == "RUNNING"}
        waiting = {t.trial_id for t in sweep.trials if t.status == "PAUSED"}
        assert not running & sweep.paused
        assert waiting <= sweep.paused
