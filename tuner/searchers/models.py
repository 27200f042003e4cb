"""Searchers that learn from results: what they tell a model, and two kinds of models.

A model sees independent numbers and positions of options, by path; costs, of which lower is
better; and the time at which a trial had them. A *fitted* model is fitted anew for each
suggestion, to a bounded part of what is known (`Observations`), and its random draws follow from
the sweep's seed and the number of the suggestion. So it is a function without a memory: nothing
but the trials has to be entered again when a sweep is resumed. Some libraries keep a state that
only drawing advances (an evolution strategy, a sequence); these implement `Model` themselves.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from tuner.searchers.base import SearchTask, Suggestion
from tuner.searchers.observations import History, Observations
from tuner.searchers.parameters import compose, decompose, parameters
from tuner.searchers.parametric import ParametricSearcher, looked_up, read_back
from tuner.space import contains, has_function

__all__ = ["FittedModel", "Model", "ModelSearcher", "Propose", "Values"]

Values: TypeAlias = Mapping[str, int | float]
"""Of the parameters of a configuration, by path."""

Propose: TypeAlias = Callable[[History, int], Values]
"""Fits a model to a history and draws from it, with a seed below 2**32."""


class Model(ABC):
    """What suggests parameters and learns of results.

    Attributes:
        memoryless: Whether drawing leaves no trace: `enter` is as good, for a trial that has been
            drawn before.
    """

    memoryless = False

    @abstractmethod
    def draw(self, trial_id: str, seed: int) -> Values | None:
        """Return the parameters of a new trial, which is entered; None for not now.

        Args:
            trial_id: The trial.
            seed: Below 2**32, another one for each draw; a model that keeps a stream of random
                numbers may ignore it.
        """

    @abstractmethod
    def enter(self, trial_id: str, values: Values) -> bool:
        """Take a new trial with these parameters; False for not now."""

    @abstractmethod
    def report(self, trial_id: str, time: float, cost: float) -> None:
        """Learn what a trial has reached by ``time``; a cost may be inf, for diverged."""

    @abstractmethod
    def complete(self, trial_id: str, time: float | None, cost: float | None) -> None:
        """Learn that a trial ended, and with what; None for not known, or failed."""


class FittedModel(Model):
    """Fits a model anew for each suggestion; see the module's docstring.

    Args:
        task: What to search.
        propose: Fits and draws.
        good: Returns how many of so many trials count as good, at most `MOST_GOOD`.
        observations: What is known so far, nothing yet; None for `Observations` of ``task``.
    """

    memoryless = True

    def __init__(
        self,
        task: SearchTask,
        propose: Propose,
        good: Callable[[int], int],
        observations: Observations | None = None,
    ) -> None:
        self._space = task.space
        self._parameters = parameters(task.space)
        self._observations = observations or Observations(task.max_t, len(self._parameters))
        self._propose = propose
        self._good = good

    def draw(self, trial_id: str, seed: int) -> Values:
        """Return what a model of the present history proposes."""
        history = self._observations.history(self._good(self._observations.told))
        proposed = self._propose(history, seed)
        snapped = {path: self._parameters[path].snap(v) for path, v in proposed.items()}
        values = read_back(self._space, snapped)
        self.enter(trial_id, values)
        return values

    def enter(self, trial_id: str, values: Values) -> bool:
        """Take a new trial; it is pending from now on."""
        self._observations.enter(trial_id, values)
        return True

    def report(self, trial_id: str, time: float, cost: float) -> None:
        """Learn what a trial has reached."""
        self._observations.report(trial_id, time, cost)

    def complete(self, trial_id: str, time: float | None, cost: float | None) -> None:
        """Learn that a trial ended; if it failed before it reported, it is forgotten."""
        self._observations.complete(trial_id, time, cost)


class ModelSearcher(ParametricSearcher):
    """A searcher that learns from results, by a model of the space's parameters.

    The model is told of each report's value and time, and of each trial's end. A value that is
    NaN or infinite is the worst there is; a trial that failed or reported nothing teaches nothing.

    Args:
        task: What to search.
        model: What suggests.
    """

    def __init__(self, task: SearchTask, model: Model) -> None:
        super().__init__(task)
        self._model = model
        self._live: set[str] = set()
        self._attempt = 0

    def take_over(
        self, trial_id: str, config: Mapping[str, Any], *, of_this_sweep: bool = True
    ) -> bool:
        """Take a trial that another searcher suggested for one of its own."""
        if contains(self.task.space, config):  # names what lies outside
            return False
        if not self._enter(trial_id, decompose(self.task.space, config)):
            return False
        if of_this_sweep:
            self._admit(trial_id, config)
        else:
            self._live.add(trial_id)
        return True

    def recall(self, trial_id: str, config: Mapping[str, Any]) -> dict[str, Any] | None:
        """Enter the trial suggested next when the sweep ran first, if the model is memoryless."""
        space = self.task.space
        if not self._model.memoryless or has_function(space) or contains(space, config):
            return None
        values = decompose(space, config)
        self._enter(trial_id, values)
        if self._points:
            self._points.popleft()
        recalled = compose(space, looked_up(values))
        self._admit(trial_id, recalled)
        return recalled

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Tell the model what a trial has reached by now."""
        time, cost = self._time(result), self._cost(result)
        if trial_id in self._live and time is not None and cost is not None:
            self._model.report(trial_id, time, cost)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Tell the model of a trial's end."""
        if trial_id not in self._live:
            return
        self._live.discard(trial_id)
        last = {} if error or result is None else result
        self._model.complete(trial_id, self._time(last), self._cost(last))

    def _next_suggestion(self, trial_id: str) -> Suggestion:
        self._attempt = 0
        return super()._next_suggestion(trial_id)

    def _draw(self, trial_id: str) -> Values | None:
        entropy = (self.task.seed, self._suggested, self._attempt)
        return self._model.draw(trial_id, int(np.random.SeedSequence(entropy).generate_state(1)[0]))

    def _discard(self, trial_id: str) -> None:
        self._attempt += 1
        self._model.complete(trial_id, None, None)

    def _enter(self, trial_id: str, values: Values) -> bool:
        return self._model.enter(trial_id, values)

    def _admit(self, trial_id: str, config: Mapping[str, Any]) -> None:
        super()._admit(trial_id, config)
        self._live.add(trial_id)
