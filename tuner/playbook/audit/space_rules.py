"""Rules about the space: is the best at its edge, what fails where, what was tried twice?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from tuner.analysis.proportions import wilson_interval
from tuner.playbook.audit.checks import Check, command, why_not_judged
from tuner.playbook.audit.findings import Finding
from tuner.playbook.evidence import FEWEST_GOOD, Evidence
from tuner.playbook.positions import option_counts
from tuner.plurals import counted
from tuner.searchers.parameters import Number, Options, Parameter
from tuner.store.outcomes import BAD, SUCCESSES

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["boundary", "duplicates", "failures"]

NEAR = 0.05
"""The outer twentieth of a domain is its edge."""

_CHANCE = 0.05
"""How often chance alone may pass for an effect, over all hyperparameters and ends together."""


class _End(NamedTuple):
    """One end of a hyperparameter's domain, and the good trials there."""

    name: str
    end: str
    bound: float
    share: float
    trials: int


def boundary(evidence: Evidence, check: Check) -> Finding:
    """Look for good trials that crowd at an end of a domain, more than chance would have it."""
    refusal = why_not_judged(evidence)
    if refusal:
        return check.unknown(refusal)
    if len(evidence.ranked) < 2 * FEWEST_GOOD:
        return check.unknown(
            f"{counted(len(evidence.ranked), 'trial')} with a value, and good ones are told from "
            f"{2 * FEWEST_GOOD} on"
        )
    numbers = {n: p for n, p in evidence.parameters.items() if isinstance(p, Number)}
    if not numbers:
        return check.unknown("no hyperparameter has bounds")
    good = evidence.positions.loc[evidence.good]
    tests = 2 * len(numbers)
    found = [end for name, each in numbers.items() for end in _crowded(name, each, good, tests)]
    found.sort(key=lambda end: -end.share)
    picture = partial(_positions_figure, evidence, evidence.good, "good", edge=NEAR)
    if not found:
        message = f"the {len(good)} good trials crowd at no end of {counted(len(numbers), 'range')}"
        return check.judged(0.0, message, remedy="", picture=picture)
    told = "; ".join(
        f"{end.share:.0%} of {end.trials} good trials have {end.name} at its {end.end} end, "
        f"{end.bound:g}"
        for end in found
    )
    remedy = (
        f"widen {', '.join(dict.fromkeys(end.name for end in found))}, unless the bound is a "
        f"natural one: {command('refine', evidence.place)}"
    )
    details = {"ends": [end._asdict() for end in found]}
    return check.judged(found[0].share, told, remedy=remedy, picture=picture, details=details)


def failures(evidence: Evidence, check: Check) -> Finding:
    """Tell the share of trials that diverged, failed or were infeasible, and where they lie."""
    trials = evidence.trials
    ended = trials[trials["outcome"].notna() & (trials["outcome"] != "interrupted")]
    if not len(ended):
        return check.unknown("no trial has ended")
    worthless = ended["outcome"].isin(SUCCESSES) & ~np.isfinite(ended["cost"])
    bad = ended["outcome"].isin(BAD) | worthless
    trials_told = counted(len(ended), "trial")
    if not bad.any():
        return check.judged(0.0, f"each of {trials_told} brought a value", remedy="")
    kinds = Counter(ended["outcome"].where(~worthless, "without a finite value")[bad])
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    where = "" if bad.all() else _where(evidence, bad)
    message = f"{bad.mean():.0%} of {trials_told} brought nothing: {told}"
    remedy = f"see what ended them: {command('show', evidence.place)}"
    if where:
        message += f"; {where}"
        remedy = f"narrow the space there: {command('refine', evidence.place)}"
    picture = partial(_positions_figure, evidence, list(bad.index[bad]), "brought nothing")
    return check.judged(
        float(bad.mean()),
        message,
        remedy=remedy,
        picture=picture if len(evidence.positions.columns) else None,
        details={
            "interval": wilson_interval(int(bad.sum()), len(bad)),
            "outcomes": dict(kinds),
            "where": where,
        },
    )


