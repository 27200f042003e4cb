"""What is claimed of a case, and the figures that claims are made of.

A goal on CPU seconds or on a share is set for the full sizes; ``--quick`` is held to what is
counted.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import harness

from overheads.driver import Run
from overheads.work import Work

Figure: TypeAlias = Callable[[Run], float]
Round: TypeAlias = Mapping[str, Run]
"""One run of each side, by the side's label."""


@dataclass(frozen=True)
class Claim:
    """A figure that compares the sides of a case.

    Attributes:
        what: The figure, with its unit.
        value: The figure of one round.
        bound: The goal; None where it is reported only.
        sense: Whether the figure must be at least or at most ``bound``.
        counted: It is a count: it holds at any size, and in the worst round.
    """

    what: str
    value: Callable[[Round], float]
    bound: float | None = None
    sense: Literal["at least", "at most"] = "at least"
    counted: bool = False


@dataclass(frozen=True)
class Case:
    """Sides that take turns.

    Attributes:
        title: What is compared.
        sides: Arm and work of each, by label.
        columns: Figures of a single run, by their names.
        claims: Figures of a round.
        rounds: How often each side runs by default.
    """

    title: str
    sides: Mapping[str, tuple[str, Work]]
    columns: Mapping[str, Figure]
    claims: Sequence[Claim]
    rounds: int = 3

    def table(self, rounds: Sequence[Round]) -> list[str]:
        """Return lines of medians with their ranges."""
        lines = []
        for label in self.sides:
            runs = [each[label] for each in rounds]
            cells = [
                f"{name} {harness.spread([figure(run) for run in runs])}"
                for name, figure in self.columns.items()
            ]
            lines.append(f"{label:12} " + "   ".join(cells))
        values = {claim.what: [claim.value(each) for each in rounds] for claim in self.claims}
        return lines + [f"{what}: {harness.spread(found)}" for what, found in values.items()]

    def goals(self, rounds: Sequence[Round], *, quick: bool) -> list[harness.Goal]:
        """Return the figures against the goals."""
        found = []
        for claim in self.claims:
            if claim.bound is None or (quick and not claim.counted):
                continue
            values = [claim.value(each) for each in rounds]
            worst = max(values) if claim.sense == "at most" else min(values)
            value = worst if claim.counted else statistics.median(values)
            found.append(harness.Goal(claim.what, value, claim.bound, claim.sense))
        return found


def cpu(run: Run) -> float:
    return run.cpu_s


def wall(run: Run) -> float:
    return run.wall_s


def ideal(run: Run) -> float:
    return run.work.trials / run.work.slots * run.work.step_s


def cpu_per_trial(run: Run) -> float:
    return run.cpu_s / run.work.trials


def wall_per_trial(run: Run) -> float:
    return run.wall_s / run.work.trials


def main_per_report(run: Run) -> float:
    return run.main_s / run.reports


def crashes(run: Run) -> float:
    return sum(span.crashed for span in run.spans)


COUNTS: Mapping[str, Figure] = {
    "processes": lambda run: run.processes,
    "files": lambda run: run.files,
}


def memory_per_trial(at: Round) -> float:
    few, many = at["tuner"], at["tuner, 10x"]
    return (many.peak_kb - few.peak_kb) / (many.work.trials - few.work.trials)


def ratio(what: str, over: str, under: str, figure: Figure, bound: float | None = None) -> Claim:
    return Claim(what, lambda at: figure(at[over]) / figure(at[under]), bound)


def growth(few: str, many: str) -> Claim:
    def value(at: Round) -> float:
        return main_per_report(at[many]) / main_per_report(at[few])

    return Claim(f"main thread per report, {many} / {few}", value, 2, "at most")


def no_more_processes(label: str) -> Claim:
    """No worker is started but one per slot, and one for each that crashed or was replaced."""

    def beyond(at: Round) -> float:
        run = at[label]
        return run.processes - run.work.slots - crashes(run) - run.replaced

    return Claim(
        f"{label}: processes beyond slots + crashes + replaced", beyond, 0, "at most", counted=True
    )
