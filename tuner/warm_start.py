"""What a searcher learns from earlier sweeps before it suggests anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ray.tune.search import Searcher

from tuner.arms import Choice
from tuner.errors import SpecError
from tuner.objectives import Objective
from tuner.places import Uri, place_of
from tuner.plurals import counted
from tuner.scenario import Scenario
from tuner.searchers import SEARCHERS, learns
from tuner.space import contains
from tuner.store import Sweep
from tuner.store.past import PastTrial, past_trials

__all__ = ["Earlier", "WarmStart", "gather", "teach"]

Earlier: TypeAlias = str | Path | Uri | Sweep
"""A sweep, or the folder or URI where it lies."""


@dataclass(frozen=True)
class WarmStart:
    """What earlier sweeps have to teach.

    Attributes:
        sweeps: Where they lie; as text without credentials.
        trials: What is taught, in the order of the sweeps and of their trials.
        outside: How many trials were left out because they lie outside the space.
        unusable: How many others were left out; see `past_trials`.
    """

    sweeps: tuple[str, ...]
    trials: tuple[PastTrial, ...]
    outside: int
    unusable: int

    def __str__(self) -> str:
        return (
            f"warm start from {', '.join(self.sweeps)}: {counted(len(self.trials), 'trial')} used, "
            f"{self.outside + self.unusable} skipped ({self.outside} outside the space, "
            f"{self.unusable} without a result)"
        )


def gather(
    earlier: Sequence[Earlier], scenario: Scenario, searcher: Choice | Searcher
) -> WarmStart | None:
    """Read what earlier sweeps have to teach; None where there are none.

    Args:
        earlier: The sweeps, in the order in which they are taught.
        scenario: What is tuned now.
        searcher: What shall learn from them, a checked choice or an object.

    Raises:
        SpecError: The searcher does not learn, one of the sweeps tuned something else, or there is
            nothing to learn from any.
        StorageError: There is no sweep at one of the places.
    """
    if isinstance(earlier, str | Path | Uri) or not isinstance(earlier, Sequence):
        raise SpecError(f"warm_start must be a list of sweeps or their folders, got {earlier!r}")
    if not earlier:
        return None
    _check_learns(searcher)
    sweeps = [_opened(each) for each in earlier]
    inside: list[PastTrial] = []
    outside: list[list[str]] = []
    unusable = 0
    for sweep in sweeps:
        _check_agreement(sweep, scenario)
        found, others = past_trials(sweep, scenario.objectives, scenario.time_attr)
        unusable += others
        for trial in found:
            problems = contains(scenario.space, trial.config)
            if problems:
                outside.append(problems)
            else:
                inside.append(trial)
    places = tuple(str(sweep.place) for sweep in sweeps)
    if not inside:
        first = f"; the first: {'; '.join(outside[0])}" if outside else ""
        raise SpecError(
            f"a warm start needs trials that ended and lie in the space, but of {', '.join(places)}"
            f" {len(outside)} lie outside and {unusable} have no result{first}; leave "
            "warm_start out, or name other sweeps"
        )
    return WarmStart(places, tuple(inside), len(outside), unusable)


def teach(
    searcher: Searcher, trials: Sequence[PastTrial], objectives: Sequence[Objective], time_attr: str
) -> None:
    """Have a searcher learn from trials as if they were the first ones of its own sweep.

    Args:
        searcher: One of tuner's that learns, fresh.
        trials: In the order in which they are taught.
        objectives: What their values are of.
        time_attr: What their times are of.
    """
    taught: Any = searcher
    metrics = [objective.metric for objective in objectives]
    for number, trial in enumerate(trials):
        name = f"past{number:06d}"
        if taught.take_over(name, trial.config, of_this_sweep=False):
            results = [
                {time_attr: time, **dict(zip(metrics, values, strict=True))}
                for time, values in zip(trial.times, trial.values, strict=True)
            ]
            # As in a sweep: the report that a trial is stopped at is told as its end only.
            for result in results if trial.whole else results[:-1]:
                taught.on_trial_result(name, result)
            taught.on_trial_complete(name, result=results[-1])


def _opened(earlier: Earlier) -> Sweep:
    place = earlier.place if isinstance(earlier, Sweep) else place_of(earlier)
    return Sweep(place.absolute() if isinstance(place, Path) else place)


def _check_learns(searcher: Choice | Searcher) -> None:
    if isinstance(searcher, Choice) and learns(searcher):
        return
    given = f"{searcher}" if isinstance(searcher, Choice) else f"a {type(searcher).__name__}"
    learners = ", ".join(name for name in SEARCHERS if learns(Choice(name)))
    raise SpecError(
        f"warm_start teaches a searcher that learns and is chosen by name, got {given}; choose one "
        f"of {learners}, or leave warm_start out"
    )


def _check_agreement(sweep: Sweep, scenario: Scenario) -> None:
    """Refuse a sweep whose values do not mean what those of the scenario mean."""
    then: Mapping[str, str] = {each.metric: each.mode for each in sweep.objectives}
    differences = [
        f"{now.metric} ({now.mode}) is {then[now.metric]} there"
        if now.metric in then
        else f"{now.metric} ({now.mode}) is not tuned there, but {', '.join(then)}"
        for now in scenario.objectives
        if then.get(now.metric) != now.mode
    ]
    if scenario.time_attr not in sweep.dataset("reports").schema.names:
        differences.append(f"{scenario.time_attr} is not reported there")
    if differences:
        raise SpecError(
            f"a warm start needs sweeps with the metric, mode and time_attr of the scenario "
            f"{scenario.name!r}, but in {sweep.place} {'; '.join(differences)}; leave it out"
        )