def duplicates(evidence: Evidence, check: Check) -> Finding:
    """Count the trials whose configuration an earlier trial had."""
    refusal = why_not_judged(evidence, needs_space=False)
    if refusal:
        return check.unknown(refusal)
    keys = evidence.trials["key"]
    if not len(keys):
        return check.unknown("there is no trial")
    repeats = int(keys.duplicated().sum())
    distinct = len(keys) - repeats
    most = int(keys.value_counts().iloc[0])
    message = f"{counted(distinct, 'configuration')} in {counted(len(keys), 'trial')}"
    if repeats:
        message += f", one of them {most} times"
    return check.judged(
        repeats / len(keys),
        message,
        remedy="fewer trials, a wider space, or a searcher that repeats nothing (--searcher grid "
        "or halton); repeats on purpose tell the seeds' variance",
        details={"repeats": repeats, "distinct": distinct, "most": most},
        picture=partial(_repeats_figure, keys),
    )


def _crowded(name: str, number: Number, good: pd.DataFrame, tests: int) -> Iterator[_End]:
    """Yield the ends of a domain where significantly many good trials lie."""
    places = good[name].dropna().to_numpy(float)
    low, high = number.to_unit(number.lower), number.to_unit(number.upper)
    if len(places) < FEWEST_GOOD or not low < high:
        return
    along = (places - low) / (high - low)
    for end, bound, there, cell in (
        ("lower", number.lower, along <= NEAR, 2 * low),  # a multiple's share of the interval
        ("upper", number.upper, along >= 1 - NEAR, 2 * (1 - high)),
    ):
        by_chance = min(1.0, NEAR + cell)
        p = stats.binom.sf(there.sum() - 1, len(places), by_chance)
        if p < _CHANCE / tests:
            yield _End(name, end, bound, float(there.mean()), len(places))


def _where(evidence: Evidence, bad: pd.Series[bool]) -> str:
    """Return the side of one hyperparameter where bad trials lie; empty if none tells."""
    places = evidence.positions.loc[bad.index]
    sides = [
        side
        for name, parameter in evidence.parameters.items()
        for side in _sides(name, parameter, places[name].to_numpy(float))
    ]
    if not sides:
        return ""
    marked = bad.to_numpy(bool)
    best = max(sides, key=lambda side: _separation(side[1], marked))
    inside = best[1]
    table = [
        [int((inside & marked).sum()), int((inside & ~marked).sum())],
        [int((~inside & marked).sum()), int((~inside & ~marked).sum())],
    ]
    if _separation(inside, marked) <= 0 or stats.fisher_exact(table)[1] > _CHANCE / len(sides):
        return ""
    return f"{table[0][0]} of {sum(table[0])} with {best[0]}"


def _sides(
    name: str, parameter: Parameter, places: npt.NDArray[np.float64]
) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    """Yield parts of a domain that can be told in a few words, and which trials lie there."""
    if isinstance(parameter, Options):
        for position, option in enumerate(parameter.options):
            yield f"{name} = {_short(option)}", places == position
        return
    for cut in np.arange(0.1, 0.95, 0.1):
        value = f"{parameter.from_unit(float(cut)):.3g}"
        yield f"{name} < {value}", places < cut
        yield f"{name} > {value}", places > cut


def _separation(inside: npt.NDArray[np.bool_], marked: npt.NDArray[np.bool_]) -> float:
    """Return by how much more of the marked than of the others are inside (Youden's J)."""
    return float(inside[marked].mean() - inside[~marked].mean())


def _short(option: Any) -> str:
    text = str(option)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _positions_figure(
    evidence: Evidence, marked: Sequence[str], label: str, *, edge: float = 0.0
) -> Figure:
    from tuner import figures

    counts = option_counts(evidence.parameters)
    return figures.positions(
        evidence.positions, marked=marked, label=label, options=counts, edge=edge
    )


def _repeats_figure(keys: pd.Series[str]) -> Figure:
    from tuner import figures

    counts = keys.value_counts().value_counts().sort_index()
    return figures.counts(
        {f"{times} x": int(count) for times, count in counts.items()},
        x="how often a configuration was tried",
        y="configurations",
    )
