"""`tuner.report`: sweeps, comparisons and studies as one HTML file that opens offline."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tuner.errors import SpecError, StorageError
from tuner.places import Uri, place_of
from tuner.provenance import installed_version
from tuner.reporting.page import render_page
from tuner.reporting.parts import Line, Live, Page, Prose, Section
from tuner.reporting.sections.comparisons import sections_of_comparison
from tuner.reporting.sections.provenance import moment
from tuner.reporting.sections.several import side_by_side
from tuner.reporting.sections.sweep import sections_of
from tuner.reporting.sources import (
    Opened,
    OpenedComparison,
    OpenedStudy,
    OpenedSweep,
    Source,
    opened,
)
from tuner.store.layout import REPORT_FILE, write_atomically

__all__ = ["checked_output", "default_output", "gather", "render", "report", "write_report"]

_NOUNS: dict[type[Opened], tuple[str, str]] = {
    OpenedSweep: ("sweep", "sweeps"),
    OpenedStudy: ("study", "studies"),
    OpenedComparison: ("comparison", "comparisons"),
}


def report(*sources: Source, output: str | Path | None = None, title: str | None = None) -> Path:
    """Write what sweeps, comparisons and studies show as one HTML file, and return its path.

    The file holds all that it needs: it opens in any browser, offline, light or dark, and fetches
    nothing. Of many trials figures draw a part, and say so; the table of trials has them all.

    Args:
        *sources: Sweeps, comparisons and studies, or where they lie; finished or not. Several
            sweeps are also drawn into common figures.
        output: The file; it is replaced. None for ``report.html`` in the folder of the first
            source, or in the working folder where that is no folder on this machine.
        title: Of the page; None for the names of the sources.

    Raises:
        SpecError: There is no source, or something else is one, or the file is no HTML file.
        StorageError: A source holds nothing to report on, or the file cannot be written.
    """
    path = checked_output(sources, output)
    found = gather(sources)
    return write_report(path, render(found, title=title, made=time.time()))


def gather(sources: Sequence[Source]) -> list[Opened]:
    """Open sources, each as it is now.

    Raises:
        SpecError: There is none, or something else is one.
        StorageError: One holds nothing to report on.
    """
    _check_any(sources)
    return _distinct([opened(source) for source in sources])


def render(
    found: Sequence[Opened],
    *,
    title: str | None = None,
    made: float | None = None,
    costly: bool = True,
    live: Live | None = None,
) -> str:
    """Return the HTML of a report: the same for the same sources, title and time.

    Args:
        found: What it is of, at least one.
        title: Of the page; None for the names of the sources.
        made: When it is made, in unix seconds; None to leave that out.
        costly: Whether to work out what takes long: importance, isolation, the audit. Elsewhere
            the page says that it comes later.
        live: Marks the page as one that follows what still runs; None for one that is done.
    """
    return render_page(
        Page(
            title=title or ", ".join(each.name for each in found),
            told=_told(found),
            sections=_sections(found, costly),
            made=_made(made),
            live=live,
        )
    )


def checked_output(sources: Sequence[Source], output: str | Path | None) -> Path:
    """Return which file a report goes to: the one that is named, or the default one.

    Raises:
        SpecError: There is no source, or the name does not end as HTML files do.
    """
    _check_any(sources)
    if output is None:
        return default_output(sources[0])
    path = Path(output)
    if path.suffix.lower() not in (".html", ".htm"):
        raise SpecError(
            f"a report is an HTML file, got {path}; name it {path.with_suffix('.html')}"
        )
    return path


def default_output(source: Source) -> Path:
    """Return where a report of a source goes unless somebody says otherwise."""
    place = source if isinstance(source, str | Path | Uri) else getattr(source, "place", None)
    place = getattr(source, "path", None) if place is None else place_of(place)
    return place / REPORT_FILE if isinstance(place, Path) else Path(REPORT_FILE)


def write_report(path: Path, page: str) -> Path:
    """Write a page, or replace one; whoever reads the file meanwhile has one of the two.

    Raises:
        StorageError: The file, or a folder for it, cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, page.encode())
    except (OSError, StorageError) as error:
        reason = error if isinstance(error, OSError) else error.__cause__
        told = getattr(reason, "strerror", None) or reason
        raise StorageError(
            f"a report goes to a file, beside what it is of unless another is named, and {path} "
            f"cannot be written: {told}; name another one (-o FILE, output=)"
        ) from error
    return path


def _check_any(sources: Sequence[Source]) -> None:
    if not sources:
        raise SpecError("a report is of at least one sweep, comparison or study, and got none")


def _distinct(found: Sequence[Opened]) -> list[Opened]:
    """Return what was opened; sweeps that have one name are called by where they lie."""
    times = Counter(each.name for each in found)
    return [
        replace(each, name=each.place)
        if times[each.name] > 1 and isinstance(each, OpenedSweep) and each.place
        else each
        for each in found
    ]


def _told(found: Sequence[Opened]) -> str:
    kinds = Counter(_NOUNS[type(each)] for each in found)
    if len(found) == 1:
        ((kind, _),) = kinds
        return f"Report of a {kind}"
    told = [f"{n} {one if n == 1 else several}" for (one, several), n in kinds.items()]
    return f"Report of {' and '.join(told)}"


def _made(at: float | None) -> str:
    version = f"tuner {installed_version('tuner')}"
    return f"Made by {version}" if at is None else f"Made by {version}, {moment(at)}"


def _sections(found: Sequence[Opened], costly: bool) -> list[Section]:
    """Return the sections of one source as they are, and those of several each below its name."""
    if len(found) == 1:
        return _of_one(found[0], costly)
    sweeps = [each for each in found if isinstance(each, OpenedSweep)]
    first = [side_by_side(sweeps)] if len(sweeps) > 1 else []
    return first + [Section(each.name, sections=_of_one(each, costly)) for each in found]


def _of_one(found: Opened, costly: bool) -> list[Section]:
    if isinstance(found, OpenedSweep):
        return sections_of(found, costly=costly)
    if isinstance(found, OpenedComparison):
        return sections_of_comparison(found.comparison)
    return _of_study(found, costly)


def _of_study(study: OpenedStudy, costly: bool) -> list[Section]:
    """Return the story of a study, and its sweeps."""
    story = Prose(study.story) if study.story else Line("There is no story yet.", "faint")
    searches = [each for each in study.sweeps if not each.repeats]
    return [
        Section("Story", [story]),
        *([side_by_side(searches)] if len(searches) > 1 else []),
        *(Section(each.name, sections=sections_of(each, costly=costly)) for each in study.sweeps),
    ]
