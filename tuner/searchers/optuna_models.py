"""Optuna's samplers as models: fitted anew to a history, or over a study that lasts.

Ray's ``OptunaSearch`` keeps every trial in one study, so that each suggestion costs more than the
one before, and tells it of a trial that was stopped early as of one that trained in full.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState

from tuner.searchers.models import Model, Values
from tuner.searchers.observations import MOST_GOOD, History, Observation
from tuner.searchers.optuna_space import ask, distribution, encode, quiet
from tuner.searchers.parameters import parameters

__all__ = ["LastingStudy", "SamplerOfHistories"]


class SamplerOfHistories:
    """A sampler as a function of a history and a seed.

    Optuna has a state for every trial of a history. One that has a cost is ``COMPLETE``. One that
    is pending is ``RUNNING``: TPE counts it among the bad ones, and the Gaussian process draws for
    it as well. One that was stopped below the rung is ``PRUNED`` without a value: TPE ranks it
    behind all others, the Gaussian process leaves it out. Optuna's own way, to rank pruned trials
    by the step they reached and then by their value there, takes the few trials of the highest
    step for good whatever their values are, and keeps the reports of all trials.

    Args:
        space: What to search.
        make_sampler: Returns a fresh sampler with this seed.
    """

    def __init__(
        self, space: Mapping[str, Any], make_sampler: Callable[[int], BaseSampler]
    ) -> None:
        self._space = space
        self._parameters = parameters(space)
        self._distributions = _distributions(space)
        self._make_sampler = make_sampler

    def good(self, trials: int) -> int:
        """Return how many of so many trials count as good (the rule of Optuna's TPE)."""
        return min(math.ceil(0.1 * trials), MOST_GOOD)

    def propose(self, history: History, seed: int) -> Values:
        """Return values drawn by a sampler that knows ``history``."""
        known = [self._frozen(*numbered) for numbered in enumerate(history.observations, start=1)]
        with quiet():
            study = optuna.create_study(
                storage=_Known(known), sampler=self._make_sampler(seed), direction="minimize"
            )
            return ask(self._space, self._distributions, study.ask())

    def _frozen(self, number: int, observation: Observation) -> FrozenTrial:
        values = observation.values
        state = TrialState.PRUNED if observation.cost is None else TrialState.COMPLETE
        return FrozenTrial(
            number=number,
            trial_id=number,
            state=TrialState.RUNNING if observation.pending else state,
            value=observation.cost,
            params={path: encode(self._parameters[path], v) for path, v in values.items()},
            distributions={path: self._distributions[path] for path in values},
            intermediate_values={},
            user_attrs={},
            system_attrs={},
            datetime_start=None,
            datetime_complete=None,
        )


class LastingStudy(Model):
    """A study that every trial is drawn from and told to, for samplers that keep their state there.

    It is told the last cost of a trial, in each objective, whenever the trial ended.

    Args:
        space: What to search.
        sampler: Of its own.
        objectives: How many costs a trial has.
    """

    def __init__(self, space: Mapping[str, Any], sampler: BaseSampler, objectives: int = 1) -> None:
        self._space = space
        self._parameters = parameters(space)
        self._distributions = _distributions(space)
        with quiet():
            self._study = optuna.create_study(sampler=sampler, directions=["minimize"] * objectives)
        self._open: dict[str, optuna.Trial] = {}
        self._worst: float | None = None

    def draw(self, trial_id: str, seed: int) -> Values:
        """Return what the sampler suggests next; its random numbers are a stream of its own."""
        with quiet():
            trial = self._open[trial_id] = self._study.ask()
            return ask(self._space, self._distributions, trial)

    def enter(self, trial_id: str, values: Values) -> bool:
        """Have the study ask for these parameters next."""
        known = {path: encode(self._parameters[path], value) for path, value in values.items()}
        with quiet():
            self._study.enqueue_trial(known)
            trial = self._open[trial_id] = self._study.ask()
            # Drawn in vain: only then the sampler counts the trial to one of its generations.
            _ = trial.relative_params
            ask(self._space, self._distributions, trial)
        return True

    def report(self, trial_id: str, time: float, cost: float) -> None:
        """Take no notice: these samplers learn of the end only."""

    def complete(self, trial_id: str, time: float | None, cost: float | None) -> None:
        """Tell the last cost; one that is inf is the worst so far, or a failure without any."""
        if cost is not None and math.isfinite(cost):
            self._worst = cost if self._worst is None else max(self._worst, cost)
        elif cost is not None:
            cost = self._worst
        self.tell(trial_id, None if cost is None else [cost])

    def tell(self, trial_id: str, costs: Sequence[float] | None) -> None:
        """Tell the last cost in each objective; None for a trial that failed."""
        with quiet():
            state = TrialState.FAIL if costs is None else TrialState.COMPLETE
            self._study.tell(self._open.pop(trial_id), costs, state=state)


class _Known(InMemoryStorage):
    """A storage with trials that are known already; the study's own trial has the number 0."""

    def __init__(self, known: list[FrozenTrial]) -> None:
        super().__init__()
        self._known = known

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        known = [trial for trial in self._known if states is None or trial.state in states]
        return known + super().get_all_trials(study_id, deepcopy, states)


def _distributions(space: Mapping[str, Any]) -> dict[str, BaseDistribution]:
    return {path: distribution(found) for path, found in parameters(space).items()}
