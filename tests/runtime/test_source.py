from __future__ import annotations

from typing import Any

import pytest
from ray.tune.experiment import Trial
from ray.tune.search import Searcher

from tuner.runtime.source import TrialSource


class Script(Searcher):
    """Answers suggestions from a list, and keeps what it is told."""

    def __init__(self, answers: list[Any]) -> None:
        super().__init__(metric="loss", mode="min")
        self.answers = answers
        self.asked: list[str] = []
        self.told: list[tuple[str, Any, bool]] = []

    def suggest(self, trial_id: str) -> Any:
        self.asked.append(trial_id)
        return self.answers.pop(0)

    def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
        self.told.append((trial_id, result, error))


def make(trial_id: str, config: dict[str, Any], announce: bool = True) -> Trial:
    return Trial("stub", stub=True, trial_id=trial_id, config=config)


def source(answers: list[Any], **options: Any) -> TrialSource:
    given = {"num_samples": None, "limit": None, **options}
    return TrialSource(Script(answers), make_trial=make, **given)


def test_trials_are_numbered_in_the_order_of_their_suggestion() -> None:
    trials = source([{"x": 1}, None, {"x": 2}])
    first, nothing, second = (trials.next_trial() for _ in range(3))
    assert nothing is None
    assert first is not None
    assert second is not None
    assert [first.trial_id, second.trial_id] == ["t000000", "t000001"]
    assert trials.searcher.asked == ["t000000", "t000001", "t000001"]


def test_no_more_trials_than_asked_for() -> None:
    trials = source([{"x": 1}] * 9, num_samples=2)
    assert not trials.is_finished()
    assert [trials.next_trial() is not None for _ in range(3)] == [True, True, False]
    assert trials.is_finished()


def test_a_searcher_may_finish_early() -> None:
    trials = source([{"x": 1}, Searcher.FINISHED], num_samples=9)
    assert trials.next_trial() is not None
    assert trials.next_trial() is None
    assert trials.is_finished()


@pytest.mark.parametrize(
    ("answers", "num_samples", "told"),
    [
        ([{"x": 1}, Searcher.FINISHED], 9, "nothing new to suggest after 1 of 9 trials"),
        ([{"x": 1}, Searcher.FINISHED], None, "nothing new to suggest after 1 trial"),
        ([{"x": 1}, {"x": 2}], 2, None),
        ([{"x": 1}, None], 9, None),
    ],
)
def test_an_early_end_is_told(answers: list[Any], num_samples: int | None, told: Any) -> None:
    trials = source(answers, num_samples=num_samples)
    for _ in range(2):
        trials.next_trial()
    assert (trials.shortfall or "").endswith(told or "")
    assert (trials.shortfall is None) == (told is None)


def test_it_says_while_the_searcher_waits() -> None:
    trials = source([{"x": 1}, None, {"x": 2}])
    waiting = []
    for _ in range(3):
        trials.next_trial()
        waiting.append(trials.waits)
    assert waiting == [False, True, False]


def test_paused_trials_do_not_count_against_the_limit() -> None:
    trials = source([{"x": 1}] * 9, limit=2)
    first, second = trials.next_trial(), trials.next_trial()
    assert first is not None
    assert second is not None
    assert trials.next_trial() is None
    first.status = Trial.PAUSED
    assert trials.next_trial() is not None
    assert trials.next_trial() is None
    trials.on_trial_complete(second.trial_id, {"loss": 1.0})
    assert trials.next_trial() is not None
    assert trials.searcher.told == [(second.trial_id, {"loss": 1.0}, False)]


def test_a_configuration_is_the_trials_own() -> None:
    shared = {"layers": [1, 2]}
    trial = source([shared]).next_trial()
    assert trial is not None
    trial.config["layers"].append(3)
    assert shared == {"layers": [1, 2]}
