"""Rules about the good trials' curves: too long, too short, noisy, or worse at the end.

The *gain* of a trial is what its best value improves upon its first report.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tuner.analysis.steps import Floats
from tuner.playbook.audit.checks import Check, command
from tuner.playbook.audit.findings import Finding
from tuner.playbook.evidence import Course, Evidence
from tuner.plurals import counted

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["best_vs_last", "given_back", "saturated", "step_variance", "still_improving"]

_LATE = 0.8
"""The last fifth of the training is late."""

_WHOLE = 0.99
"""So much of the gain counts as all of it."""

_FEWEST = 4
"""Reports of a curve whose shape can be told."""

_NORMAL = 1.4826 / np.sqrt(6)
"""Of normal noise, the standard deviation by the median absolute second difference, whose own
standard deviation is sqrt(6) times as large."""

_FEWEST_NOISY = 6
"""Reports of a curve whose second half holds a second difference or more."""


def still_improving(evidence: Evidence, check: Check) -> Finding:
    """Tell how much of the good trials' gain came in the last fifth of the training."""
    late = [
        (best[0] - best[-1], _best_until(course, _LATE * course.times[-1]) - best[-1])
        for course, best in _whole_courses(evidence)
    ]
    if not late:
        return _no_curves(evidence, check)
    share = float(np.median([gain and rest / gain for gain, rest in late]))
    time = f"{evidence.time_attr} {_LATE * evidence.max_t:g} to {evidence.max_t:g}"
    return check.judged(
        share,
        f"{share:.0%} of the gain came from {time} (median of {counted(len(late), 'good trial')})",
        remedy="train longer: "
        + command("refine", evidence.place, "--run", f"--max-t {2 * evidence.max_t:g}"),
        picture=partial(_curves_figure, evidence),
    )


def saturated(evidence: Evidence, check: Check) -> Finding:
    """Tell at which share of max_t the good trials had 99 % of their gain."""
    times = [
        float(course.times[best <= best[-1] + (1 - _WHOLE) * (best[0] - best[-1])][0])
        for course, best in _whole_courses(evidence)
    ]
    if not times:
        return _no_curves(evidence, check)
    time = float(np.median(times))
    return check.judged(
        time / evidence.max_t,
        f"{_WHOLE:.0%} of the gain was there at {evidence.time_attr} {time:g} of "
        f"{evidence.max_t:g} (median of {counted(len(times), 'good trial')})",
        remedy=f"train shorter and try more configurations: --max-t {_rounded(time)}",
        picture=partial(_curves_figure, evidence),
    )


def step_variance(evidence: Evidence, check: Check) -> Finding:
    """Tell how much values jump from report to report late in the training, in spans.

    The noise of a report is the median size of second differences over the second half, scaled to
    the standard deviation of normal noise: neither a slope nor a kink of the curve adds to it.
    """
    span = evidence.span
    if not span > 0:
        return check.unknown("values of trials do not differ, or there are none to compare")
    found = [
        np.diff(course.values[len(course.values) // 2 - 1 :], 2)
        for _, course in evidence.courses(evidence.good, at_least=_FEWEST_NOISY)
    ]
    if not found:
        return check.unknown(f"no good trial has {_FEWEST_NOISY} reports")
    noise = float(np.median([_NORMAL * np.median(np.abs(each)) for each in found]))
    return check.judged(
        noise / span,
        f"late reports vary with a standard deviation of {noise:.3g}, {noise / span:.0%} of what "
        f"lies between the best trial and the first quartile ({span:.3g})",
        remedy="a lower or decaying learning rate, a larger batch or a larger validation set; "
        "average the weights of late epochs",
        picture=partial(_curves_figure, evidence),
    )


def best_vs_last(evidence: Evidence, check: Check) -> Finding:
    """Tell which share of the good trials' gain their last report gives back."""
    found = [
        given_back(course.values) for _, course in evidence.courses(evidence.good, at_least=_FEWEST)
    ]
    if not found:
        return check.unknown(f"no good trial has {_FEWEST} reports")
    share = float(np.median(found))
    return check.judged(
        share,
        f"the last report gives {share:.0%} of the gain back (median of "
        f"{counted(len(found), 'good trial')})",
        remedy="keep the best epoch, not the last one: " + command("finalize", evidence.place),
        picture=partial(_curves_figure, evidence),
    )


def given_back(costs: Floats) -> float:
    """Return which share of what was gained (or lost) is lost at the end, from 0 to 1."""
    best, first, last = float(costs.min()), float(costs[0]), float(costs[-1])
    swing = max(first, last) - best
    return (last - best) / swing if swing > 0 else 0.0


def _whole_courses(
    evidence: Evidence,
) -> list[tuple[Course, Floats]]:
    """Return courses of good trials that were trained to the end, with their best so far."""
    return [
        (course, np.minimum.accumulate(course.values))
        for _, course in evidence.courses(evidence.good, at_least=_FEWEST)
        if course.times[-1] >= evidence.max_t
    ]


def _best_until(course: Course, time: float) -> float:
    return float(course.values[course.times <= max(time, course.times[0])].min())


def _no_curves(evidence: Evidence, check: Check) -> Finding:
    return check.unknown(
        f"no good trial has {_FEWEST} reports up to max_t ({evidence.time_attr} {evidence.max_t:g})"
    )


def _rounded(time: float) -> int:
    return max(1, int(np.ceil(1.2 * time)))  # a little more than the median needs


def _curves_figure(evidence: Evidence) -> Figure:
    from tuner import figures
    from tuner.figures.labels import directed

    rows = [
        pd.DataFrame({"trial": trial, "time": course.times, "value": evidence.sign * course.values})
        for trial, course in evidence.courses(evidence.good, at_least=1)
    ]
    metric = directed(evidence.objective)
    return figures.series(pd.concat(rows), time=evidence.time_attr, metric=metric)
