"""A report that follows what still runs: written anew as often as there is something new."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tuner.errors import SpecError, SweepFailedError
from tuner.reporting.parts import Live
from tuner.reporting.serving import PageServer
from tuner.reporting.sources import Opened, OpenedComparison, OpenedStudy, OpenedSweep, Source
from tuner.reporting.writing import gather, render, write_report
from tuner.store import Sweep, SweepLayout
from tuner.store.drivers import holder
from tuner.store.standing import Standing, resume_hint

__all__ = ["follow_report", "live_mark"]

_RECORDS = (".json", ".jsonl", ".parquet", ".md", ".csv")
_NO_RECORDS = frozenset({"checkpoints", "artifacts", "requests"})

_REST_PER_WRITE = 4
"""Seconds between two pages for each second of a core that the last one took."""

_LONGEST_REST_S = 60.0

_BETWEEN_STEPS_S = 120.0
"""For how long a study counts as running of which no sweep runs: its steps also judge and fit."""

_Stamp = frozenset[tuple[str, int, int]]


@dataclass(frozen=True)
class _Look:
    """What was found at one look.

    Attributes:
        found: The sources.
        standing: Whether any of them runs; ``gone`` where one will never end by itself.
        hints: How to go on with those.
    """

    found: Sequence[Opened]
    standing: Standing
    hints: Sequence[str]


def follow_report(
    sources: Sequence[Source],
    output: Path,
    *,
    title: str | None = None,
    every_s: float = 5.0,
    server: PageServer | None = None,
    say: Callable[[str], None] = lambda _: None,
    clock: Callable[[], float] = time.time,
    effort: Callable[[], float] = time.process_time,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Keep a report up to date until nothing runs any more; then write it a last time, whole.

    While something runs, the page says so, loads itself again, and leaves out what takes long to
    work out. It is written where something has changed, and less often where that takes long.

    Args:
        sources: As of `tuner.report`.
        output: The file.
        title: As of `tuner.report`.
        every_s: How often to look, in seconds.
        server: Serves the same page.
        say: Shows a line to the user.
        clock: Returns unix seconds.
        effort: Returns the seconds of a core that this process has taken.
        sleep: Waits.

    Returns:
        The file.

    Raises:
        SweepFailedError: A source neither ended nor is driven by anyone; the page is whole.
        SpecError: There is no source, or something else is one.
        StorageError: A source cannot be read, or the file cannot be written.
    """
    if not every_s > 0:
        raise SpecError(f"a report is looked after every so many seconds, above 0, got {every_s:g}")
    written: _Stamp | None = None
    rests_until = -math.inf
    while True:
        began = clock()
        look = _looked(sources, began)
        stamp = _stamp(look.found, output)  # before the tables are read, so that nothing is missed
        if look.standing != "running":
            break
        if stamp != written and began >= rests_until:
            before = effort()
            live = live_mark(began, every_s)
            page = render(look.found, title=title, made=began, costly=False, live=live)
            _put(page, output, server)
            if written is None:
                say(f"writing {output}; Ctrl-C ends that, and nothing else")
            written = stamp
            rests_until = clock() + min(_REST_PER_WRITE * (effort() - before), _LONGEST_REST_S)
        sleep(every_s)
    _put(render(look.found, title=title, made=clock()), output, server)
    if look.standing == "gone":
        raise SweepFailedError(f"{output} is of what has not ended: {'; '.join(look.hints)}")
    return output


def live_mark(now: float, every_s: float) -> Live:
    """Return what marks a page of something that runs, made ``now``, in unix seconds."""
    return Live(f"Live, as of {time.strftime('%H:%M:%S', time.localtime(now))}", every_s, now)


def _put(page: str, output: Path, server: PageServer | None) -> None:
    write_report(output, page)
    if server is not None:
        server.publish(page)


def _looked(sources: Sequence[Source], now: float) -> _Look:
    found = gather(sources)
    standings = [_standing(each, now) for each in found]
    if "running" in standings:
        return _Look(found, "running", ())
    hints = [_hint(e) for e, s in zip(found, standings, strict=True) if s == "gone"]
    return _Look(found, "gone" if hints else "ended", hints)


def _standing(opened: Opened, now: float) -> Standing:
    """Return whether something runs, has ended, or was cut off."""
    if isinstance(opened, OpenedSweep):
        return opened.standing
    if isinstance(opened, OpenedComparison):
        lock = holder(SweepLayout(opened.comparison.path))
        if lock is not None and lock.alive:
            return "running"
        return "gone" if opened.comparison.state.get("status") == "running" else "ended"
    standings = {each.standing for each in opened.sweeps}
    if "running" in standings or now - _last_change(opened.folder) < _BETWEEN_STEPS_S:
        return "running"
    return "gone" if "gone" in standings else "ended"


def _hint(opened: Opened) -> str:
    if isinstance(opened, OpenedComparison):
        place = opened.comparison.path
        return f"{place}: its driver is gone; go on with: tuner compare --resume {place}"
    if isinstance(opened, OpenedStudy):
        place = opened.folder
        return f"{place}: its driver is gone; go on with: tuner study {place}"
    told = resume_hint(opened.sweep) if isinstance(opened.sweep, Sweep) else "its driver is gone"
    return f"{opened.place}: {told}"


def _stamp(found: Sequence[Opened], output: Path) -> _Stamp:
    """Return what tells one state of the sources from another: names, times and sizes of files."""
    return frozenset(
        (str(file), status.st_mtime_ns, status.st_size)
        for folder in filter(None, map(_folder, found))
        for file, status in _records(folder)
        if file != output
    )


def _folder(opened: Opened) -> Path | None:
    return opened.comparison.path if isinstance(opened, OpenedComparison) else opened.folder


def _last_change(folder: Path) -> float:
    return max((status.st_mtime for _, status in _records(folder)), default=0.0)


def _records(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the files below a folder that a report is made of, as they are now."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _NO_RECORDS]
        for name in names:
            if name.endswith(_RECORDS):
                with suppress(FileNotFoundError):  # a journal's, which has moved into a table
                    file = Path(place, name)
                    yield file, file.stat()
