"""`Scenario`: a trainable with its search space and what to look at, checked when it is built."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

from ray.tune import Trainable
from ray.tune.search.sample import Domain, Float, Integer

from tuner import space as spaces
from tuner.errors import ScenarioError, nearest
from tuner.objectives import Mode, Objective
from tuner.scenario.objectives import FirstOf, check_objectives
from tuner.scenario.resources import check_resources
from tuner.trainable import EpochTrainable

__all__ = ["MUTABLE_NAMES", "DivergenceRule", "Scenario"]

DivergenceRule: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, Any]], str | None]
"""Says why a trial has diverged, of its first report and the present one; None if it has not."""

MUTABLE_NAMES = frozenset(
    {
        *("lr", "learning_rate", "momentum", "nesterov_momentum", "beta1", "beta2"),
        *("weight_decay", "wd", "l1", "l2", "dropout", "label_smoothing"),
        *("batch_size", "clip_norm", "grad_clip", "max_grad_norm"),
        *("gamma", "entropy_coeff", "clip_param", "temperature"),
    }
)
"""Hyperparameters that usually can change in the middle of training, by the last part of a path."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_MAPPINGS = ("space", "resources")


@dataclass(frozen=True, kw_only=True, eq=False)
class Scenario:
    """A tuning problem: what to train, which values to try, what to optimise.

    Attributes:
        name: Names the scenario in folders and tables: letters, digits, ``_``, ``.`` and ``-``.
        trainable: A function of one ``config`` that calls ``tune.report``, or a subclass of
            ``ray.tune.Trainable`` such as `EpochTrainable`.
        space: Names to ``ray.tune`` domains, grids, constants or nested dicts of these.
        metric: The reported value to optimise; or a list of several, which is read as the first:
            schedulers, the best trials and the checkpoints that are kept go by that one.
        mode: ``"min"`` or ``"max"``: the better direction of ``metric``; a list for a list.
        time_attr: The reported value that measures progress; it grows with every report.
        max_t: Where a full training ends, in units of ``time_attr``; at least 1.
        grace_period: Before this no scheduler stops a trial, in units of ``time_attr``;
            ``1 <= grace_period <= max_t``.
        resources: What one trial holds: ``cpu``, ``gpu`` (a fraction up to 1, or a whole
            number), ``memory`` in bytes, and the cluster's custom resources.
        checkpoints: Whether the trainable saves and restores its state. None: a class does if
            it defines how, a function does not.
        description: For tables; free text.
        tags: Free words.
        constraint: Says of a complete configuration whether it is feasible; no other is tried.
            None: every configuration of the space is.
        diverges: Says of a trial's first report and the present one, by flat name, why the trial
            has diverged, or None; such a trial is stopped, and infeasible for the searcher. It
            has to be deterministic. `tuner.above_start` makes one. None: only a metric that is
            NaN or infinite has diverged.
        mutable: Flat names (``model/lr``; ``optimizer[0]/momentum`` in the first option of a
            choice) that population-based training may change. None: the domains whose last name
            is in `MUTABLE_NAMES`.
        objectives: All metrics with their modes, the primary first; filled in.
        source: How `load_scenario` found it: a bundled name, a module or an absolute path;
            None for a scenario built in Python.

    Raises:
        ScenarioError: A field's value is not what its line above says.
        SpaceError: The space is empty or holds something that is no domain.
    """

    name: str
    trainable: Callable[..., Any] | type[Trainable] = field(repr=False)
    space: Mapping[str, Any] = field(repr=False)
    metric: FirstOf[str] = FirstOf()  # noqa: RUF009  (a descriptor is no default)
    mode: FirstOf[Mode] = FirstOf()  # noqa: RUF009
    time_attr: str = "training_iteration"
    max_t: int
    grace_period: int = 1
    resources: Mapping[str, float] = field(default_factory=lambda: {"cpu": 1})
    checkpoints: bool | None = None
    description: str = ""
    tags: tuple[str, ...] = ()
    constraint: spaces.Constraint | None = field(default=None, repr=False)
    diverges: DivergenceRule | None = None
    mutable: tuple[str, ...] | None = None
    objectives: tuple[Objective, ...] = ()
    source: str | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        _check_trainable(self.trainable)
        spaces.validate(self.space)
        _check_constraint(self.constraint)
        _check_rule(self.diverges)
        self._settle_objectives()
        _check_text("time_attr", self.time_attr, empty=False)
        if self.time_attr in (each.metric for each in self.objectives):
            raise ScenarioError(
                "metric and time_attr must be two different reported values, but both are "
                f"{self.time_attr!r}"
            )
        self._check_budget()
        self._check_checkpoints()
        _check_text("description", self.description, empty=True)
        self._freeze("tags", _names("tags", self.tags))
        self._freeze("resources", MappingProxyType(check_resources(self.resources)))
        self._freeze("space", MappingProxyType(_copy_tree(self.space)))
        if self.mutable is not None:
            self._freeze("mutable", _names("mutable", self.mutable))
        self._check_mutable()

    @property
    def saves_checkpoints(self) -> bool:
        """Whether a trial can be paused, moved and cloned without starting again."""
        if self.checkpoints is not None:
            return self.checkpoints
        return inspect.isclass(self.trainable) and _class_saves(self.trainable)

    def is_feasible(self, config: Mapping[str, Any]) -> bool:
        """Say whether a complete configuration satisfies the constraint.

        Raises:
            SpaceError: The constraint fails, or answers with something else than a boolean.
        """
        return spaces.is_feasible(self.constraint, config)

    @property
    def mutable_space(self) -> dict[str, Domain]:
        """The domains that population-based training may draw from, by flat name."""
        candidates = self._mutable_candidates()
        if self.mutable is not None:
            return {name: candidates[name] for name in self.mutable}
        return {
            path: domain
            for path, domain in candidates.items()
            if path.rpartition("/")[2] in MUTABLE_NAMES
        }

    def _mutable_candidates(self) -> dict[str, Domain]:
        """Return the domains that are drawn, not enumerated, those in branches by their paths."""
        return {
            path: domain
            for path, domain in spaces.domains(self.space).items()
            if not domain.is_grid()
            and not domain.is_function()
            # a choice between branches would change which other values exist
            and (isinstance(domain, Float | Integer) or not spaces.is_conditional({path: domain}))
        }

    def _freeze(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _settle_objectives(self) -> None:
        """Fill in `objectives`, and have ``metric`` and ``mode`` be those of the primary."""
        objectives = check_objectives(vars(self)["metric"], vars(self)["mode"])
        if self.objectives[:1] != objectives:  # else they are handed on by dataclasses.replace
            self._freeze("objectives", objectives)
        self._freeze("metric", objectives[0].metric)
        self._freeze("mode", objectives[0].mode)

    def _check_budget(self) -> None:
        for what in ("max_t", "grace_period"):
            value = getattr(self, what)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ScenarioError(
                    f"{what} must be a whole number >= 1 (in units of {self.time_attr!r}), "
                    f"but is {value!r}"
                )
        if self.grace_period > self.max_t:
            raise ScenarioError(
                f"grace_period must not exceed max_t={self.max_t}, but is {self.grace_period}; "
                "a trial would end before it may be judged"
            )

    def _check_checkpoints(self) -> None:
        if self.checkpoints is not None and not isinstance(self.checkpoints, bool):
            raise ScenarioError(
                f"checkpoints must be True, False or None, but is {self.checkpoints!r}"
            )
        trainable = self.trainable
        if self.checkpoints and inspect.isclass(trainable) and not _class_saves(trainable):
            needed = "state_dict() and load_state_dict()"
            if not issubclass(trainable, EpochTrainable):
                needed = "save_checkpoint() and load_checkpoint()"
            raise ScenarioError(
                f"checkpoints=True promises saved states, but {trainable.__name__} does not "
                f"define {needed}; define them, or leave checkpoints out"
            )

    def _check_mutable(self) -> None:
        candidates = self._mutable_candidates()
        for name in self.mutable or ():
            if name not in candidates:
                raise ScenarioError(
                    "mutable must name domains of the space (no grid, constant, sample_from or "
                    f"choice between branches), but one is {name!r}"
                    f"{nearest(name, candidates)}"
                )

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields; pickle cannot take the read-only views of two of them."""
        return {**vars(self), **{name: dict(getattr(self, name)) for name in _MAPPINGS}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            self._freeze(name, MappingProxyType(value) if name in _MAPPINGS else value)


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ScenarioError(
            "name must consist of letters, digits, '_', '.' and '-' and begin with a letter or "
            f"digit, but is {name!r}"
        )


def _check_trainable(trainable: Any) -> None:
    if inspect.isclass(trainable):
        if not issubclass(trainable, Trainable):
            raise ScenarioError(
                "a trainable class must derive from tuner.EpochTrainable or ray.tune.Trainable, "
                f"but {trainable.__name__} does not"
            )
        return
    if not callable(trainable):
        raise ScenarioError(
            "trainable must be a function of one config or a subclass of ray.tune.Trainable, "
            f"but is {trainable!r}"
        )
    if inspect.iscoroutinefunction(trainable):
        raise ScenarioError("trainable must be a plain function, but is an async one; drop async")
    if (error := _refusal_of_one_config(trainable)) is not None:
        raise ScenarioError(
            "a trainable function must take one positional argument, the config, but "
            f"{getattr(trainable, '__name__', trainable)!s} does not ({error}); give the others "
            "with tune.with_parameters or functools.partial"
        ) from error


def _check_constraint(constraint: Any) -> None:
    if constraint is None:
        return
    refusal = _refusal_of_one_config(constraint) if callable(constraint) else "not callable"
    if refusal is not None:
        raise ScenarioError(
            "constraint must be a function of one config that returns True where it is feasible, "
            f"but is {constraint!r} ({refusal})"
        )


def _check_rule(rule: Any) -> None:
    if rule is None:
        return
    try:
        inspect.signature(rule).bind({}, {})
    except (TypeError, ValueError) as error:
        raise ScenarioError(
            "diverges must be a function of a trial's first report and the present one that "
            f"returns why it has diverged, or None, but is {rule!r} ({error}); see "
            "tuner.above_start"
        ) from error


def _refusal_of_one_config(function: Callable[..., Any]) -> Exception | None:
    """Return why ``function`` cannot be called with one positional argument, if it cannot."""
    try:
        inspect.signature(function).bind({})
    except (TypeError, ValueError) as error:
        return error
    return None


def _class_saves(trainable: type[Any]) -> bool:
    if issubclass(trainable, EpochTrainable):
        return trainable.saves_state()
    return (
        trainable.save_checkpoint is not Trainable.save_checkpoint
        and trainable.load_checkpoint is not Trainable.load_checkpoint
    )


def _check_text(what: str, value: Any, *, empty: bool) -> None:
    if not isinstance(value, str) or (not value and not empty):
        kind = "a string" if empty else "a non-empty string"
        raise ScenarioError(f"{what} must be {kind}, but is {value!r}")


def _names(what: str, names: Any) -> tuple[str, ...]:
    if isinstance(names, list | tuple) and all(isinstance(name, str) for name in names):
        return tuple(names)
    raise ScenarioError(f"{what} must be a tuple of strings, but is {names!r}")


def _copy_tree(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _copy_tree(value) if isinstance(value, Mapping) else copy.deepcopy(value)
        for key, value in tree.items()
    }
