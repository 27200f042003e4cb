"""The rounds of refinement that led to a sweep, as a frame of ranges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from tuner import space as spaces
from tuner.errors import NoResultError, StorageError
from tuner.playbook.positions import flat_name, searchable
from tuner.playbook.refinement.lineage import lineage_of
from tuner.searchers.parameters import Gaussian, Number, Options, parameters
from tuner.store import load
from tuner.store.record import SweepRecord

__all__ = ["ranges_of_rounds"]

_COLUMNS = ["round", "name", "low", "high", "log", "option", "best"]


def ranges_of_rounds(sweep: SweepRecord) -> pd.DataFrame:
    """Return what was searched in each round up to this sweep; see `tuner.figures.refinement`.

    A parent that is not where the lineage says ends the way back: it begins with its child.
    """
    rounds = [sweep]
    while (parent := _parent(rounds[0])) is not None:
        rounds.insert(0, parent)
    rows = [row for number, each in enumerate(rounds) for row in _ranges(number, each)]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _parent(sweep: SweepRecord) -> SweepRecord | None:
    lineage = lineage_of(sweep.spec)
    if lineage is None:
        return None
    try:
        parent = load(lineage.parent)
        return parent if lineage.follows(parent.spec) else None
    except StorageError:
        return None


def _ranges(number: int, sweep: SweepRecord) -> Iterator[dict[str, Any]]:
    """Yield what was searched in one round: a row per number, and per option of a choice."""
    best = _best(sweep)
    for path, each in parameters(searchable(sweep.spec.space)).items():
        name = flat_name(path)
        if isinstance(each, Options):
            for option in each.options:
                chosen = name in best and str(best[name]) == str(option)
                yield {"round": number, "name": name, "option": str(option), "best": chosen}
        elif isinstance(each, Number):
            yield {
                "round": number,
                "name": name,
                "low": each.lower,
                "high": each.upper,
                "log": each.log,
                "best": best.get(name),
            }
        elif isinstance(each, Gaussian):
            yield {
                "round": number,
                "name": name,
                "low": each.mean - 2 * each.sd,
                "high": each.mean + 2 * each.sd,
                "log": False,
                "best": best.get(name),
            }


def _best(sweep: SweepRecord) -> Mapping[str, Any]:
    try:
        return spaces.flatten(sweep.best().config)
    except NoResultError:
        return {}
