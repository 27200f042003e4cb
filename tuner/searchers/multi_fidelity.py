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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.arms import JSON
from tuner.searchers.acquisition import log_expected_improvement, maximise
from tuner.searchers.base import SearchTask
from tuner.searchers.courses import Course, Courses
from tuner.searchers.encoding import Encoding
from tuner.searchers.gaussian_process import Array, GaussianProcess, fit_hyperparameters
from tuner.searchers.keywords import check_bounds
from tuner.searchers.models import Model, ModelSearcher, Values
from tuner.searchers.parametric import read_back
from tuner.searchers.warping import half_ranked

__all__ = ["MultiFidelitySearcher"]

_BEST, _OTHERS = 25, 150  # trials that the process is fitted to
_MOST_FOR_HYPERPARAMETERS = 120  # observations: what they cost grows with the cube
_STARTS = 5  # good configurations that are looked around
_LEAST = 0.03  # standard deviations of costs: an improvement by less is none
_PATIENCE = 1.5  # log expected improvement: a new trial must promise 4.5 times as much
_CHANCE_EVERY = 8  # configurations: one of them is drawn at random


class MultiFidelitySearcher(ModelSearcher):
    """Suggests where improvement at ``max_t`` is expected most, by a model of all rungs.

    Of many new configurations, that of most promise is also the one that the model flatters most.
    So none is suggested while a trial that waits to go on promises nearly as much (`yield_to`):
    this is how short trainings become full ones.

    Every eighth new configuration is drawn at random all the same. A model whose length scales are
    estimated can be sure of a poor region for ever; some chance finds the way out (Bull 2011,
    Convergence Rates of Efficient Global Optimization Algorithms, JMLR 12, epsilon-greedy).

    A configuration that has not reported yet counts as if it had reached what is expected of it,
    so that workers that ask at the same time are sent to different places (Ginsbourger et al.
    2010, Kriging Is Well-Suited to Parallelize Optimization, the kriging believer). The model is
    fitted anew when there is news, to the courses of the best 25 trials and of up to 150 others
    (`courses`), so that a suggestion costs the same after 500 trials and 50,000.

    Args:
        task: What to search.
        n_initial_points: How many trials must have told something before there is a model; until
            then configurations are drawn at random, after one in the middle of the space.
    """

    name = "mfgp"

    def __init__(self, task: SearchTask, *, n_initial_points: int = 5) -> None:
        self._surface = _Surface(task, n_initial_points)
        super().__init__(task, self._surface)

    @classmethod
    def check_options(cls, options: Mapping[str, JSON]) -> None:
        """Check the keywords; raises SpecError."""
        super().check_options(options)
        check_bounds(cls.name, options, {"n_initial_points": (2, np.inf)})

    def yield_to(self, waiting: Callable[[], Iterable[str]]) -> None:
        """Suggest nothing while a trial that waits promises nearly as much as a new one would.

        Args:
            waiting: Returns the trials that wait to go on.
        """
        self._surface.waiting = waiting

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
            return log_expected_improvement(mean, deviation, best - _LEAST)

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


class _Surface(Model):
    """Costs over configurations and time.

    Attributes:
        waiting: Returns the trials that a new one competes with.
    """

    memoryless = True

    def __init__(self, task: SearchTask, n_initial_points: int) -> None:
        self.waiting: Callable[[], Iterable[str]] = tuple
        self._space = task.space
        self._encoding = Encoding(task.space)
        self._courses = Courses(task.max_t)
        self._n_initial_points = n_initial_points
        self._fit: _Fit | None = None  # to the present courses, once somebody has asked for it

    def draw(self, trial_id: str, seed: int) -> Values | None:
        """Return where improvement is expected most; the middle, then chance, without a model.

        None where a trial that waits promises nearly as much.
        """
        rng, encoding, fit = np.random.default_rng(seed), self._encoding, self._fitted()
        if fit is None:
            first = self._courses.entered == 0
            point = np.full(encoding.dimensions, 0.5) if first else rng.random(encoding.dimensions)
        else:
            pending = list(self._courses.silent().values())
            score = fit.surface(self._inputs(pending))
            point = maximise(
                lambda points: score(encoding.inputs(points)), fit.starts, encoding.dimensions, rng
            )
            promised = score(encoding.inputs(point[None]))[0]
            rivals = [fit.trials[rival] for rival in self.waiting() if rival in fit.trials]
            if rivals and score(np.array(rivals)).max() + _PATIENCE > promised:
                return None
            if (self._courses.entered + 1) % _CHANCE_EVERY == 0:
                point = rng.random(encoding.dimensions)
        values = read_back(self._space, encoding.values(point))
        self.enter(trial_id, values)
        return values

    def enter(self, trial_id: str, values: Values) -> bool:
        """Take a new trial; it is pending from now on."""
        self._courses.enter(trial_id, values)
        return True

    def report(self, trial_id: str, time: float, cost: float) -> None:
        """Learn what a trial has reached."""
        if self._courses.report(trial_id, time, cost):
            self._fit = None

    def complete(self, trial_id: str, time: float | None, cost: float | None) -> None:
        """Learn that a trial ended; if it failed before it reported, it is forgotten."""
        self._courses.complete(trial_id, time, cost)
        if cost is not None:
            self._fit = None

    def promises(self, trial_ids: Iterable[str]) -> Mapping[str, float] | None:
        """Return log expected improvements of trials; None while there is no model."""
        fit = self._fitted()
        if fit is None:
            return None
        known = [trial_id for trial_id in trial_ids if trial_id in fit.trials]
        if not known:
            return {}
        scores = fit.surface(fit.inputs[:0])(np.array([fit.trials[trial_id] for trial_id in known]))
        return dict(zip(known, scores.tolist(), strict=True))

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the scheduler, which makes itself known again."""
        return {**vars(self), "waiting": tuple}

    def _inputs(self, configurations: Sequence[Values]) -> Array:
        return self._encoding.inputs(self._encoding.points(configurations))

    def _fitted(self) -> _Fit | None:
        if self._fit is None and self._courses.told >= self._n_initial_points:
            self._fit = self._fit_to(self._courses.chosen(_BEST, _OTHERS))
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
        last = [[*course.costs.values()][-1] for course in told]
        inputs = np.vstack([by_trial[rows], self._inputs([course.values for course in lost])])
        s = self._on_scale(np.array(times + [self._courses.end] * len(lost)))
        y = half_ranked(np.array(costs + [max(costs)] * len(lost)))  # none is worse than diverged
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
        end = np.log(self._courses.end)
        return np.log(np.maximum(times, 1.0)) / end if end > 0 else np.ones(len(times))


def _subset(costs: Array) -> NDArray[np.intp]:
    """Return the places of the lower costs and of an even sample of the rest."""
    order = np.argsort(costs, kind="stable")
    half = _MOST_FOR_HYPERPARAMETERS // 2
    if len(order) <= 2 * half:
        return order
    rest = np.sort(order[half:])
    return np.concatenate([order[:half], rest[np.linspace(0, len(rest) - 1, half).astype(int)]])
