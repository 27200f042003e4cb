"""The next space: what each hyperparameter becomes, and why."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ray.tune.search.sample import Categorical, Domain

from tuner import space as spaces
from tuner.playbook.positions import searchable
from tuner.playbook.refinement.choices import OptionsVerdict, next_options
from tuner.playbook.refinement.ranges import next_range
from tuner.playbook.refinement.standings import FEWEST_GOOD, Standings
from tuner.plurals import counted
from tuner.progress.wording import value_text
from tuner.searchers.parameters import Number, Options, Parameter, decompose, parameters
from tuner.space import Keep, python_text
from tuner.space.leaves import branches

__all__ = ["Change", "Proposal", "propose"]

_ONE_LINE = 10_000


@dataclass(frozen=True)
class Change:
    """What becomes of a hyperparameter.

    Attributes:
        name: Its flat name in the old space; ``max_t`` stands for the length of training.
        kinds: What is done, of ``"narrow"``, ``"widen"``, ``"drop"`` (options) and ``"fix"``; none
            where it stays as it is.
        old: Its domain as Python source.
        new: Likewise; the same where it stays.
        why: In a line.
    """

    name: str
    kinds: tuple[str, ...]
    old: str
    new: str
    why: str

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {**asdict(self), "kinds": list(self.kinds)}


@dataclass(frozen=True)
class Proposal:
    """A space, and how it came from another one.

    Attributes:
        space: The new one.
        changes: What becomes of each hyperparameter of the old one, also of those that stay.
        paths: By the name of each domain that is still there, its name now.
    """

    space: Mapping[str, Any]
    changes: tuple[Change, ...]
    paths: Mapping[str, str]

    @property
    def is_new(self) -> bool:
        """Whether anything changes."""
        return any(change.kinds for change in self.changes)


def propose(
    space: Mapping[str, Any],
    standings: Standings,
    *,
    keep: Mapping[str, str],
    fixed: Mapping[str, tuple[Any, str]],
    negligible: Collection[str] = (),
) -> Proposal:
    """Return the next space.

    Args:
        space: The one that was searched.
        standings: What its trials have shown.
        keep: Names that stay as they are, with the reason.
        fixed: Names that are given one value (as `tuner.space.edited` takes it), with the reason.
        negligible: Names of hyperparameters that do not matter: they are fixed at the best trial's
            value, unless they choose a branch.
    """
    found = parameters(searchable(spaces.to_json(space)))
    values = _values(space, standings)
    domains = spaces.domains(space)

    def fate(name: str, domain: Domain) -> _Fate:
        if name in fixed:
            return _Fate(("fix",), fixed[name][1], fixed[name][0])
        if name in keep or name not in found:
            return _Fate((), keep.get(name) or _unsearched(domain.is_function()))
        tried = [trial for trial, taken in enumerate(values) if name in taken]
        good = standings.good(tried)
        if not good:
            return _Fate((), _too_few(len(tried)))
        best = [values[trial][name] for trial in good]
        if name in negligible and not branches(domain):
            only = Keep((int(best[0]),)) if isinstance(found[name], Options) else best[0]
            return _Fate(("fix",), "it does not matter; the value is the best trial's", only)
        return _fate(found[name], best, [values[trial][name] for trial in tried])

    fates = {name: fate(name, domain) for name, domain in domains.items()}
    edits = {name: each.edit for name, each in fates.items() if each.kinds}
    new, paths = spaces.edited(space, edits)
    left = spaces.domains(new)
    changes = []
    for name, domain in domains.items():
        if _is_in_dropped_branch(name, edits):
            changes.append(Change(name, ("drop",), _source(domain), "-", "its branch is dropped"))
            continue
        now = left[paths[name]] if name in paths else _only_value(edits[name], domain)
        changes.append(
            Change(name, fates[name].kinds, _source(domain), _source(now), fates[name].why)
        )
    return Proposal(new, tuple(changes), paths)


@dataclass(frozen=True)
class _Fate:
    """What is done to a hyperparameter, why, and what it becomes for `tuner.space.edited`."""

    kinds: tuple[str, ...]
    why: str
    edit: Any = None


def _fate(found: Parameter, good: Sequence[float], tried: Sequence[float]) -> _Fate:
    """Return what follows for a parameter from trials.

    Args:
        found: The parameter.
        good: Its values in the good trials, the best first.
        tried: Its values in all trials.
    """
    if isinstance(found, Number):
        range_ = next_range(found, good)
        return _Fate(range_.kinds, range_.why, range_.domain)
    if isinstance(found, Options):
        positions = [[int(value) for value in each] for each in (tried, good)]
        verdict = next_options(len(found.options), *positions)
        labels = [_label(option) for option in found.options]
        kinds = ("drop",) if verdict.dropped else ()
        return _Fate(kinds, _why(verdict, labels, len(good)), Keep(verdict.kept))
    return _Fate((), "a normal distribution has no bounds to move")


def _values(space: Mapping[str, Any], standings: Standings) -> list[dict[str, int | float]]:
    """Return the parameters' values of each trial; none of one that lies outside the space."""
    plain = searchable(spaces.to_json(space))
    return [
        {} if spaces.contains(plain, config) else decompose(plain, config)
        for config in standings.configs
    ]


def _source(value: Any) -> str:
    return python_text(value, width=_ONE_LINE)


def _why(verdict: OptionsVerdict, labels: Sequence[str], good: int) -> str:
    have = ", ".join(
        f"{count} {label}" for label, count in zip(labels, verdict.good, strict=True) if count
    )
    told = f"of the {good} best trials {have}"
    for position, p_value in zip(verdict.dropped, verdict.p_values, strict=True):
        told += (
            f"; none has {labels[position]}, tried {counted(verdict.tried[position], 'time')} "
            f"(p = {p_value:.2g})"
        )
    return told


def _label(option: Any) -> str:
    """Return an option in a word: of a branch, its first text that is constant."""
    if isinstance(option, Mapping):
        words = (value for value in option.values() if isinstance(value, str))
        return next(words, None) or value_text(python_text(option))
    return value_text(option)


def _only_value(edit: Any, domain: Domain) -> Any:
    if isinstance(edit, Keep) and isinstance(domain, Categorical):
        return domain.categories[edit.positions[0]]
    return edit


def _is_in_dropped_branch(name: str, edits: Mapping[str, Any]) -> bool:
    for choice, edit in edits.items():
        inside = re.match(rf"{re.escape(choice)}\[(\d+)\]/", name)
        if inside and isinstance(edit, Keep) and int(inside[1]) not in edit.positions:
            return True
    return False


def _unsearched(is_function: bool) -> str:
    return "tune.sample_from draws it" if is_function else "it has one option"


def _too_few(tried: int) -> str:
    return (
        f"{counted(tried, 'trial')} to compare, of which fewer than {FEWEST_GOOD} can be called "
        "good: too few to conclude from"
    )
