"""What happened in a sweep, in words: from its record and its notes to lines in order of time."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tuner.plurals import counted
from tuner.progress.wording import config_text, value_text
from tuner.store.digest import error_line
from tuner.store.journal import Record
from tuner.store.notes import Note
from tuner.store.outcomes import ERRORS

__all__ = ["Entry", "entries", "line_of", "merged", "note_entry", "report_text"]

_NO_METRICS = frozenset({"trial_id", "attempt", "training_iteration", "time_total_s", "timestamp"})
_DECIDED = {
    "STOP": "stopped",
    "PAUSE": "paused",
    "RESUME": "goes on",
    "EXPLOIT": "copies another trial",
    "RETRY": "gets more",
}

_AT_MAX_T = "reached max_t="


@dataclass(frozen=True)
class Entry:
    """One thing that happened.

    Attributes:
        at: When, in unix seconds; None where that is not recorded.
        trial_id: The trial; None for the sweep as a whole.
        attempt: Which of the trial's attempts; None for the sweep as a whole.
        what: The event, the decision, ``"report"`` or ``"note"``.
        text: The same in words.
        details: What is recorded of it.
    """

    at: float | None
    trial_id: str | None
    attempt: int | None
    what: str
    text: str
    details: Mapping[str, Any]


def entries(
    records: Sequence[Record],
    error_of: Callable[[str], str | None],
    *,
    time_attr: str,
    whole_errors: bool,
    saves: bool,
) -> Iterator[Entry]:
    """Yield what happened; steps that concern only the inside of a sweep are left out.

    Args:
        records: Reports, decisions and events, in order.
        error_of: Returns the traceback of a trial whose last attempt failed.
        time_attr: What counts as a trial's time.
        whole_errors: Whether to include the whole traceback, not only its last line.
        saves: Whether to include checkpoints, of which there may be as many as reports.
    """
    for record in records:
        row = record.row
        if row.get("event") == "saved" and not saves:
            continue
        if record.kind == "event":
            what, text = row["event"], _event_text(row, error_of, whole_errors=whole_errors)
        elif record.kind == "decision":
            what, text = row["decision"], _decision_text(row, time_attr)
        else:
            what, text = "report", report_text(row, time_attr)
        if text is not None:
            attempt, details = row.get("attempt"), _details(record)
            yield Entry(row.get("timestamp"), row.get("trial_id"), attempt, what, text, details)


def note_entry(note: Note) -> Entry:
    """Return a note as something that happened."""
    labels = "".join(f" #{tag}" for tag in note.tags)
    details = {"text": note.text, "tags": list(note.tags), "by": note.by}
    text = f"note by {note.by}: {note.text}{labels}"
    return Entry(note.at, note.trial_id, None, "note", text, details)


def merged(happened: Iterable[Entry], notes: Iterable[Entry]) -> Iterator[Entry]:
    """Yield both in order of time; each keeps its own order, whatever the clocks said."""
    yield from heapq.merge(happened, notes, key=lambda entry: entry.at or 0.0)


def line_of(entry: Entry, *, simulated: bool = False) -> str:
    """Return an entry as text: time, trial, words.

    Args:
        entry: What happened.
        simulated: Whether times are since the sweep began, and not in unix seconds.
    """
    told = _since if simulated else _moment
    moment = "-" if entry.at is None else told(entry.at)
    return f"{moment:19}  {entry.trial_id or 'sweep':7}  {entry.text}"


def report_text(row: Mapping[str, Any], time_attr: str) -> str:
    """Return a report in words.

    Args:
        row: A row of ``reports/``.
        time_attr: What counts as the trial's time.
    """
    metrics = {name: row[name] for name in row if name not in {*_NO_METRICS, time_attr}}
    return f"{_place(row, time_attr)}: {config_text(metrics)}"


def _event_text(
    row: Mapping[str, Any], error_of: Callable[[str], str | None], *, whole_errors: bool
) -> str | None:
    """Return an event in words; None for one that concerns only the inside of a sweep."""
    attempt, details = row.get("attempt") or 1, row.get("details") or {}
    match row["event"]:
        case "suggested":
            return f"suggested: {config_text(details.get('config', {}))}"
        case "queued":
            return "waits for a worker"
        case "started":
            return "starts" if attempt == 1 else f"starts, attempt {attempt}"
        case "saved" if details:
            return f"saved at iteration {value_text(details.get('training_iteration'))}"
        case "failing":
            return f"attempt {attempt} failed"
        case "ended":
            outcome = details.get("outcome")
            error = error_of(row["trial_id"]) if outcome in ERRORS else None
            return f"ended: {outcome}" + _error_text(error, whole=whole_errors)
        case "worker":
            served = (
                f"worker {details.get('worker')} ends after {counted(details['trials'], 'trial')}"
            )
            return f"{served}: {details.get('ended')}"
        case "resumed":
            return "resumed: another driver goes on, with workers of its own"
    return None


def _error_text(error: str | None, *, whole: bool) -> str:
    if not error:
        return ""
    return "\n" + error.rstrip() if whole else f": {error_line(error)}"


def _decision_text(row: Mapping[str, Any], time_attr: str) -> str:
    decided = _DECIDED.get(row["decision"], row["decision"])
    if row["decision"] == "STOP" and (row.get("reason") or "").startswith(_AT_MAX_T):
        decided = "completed"  # which is its outcome; the scheduler stopped nothing
    place = f"at {time_attr} {row['time']:g}" if row.get("time") is not None else ""
    return f"{' '.join(filter(None, (decided, place)))}: {row.get('reason') or 'no reason given'}"


def _place(row: Mapping[str, Any], time_attr: str) -> str:
    name = time_attr if row.get(time_attr) is not None else "training_iteration"
    return f"{name} {value_text(row.get(name))}"


def _details(record: Record) -> dict[str, Any]:
    if record.kind == "report":
        return {name: value for name, value in record.row.items() if name != "trial_id"}
    names = ("training_iteration", "time", "reason") if record.kind == "decision" else ()
    told = {name: record.row.get(name) for name in names}
    return told | (record.row.get("details") or {})


def _since(seconds: float) -> str:
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(int(minutes), 60)
    return f"+{hours}:{minute:02d}:{second:05.2f}"


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
