"""The same configurations again: over seeds, over folds, or on all data, as a sweep of its own.

What adopt and finalize train is a scenario derived from the studied one. Its space is a grid of
``candidate``, ``seed`` and ``fold``, which so are columns of its record; its trainable hands the
candidate's configuration to the real one. Repeats with the same seed and fold are paired: they
draw the same random numbers and get the same rows.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from ray.tune import Trainable

from tuner import seeds
from tuner.errors import SpecError
from tuner.examples import Part, fold_parts
from tuner.scenario import Scenario
from tuner.trainable import EpochTrainable, generators

__all__ = ["Candidate", "Repeats", "check_can_divide", "repeated"]


@dataclass(frozen=True)
class Candidate:
    """A configuration that is trained again.

    Attributes:
        label: Names it: the id of a trial, or ``baseline``.
        config: Its hyperparameters.
        until: Where its trainings end, in the scenario's ``time_attr``, whatever its own early
            stopping says; None for where they end by themselves.
    """

    label: str
    config: Mapping[str, Any]
    until: float | None = None


@dataclass(frozen=True)
class Repeats:
    """Which candidates are trained how often, on which parts of the data.

    Attributes:
        candidates: With labels that differ.
        seeds: One repetition each, of all candidates.
        folds: Into how many folds each repetition divides the data, anew; None for none.
        part: What is trained on where there are no folds.
        predictions: Whether checkpoints hold what each model predicts for its validation rows.
        base_seed: From which, with those in ``seeds``, the random numbers follow.
    """

    candidates: tuple[Candidate, ...]
    seeds: tuple[int, ...]
    folds: int | None = None
    part: str = "holdout"
    predictions: bool = False
    base_seed: int = 0

    @property
    def space(self) -> dict[str, Any]:
        """The grid of all repeats."""
        values: dict[str, list[Any]] = {
            "candidate": [candidate.label for candidate in self.candidates],
            "seed": list(self.seeds),
        }
        if self.folds is not None:
            values["fold"] = list(range(self.folds))
        return {name: {"grid_search": each} for name, each in values.items()}

    def candidate(self, repeat: Mapping[str, Any]) -> Candidate:
        """Return the candidate of one repeat, a point of the grid."""
        return next(each for each in self.candidates if each.label == repeat["candidate"])

    def part_of(self, repeat: Mapping[str, Any]) -> Part:
        """Return the part of the data of one repeat."""
        if self.folds is None:
            return self.part
        return fold_parts(self.folds, int(repeat["seed"]))[int(repeat["fold"])]

    def seed_of(self, repeat: Mapping[str, Any]) -> int:
        """Return the seed of one repeat, the same for all candidates."""
        return seeds.trial_seed(self.base_seed, f"repeat-{repeat['seed']}-{repeat.get('fold', 0)}")

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return asdict(self)


def repeated(scenario: Scenario, repeats: Repeats) -> Scenario:
    """Return the scenario of which each trial is one repeat.

    Raises:
        SpecError: The repeats need what the trainable does not have.
    """
    needs_examples = repeats.folds is not None or repeats.part != "holdout"
    if needs_examples:
        check_can_divide(scenario)
    resources_of = scenario.resources_of
    return replace(
        scenario,
        trainable=_trainable(scenario, repeats),
        space=repeats.space,
        constraint=None,
        mutable=(),
        roles={},
        source=None,
        resources_of=None
        if resources_of is None
        else lambda repeat: resources_of(dict(repeats.candidate(repeat).config)),
    )


def check_can_divide(scenario: Scenario) -> type[EpochTrainable]:
    """Return the trainable of a scenario if other rows than its own split can be trained on.

    Raises:
        SpecError: It says nowhere what it learns from.
    """
    trainable = scenario.trainable
    if isinstance(trainable, type) and issubclass(trainable, EpochTrainable):
        if trainable.defines_examples():
            return trainable
        missing = f"{trainable.__name__} has no examples()"
    else:
        missing = f"{getattr(trainable, '__name__', trainable)} is no tuner.EpochTrainable"
    raise SpecError(
        "folds, refits on all data and ensembles need a trainable that says what it learns from, "
        f"and {missing}; define the classmethod examples() and train on the rows of self.split, "
        "or leave out folds, and finalize with refit=False (--no-refit)"
    )


def _trainable(scenario: Scenario, repeats: Repeats) -> Any:
    trainable = scenario.trainable
    if not isinstance(trainable, type):
        return _function(trainable, repeats)
    if not issubclass(trainable, EpochTrainable):
        return _class(trainable, repeats)
    derived = _epochs(trainable, repeats, scenario.time_attr)
    return _predicting(derived) if repeats.predictions else derived


def _function(function: Callable[[dict[str, Any]], Any], repeats: Repeats) -> Any:
    def begin(repeat: Mapping[str, Any]) -> dict[str, Any]:
        generators.seed_all(repeats.seed_of(repeat))
        return copy.deepcopy(dict(repeats.candidate(repeat).config))

    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generate(repeat: dict[str, Any]) -> Iterator[Any]:
            yield from function(begin(repeat))

        return generate

    @functools.wraps(function, updated=("__dict__",) if hasattr(function, "__dict__") else ())
    def call(repeat: dict[str, Any]) -> Any:
        return function(begin(repeat))

    return call


def _class(base: Any, repeats: Repeats) -> type[Trainable]:
    def begin(self: Any, repeat: Mapping[str, Any]) -> dict[str, Any]:
        generators.seed_all(repeats.seed_of(repeat))
        self.config = copy.deepcopy(dict(repeats.candidate(repeat).config))
        return dict(self.config)

    def setup(self: Any, config: dict[str, Any]) -> None:
        is_begun = vars(self).get("resets_itself", False)  # many a reset calls `setup` again
        base.setup(self, config if is_begun else begin(self, config))

    def reset_config(self: Any, new_config: dict[str, Any]) -> bool:
        self.resets_itself = True
        try:
            return bool(base.reset_config(self, begin(self, new_config)))
        finally:
            self.resets_itself = False

    methods: dict[str, Any] = {"setup": setup}
    if base.reset_config is not Trainable.reset_config:
        methods["reset_config"] = reset_config
    return type(base.__name__, (base,), methods)


def _epochs(base: type[EpochTrainable], repeats: Repeats, time_attr: str) -> type[EpochTrainable]:
    class Repeat(base):  # type: ignore[misc, valid-type]
        """One repeat: the real trainable with a candidate's configuration."""

        repeat: dict[str, Any]

        @property
        def trial_seed(self) -> int:
            return repeats.seed_of(vars(self).get("repeat", self.config))

        def setup(self, config: dict[str, Any]) -> None:
            self.repeat = config
            self.config = copy.deepcopy(dict(repeats.candidate(config).config))
            self.part = repeats.part_of(config)
            generators.seed_all(self.trial_seed)
            super().setup(copy.deepcopy(self.config))

        def step(self) -> dict[str, Any]:
            result: dict[str, Any] = super().step()
            until = repeats.candidate(self.repeat).until
            if until is not None:
                # Ray adds training_iteration later.
                time = float(result.get(time_attr) or self.epochs_done)
                result["done"] = time >= until
            return result

        def load_checkpoint(self, checkpoint: Any) -> None:
            self.config = vars(self).get("repeat", self.config)  # `setup` will run again
            super().load_checkpoint(checkpoint)

    Repeat.__name__ = Repeat.__qualname__ = base.__name__
    return Repeat


def _predicting(base: type[EpochTrainable]) -> type[EpochTrainable]:
    class Predicting(base):  # type: ignore[misc, valid-type]
        """A repeat whose checkpoint holds its predictions, which so reach the driver."""

        def state_dict(self) -> dict[str, Any]:
            rows = self.split.validation
            inputs, _ = self.examples().at(rows)
            return {
                "trained": super().state_dict(),
                "rows": rows,
                "predictions": np.asarray(self.predict(inputs), dtype=np.float64),
            }

        def load_state_dict(self, state: dict[str, Any]) -> None:
            super().load_state_dict(state["trained"])

    Predicting.__name__ = Predicting.__qualname__ = base.__name__
    return Predicting
