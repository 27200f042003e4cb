"""What a comparison says, in words and tables, for any place that can show them.

The first three lines hold the answer; tables hold the figures behind it; what is assumed and what
limits the answer comes last.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tuner.analysis import FRACTIONS
from tuner.budgets import budget_text
from tuner.comparison.findings import Findings, over_all
from tuner.plurals import counted
from tuner.progress.wording import duration_text

__all__ = ["AnswerTable", "Answers", "answers"]

_MOST_ROWS = 24  # of the table by task
_MOST_NAMES = 3  # in a line


@dataclass(frozen=True)
class AnswerTable:
    """A table of texts.

    Attributes:
        title: What it shows, with the unit.
        headings: Of its columns.
        rows: As many texts each as there are headings.
        names: How many columns, the first ones, hold names; the others hold figures.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int = 1


@dataclass(frozen=True)
class Answers:
    """What a comparison says.

    Attributes:
        headline: Up to three lines with the answer.
        tables: The figures behind it.
        remarks: What the tests say, what is assumed, and what limits the answer; a line each.
    """

    headline: tuple[str, ...]
    tables: tuple[AnswerTable, ...]
    remarks: tuple[str, ...]


def answers(findings: Findings, size: str, assumptions: tuple[str, ...]) -> Answers:
    """Return what a comparison says.

    Args:
        findings: Its statistics.
        size: What was run, in a line.
        assumptions: What its runs assume, a line each.
    """
    outcomes = findings.outcomes
    if not outcomes.tasks:
        nothing = "nothing can be compared yet: no seed was finished by every arm on any task"
        return Answers((nothing, size), (), (*findings.caveats, *assumptions))
    headline = [_leader_line(findings), *_speed_line(findings), size]
    tables = [_regrets(findings)]
    if len(outcomes.arms) > 1:
        tables.append(_against_baseline(findings))
    if len(outcomes.tasks) * len(outcomes.arms) <= _MOST_ROWS:
        tables.append(_by_task(findings))
    tables.append(_spending(findings))
    remarks = (*_test_lines(findings), *findings.caveats, *_meanings(findings), *assumptions)
    return Answers(tuple(headline), tuple(tables), remarks)


