"""Which hyperparameters are drawn where there is no room for all: those that tell most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from tuner.figures.frames import Floats
from tuner.figures.hyperparameters import Hyperparameter

__all__ = ["strength", "strongest"]

_BINS = 6
_FEWEST = 3  # trials in a bin


def strongest(
    found: Sequence[Hyperparameter], costs: Floats, most: int
) -> tuple[list[Hyperparameter], str | None]:
    """Return at most so many hyperparameters, in their order, and a note where others are left out.

    Args:
        found: Of which.
        costs: Of the trials, lower is better; infinite where there is none, (n,).
        most: How many.
    """
    if len(found) <= most:
        return list(found), None
    strengths = np.array([strength(each, costs) for each in found])
    kept = np.sort(np.argsort(-strengths, kind="stable")[:most])
    note = f"the {most} of {len(found)} hyperparameters that explain most, each by itself"
    return [found[at] for at in kept], note


def strength(hyperparameter: Hyperparameter, costs: Floats) -> float:
    """Return which share of the variance of the trials' ranks a hyperparameter explains alone.

    That is the correlation ratio over its options or sixths of its values, less what as many bins
    explain by chance (epsilon squared; Kelley 1935, "An unbiased correlation ratio measure"). A
    forest tells more, and takes seconds.

    Args:
        hyperparameter: What trials had of it. Where some have none, it is judged by the others,
            and counts for their share: what it hangs on is not its merit.
        costs: As `strongest` takes them; trials without a value share the worst rank.
    """
    there = ~np.isnan(hyperparameter.places)
    if not there.any():
        return 0.0
    bins = _bins(hyperparameter.places[there], options=bool(hyperparameter.options))
    groups, sizes = np.unique(bins, return_counts=True)
    ranks = rankdata(np.nan_to_num(costs[there], posinf=np.finfo(float).max))
    count, kinds = len(ranks), len(groups)
    total = float(((ranks - ranks.mean()) ** 2).sum())
    if kinds < 2 or count <= kinds or not total > 0:
        return 0.0
    means = np.array([ranks[bins == group].mean() for group in groups])
    between = float((sizes * (means - ranks.mean()) ** 2).sum())
    return float(there.mean()) * (1 - (1 - between / total) * (count - 1) / (count - kinds))


def _bins(places: Floats, *, options: bool) -> npt.NDArray[np.intp]:
    if options:
        return places.astype(np.intp)
    kinds = max(min(_BINS, len(places) // _FEWEST), 1)
    edges = np.unique(np.quantile(places, np.linspace(0, 1, kinds + 1)[1:-1]))
    return np.searchsorted(edges, places, side="right")
