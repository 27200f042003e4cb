"""What a path holds, for a report: a sweep, a comparison, or a study with its sweeps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, cast

from tuner.comparison import Comparison
from tuner.errors import SpecError, StorageError
from tuner.places import Uri, place_of
from tuner.reporting.snapshots import Snapshot
from tuner.store import Sweep, SweepLayout, load
from tuner.store.layout import STORY_FILE, STUDY_FILE, is_comparison
from tuner.store.notes import Note, read_notes
from tuner.store.record import SweepRecord
from tuner.store.standing import Standing, standing_of

__all__ = ["Opened", "OpenedComparison", "OpenedStudy", "OpenedSweep", "Source", "opened"]

Source: TypeAlias = str | Path | Uri | SweepRecord | Comparison
"""What a report can be of."""


@dataclass(frozen=True)
class OpenedSweep:
    """A sweep as it was when it was opened.

    Attributes:
        sweep: Its tables.
        name: What it is called in the report; no two are called the same.
        place: Where it lies, as text; empty if it is in memory only.
        standing: Whether it runs.
        notes: What people wrote about it.
        folder: Where it lies on this machine; None where it does not.
        repeats: Whether its trials repeat those of others, so that nothing is searched.
        at: When it was opened, in unix seconds.
    """

    sweep: SweepRecord
    name: str
    place: str
    standing: Standing
    notes: tuple[Note, ...] = ()
    folder: Path | None = None
    repeats: bool = False
    at: float = field(default_factory=time.time)

    @property
    def runs(self) -> bool:
        """Whether there may be more to report."""
        return self.standing == "running"


@dataclass(frozen=True)
class OpenedStudy:
    """A study.

    Attributes:
        folder: Where it lies.
        name: What it is called.
        story: What it wrote about itself, in Markdown; empty if nothing yet.
        sweeps: All that it has begun, in the order in which they did.
    """

    folder: Path
    name: str
    story: str
    sweeps: tuple[OpenedSweep, ...]

    @property
    def runs(self) -> bool:
        """Whether one of its sweeps runs."""
        return any(each.runs for each in self.sweeps)


@dataclass(frozen=True)
class OpenedComparison:
    """A comparison.

    Attributes:
        comparison: Its folder as an object.
        name: What it is called.
    """

    comparison: Comparison
    name: str

    @property
    def runs(self) -> bool:
        """Whether it has neither ended nor was cut off."""
        return self.comparison.state.get("status") == "running"


Opened: TypeAlias = OpenedSweep | OpenedStudy | OpenedComparison


def opened(source: Source) -> Opened:
    """Return what a source holds.

    Raises:
        StorageError: It holds neither a sweep, nor a comparison, nor a study.
        SpecError: It is no source at all.
    """
    if isinstance(source, Comparison):
        return OpenedComparison(source, source.path.resolve().name)
    if isinstance(source, Sweep):
        return _stored_sweep(source.place)
    if isinstance(source, SweepRecord):
        return _record(source)
    if not isinstance(source, str | Path | Uri):
        raise SpecError(
            "a report is of sweeps, comparisons and studies, or where they lie, got "
            f"{type(source).__name__}"
        )
    place = place_of(source)
    if isinstance(place, Path) and is_comparison(place):
        return OpenedComparison(Comparison(place), place.resolve().name)
    if isinstance(place, Path) and (place / STUDY_FILE).is_file():
        return _study(place)
    return _stored_sweep(place)


def _record(sweep: SweepRecord) -> OpenedSweep:
    """Return a sweep that is a record in memory, perhaps of one that was stored as well."""
    place = getattr(sweep, "place", None)
    return OpenedSweep(sweep, sweep.spec.name, "" if place is None else str(place), "ended")


def _stored_sweep(place: Path | Uri, name: str = "", *, repeats: bool = False) -> OpenedSweep:
    standing = standing_of(load(place))  # before its tables: what they lack then is still to come
    sweep = Snapshot(place)
    return OpenedSweep(
        sweep=sweep,
        name=name or sweep.name,
        place=str(sweep.place),
        standing=standing,
        notes=tuple(read_notes(SweepLayout(sweep.path))),
        folder=sweep.path,
        repeats=repeats,
    )


def _study(folder: Path) -> OpenedStudy:
    story = folder / STORY_FILE
    try:
        text = story.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = ""
    except (OSError, ValueError) as error:
        raise StorageError(f"cannot read {story}: {error}") from error
    found = sorted(_sweeps_below(folder), key=lambda each: (_began(each), each.name))
    return OpenedStudy(folder, folder.resolve().name, text, tuple(found))


def _sweeps_below(folder: Path) -> Iterator[OpenedSweep]:
    """Yield the sweeps of a study: those that search in it, repeats in the folders of steps."""
    marker = SweepLayout(folder).spec_file.name
    for depth, pattern in enumerate((f"*/{marker}", f"*/*/{marker}")):
        for file in folder.glob(pattern):
            name = file.parent.relative_to(folder).as_posix()
            yield _stored_sweep(file.parent, name, repeats=depth > 0)


def _began(each: OpenedSweep) -> float:
    state: dict[str, Any] = each.sweep.state
    return cast(float, state.get("started") or 0.0)
