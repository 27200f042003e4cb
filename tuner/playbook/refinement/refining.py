"""What the next space should be after a sweep, and why: read, judged, and told."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tuner import space as spaces
from tuner.analysis.importance import FEWEST_TRIALS, forest_importance
from tuner.display import Display, Displayed, Grid
from tuner.errors import SpaceError
from tuner.playbook.audit.checks import Check
from tuner.playbook.audit.course_rules import still_improving
from tuner.playbook.audit.findings import Verdict
from tuner.playbook.audit.thresholds import THRESHOLDS
from tuner.playbook.evidence import gather
from tuner.playbook.exploration.roles import only_value, paths_of
from tuner.playbook.positions import option_counts, positions, searchable
from tuner.playbook.refinement.lineage import lineage_of
from tuner.playbook.refinement.proposing import Change, propose
from tuner.playbook.refinement.standings import Standings, standings
from tuner.plurals import counted
from tuner.spec import SweepSpec
from tuner.store import Sweep
from tuner.store.record import SweepRecord

__all__ = ["Refinement", "propose_refinement"]

_NEGLIGIBLE = 0.02  # of the variance of ranks, interactions included
_KNOWS = 0.2  # R^2 on trials not seen, below which a forest says nothing
_ENOUGH = 3 * FEWEST_TRIALS
_LONGER = 2
_SCIENTIFIC = "scientific: all its values are compared; name it nuisance to refine it"
_ASKED = "as asked for"


@dataclass(frozen=True)
class Refinement(Displayed):
    """What a sweep suggests for the next one.

    Attributes:
        sweep: Where the sweep lies, or its name.
        metric: What counted, with its better direction.
        trials: How many trials were compared.
        good: How many of them are the good ones.
        time: At which ``time_attr`` they were compared; None where there are none.
        time_attr: What counts as time.
        space: The next space; the same where nothing changes.
        changes: What becomes of each hyperparameter, also of those that stay.
        paths: By the flat name of each domain that is still there, its name in the next space.
        roles: Of the next space, with those that are fixed by now.
        max_t: Of the next sweep.
        round: Which refinement of its root it will be, from 1.
        remarks: What the user should know, a line each.
        sweeps: The rounds that led here, the first one first; see `tuner.refine`.
    """

    sweep: str
    metric: str
    trials: int
    good: int
    time: float | None
    time_attr: str
    space: Mapping[str, Any]
    changes: tuple[Change, ...]
    paths: Mapping[str, str]
    roles: Mapping[str, str]
    max_t: int
    round: int
    remarks: tuple[str, ...]
    sweeps: tuple[Sweep, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether anything changes."""
        return any(change.kinds for change in self.changes)

    @property
    def basis(self) -> str:
        """What was compared, in words."""
        if self.time is None:
            return "no trial can be compared"
        if not self.good:
            return f"{counted(self.trials, 'trial')} to compare: too few to call some of them good"
        return (
            f"the {self.good} best of {counted(self.trials, 'trial')} by {self.metric}, compared "
            f"at {self.time_attr} {self.time:g}"
        )

    @property
    def python(self) -> str:
        """The next space as Python source, to paste into a scenario."""
        return spaces.python_text(self.space)

    def trained_to(self, max_t: int) -> Refinement:
        """Return it where somebody else settles how long the next sweep trains."""
        changes = tuple(change for change in self.changes if "lengthen" not in change.kinds)
        return replace(self, max_t=max_t, changes=changes)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {
            "sweep": self.sweep,
            "metric": self.metric,
            "trials": self.trials,
            "good": self.good,
            "time": self.time,
            "time_attr": self.time_attr,
            "round": self.round,
            "max_t": self.max_t,
            "changes": [change.to_json() for change in self.changes],
            "space": spaces.to_json(self.space),
            "python": self.python,
            "roles": dict(self.roles),
            "remarks": list(self.remarks),
            "sweeps": [str(sweep.place) for sweep in self.sweeps],
        }

    def __str__(self) -> str:
        told = (f"  {name}: {done}: {turned}  ({why})" for name, done, turned, why in self._rows())
        return "\n".join([f"{self.sweep}: {self.basis}", *told, *self.remarks])

    def _display(self) -> Display:
        heads = ("hyperparameter", "change", "range", "why")
        grid = Grid(tuple(self._rows()), heads, words=len(heads))
        return Display(f"{self.sweep}: {self.basis}", (grid,), self.remarks)

    def _rows(self) -> Iterator[tuple[str, str, str, str]]:
        for change in self.changes:
            turned = f"{change.old} -> {change.new}" if change.kinds else change.old
            yield change.name, "+".join(change.kinds) or "keep", turned, change.why


