"""Where a refined sweep comes from: kept in its spec, so that it is stored, shown and resumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tuner.places import Place
from tuner.playbook.refinement.proposing import Change
from tuner.spec import SweepSpec

__all__ = ["Lineage", "descend", "lineage_of"]


@dataclass(frozen=True)
class Lineage:
    """Of which sweep another one is the refinement, and how it differs.

    Attributes:
        root: The name of the sweep with which it began.
        parent: Where the sweep lay that was refined.
        parent_name: Its name.
        parent_seed: Its seed.
        round: Which refinement of the root this is, from 1.
        changes: What was changed.
    """

    root: str
    parent: str
    parent_name: str
    parent_seed: int
    round: int
    changes: tuple[Change, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {**asdict(self), "changes": [change.to_json() for change in self.changes]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Lineage:
        """Return what `to_json` gave."""
        changes = [Change(**{**each, "kinds": tuple(each["kinds"])}) for each in stored["changes"]]
        return cls(**{**stored, "changes": tuple(changes)})

    @property
    def name(self) -> str:
        """What a sweep of this round is called."""
        return f"{self.root}-r{self.round}"

    def follows(self, spec: SweepSpec) -> bool:
        """Say whether a sweep with this spec is the parent; it may have moved."""
        return (self.parent_name, self.parent_seed) == (spec.name, spec.seed)


def lineage_of(spec: SweepSpec) -> Lineage | None:
    """Return where a sweep comes from; None for one that refines none."""
    return None if spec.lineage is None else Lineage.from_json(spec.lineage)


def descend(spec: SweepSpec, place: Place, changes: Sequence[Change]) -> Lineage:
    """Return the lineage of the sweep that refines one with this spec.

    Args:
        spec: Of the sweep that is refined.
        place: Where it lies.
        changes: All that becomes of its hyperparameters; those that stay are left out.
    """
    own = lineage_of(spec)
    return Lineage(
        root=own.root if own else spec.name,
        parent=str(place),
        parent_name=spec.name,
        parent_seed=spec.seed,
        round=own.round + 1 if own else 1,
        changes=tuple(change for change in changes if change.kinds),
    )
