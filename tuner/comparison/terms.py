"""The terms of a comparison: everything that decides its runs, as plain values.

Two comparisons with equal terms have equal runs (simulated ones to the last bit), so an
interrupted one goes on only under the terms that it began with.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from tuner import space as spaces
from tuner.budgets import Budget, parse_budget
from tuner.comparison.contestants import Contestant, parse_contestant
from tuner.errors import SpecError, StorageError
from tuner.scenario import Scenario

__all__ = ["Cell", "How", "Terms", "describe_scenario", "differences", "seeds_of"]

How: TypeAlias = Literal["simulated", "ray"]


@dataclass(frozen=True)
class Cell:
    """One run of a comparison.

    Attributes:
        task: The name of what is tuned.
        arm: The label of what tunes it.
        seed: The master seed, from which all that is random follows.
    """

    task: str
    arm: str
    seed: int

    def __str__(self) -> str:
        return f"{self.arm} on {self.task}, seed {self.seed}"


@dataclass(frozen=True)
class Terms:
    """What is compared, on what, at which budget.

    Attributes:
        how: ``"simulated"`` over learning curves, or ``"ray"``: real training.
        tasks: What defines each task (`describe_scenario`), by its name.
        arms: The contestants.
        seeds: Every arm runs on every task with each of them.
        budget: What each run may spend.
        cluster: The simulated cluster, as it is spelled; None for real runs.
        options: Keywords of `tuner.run` that hold for all arms.
    """

    how: How
    tasks: Mapping[str, Mapping[str, Any]]
    arms: tuple[Contestant, ...]
    seeds: tuple[int, ...]
    budget: Budget
    cluster: str | None
    options: Mapping[str, Any]

    def cells(self) -> Iterator[Cell]:
        """Yield the runs: seed by seed, so that an unfinished comparison is balanced."""
        for seed in self.seeds:
            for task in self.tasks:
                for arm in self.arms:
                    yield Cell(task, arm.label, seed)

    @property
    def size(self) -> int:
        """How many runs there are."""
        return len(self.tasks) * len(self.arms) * len(self.seeds)

    def arm(self, label: str) -> Contestant:
        """Return an arm by its label."""
        return next(arm for arm in self.arms if arm.label == label)

    def to_json(self) -> dict[str, Any]:
        """Return the terms as JSON-able values."""
        return {
            "how": self.how,
            "tasks": {name: dict(defined) for name, defined in self.tasks.items()},
            "arms": [arm.to_json() for arm in self.arms],
            "seeds": list(self.seeds),
            "budget": str(self.budget),
            "cluster": self.cluster,
            "options": dict(self.options),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Terms:
        """Return the terms that `to_json` gave.

        Raises:
            StorageError: They are not that.
        """
        try:
            return cls(
                how=data["how"],
                tasks=data["tasks"],
                arms=tuple(parse_contestant(arm) for arm in data["arms"]),
                seeds=tuple(data["seeds"]),
                budget=parse_budget(data["budget"]),
                cluster=data["cluster"],
                options=data["options"],
            )
        except (KeyError, TypeError, SpecError) as error:
            raise StorageError(f"the comparison's terms are damaged: {error}") from error


def describe_scenario(scenario: Scenario) -> dict[str, Any]:
    """Return what of a scenario decides a run, as JSON-able values; not its code."""
    return {
        "space": spaces.to_json(dict(scenario.space)),
        "metric": scenario.metric,
        "mode": scenario.mode,
        "time_attr": scenario.time_attr,
        "max_t": scenario.max_t,
        "grace_period": scenario.grace_period,
        "resources": [dict(each) for each in scenario.bundles] or dict(scenario.resources),
    }


def seeds_of(given: int | Sequence[int]) -> tuple[int, ...]:
    """Return the seeds: so many from 0, or those given.

    Raises:
        SpecError: There are none, one is no whole number from 0 on, or one is given twice.
    """
    if isinstance(given, int) and not isinstance(given, bool):
        if given < 1:
            raise SpecError(f"a comparison has at least one seed, got seeds={given}")
        return tuple(range(given))
    seeds = tuple(given) if isinstance(given, Sequence) else ()
    if not seeds or not all(type(seed) is int and seed >= 0 for seed in seeds):
        raise SpecError(f"seeds is how many, or a list of whole numbers from 0 on, got {given!r}")
    if len(set(seeds)) < len(seeds):
        raise SpecError(f"every seed counts once, got seeds={list(seeds)}")
    return seeds


def differences(one: Terms, other: Terms) -> list[str]:
    """Return in words what differs, ``one`` first; empty where nothing does."""
    found: list[str] = []
    was, now = _plain(one), _plain(other)
    for key in was:
        if was[key] == now[key]:
            continue
        if key == "tasks" and was[key].keys() == now[key].keys():
            found += _task_differences(was[key], now[key])
        else:
            found.append(f"{key} {_short(was[key])} and {_short(now[key])}")
    return found


def _plain(terms: Terms) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(json.dumps(terms.to_json()))
    return content


def _task_differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in was:
        for part in was[name]:
            if was[name][part] != now[name].get(part):
                yield f"the {part} of {name}"


def _short(value: Any) -> str:
    """Return a term in few words."""
    if isinstance(value, dict):
        return ", ".join(value) or "none"
    if isinstance(value, list):
        return ", ".join(_arm_text(each) if isinstance(each, dict) else str(each) for each in value)
    return str(value)


def _arm_text(arm: Mapping[str, Any]) -> str:
    contestant = parse_contestant(arm)
    is_named = contestant.label != str(contestant)
    return f"{contestant.label}={contestant}" if is_named else str(contestant)
