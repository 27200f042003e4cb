"""What an audit found: a verdict per check, with its figure, its picture and its remedy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from tuner.display import Display, Displayed, Grid
from tuner.plurals import counted

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["Audit", "Finding", "Picture", "Verdict"]

Picture: TypeAlias = "Callable[[], Figure]"
"""Draws a figure when it is asked for."""


class Verdict(StrEnum):
    """What a check came to."""

    passed = "pass"
    warn = "warn"
    fail = "fail"
    unknown = "cannot tell"


@dataclass(frozen=True)
class Finding:
    """What one check came to.

    Attributes:
        check: What was looked at, such as ``boundary``.
        verdict: What it came to.
        message: What was found, in a line; of an unknown verdict, why nothing can be told.
        figure: The number that was judged; None where there is none.
        limits: The numbers from which on it warns and fails; None where there is no figure.
        remedy: What to do; empty where nothing is to be done.
        details: More figures, as JSON-able values.
        picture: Draws what was looked at; None where there is nothing to draw.
    """

    check: str
    verdict: Verdict
    message: str
    figure: float | None = None
    limits: tuple[float, float] | None = None
    remedy: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    picture: Picture | None = field(default=None, repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able values, without the picture."""
        return {
            "check": self.check,
            "verdict": self.verdict.value,
            "figure": self.figure,
            "limits": None if self.limits is None else list(self.limits),
            "message": self.message,
            "remedy": self.remedy,
            "details": dict(self.details),
        }


@dataclass(frozen=True)
class Audit(Displayed):
    """Everything that was looked at, in the order of the checks.

    Attributes:
        place: Where the sweep lies.
        metric: What it tuned, with the direction.
        trials: How many it has.
        best: The best value; NaN if there is none.
        findings: What was found, one per check.
        remarks: What is left out or taken otherwise, a line each.
    """

    place: str
    metric: str
    trials: int
    best: float
    findings: tuple[Finding, ...]
    remarks: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return not self.having(Verdict.fail)

    def passes(self, *, strict: bool = False) -> bool:
        """Return whether no check failed and, if ``strict``, none warned."""
        return self.ok and not (strict and self.having(Verdict.warn))

    def having(self, verdict: Verdict) -> tuple[Finding, ...]:
        """Return the findings with that verdict."""
        return tuple(each for each in self.findings if each.verdict is verdict)

    def __getitem__(self, check: str) -> Finding:
        """Return the finding of a check.

        Raises:
            KeyError: It was not looked at.
        """
        for finding in self.findings:
            if finding.check == check:
                return finding
        raise KeyError(check)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """Yield what a person reads."""
        width = max((len(each.check) for each in self.findings), default=0) + 2
        yield self.heading
        for each in self.findings:
            yield f"{each.verdict.value:13}{each.check:{width}}{each.message}"
            if each.remedy:
                yield f"{'':{13 + width}}-> {each.remedy}"
        yield from (f"note: {remark}" for remark in self.remarks)
        yield self.tally

    def _display(self) -> Display:
        rows = [
            (
                each.verdict.value,
                each.check,
                each.message + (f"\n-> {each.remedy}" if each.remedy else ""),
            )
            for each in self.findings
        ]
        notes = (*(f"note: {remark}" for remark in self.remarks), self.tally)
        return Display(self.heading, (Grid(tuple(rows), words=3),), notes)

    @property
    def heading(self) -> str:
        """What was audited, in a line."""
        best = "no value" if math.isnan(self.best) else f"best {self.best:.6g}"
        return f"{self.place}: {counted(self.trials, 'trial')}, {self.metric}, {best}"

    @property
    def tally(self) -> str:
        """How many checks came to what, in a line."""
        return ", ".join(
            f"{len(self.having(verdict))} {name}"
            for verdict, name in (
                (Verdict.fail, "failed"),
                (Verdict.warn, "warned"),
                (Verdict.passed, "passed"),
                (Verdict.unknown, "cannot tell"),
            )
        )

    def save_figures(self, folder: str | Path, formats: Sequence[str] = ("html",)) -> list[Path]:
        """Draw each finding that has a picture into ``<folder>/<check>.<format>``.

        Args:
            folder: Made if it is not there.
            formats: See `tuner.figures.Format`; pictures are drawn by a Chrome on this machine.

        Raises:
            SpecError: A format is unknown.
            MissingDependencyError: A picture takes a browser, and there is none.
        """
        from tuner.figures import save_figures

        drawn = {each.check: each.picture() for each in self.findings if each.picture is not None}
        return save_figures(drawn, folder, formats)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able values, without pictures."""
        return {
            "ok": self.ok,
            "path": self.place,
            "metric": self.metric,
            "trials": self.trials,
            "best": None if math.isnan(self.best) else self.best,
            "findings": [finding.to_json() for finding in self.findings],
            "remarks": list(self.remarks),
        }