def propose_refinement(
    sweep: SweepRecord,
    *,
    nuisance: Iterable[str] = (),
    fix: Mapping[str, Any] | None = None,
    importance: Mapping[str, float] | None = None,
    space: Mapping[str, Any] | None = None,
) -> Refinement:
    """Return what the sweep suggests for the next one; nothing is run.

    Args:
        sweep: Real or simulated, finished or not.
        nuisance: Scientific hyperparameters that shall be refined like the others, by flat name
            or its last part.
        fix: Values of hyperparameters that shall stay from now on, by such names.
        importance: The share of the metric's variance that a hyperparameter explains, 0 to 1, by
            flat name. None: estimated by a forest where there are trials enough.
        space: The sweep's space with its functions, where it is at hand.

    Raises:
        SpecError: A name is unknown, or a fixed one has no value in its domain.
    """
    spec = sweep.spec
    searched = _stored_space(spec) if space is None else dict(space)
    found = _standings(sweep, searched)
    refined = set(paths_of(searched, nuisance))
    roles = {name: role for name, role in spec.roles.items() if name not in refined}
    known = spaces.domains(searched)
    fixed = {
        path: only_value(path, known[path], value)
        for name, value in (fix or {}).items()
        for path in paths_of(searched, [name])
    }
    proposal = propose(
        searched,
        found,
        keep={name: _SCIENTIFIC for name, role in roles.items() if role == "scientific"},
        fixed={path: (edit, _ASKED) for path, edit in fixed.items()},
        negligible=_negligible(searched, found, importance),
    )
    length = _length(sweep)
    gone = [c.name for c in proposal.changes if "fix" in c.kinds and c.name not in proposal.paths]
    lineage = lineage_of(spec)
    return Refinement(
        sweep=str(getattr(sweep, "place", None) or spec.name),
        metric=str(sweep.objectives[0]),
        trials=len(found.costs),
        good=len(found.good()),
        time=found.time if math.isfinite(found.time) else None,
        time_attr=spec.time_attr,
        space=proposal.space,
        changes=(*proposal.changes, *([length] if length else [])),
        paths=proposal.paths,
        roles={
            **{now: roles[name] for name, now in proposal.paths.items() if name in roles},
            **{name: role for name, role in roles.items() if role == "fixed"},
            **dict.fromkeys(gone, "fixed"),
        },
        max_t=int(length.new) if length else spec.max_t,
        round=lineage.round + 1 if lineage else 1,
        remarks=tuple(_remarks(sweep, spec, found)),
    )


def _stored_space(spec: SweepSpec) -> dict[str, Any]:
    """Return a sweep's space; where it calls functions, these are stood for, and grids by choices.

    Nothing stores the functions.
    """
    try:
        return spaces.from_json(spec.space)
    except SpaceError:
        return searchable(spec.space)


def _standings(sweep: SweepRecord, space: Mapping[str, Any]) -> Standings:
    """Return how the trials stand that lie in the space, which may have changed on the way."""
    trials, decisions = sweep.trials(), sweep.decisions()
    plain = searchable(spaces.to_json(space))
    inside = np.array([not spaces.contains(plain, c) for c in trials["config"]], dtype=bool)
    copied = decisions.loc[decisions["decision"] == "EXPLOIT", "trial_id"]
    return standings(
        trials[inside],
        sweep.reports(),
        objective=sweep.objectives[0],
        time_attr=sweep.spec.time_attr,
        copied=frozenset(copied),
    )


def _negligible(
    space: Mapping[str, Any], found: Standings, given: Mapping[str, float] | None
) -> list[str]:
    """Return the hyperparameters that do not matter, as far as that can be told."""
    if given is not None:
        shares = {path: share for name, share in given.items() for path in paths_of(space, [name])}
        return [path for path, share in shares.items() if share < _NEGLIGIBLE]
    plain = searchable(spaces.to_json(space))
    known, inputs = positions(plain, found.configs)
    if len(inputs) < _ENOUGH or len(inputs.columns) < 2:
        return []
    told = forest_importance(inputs, found.costs, options=option_counts(known))
    if not told.r2 >= _KNOWS:
        return []
    effects = told.effects
    return [str(name) for name in effects.loc[effects["total_high"] < _NEGLIGIBLE, "name"]]


def _length(sweep: SweepRecord) -> Change | None:
    """Return a longer training, where the good trials still gained much at the end of theirs."""
    finding = still_improving(
        gather(sweep), Check("still_improving", THRESHOLDS["still_improving"])
    )
    if finding.verdict is not Verdict.fail:
        return None
    max_t = sweep.spec.max_t
    return Change("max_t", ("lengthen",), str(max_t), str(_LONGER * max_t), finding.message)


def _remarks(sweep: SweepRecord, spec: SweepSpec, found: Standings) -> Iterator[str]:
    if len(sweep.objectives) > 1:
        others = ", ".join(each.metric for each in sweep.objectives[1:])
        yield f"trials are compared by {spec.metric} alone, not by {others}"
    if sweep.state.get("status") != "finished":
        yield f"the sweep is {sweep.state.get('status')}: this is how it stands so far"
    if found.left_out:
        told = ", ".join(f"{count} {why}" for why, count in found.left_out.items())
        yield f"not compared: {told}"
