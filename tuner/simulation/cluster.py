"""The simulated cluster: what it holds, how long all but training takes, and what goes wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from tuner.arms import JSON, Choice, parse_choice
from tuner.errors import ResourcesError, SpecError, nearest
from tuner.plurals import counted
from tuner.simulation.nodes import Node, parse_nodes, places_on, spell_nodes

__all__ = ["ClusterModel", "parse_cluster"]


@dataclass(frozen=True)
class ClusterModel:
    """So many equal workers, or nodes; Ray fills one node before the next.

    Whatever is drawn follows from a simulation's seed and from this model alone, not from what is
    decided: under one seed, all schedulers meet the same outages.

    Attributes:
        slots: How many trials run at once, whatever they take, each on a node of its own; or None
            where there are nodes.
        start_s: Seconds to start a worker.
        reset_s: Seconds until a worker that has served another trial is ready for the next.
        save_s: Seconds to save a checkpoint.
        load_s: Seconds to load one.
        nodes: The machines, in the order in which Ray fills them.
        straggler_share: The share of nodes (expected, 0 to 1) that are slow.
        straggler_factor: How many times as long an epoch takes on those.
        epoch_noise: The standard deviation of z, where each epoch takes 1 + abs(z) times as long,
            z normal around 0: the stragglers of the ASHA paper's simulations (Li et al.,
            "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020, appendix A.1).
        node_mtbf_s: Mean seconds until a node is lost, exponentially distributed; infinite for
            never.
        node_repair_s: Seconds until it is back.
        worker_mtbf_s: Mean seconds until a worker process dies (out of memory, say), likewise.
        losses_fail: Whether a lost node counts as a failure of its trials, as a crash does. With
            `tuner.run` it does not; with Ray Tune it does, unless Ray was warned of it.

    Raises:
        SpecError: There are neither slots nor nodes, or both, or a value makes no sense.
    """

    slots: int | None = None
    start_s: float = 0.0
    reset_s: float = 0.0
    save_s: float = 0.0
    load_s: float = 0.0
    nodes: tuple[Node, ...] = field(default=(), kw_only=True)
    straggler_share: float = field(default=0.0, kw_only=True)
    straggler_factor: float = field(default=2.0, kw_only=True)
    epoch_noise: float = field(default=0.0, kw_only=True)
    node_mtbf_s: float = field(default=math.inf, kw_only=True)
    node_repair_s: float = field(default=0.0, kw_only=True)
    worker_mtbf_s: float = field(default=math.inf, kw_only=True)
    losses_fail: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.slots is not None and self.slots < 1:
            raise SpecError(f"a cluster has at least one slot, got slots={self.slots}")
        if (self.slots is None) == (not self.nodes):
            raise SpecError(
                f"a cluster has either slots or nodes, got slots={self.slots} and "
                f"{counted(len(self.nodes), 'node')}: give one of them"
            )
        for name in ("start_s", "reset_s", "save_s", "load_s", "epoch_noise", "node_repair_s"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                unit = "seconds" if name.endswith("_s") else "standard deviations"
                raise SpecError(f"{name} must be a number of {unit} >= 0, got {value}")
        for name in ("node_mtbf_s", "worker_mtbf_s"):
            if not getattr(self, name) > 0:
                raise SpecError(f"{name} must be above 0 (inf: never), got {getattr(self, name)}")
        if not 0 <= self.straggler_share <= 1:
            raise SpecError(f"straggler_share must be in [0, 1], got {self.straggler_share}")
        if not 1 <= self.straggler_factor < math.inf:
            raise SpecError(f"straggler_factor must be at least 1, got {self.straggler_factor}")

    def places(self, resources: Mapping[str, float]) -> tuple[int, ...]:
        """Return how many trials each node holds at once.

        Args:
            resources: What a trial takes, as in a scenario; nothing where trials differ in it.

        Raises:
            ResourcesError: No node holds a trial, or what trials take is unknown.
        """
        if self.slots is not None:
            return (1,) * self.slots
        if not resources:
            raise ResourcesError(
                "what trials take follows from their configurations, which is not simulated on "
                f"nodes, got {spell_nodes(self.nodes)}; say how many run at once, such as "
                "cluster='16', or give resources in numbers"
            )
        return places_on(self.nodes, resources)

    def __str__(self) -> str:
        """Spell the cluster so that `parse_cluster` gives it back."""
        where = str(self.slots) if self.slots is not None else spell_nodes(self.nodes)
        changed: dict[str, JSON] = {
            name: getattr(self, name)
            for name, default in _DEFAULTS.items()
            if getattr(self, name) != default
        }
        _, colon, options = str(Choice("cluster", changed)).partition(":")
        return f"{where}{colon}{options}"


_DEFAULTS = {spec.name: spec.default for spec in fields(ClusterModel)[1:] if spec.name != "nodes"}


def parse_cluster(text: str) -> ClusterModel:
    """Return the cluster that a text spells.

    Args:
        text: How many trials run at once, such as ``25``, or nodes, such as ``8x4gpu`` or
            ``2x(cpu=32,gpu=8)+1x(cpu=64)``; then, after a colon, any of `ClusterModel`'s other
            attributes: ``8x4gpu:start_s=10,node_mtbf_s=86400,node_repair_s=600``.

    Raises:
        SpecError: It spells none.
    """
    where, colon, rest = (part.strip() for part in text.partition(":"))
    if not where:
        raise SpecError(f"a cluster is spelled as 25, 8x4gpu or 2x(cpu=32,gpu=8), got {text!r}")
    options = parse_choice(f"cluster:{rest}").options if colon else {}
    values: dict[str, Any] = {name: _checked(name, value) for name, value in options.items()}
    if where.isdecimal():
        return ClusterModel(int(where), **values)
    return ClusterModel(nodes=parse_nodes(where), **values)


def _checked(name: str, value: JSON) -> float:
    """Return an option's value: a number, or whether, as the default has it."""
    if name not in _DEFAULTS:
        raise SpecError(f"unknown option {name!r} of a cluster{nearest(name, _DEFAULTS)}")
    is_switch = isinstance(_DEFAULTS[name], bool)
    if is_switch != isinstance(value, bool) or not isinstance(value, int | float):
        wanted = "true or false" if is_switch else "a number"
        raise SpecError(f"{name} of a cluster is {wanted}, got {value!r}")
    return value if is_switch else float(value)