def _leader_line(findings: Findings) -> str:
    leader, *others = findings.standing
    regret = _span(_rows(findings.final_regret)[leader], "regret")
    told = f"{leader}: mean regret {regret} after {budget_text(findings.outcomes.budget)}"
    if not others:
        return told
    behind = _rows(findings.behind_leader)
    level = [arm for arm in others if not behind[arm]["low"] > 0]
    if not level:
        return f"{told}, ahead of all others"
    more = len(level) - _MOST_NAMES
    named = ", ".join(level[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    return f"{told}; {named} {'is' if len(level) == 1 else 'are'} not clearly behind"


def _speed_line(findings: Findings) -> Iterator[str]:
    """Yield how much sooner the best of the other arms is where the baseline ends."""
    baseline = findings.baseline
    arm = next((each for each in findings.standing if each != baseline), None)
    if arm is None:
        return
    speed = _rows(over_all(findings.speedups))[arm]
    wins = _rows(findings.against_baseline)[arm]
    pairs = wins["wins"] + wins["ties"] + wins["losses"]
    goal = "what that ends with" if findings.target is None else f"{findings.target:.4g}"
    yield (
        f"{arm} is {_speed_text(speed)} as fast as {baseline} to {goal}, and ends better in "
        f"{wins['rate']:.0%} of {counted(pairs, 'pair')} of runs"
    )


def _regrets(findings: Findings) -> AnswerTable:
    """Return the regret of each arm at fractions of the budget, the best arm first."""
    early = [
        _rows(over_all(findings.regret[findings.regret["fraction"] == fraction]))
        for fraction in FRACTIONS[:-1]
    ]
    final = _rows(findings.final_regret)
    rows = [
        (
            arm,
            *(_regret(regret[arm]["regret"]) for regret in early),
            _span(final[arm], "regret"),
        )
        for arm in findings.standing
    ]
    percents = [f"at {fraction:.0%}" for fraction in FRACTIONS]
    title = f"Mean normalised regret at fractions of {budget_text(findings.outcomes.budget)}"
    return AnswerTable(title, ("arm", *percents), tuple(rows))


def _against_baseline(findings: Findings) -> AnswerTable:
    """Return how much faster than the baseline each arm is, how often better, and its rank."""
    speeds, wins = _rows(over_all(findings.speedups)), _rows(findings.against_baseline)
    rows = [
        (
            arm,
            _speed_text(speeds[arm]) if arm in speeds else "-",
            _share(speeds[arm]["reached"] if arm in speeds else _baseline_reached(speeds)),
            _share(wins[arm]["rate"]) if arm in wins else "-",
            f"{findings.average_ranks[arm]:.2f}",
        )
        for arm in findings.standing
    ]
    title = (
        f"Against {findings.baseline}: speed to the target, runs that reach it, runs that end "
        "better; average rank over tasks"
    )
    return AnswerTable(title, ("arm", "speed", "reached", "better", "rank"), tuple(rows))


def _by_task(findings: Findings) -> AnswerTable:
    """Return what each arm ends with on each task, and how fast it is there."""
    rows = []
    for task in findings.outcomes.tasks:
        curves, speeds = (
            frame[frame["task"] == task] for frame in (findings.curves, findings.speedups)
        )
        ends, faster = _rows(curves.groupby("arm").last()), _rows(speeds.set_index("arm"))
        for arm in findings.standing:
            speed = _speed_text(faster[arm]) if arm in faster else "-"
            rows.append((task, arm, _span(ends[arm], "value", digits=4), speed))
    budget = budget_text(findings.outcomes.budget)
    title = f"By task: best value after {budget}, mean over seeds; speed"
    return AnswerTable(title, ("task", "arm", "best", "speed"), tuple(rows), names=2)


def _spending(findings: Findings) -> AnswerTable:
    """Return what a run of each arm spent on average, what it saved, and what was lost."""
    usage, saved = _rows(over_all(findings.usage)), _rows(over_all(findings.saved))
    uses_gpus = any(usage[arm]["gpu_seconds"] > 0 for arm in usage)
    rows = [
        (
            arm,
            _number(usage[arm]["trials"]),
            _number(usage[arm]["epochs"]),
            _share(saved[arm]["saved"]),
            *(_gpu_hours(usage[arm], saved[arm]) if uses_gpus else ()),
            _seconds(usage[arm]["seconds"]),
            _share(usage[arm]["utilisation"]),
            _seconds(_sum(usage[arm]["save_s"], usage[arm]["load_s"])),
            _seconds(usage[arm]["lost_s"]),
            _number(usage[arm]["suggest_ms"]),
        )
        for arm in findings.standing
    ]
    gpus = ("GPU h", "saved") if uses_gpus else ()
    return AnswerTable(
        f"Spent by a run on average; epochs{' and GPU-hours' if uses_gpus else ''} saved by "
        "stopping early; worker time in checkpoints, and broken off or repeated; CPU ms per "
        "suggestion",
        ("arm", "trials", "epochs", "saved", *gpus, "wall", "busy", "ckpt", "lost", "ms"),
        tuple(rows),
    )


def _gpu_hours(usage: Mapping[str, Any], saved: Mapping[str, Any]) -> tuple[str, str]:
    """Return the GPU-hours that a run spent, and those that stopping early saved."""
    runs = max(usage["runs"], 1)
    return _number(usage["gpu_seconds"] / 3600), _number(saved["gpu_hours_saved"] / runs)


def _test_lines(findings: Findings) -> Iterator[str]:
    ranks = findings.ranks
    if ranks is None:
        return
    if ranks.friedman is not None:
        yield (
            f"Friedman's test over {ranks.tasks} tasks (Iman and Davenport): F="
            f"{ranks.friedman.f:.3g}, p={ranks.friedman.p:.2g}"
        )
    differing = ranks.pairs[ranks.pairs["differ"]].to_dict("records")
    for pair in differing:
        yield f"{pair['arm']} and {pair['other']} differ: p={pair['p_holm']:.2g} (Wilcoxon, Holm)"
    if not differing:
        yield f"no two arms differ at the level {ranks.alpha:g} (Wilcoxon, Holm)"
    yield from ranks.remarks


def _meanings(findings: Findings) -> Iterator[str]:
    """Yield what the figures mean."""
    yield "the best value so far is over all reports, at whichever epoch they came"
    yield (
        "regret: 0 is the best value seen or known of a task, 1 the worst that any run reported; "
        "[ ] are 95% bootstrap intervals over paired seeds"
    )
    if len(findings.outcomes.arms) > 1:
        goal = (
            f"{findings.target:.4g}"
            if findings.target is not None
            else (f"the median of what {findings.baseline} ends with")
        )
        unit = findings.outcomes.budget.unit.replace("_", "-")
        yield (
            f"speed: ratio of {unit} spent until {goal}; runs that never get there are "
            "censored (> at least, < at most, ~ both)"
        )


def _baseline_reached(speeds: Mapping[str, Mapping[str, Any]]) -> float:
    return next((float(row["baseline_reached"]) for row in speeds.values()), math.nan)


def _rows(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return the rows of a frame that is indexed by arm."""
    return {str(arm): dict(row) for arm, row in frame.iterrows()}


def _span(row: Mapping[str, Any], name: str, digits: int = 0) -> str:
    """Return a mean with its interval."""
    numbers = [row[name], row["low"], row["high"]]
    value, low, high = (f"{n:.{digits}g}" if digits else _regret(n) for n in numbers)
    return value if math.isnan(row["low"]) else f"{value} [{low}, {high}]"


def _regret(value: float) -> str:
    """Return a regret in three decimals, or two digits where those say little."""
    if 0 < value < 1e-4:
        return "<1e-4"
    return f"{value:.2g}" if 0 < value < 0.01 else f"{value:.3f}"


def _speed_text(row: Mapping[str, Any]) -> str:
    sign = {"at least": ">", "at most": "<", "restricted": "~"}.get(row["bound"], "")
    interval = "" if math.isnan(row["low"]) else f" [{row['low']:.2g}, {row['high']:.2g}]"
    return f"{sign}{row['speedup']:.2g}x{interval}"


def _sum(*values: float) -> float:
    """Return the sum of what was measured; NaN where nothing was."""
    measured = [value for value in values if not math.isnan(value)]
    return sum(measured) if measured else math.nan


def _number(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.0%}"


def _seconds(value: float) -> str:
    return "-" if math.isnan(value) else duration_text(value)
