"""How figures look: sizes of a publication, colours that everyone can tell apart, plain files.

Figures are made without pyplot, so no figure stays open and no setting stays changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, NamedTuple, ParamSpec

import matplotlib
from matplotlib.figure import Figure

__all__ = ["COLUMN_IN", "PAGE_IN", "STYLE", "ArmStyle", "arm_styles", "styled", "wrapped"]

COLUMN_IN = 3.4
"""Width of a figure in one column of a two-column page, in inches."""

PAGE_IN = 7.0
"""Width of a figure across the page, in inches."""

_Arguments = ParamSpec("_Arguments")

STYLE: dict[Any, Any] = {  # matplotlib types its keys one by one
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.linewidth": 0.4,
    "grid.color": "0.88",
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "pdf.fonttype": 42,  # TrueType: text stays text, which journals ask for
    "svg.fonttype": "none",
    "svg.hashsalt": "tuner",  # ids that do not change from one run to the next
    "savefig.dpi": 300,
}

# Okabe and Ito (2008), "Color Universal Design", without yellow, which is faint on white.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (5, 1.2, 1, 1.2)))


class ArmStyle(NamedTuple):
    """How an arm looks, in every panel of a figure."""

    colour: str
    dashes: Any


def arm_styles(arms: Iterable[str]) -> dict[str, ArmStyle]:
    """Return a style by arm; 28 differ as lines, neighbours among them without colour too."""
    return {
        arm: ArmStyle(_COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)])
        for number, arm in enumerate(dict.fromkeys(arms))
    }


def styled(draw: Callable[_Arguments, Figure]) -> Callable[_Arguments, Figure]:
    """Make ``draw`` draw in this style, and leave matplotlib's settings as they were."""

    @wraps(draw)
    def drawn(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> Figure:
        with matplotlib.rc_context(STYLE):
            return draw(*args, **kwargs)

    return drawn


def wrapped(name: str, width: int = 26) -> str:
    """Return a name in lines of about ``width`` characters, broken after punctuation or anywhere.

    Every character is kept, since arms often differ in one keyword only; a dollar sign is escaped,
    or two would be read as a formula.
    """
    lines, rest = [], name
    while len(rest) > width:
        at = max(rest.rfind(mark, 0, width) for mark in ":,+/ _")
        at = width - 1 if at < width // 3 else at
        lines.append(rest[: at + 1])
        rest = rest[at + 1 :]
    return "\n".join([*lines, rest]).replace("$", r"\$")
