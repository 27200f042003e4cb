"""The figures of a sweep, in the order in which one looks at them, and when each applies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from tuner.reporting.parts import Plot, Section
from tuner.reporting.plotting import plot
from tuner.reporting.sections.attempts import Draw, attempt, together
from tuner.reporting.sweeps import KINDS, falling_improvement
from tuner.store.record import SweepRecord

__all__ = ["LATER", "drawings", "repeated"]

LATER = "this takes long to work out, and is done once the sweep has ended"


@dataclass(frozen=True)
class _Drawing:
    """A kind of figure in a report.

    Attributes:
        kind: As `tuner.plot` calls it.
        title: In a table of contents.
        told: How to read it.
        applies: Whether a sweep can have it at all; where it cannot, it is left out.
        costly: Whether models are fitted for it.
    """

    kind: str
    title: str
    told: str
    applies: Callable[[SweepRecord], bool] = lambda _: True
    costly: bool = False


def _has_population(sweep: SweepRecord) -> bool:
    return bool((sweep.decisions()["decision"] == "EXPLOIT").any())


def _has_decisions(sweep: SweepRecord) -> bool:
    return not sweep.spec.scheduler.startswith("fifo") or len(sweep.decisions()) > 0


def _has_several(sweep: SweepRecord) -> bool:
    return len(sweep.objectives) > 1


def _has_question(sweep: SweepRecord) -> bool:
    return "scientific" in sweep.spec.roles.values()


def _is_refined(sweep: SweepRecord) -> bool:
    return sweep.spec.lineage is not None


_CHAPTERS: dict[str, tuple[_Drawing, ...]] = {
    "Learning": (
        _Drawing("curves", "Learning curves", "What each trial reported against its time."),
        _Drawing(
            "history",
            "Optimisation history",
            "What each trial reached, in the order in which they were made, and the best so far.",
        ),
        _Drawing(
            "edf",
            "Empirical distribution",
            "Which share of the trials reached a value: the further towards the better side, and "
            "the steeper, the better was the search.",
        ),
        _Drawing(
            "prospects",
            "What more trials bring",
            "The best of n trials that one can expect, drawn at random from those that ran. The "
            "band ends at half of them: beyond, random draws share too many trials to differ.",
        ),
        _Drawing("improvement", "What was left to gain", "As the sweep went on."),
        _Drawing(
            "pareto",
            "Trade-offs",
            "Trials that no other beats in all objectives.",
            applies=_has_several,
        ),
        _Drawing(
            "hypervolume",
            "Hypervolume",
            "How much of the space of objectives the trials so far dominate.",
            applies=_has_several,
        ),
    ),
    "Hyperparameters": (
        _Drawing(
            "importance",
            "Importance",
            "Which hyperparameters the differences between trials come from.",
            costly=True,
        ),
        _Drawing(
            "parallel",
            "Parallel coordinates",
            "A line per trial through its hyperparameters to its value.",
        ),
        _Drawing("slices", "Slices", "Each hyperparameter against what its trials reached."),
        _Drawing("contours", "Contours", "Two hyperparameters at once."),
        _Drawing("ranks", "Ranks", "The same by rank, which a few extreme values do not hide."),
        _Drawing(
            "isolation",
            "Isolation",
            "What a hyperparameter brings where all others are tuned for it.",
            applies=_has_question,
            costly=True,
        ),
        _Drawing(
            "refinement",
            "Rounds of refinement",
            "The ranges that were searched in each round up to this sweep.",
            applies=_is_refined,
        ),
    ),
    "Course": (
        _Drawing(
            "decisions",
            "Decisions of the scheduler",
            "How many trials were stopped, paused or changed at each rung.",
            applies=_has_decisions,
        ),
        _Drawing(
            "lineage",
            "Lineage of the population",
            "Who copied whom, and the schedule of hyperparameters that led to the winner.",
            applies=_has_population,
        ),
        _Drawing(
            "timeline",
            "Timeline of the cluster",
            "Which trial held a worker when, and how much of the cluster was in use.",
        ),
        _Drawing("durations", "Durations", "How long trials and their reports took."),
    ),
}


def drawings(
    sweep: SweepRecord, *, costly: bool = True, known: Mapping[str, Draw] | None = None
) -> list[Section]:
    """Return the figures of a sweep by chapter.

    Args:
        sweep: What is drawn.
        costly: Whether to draw what takes long to work out, too.
        known: Figures that were worked out already, by kind.
    """
    draw: dict[str, Draw] = {kind: partial(plot, sweep, kind) for kind in KINDS}
    draw["improvement"] = partial(falling_improvement, sweep)
    draw |= known or {}
    return [
        Section(title, together(_plots(sweep, chapter, draw, costly)))
        for title, chapter in _CHAPTERS.items()
    ]


def repeated(sweep: SweepRecord) -> Section:
    """Return the figures of a sweep whose trials repeat others: the rest is about a search."""
    curves = _CHAPTERS["Learning"][0]
    drawn = attempt(curves.title, curves.told, partial(plot, sweep, curves.kind))
    return Section("Learning", together([drawn]))


def _plots(
    sweep: SweepRecord, chapter: tuple[_Drawing, ...], draw: Mapping[str, Draw], costly: bool
) -> Iterator[Plot]:
    for each in chapter:
        if each.kind not in draw or not each.applies(sweep):
            continue
        if each.costly and not costly:
            yield Plot(each.title, None, LATER)
        else:
            yield attempt(each.title, each.told, draw[each.kind])
