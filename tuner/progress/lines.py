"""A sweep as plain lines, for log files, pipes and terminals that cannot redraw."""

from __future__ import annotations

from typing import TextIO

from tuner.plurals import counted
from tuner.progress.pace import Rate, time_left
from tuner.progress.snapshot import Gauge, Snapshot
from tuner.progress.wording import (
    config_text,
    duration_text,
    ended_text,
    resources_text,
    value_text,
)

__all__ = ["LineView"]

_STATUS_EVERY_S = 10.0
_BEST_EVERY_S = 1.0


class LineView:
    """Writes a line of status every 10 s, and one for each new best (at most one a second).

    Time is the sweep's own ``elapsed_s``. A reader that goes away, as ``head`` does, ends the
    lines and not the sweep.

    Args:
        stream: Where to write.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream
        self._rate = Rate()
        self._next_status_s = 0.0
        self._next_best_s = 0.0
        self._best: tuple[str | None, int | None, float | None] | None = None
        self._noted = False
        self._closed = False

    def update(self, snapshot: Snapshot) -> None:
        """Write what is due."""
        self._rate.observe(snapshot.elapsed_s, snapshot.reports)
        self._write_new_best(snapshot)
        note_begins = bool(snapshot.note) and not self._noted
        self._noted = bool(snapshot.note)
        if note_begins or snapshot.elapsed_s >= self._next_status_s:
            self._write_status(snapshot)

    def message(self, text: str) -> None:
        """Write ``text`` as a line of its own."""
        self._write(text)

    def close(self, snapshot: Snapshot | None = None) -> None:
        """Write the last state once."""
        if snapshot is not None and not self._closed:
            self._rate.observe(snapshot.elapsed_s, snapshot.reports)
            self._next_best_s = 0.0
            self._write_new_best(snapshot)
            self._write_status(snapshot)
        self._closed = True

    def _write_new_best(self, snapshot: Snapshot) -> None:
        best = (snapshot.best_trial, snapshot.best_iteration, snapshot.best_value)
        due = snapshot.elapsed_s >= self._next_best_s
        if snapshot.best_value is None or best == self._best or not due:
            return
        self._best = best
        self._next_best_s = snapshot.elapsed_s + _BEST_EVERY_S
        self._write(
            f"[{duration_text(snapshot.elapsed_s)}] new best {_best_text(snapshot)}: "
            f"{config_text(snapshot.best_config)}"
        )

    def _write_status(self, snapshot: Snapshot) -> None:
        self._next_status_s = snapshot.elapsed_s + _STATUS_EVERY_S
        self._write(status_line(snapshot, self._rate.per_second))

    def _write(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            print(text, file=self._stream, flush=True)
        except BrokenPipeError:
            self._stream = None


def status_line(snapshot: Snapshot, reports_per_s: float | None) -> str:
    """Return a sweep's state in one line of ASCII."""
    parts = [_trials_text(snapshot), counted(snapshot.reports, "report")]
    if reports_per_s is not None:
        parts[-1] += f" ({reports_per_s:.3g}/s)"
    if snapshot.best_value is not None:
        parts.append(f"best {_best_text(snapshot)}")
    parts += [_workers_text(gauge) for gauge in snapshot.gauges if gauge.name == "workers"]
    if snapshot.resources:
        parts.append(resources_text(snapshot.resources))
    left = time_left(snapshot)
    if left:
        parts.append(f"about {duration_text(left)} left")
    if snapshot.note:
        parts.append(snapshot.note)
    return f"[{duration_text(snapshot.elapsed_s)}] {'; '.join(parts)}"


def _workers_text(gauge: Gauge) -> str:
    used = f"{gauge.used:g}" if gauge.total is None else f"{gauge.used:g} of {gauge.total:g}"
    mean = ""
    if gauge.mean is not None:
        mean = f", mean {gauge.mean:.3g}" if gauge.total is None else f", mean {gauge.mean:.0%}"
    return f"{used} workers busy{mean}"


def _trials_text(snapshot: Snapshot) -> str:
    states = {
        name.lower(): snapshot.counts.get(name, 0) for name in ("RUNNING", "PAUSED", "PENDING")
    }
    told = [
        f"{count} {name}" for name, count in (states | dict(snapshot.outcomes)).items() if count
    ]
    ended = ended_text(snapshot.ended, snapshot.num_samples)
    return ended + (f" ({', '.join(told)})" if told else "")


def _best_text(snapshot: Snapshot) -> str:
    return (
        f"{snapshot.metric}={value_text(snapshot.best_value)} ({snapshot.best_trial}, "
        f"iteration {snapshot.best_iteration})"
    )
