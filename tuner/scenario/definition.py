"""`Scenario`: a trainable with its search space and what to look at, checked when it is built."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeAlias

from ray.tune import Trainable
from ray.tune.search.sample import Domain, Float, Integer

from tuner import space as spaces
from tuner.bundles import Placement, Shape, check_placement
from tuner.errors import ScenarioError, nearest
from tuner.objectives import Mode, Objective
from tuner.public_data import DATA_SETS
from tuner.scenario.callables import check_constraint, check_rule, check_trainable, class_saves
from tuner.scenario.objectives import FirstOf, check_objectives
from tuner.scenario.resources import Bundles, settle_resources, strategy_of
from tuner.scenario.roles import Role, settle_roles
from tuner.scenario.varying_resources import ResourcesOf, request_of, settle_varying
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
_MAPPINGS = ("space", "resources", "roles")


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
            number), ``memory`` in bytes, and the cluster's custom resources. A list of several
            such bundles, each on one node and the first for the trial's own process (see
            `tuner.run_ranks`), or Ray's ``PlacementGroupFactory``, is read as their sum.
            ``"gpu": "auto"`` has `tuner.run` measure the share that fits, and is read as a whole
            GPU. A function says of a configuration what its trial takes; then this is empty.
        placement: ``"pack"`` puts trials, and the bundles of each, onto as few nodes as possible,
            ``"spread"`` onto as many; ``"strict_pack"`` and ``"strict_spread"`` insist on it for
            the bundles of each.
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
        roles: What hyperparameters are, by flat name or the last part of it: ``"scientific"``
            (its effect is asked for), ``"nuisance"`` (tuned for each value of the scientific
            ones; what all others are) or ``"fixed"``. Filled in with full names; see
            `tuner.explore`.
        data: Names of the public data sets that trials read with `tuner.find_data`: no sweep
            starts where one of them is not on this machine.
        objectives: All metrics with their modes, the primary first; filled in.
        bundles: How ``resources`` is divided, filled in; empty for a single bundle.
        resources_of: The function that ``resources`` was given as, if it was; filled in.
        auto_gpu: Whether the share of a GPU is to be measured; filled in.
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
    placement: Placement = "pack"
    checkpoints: bool | None = None
    description: str = ""
    tags: tuple[str, ...] = ()
    constraint: spaces.Constraint | None = field(default=None, repr=False)
    diverges: DivergenceRule | None = None
    mutable: tuple[str, ...] | None = None
    roles: Mapping[str, Role] = field(default_factory=dict)
    data: tuple[str, ...] = ()
    objectives: tuple[Objective, ...] = ()
    bundles: Bundles = ()
    resources_of: ResourcesOf | None = field(default=None, repr=False)
    auto_gpu: bool = False
    source: str | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        check_trainable(self.trainable)
        spaces.validate(self.space)
        check_constraint(self.constraint)
        check_rule(self.diverges)
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
        self._freeze("data", _data_sets(self.data))
        self._settle_resources()
        self._freeze("space", MappingProxyType(_copy_tree(self.space)))
        if self.mutable is not None:
            self._freeze("mutable", _names("mutable", self.mutable))
        self._check_mutable()
        self._freeze("roles", MappingProxyType(settle_roles(self.roles, self.space)))

    @property
    def saves_checkpoints(self) -> bool:
        """Whether a trial can be paused, moved and cloned without starting again."""
        if self.checkpoints is not None:
            return self.checkpoints
        return inspect.isclass(self.trainable) and class_saves(self.trainable)

    def shape_for(self, config: Mapping[str, Any]) -> Shape:
        """Return what the trial of a configuration takes, and where.

        Raises:
            ScenarioError: The function of resources raises, or answers with what Ray cannot grant.
        """
        if self.resources_of is None:
            return self.shape
        return Shape.of(request_of(self.resources_of, config), (), self.placement)

    @property
    def shape(self) -> Shape:
        """What one trial takes, and where; nothing where that follows from its configuration."""
        return Shape.of(self.resources, self.bundles, self.placement)

    def is_feasible(self, config: Mapping[str, Any]) -> bool:
        """Say whether a complete configuration satisfies the constraint.

        Raises:
            SpaceError: The constraint fails, or answers with something else than a boolean.
        """
        return spaces.is_feasible(self.constraint, config)

    def with_space(self, space: Mapping[str, Any]) -> Scenario:
        """Return the scenario in another space; names that it lacks lose their role.

        Names in ``mutable`` that it lacks are left out too.

        Raises:
            SpaceError: The space is no space.
        """
        spaces.validate(space)
        there = spaces.domains(space)
        mutable = None if self.mutable is None else tuple(n for n in self.mutable if n in there)
        roles = {name: role for name, role in self.roles.items() if name in there}
        return replace(self, space=space, mutable=mutable, roles=roles)

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

    def _settle_resources(self) -> None:
        """Fill in `bundles`, and have ``resources`` be what they take together."""
        given, function, auto = settle_varying(self.resources, self.resources_of, self.auto_gpu)
        self._freeze("resources_of", function)
        self._freeze("auto_gpu", auto)
        self._freeze("placement", check_placement(strategy_of(given) or self.placement))
        none: dict[str, float] = {}
        resources, bundles = (none, ()) if function else settle_resources(given, self.bundles)
        self._freeze("resources", MappingProxyType(resources))
        self._freeze("bundles", bundles)

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
        if self.checkpoints and inspect.isclass(trainable) and not class_saves(trainable):
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
        """Return the fields; pickle cannot take the read-only views of some."""
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


def _check_text(what: str, value: Any, *, empty: bool) -> None:
    if not isinstance(value, str) or (not value and not empty):
        kind = "a string" if empty else "a non-empty string"
        raise ScenarioError(f"{what} must be {kind}, but is {value!r}")


def _names(what: str, names: Any) -> tuple[str, ...]:
    if isinstance(names, list | tuple) and all(isinstance(name, str) for name in names):
        return tuple(names)
    raise ScenarioError(f"{what} must be a tuple of strings, but is {names!r}")


def _data_sets(given: Any) -> tuple[str, ...]:
    names = _names("data", given)
    for name in names:
        if name not in DATA_SETS:
            raise ScenarioError(
                "data must name public data sets (tuner data list), but one is "
                f"{name!r}{nearest(name, DATA_SETS)}"
            )
    return names


def _copy_tree(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _copy_tree(value) if isinstance(value, Mapping) else copy.deepcopy(value)
        for key, value in tree.items()
    }
