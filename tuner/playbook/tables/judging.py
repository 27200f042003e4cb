"""From what was measured, a row per repeat, to the rows of a table and its tests. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tuner.analysis.steps import Floats
from tuner.objectives import Objective
from tuner.playbook.tables.contrasts import contrasts, mean_interval
from tuner.plurals import counted

__all__ = ["Judgement", "judge"]


@dataclass(frozen=True)
class Judgement:
    """What the repeats of all values show.

    Attributes:
        metric: That by which values are compared.
        level: Of the intervals and of the tests.
        rows: A row per value, in the order in which they were given: ``value``; ``repeats``, and
            ``missing``, those that failed or diverged; for each metric ``<metric>`` (the mean),
            ``<metric>_low`` and ``<metric>_high``; ``behind`` (how much worse than the leader, 0
            or more), and ``p``, of the test against it, adjusted for all pairs. With a target
            also ``time_to_target`` (the median; infinite where half of the repeats or more did
            not reach it) and ``reached``, how many did.
        pairs: A row per pair of values: ``better``, ``worse``, ``gap``, ``p`` (adjusted).
        remarks: What limits it, a line each.
    """

    metric: str
    level: float
    rows: pd.DataFrame
    pairs: pd.DataFrame
    remarks: tuple[str, ...]

    @property
    def leader(self) -> str | None:
        """The value with the best mean among those that failed least; None without any."""
        there = self.rows[self.rows["behind"].notna()]
        return None if there.empty else str(there["value"].iloc[int(there["behind"].argmin())])

    @property
    def conclusion(self) -> str:
        """What it comes to, in a line: no more than the tests say."""
        tested = self.rows[self.rows["p"].notna()]
        if tested.empty:
            return "Nothing to compare: no two values have two repeats in common"
        is_worse = tested["p"] < 1 - self.level
        if not is_worse.any():
            return self._without_winner()
        worse, close = tested["value"][is_worse], tested["value"][~is_worse]
        told = f"(p <= {tested['p'][is_worse].max():.2g})"
        if len(worse) == len(self.rows) - 1:
            return f"{self.leader} is better than every other value {told}"
        tied = f"no difference found to {', '.join(close)}; " if len(close) else ""
        return f"{self.leader} leads: {tied}better than {', '.join(worse)} {told}"

    def _without_winner(self) -> str:
        first = self.pairs.iloc[int(self.pairs["p"].argmin())]
        if not first["p"] < 1 - self.level:
            return "No difference found"
        return (
            f"No value is surely the best, but {first['better']} is better than {first['worse']} "
            f"(p = {first['p']:.2g})"
        )


def judge(
    measurements: pd.DataFrame,
    values: Sequence[str],
    objective: Objective,
    metrics: Sequence[str] = (),
    *,
    folds: int | None = None,
    level: float = 0.95,
) -> Judgement:
    """Return the mean of each value with its interval, and how the values differ.

    Args:
        measurements: A row per repeat: ``value``, ``repeat`` (the same for repeats that are
            paired), the metrics (NaN where a repeat brought nothing) and, if times to a target
            were noted, ``time_to_target`` (infinite where it was not reached).
        values: In the order of the rows to be.
        objective: What values are compared by.
        metrics: Which others are in the rows.
        folds: Of how many folds each repetition of a cross-validation consists; None for none.
        level: Of intervals and tests.
    """
    sign = 1 if objective.mode == "min" else -1
    costs = sign * measurements.pivot(index="repeat", columns="value", values=objective.metric)
    pairs = contrasts(costs[list(values)], folds=folds)
    names = (objective.metric, *metrics)
    rows = pd.DataFrame(
        [_row(value, measurements[measurements["value"] == value], names, folds, level)
         for value in values]
    )  # fmt: skip
    rows = rows.assign(**_behind(rows, sign * rows[objective.metric], pairs))
    return Judgement(objective.metric, level, rows, pairs, tuple(_remarks(rows, costs)))


def _row(
    value: str, repeats: pd.DataFrame, metrics: Sequence[str], folds: int | None, level: float
) -> dict[str, object]:
    there = repeats[repeats[metrics[0]].notna()]
    row: dict[str, object] = {"value": value, "repeats": len(there)}
    row["missing"] = len(repeats) - len(there)
    for metric in metrics:
        sample: Floats = there[metric].dropna().to_numpy(float)
        ends = mean_interval(sample, level=level, folds=folds)
        row |= dict(zip((metric, f"{metric}_low", f"{metric}_high"), ends, strict=True))
    if "time_to_target" in there:
        times = there["time_to_target"].to_numpy(float)
        # of an even number the later of the two in the middle, since one of them may be infinite
        row["time_to_target"] = float(np.sort(times)[len(times) // 2]) if len(times) else math.nan
        row["reached"] = int(np.isfinite(times).sum())
    return row


def _behind(
    rows: pd.DataFrame, costs: pd.Series[float], pairs: pd.DataFrame
) -> dict[str, list[float]]:
    """Return how far each value lies behind the leader, and p of that.

    Values that failed more often than others are not compared with the leader, nor can they lead:
    the repeats that they lack may be the hard ones.
    """
    whole = costs[rows["missing"] == rows["missing"].min()]
    if not whole.notna().any():
        nothing = [math.nan] * len(rows)
        return {"behind": nothing, "p": nothing}
    first = whole.idxmin()
    leader = rows["value"][first]
    tested = {
        frozenset((better, worse)): p
        for better, worse, p in zip(pairs["better"], pairs["worse"], pairs["p"], strict=True)
    }
    return {
        "behind": list((whole - costs[first]).reindex(rows.index)),
        "p": [
            tested.get(frozenset((leader, value)), math.nan) if place in whole.index else math.nan
            for place, value in rows["value"].items()
        ],
    }


def _remarks(rows: pd.DataFrame, costs: pd.DataFrame) -> Iterator[str]:
    for row in rows[rows["missing"] > 0].to_dict("records"):
        total = row["repeats"] + row["missing"]
        yield (
            f"{row['value']}: {row['missing']} of {counted(total, 'repeat')} failed or diverged; "
            "means are of the others"
        )
    fewest, most = rows["missing"].min(), rows["missing"].max()
    if fewest < most:
        yield "values that failed more often than others are not compared"
    if len(costs) > 1 and (costs.nunique() == 1).all():
        yield (
            "every repeat gave the same: the seed changes nothing, so that repeats prove nothing; "
            "repeat over folds"
        )
