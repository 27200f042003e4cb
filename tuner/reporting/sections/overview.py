"""What a sweep is, how it stands and what it cost; and what people wrote about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from tuner.errors import NoResultError
from tuner.figures.labels import directed
from tuner.plurals import counted
from tuner.reporting.parts import Column, Facts, Figures, Line, Part, Section, Table, Tone
from tuner.reporting.sections.provenance import moment
from tuner.reporting.sources import OpenedSweep
from tuner.short_text import config_text, duration_text, value_text
from tuner.store.notes import Note
from tuner.store.record import SweepRecord
from tuner.store.results import TrialResult

__all__ = ["notes", "overview", "saved_by_stopping", "status_text"]


def overview(opened: OpenedSweep) -> Section:
    """Return what one wants to know first."""
    sweep = opened.sweep
    parts: list[Part] = [Line(_status_line(opened), _tone(opened))]
    if sweep.state.get("message"):
        parts.append(Line(str(sweep.state["message"]), "warn"))
    parts += [Figures(list(_figures(opened))), Facts(list(_facts(opened)))]
    return Section("Summary", parts)


def notes(found: Sequence[Note]) -> Section:
    """Return what people wrote."""
    columns = [Column("written"), Column("by"), Column("trial"), Column("note")]
    rows = [
        [
            moment(note.at),
            note.by,
            note.trial_id or "",
            " ".join([note.text, *(f"#{tag}" for tag in note.tags)]).strip(),
        ]
        for note in found
    ]
    return Section("Notes", [Table("Notes", columns, rows)] if rows else [])


def saved_by_stopping(sweep: SweepRecord) -> float | None:
    """Return which share of the trials' full time stopping early saved, 0 to 1; None if nothing.

    Only what a scheduler stopped counts: a trial that a budget cut off, that diverged or that
    failed saves nothing.
    """
    trials, reports, spec = sweep.trials(), sweep.reports(), sweep.spec
    stopped = trials.loc[trials["outcome"] == "stopped", "trial_id"]
    if not len(stopped) or spec.time_attr not in reports:
        return None
    times = pd.to_numeric(reports[spec.time_attr], errors="coerce")
    until = times.groupby(reports["trial_id"]).max()
    left = (spec.max_t - until.reindex(stopped)).clip(lower=0).sum()
    full = float(until.sum() + left)
    return float(left) / full if full > 0 else None


def status_text(opened: OpenedSweep) -> str:
    """Return how a sweep stands, in a word."""
    if opened.standing == "gone":
        return "killed"
    return str(opened.sweep.state.get("status") or "unknown")


def _status_line(opened: OpenedSweep) -> str:
    told = status_text(opened)
    if opened.standing == "gone":
        return f"{told}: its driver is gone; go on with tuner resume {opened.place}"
    if told == "interrupted" and opened.place:
        return f"{told}; go on with tuner resume {opened.place}"
    return told


def _tone(opened: OpenedSweep) -> Tone:
    tones: Mapping[str, Tone] = {
        "finished": "good", "failed": "bad", "killed": "bad", "interrupted": "warn",
    }  # fmt: skip
    return tones.get(status_text(opened), "plain")


def _facts(opened: OpenedSweep) -> Iterator[tuple[str, str]]:
    sweep = opened.sweep
    spec, trials = sweep.spec, sweep.trials()
    yield "scenario", spec.scenario
    yield "metric", "; ".join(map(directed, sweep.objectives))
    yield "arm", spec.arm
    yield "outcomes", _outcomes_text(trials)
    if (best := _best(sweep)) is not None:
        yield f"best, {best.trial_id}", config_text(best.config)
    yield "budget", _budget_text(spec.num_samples, spec.max_t, spec.time_attr, spec.time_budget_s)
    yield "ran", _time_text(opened)
    if spec.tags:
        yield "tags", ", ".join(map(str, spec.tags))
    if spec.notes:
        yield "notes", spec.notes


def _figures(opened: OpenedSweep) -> Iterator[tuple[str, str, str]]:
    """Yield what is told in large letters."""
    sweep = opened.sweep
    if (best := _best(sweep)) is not None:
        direction = "lowest" if sweep.mode == "min" else "highest"
        yield f"{direction} {sweep.metric}", value_text(best.value), f"by {best.trial_id}"
    trials, reports = sweep.trials(), sweep.reports()
    yield "trials", f"{len(trials):,}", counted(len(reports), "report")
    if (seconds := _seconds(opened.sweep.state)) is not None:
        simulated = "simulated" if sweep.state.get("simulated") else "wall time"
        yield "took", duration_text(seconds), simulated
    elif opened.runs and (began := _began(sweep.state)) is not None:
        since = "since it was resumed" if sweep.state.get("resumed") else "so far"
        yield "running for", duration_text(max(0.0, opened.at - began)), since
    if share := saved_by_stopping(sweep):
        yield "saved", f"{share:.0%}", "of full trainings, by stopping early"


def _best(sweep: SweepRecord) -> TrialResult | None:
    try:
        return sweep.best()
    except NoResultError:
        return None


def _seconds(state: Mapping[str, Any]) -> float | None:
    """Return how long a sweep took; None where that is not known yet."""
    if simulated := state.get("simulated"):
        return float(simulated["seconds"])
    started, ended = state.get("started"), state.get("ended")
    return None if started is None or ended is None else float(ended - started)


def _began(state: Mapping[str, Any]) -> float | None:
    """Return when the driver began that a sweep has, or had last, in unix seconds."""
    last: Mapping[str, Any] = [state, *(state.get("resumed") or ())][-1]
    started = last.get("started")
    return None if started is None else float(started)


def _outcomes_text(trials: pd.DataFrame) -> str:
    ended = Counter(each for each in trials["outcome"] if isinstance(each, str))
    running = Counter(
        str(status).lower()
        for status, outcome in zip(trials["status"], trials["outcome"], strict=True)
        if not isinstance(outcome, str) and isinstance(status, str)
    )
    told = [f"{count:,} {name}" for name, count in [*ended.most_common(), *running.most_common()]]
    return ", ".join(told) or "no trial yet"


def _budget_text(number: int | None, max_t: float, time_attr: str, seconds: float | None) -> str:
    trials = "trials" if number is None else counted(number, "trial")
    told = f"{trials}, each to {time_attr} {max_t:g} at most"
    return told if seconds is None else f"{told}; {duration_text(seconds)} in all"


def _time_text(opened: OpenedSweep) -> str:
    state = opened.sweep.state
    started, ended = state.get("started"), state.get("ended")
    simulated = state.get("simulated")
    if simulated:
        return f"in virtual time, simulated {moment(simulated.get('at'))}: {simulated['task']}"
    if started is None:
        return "unknown"
    return f"since {moment(started)}" if ended is None else f"{moment(started)} to {moment(ended)}"
