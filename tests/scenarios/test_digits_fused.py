"""Trials that train together come to what they would come to alone."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from good_configs import GOOD

from tuner.bundled.digits_fused import DigitsFused
from tuner.runtime.meeting import Meeting

CLOSE = 1e-3  # of a loss after some epochs: a batch of models adds up in another order than one
CONFIGS = [{"lr": 0.05}, {"lr": 0.3, "momentum": 0.0}, {"l2": 1e-2}, {"smoothing": 0.2}]


class Trial(DigitsFused):
    """Has a name, from which its seed follows, and notes with how many it trained."""

    together: int

    @property
    def trial_id(self) -> str:
        return str(self.config["name"])

    def _setup_logdir(self) -> None:
        self._logdir = None

    @classmethod
    def train_together(cls, trials: Sequence[Any]) -> list[dict[str, float]]:
        for trial in trials:
            trial.together = len(trials)
        return super().train_together(trials)


def make(number: int, **config: Any) -> Trial:
    return Trial({**GOOD["digits_fused"], "name": f"t{number}", **config})


def train(trials: Sequence[Trial], epochs: int) -> list[list[dict[str, Any]]]:
    """Train trials in one process; return the reports of each."""
    baton = threading.Condition(threading.Lock())
    meeting = Meeting(baton)

    def work(trial: Any) -> list[dict[str, Any]]:
        trial.company = meeting
        with baton:
            reports = [trial.step() for _ in range(epochs)]
            meeting.excuse(trial)
        return reports

    for trial in trials:
        meeting.expect(trial)
    with ThreadPoolExecutor(len(trials)) as threads:
        return list(threads.map(work, trials))


def alone(number: int, epochs: int, **config: Any) -> list[dict[str, Any]]:
    trial = make(number, **config)
    return [trial.step() for _ in range(epochs)]


def test_a_trial_comes_to_what_it_would_come_to_alone() -> None:
    trials = [make(number, **config) for number, config in enumerate(CONFIGS)]
    together = train(trials, 2)
    assert [trial.together for trial in trials] == [4] * 4
    for number, config in enumerate(CONFIGS):
        for found, expected in zip(together[number], alone(number, 2, **config), strict=True):
            assert found["train_loss"] == pytest.approx(expected["train_loss"], rel=CLOSE)
            assert found["val_loss"] == pytest.approx(expected["val_loss"], rel=CLOSE)
            assert found["epoch"] == expected["epoch"]


def test_a_trial_that_diverges_is_no_matter_to_the_others() -> None:
    fine, diverging = make(0), make(1, lr=1e30)
    reports, broken = train([fine, diverging], 2)
    assert math.isnan(broken[-1]["val_error"])
    assert reports[-1]["val_loss"] == pytest.approx(alone(0, 2)[-1]["val_loss"], rel=CLOSE)


def test_a_trial_goes_on_alone_from_what_it_saved_in_company(tmp_path: Path) -> None:
    trials = [make(0), make(1, lr=0.3)]
    train(trials, 1)
    trials[1].save_checkpoint(str(tmp_path))
    later = make(1, lr=0.3)
    later.load_checkpoint(str(tmp_path))
    (report,) = train([later], 1)[0]
    assert report["epoch"] == 2
    assert report["val_loss"] == pytest.approx(alone(1, 2, lr=0.3)[-1]["val_loss"], rel=CLOSE)


def test_trials_of_other_batches_train_apart() -> None:
    trials = [make(0, batch_size=32), make(1, batch_size=64)]
    train(trials, 1)
    assert [trial.together for trial in trials] == [1, 1]
