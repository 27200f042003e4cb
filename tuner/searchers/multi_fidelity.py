"""A Gaussian process over configurations and training time, which learns from every rung.

Others fit their model to one rung, and forget or ignore what was learned at the rest
(`observations`). Here trials that were stopped early tell of the full training as much as early
values have turned out to tell, so that a cheap look at many configurations guides the search for
the best at ``max_t``. Swersky et al. 2014, Freeze-Thaw Bayesian Optimization (1406.3896), and Klein
et al. 2020, Model-based Asynchronous Hyperparameter and Neural Architecture Search (2003.10865),
do so with processes of other forms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tuner.arms import JSON
from tuner.searchers.acquisition import log_expected_improvement, maximise
from tuner.searchers.base import SearchTask
from tuner.searchers.encoding import Encoding
from tuner.searchers.gaussian_process import Array, GaussianProcess, fit_hyperparameters
from tuner.searchers.keywords import check_bounds
from tuner.searchers.models import ModelSearcher, ObservingModel, Values
from tuner.searchers.observations import Course, Observations
from tuner.searchers.parametric import read_back

__all__ = ["MultiFidelitySearcher"]

_BEST, _OTHERS = 25, 150  # trials that the process is fitted to
_MOST_FOR_HYPERPARAMETERS = 120  # observations: what they cost grows with the cube
_STARTS = 5  # good configurations that are looked around
_WIDEST = 5.0  # worse than the median by so many times what the best is better: no worse


class MultiFidelitySearcher(ModelSearcher):
    """Suggests where improvement at ``max_t`` is expected most, by a model of all rungs.

    A configuration that has not reported yet counts as if it had reached what is expected of it,
    so that workers that ask at the same time are sent to different places (Ginsbourger et al.
    2010, Kriging Is Well-Suited to Parallelize Optimization, the kriging believer). The model is
    fitted anew when there is news, to the best 25 trials with their courses and the last values of
    up to 150 others, so that a suggestion costs the same after 500 trials and 50,000.

    Args:
        task: What to search.
        n_initial_points: How many trials must have told something before there is a model; until
            then configurations are drawn at random.
    """

    name = "mfgp"

    def __init__(self, task: SearchTask, *, n_initial_points: int = 8) -> None:
        self._surface = _Surface(task, n_initial_points)
        super().__init__(task, self._surface)

    @classmethod
    def check_options(cls, options: Mapping[str, JSON]) -> None:
        """Check the keywords; raises SpecError."""
        super().check_options(options)
        check_bounds(cls.name, options, {"n_initial_points": (2, np.inf)})

    def promises(self, trial_ids: Iterable[str]) -> Mapping[str, float] | None:
        """Return by how much each trial is expected to improve on the best value at ``max_t``.

        Args:
            trial_ids: Trials that have not ended.

        Returns:
            Logarithms of expected improvements, up to a constant. Trials that the model does not
            look at are left out: those that diverged, and of many the less good. None while there
            is no model.
        """
        return self._surface.promises(trial_ids)


@dataclass(frozen=True)
class _Fit:
    """A process and what it was fitted to, in standard units: mean 0 and variance 1."""

    inputs: Array
    s: Array
    y: Array
    theta: Array
    trials: Mapping[str, Array]  # the inputs of each that has not diverged
    starts: Array  # the best points

    def surface(self, pending: Array) -> Callable[[Array], Array]:
        """Return log expected improvements at ``max_t`` as a function of inputs.

        Args:
            pending: Inputs of trials that count as if they had reached what is expected of them.
        """
        process, best = self._posterior, float(self.y.min())
        if len(pending):
            believed, _ = process.predict(pending, np.ones(len(pending)))
            process, best = self._process(pending, believed), min(best, float(believed.min()))

        def score(inputs: Array) -> Array:
            mean, deviation = process.predict(inputs, np.ones(len(inputs)))
            return log_expected_improvement(mean, deviation, best)

        return score

    @cached_property
    def _posterior(self) -> GaussianProcess:
        return self._process(self.inputs[:0], np.empty(0))

    def _process(self, inputs: Array, costs: Array) -> GaussianProcess:
        """Return the process, with further costs at the end."""
        return GaussianProcess(
            np.vstack([self.inputs, inputs]),
            np.append(self.s, np.ones(len(costs))),
            np.append(self.y, costs),
            self.theta,
        )


class _Surface(ObservingModel):
    """Costs over configurations and time."""

    def __init__(self, task: SearchTask, n_initial_points: int) -> None:
        self._space = task.space
        self._encoding = Encoding(task.space)
        super().__init__(Observations(task.max_t, self._encoding.dimensions))
        self._n_initial_points = n_initial_points
        self._fit: _Fit | None = None  # to the present reports, once somebody has asked for it

    def draw(self, trial_id: str, seed: int) -> Values:
        """Return where improvement is expected most; a random draw while there is no model."""
        rng, encoding, fit = np.random.default_rng(seed), self._encoding, self._fitted()
        if fit is None:
            point = rng.random(encoding.dimensions)
        else:
            pending = list(self._observations.pending().values())
            score = fit.surface(self._inputs(pending))
            point = maximise(
                lambda points: score(encoding.inputs(points)), fit.starts, encoding.dimensions, rng
            )
        values = read_back(self._space, encoding.values(point))
        self.enter(trial_id, values)
        return values

    def report(self, trial_id: str, time: float, cost: float) -> None:
        """Learn what a trial has reached."""
        if self._observations.report(trial_id, time, cost):
            self._fit = None

    def complete(self, trial_id: str, time: float | None, cost: float | None) -> None:
        """Learn that a trial ended; if it failed before it reported, it is forgotten."""
        super().complete(trial_id, time, cost)
        if cost is not None:
            self._fit = None

    def promises(self, trial_ids: Iterable[str]) -> Mapping[str, float] | None:
        """Return log expected improvements of trials; None while there is no model."""
        fit = self._fitted()
        if fit is None:
            return None
        pending = self._observations.pending()
        places = dict(fit.trials)
        places |= zip(pending, self._inputs(list(pending.values())), strict=True)
        known = [trial_id for trial_id in trial_ids if trial_id in places]
        inputs = np.array([places[trial_id] for trial_id in known]).reshape(-1, fit.inputs.shape[1])
        return dict(zip(known, fit.surface(inputs[:0])(inputs).tolist(), strict=True))

    def _inputs(self, configurations: Sequence[Values]) -> Array:
        return self._encoding.inputs(self._encoding.points(configurations))

    def _fitted(self) -> _Fit | None:
        if self._fit is None and self._observations.told >= self._n_initial_points:
            self._fit = self._fit_to(self._observations.courses(_BEST, _OTHERS))
        return self._fit

    def _fit_to(self, courses: Sequence[Course]) -> _Fit | None:
        told = [course for course in courses if course.costs]
        if not told:  # all have diverged
            return None
        lost = [course for course in courses if not course.costs]
        points = self._encoding.points([course.values for course in told])
        by_trial = self._encoding.inputs(points)
        rows = [row for row, course in enumerate(told) for _ in course.costs]
        times = [time for course in told for time in course.costs]
        costs = [cost for course in told for cost in course.costs.values()]
        last = [cost for course in told for cost in list(course.costs.values())[-1:]]
        inputs = np.vstack([by_trial[rows], self._inputs([course.values for course in lost])])
        s = self._on_scale(np.array(times + [self._observations.end] * len(lost)))
        y = _standard(np.array(costs + [max(costs)] * len(lost)))  # none is worse than diverged
        kept = _subset(y)
        return _Fit(
            inputs=inputs,
            s=s,
            y=y,
            theta=fit_hyperparameters(inputs[kept], s[kept], y[kept]),
            trials=dict(zip((course.trial_id for course in told), by_trial, strict=True)),
            starts=points[np.argsort(last, kind="stable")[:_STARTS]],
        )

    def _on_scale(self, times: Array) -> Array:
        """Return times as shares of the way to ``max_t``, on a logarithmic scale."""
        end = np.log(self._observations.end)
        return np.log(times) / end if end > 0 else np.ones(len(times))


def _standard(costs: Array) -> Array:
    """Return costs of mean 0 and variance 1; the worst are cut off, so that they set no scale."""
    middle = np.median(costs)
    cut = np.minimum(costs, middle + _WIDEST * (middle - costs.min()))
    deviation = cut.std()
    standard: Array = (cut - cut.mean()) / (deviation if deviation > 0 else 1.0)
    return standard


def _subset(costs: Array) -> NDArray[np.intp]:
    """Return the places of the lower costs and of an even sample of the rest."""
    order = np.argsort(costs, kind="stable")
    half = _MOST_FOR_HYPERPARAMETERS // 2
    if len(order) <= 2 * half:
        return order
    rest = np.sort(order[half:])
    return np.concatenate([order[:half], rest[np.linspace(0, len(rest) - 1, half).astype(int)]])
