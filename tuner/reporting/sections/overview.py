"""What a sweep is, how it stands, what it cost, and what it ran with."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from tuner.errors import NoResultError
from tuner.plurals import counted
from tuner.reporting.parts import Column, Facts, Figures, Fold, Line, Part, Section, Table, Tone
from tuner.reporting.sources import OpenedSweep
from tuner.resources import amount_text
from tuner.short_text import config_text, duration_text, value_text
from tuner.store.notes import Note
from tuner.store.record import SweepRecord
from tuner.store.results import TrialResult

__all__ = ["moment", "notes", "overview", "provenance", "saved_by_stopping", "status_text"]


def overview(opened: OpenedSweep) -> Section:
    """Return what one wants to know first."""
    sweep = opened.sweep
    parts: list[Part] = [Line(_status_line(opened), _tone(opened))]
    if sweep.state.get("message"):
        parts.append(Line(str(sweep.state["message"]), "warn"))
    parts += [Figures(list(_figures(opened))), Facts(list(_facts(opened)))]
    return Section("Summary", parts)


def provenance(opened: OpenedSweep) -> Section:
    """Return what somebody needs who wants to do it again."""
    sweep = opened.sweep
    state = sweep.state
    told = [(name, text) for name, text in _made_with(state) if text]
    parts: list[Part] = [Facts([*([("folder", opened.place)] if opened.place else []), *told])]
    if space := list(_space_rows(sweep.spec.space, sweep.spec.roles)):
        columns = [Column("hyperparameter"), Column("domain"), Column("role")]
        parts.append(Fold("Search space", [Table("What was searched", columns, space)]))
    spec = {name: each for name, each in sweep.spec.to_json().items() if name != "space"}
    rows = [(name, _spec_text(each)) for name, each in spec.items()]
    parts.append(Fold("All settings", [Facts(rows)]))
    parts += _nodes(sweep)
    return Section("Provenance", parts)


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


def moment(seconds: float | None) -> str:
    """Return a time of this machine's clock; empty if there is none."""
    if seconds is None:
        return ""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


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
    yield (
        "metric",
        "; ".join(
            f"{each.metric} ({'lower' if each.mode == 'min' else 'higher'} is better)"
            for each in sweep.objectives
        ),
    )
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


def _made_with(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "command", str(state.get("command") or "")
    yield "working folder", str(state.get("working_dir") or "")
    commit = state.get("git_commit")
    if commit:
        dirty = ", with changes that were not committed" if state.get("git_dirty") else ""
        yield "git commit", f"{commit}{dirty}"
    yield "host", str(state.get("host") or "")
    yield "user", str(state.get("user") or "")
    found = state.get("versions") or {}
    versions = [f"Python {state['python']}"] if state.get("python") else []
    versions += [f"{name} {number}" for name, number in found.items() if number]
    yield "versions", ", ".join(versions)
    if nodes := state.get("nodes"):
        yield "cluster", "; ".join(map(_node_text, nodes))
    for place, each in enumerate(state.get("resumed") or (), 1):
        at = moment(each.get("at") or each.get("started"))
        yield f"resumed ({place})", " ".join(filter(None, (at, str(each.get("command") or ""))))
    simulated = state.get("simulated") or {}
    yield "simulated on", str(simulated.get("cluster") or "")
    yield "assumed", "; ".join(map(str, simulated.get("remarks") or ()))


def _node_text(resources: Mapping[str, float]) -> str:
    """Return what a node has, without Ray's own labels of it."""
    told = [
        f"{name} {amount_text(name, float(amount))}"
        for name, amount in resources.items()
        if not name.startswith("node:") and name != "object_store_memory"
    ]
    return ", ".join(told)


def _nodes(sweep: SweepRecord) -> list[Part]:
    """Return what each node was used for."""
    nodes = sweep.nodes()
    if not len(nodes):
        return []
    told: Mapping[str, Callable[[pd.Series[Any]], str]] = {
        "CPUs": lambda row: f"{row['cpu']:g}",
        "GPUs": lambda row: f"{row['gpu']:g}",
        "there for": lambda row: duration_text(row["present_s"]),
        "workers": lambda row: str(row["workers"]),
        "CPUs busy": lambda row: _share(row["cpu_busy"]),
        "GPUs busy": lambda row: _share(row["gpu_busy"]),
        "idle workers": lambda row: duration_text(row["idle_s"]),
    }
    if not nodes["gpu"].any():
        told = {name: each for name, each in told.items() if not name.startswith("GPUs")}
    rows = [
        [str(row["node"]), *(each(row) for each in told.values())] for _, row in nodes.iterrows()
    ]
    columns = [Column("node"), *(Column(name, numeric=True) for name in told)]
    return [Table("What the nodes were used for", columns, rows)]


def _share(value: Any) -> str:
    return "" if value is None or pd.isna(value) else f"{value:.0%}"


def _space_rows(
    space: Mapping[str, Any], roles: Mapping[str, str], prefix: str = ""
) -> Iterator[list[str]]:
    """Yield name, domain and role of every entry of a space that came as JSON."""
    for name, value in space.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping) and "type" not in value:
            yield from _space_rows(value, roles, f"{path}/")
        elif isinstance(value, Mapping):
            rest = ", ".join(f"{key}={_item_text(each)}" for key, each in value.items()
                             if key != "type")  # fmt: skip
            yield [path, f"{value['type']}({rest})", roles.get(path, "")]
        else:
            yield [path, _item_text(value), roles.get(path, "constant")]


def _item_text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_item_text, value))}]"
    return config_text(value) if isinstance(value, Mapping) else str(value)


def _spec_text(value: Any) -> str:
    if isinstance(value, Mapping):
        return config_text(value)
    if isinstance(value, list | tuple):
        return "; ".join(map(_spec_text, value))
    return "" if value is None else str(value)
