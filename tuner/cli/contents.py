"""What the reading verbs say of a sweep, as plain values: the same for people and for JSON."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tuner.cli.stored import columns, count_reports, count_rows, rows_of_trial
from tuner.errors import NoResultError, TunerError
from tuner.places import Place
from tuner.progress import curves_of
from tuner.store import Sweep, SweepLayout, TrialResult, load
from tuner.store.digest import error_line, reason_class
from tuner.store.notes import read_notes
from tuner.store.outcomes import ERRORS
from tuner.store.reader import TableName
from tuner.store.results import At
from tuner.store.standing import status_of

__all__ = [
    "best_results",
    "heading",
    "learning_curves",
    "notes_of",
    "pareto_rows",
    "stopped_trials",
    "summary",
    "trial_details",
]


def heading(path: Place, storage: Place) -> dict[str, Any]:
    """Return what a list of sweeps says of the one at ``path``, also if it cannot be read.

    Its name is that below ``storage``: of a study's sweep ``<study>/<sweep>``.
    """
    name = path.name
    if isinstance(path, Path) and isinstance(storage, Path):
        name = path.relative_to(storage).as_posix()
    try:
        sweep = load(path)
        state, spec = sweep.state, sweep.spec
        best = best_results(sweep, 1)
        return {
            "name": name,
            "path": str(path),
            "status": status_of(sweep),
            "scenario": spec.scenario,
            "arm": spec.arm,
            "trials": count_rows(sweep, "trials"),
            "metric": sweep.metric,
            "best": best[0].value if best else None,
            "started": state.get("started"),
            "ended": state.get("ended"),
        }
    except TunerError as error:
        return {"name": name, "path": str(path), "status": "unreadable", "error": str(error)}


def summary(sweep: Sweep, n_best: int) -> dict[str, Any]:
    """Return how a sweep stands: spec, counts, the best trials, decisions and failures."""
    trials = _rows(sweep, "trials", ["trial_id", "status", "outcome", "error"])
    return {
        "name": sweep.name,
        "path": str(sweep.place),
        "arm": sweep.spec.arm,
        **sweep.state,
        "status": status_of(sweep),
        "checkpoints": _checkpoints(sweep),
        "spec": sweep.spec.to_json(),
        "reports": count_reports(sweep),
        "trials": {
            "total": len(trials),
            "by_status": _counts(trials, "status"),
            "by_outcome": _counts(trials, "outcome"),
        },
        "best": [asdict(result) for result in best_results(sweep, n_best)],
        "pareto": pareto_rows(sweep) if len(sweep.objectives) > 1 else [],
        "decisions": _decisions(sweep),
        "failures": [
            {
                "trial_id": trial["trial_id"],
                "outcome": trial["outcome"],
                "error": error_line(trial["error"] or ""),
            }
            for trial in trials
            if trial["status"] == "ERROR" or trial["outcome"] in ERRORS
        ],
        "workers": _workers(sweep),
        "nodes": _nodes(sweep),
        "notes": notes_of(sweep),
    }


def best_results(sweep: Sweep, n: int, at: At = "best") -> list[TrialResult]:
    """Return up to ``n`` trials, best first; none where no value of the metric is finite."""
    try:
        found = sweep.best(n, at)
    except NoResultError:
        return []
    return found if isinstance(found, list) else [found]


def pareto_rows(sweep: Sweep) -> list[dict[str, Any]]:
    """Return the trials of the Pareto front with what they last reported, by the metric."""
    metrics = [objective.metric for objective in sweep.objectives]
    return [
        {
            "trial_id": row["trial_id"],
            "values": {metric: row[f"last/{metric}"] for metric in metrics},
            "iteration": row["iterations"],
            "outcome": row["outcome"],
            "config": row["config"],
        }
        for row in sweep.pareto().to_dict("records")
    ]


def trial_details(sweep: Sweep, trial_id: str) -> dict[str, Any]:
    """Return everything that is stored of one trial.

    Raises:
        SpecError: There is no such trial.
    """
    result = sweep.trial(trial_id)
    return {
        **asdict(result),
        "reports": rows_of_trial(sweep, "reports", trial_id),
        "decisions": rows_of_trial(sweep, "decisions", trial_id),
        "notes": notes_of(sweep, trial_id),
    }


def notes_of(sweep: Sweep, trial_id: str | None = None) -> list[dict[str, Any]]:
    """Return the notes on a sweep and its trials, or on one trial, in the order of writing."""
    notes = read_notes(SweepLayout(sweep.path))
    return [asdict(note) for note in notes if trial_id in (None, note.trial_id)]


def learning_curves(sweep: Sweep) -> dict[str, list[tuple[float, float]]]:
    """Return (time, value of the metric) of every report, by trial."""
    time_attr = sweep.spec.time_attr
    reports = columns(sweep, "reports", ["trial_id", time_attr, sweep.metric])
    return curves_of(reports, sweep.metric, time_attr)


def stopped_trials(sweep: Sweep) -> set[str]:
    """Return the trials that a scheduler stopped."""
    trials = _rows(sweep, "trials", ["trial_id", "outcome"])
    return {trial["trial_id"] for trial in trials if trial["outcome"] == "stopped"}


def _counts(trials: Sequence[dict[str, Any]], column: str) -> dict[str, int]:
    return dict(Counter(trial[column] for trial in trials if trial[column]).most_common())


def _decisions(sweep: Sweep) -> list[dict[str, Any]]:
    rows = _rows(sweep, "decisions", ["decision", "reason"])
    kinds = Counter((row["decision"], reason_class(row["reason"] or "")) for row in rows)
    return [
        {"decision": decision, "reason": reason, "count": kinds[decision, reason]}
        for decision, reason in sorted(kinds, key=lambda kind: [_natural(str(k)) for k in kind])
    ]


def _workers(sweep: Sweep) -> dict[str, Any]:
    """Return what the worker processes that have ended did, all together."""
    workers = sweep.workers()
    seconds = workers[["start_s", "busy_s", "idle_s", "wasted_s"]].sum()
    return {
        "started": len(workers),
        "reused": int((workers["trials"] - 1).sum()),
        **{str(name): float(value) for name, value in seconds.items()},
        "ended": workers["ended"].value_counts().to_dict(),
    }


def _nodes(sweep: Sweep) -> list[dict[str, Any]]:
    """Return what each node was used for."""
    nodes = sweep.nodes().astype(object)
    return [
        {str(name): value for name, value in row.items()}
        for row in nodes.where(nodes.notna(), None).to_dict("records")
    ]


def _natural(text: str) -> list[tuple[int, str]]:
    """Return a key that sorts ``rung 9`` before ``rung 27``."""
    parts = re.split(r"(\d+)", text)  # text and digits by turns
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]


def _rows(sweep: Sweep, table: TableName, names: Sequence[str]) -> list[dict[str, Any]]:
    values = columns(sweep, table, names)
    return [dict(zip(names, row, strict=True)) for row in zip(*values.values(), strict=True)]


def _checkpoints(sweep: Sweep) -> dict[str, int]:
    """Return how many checkpoints are kept, and the bytes that they take."""
    sizes = sweep.checkpoints()
    return {"number": len(sizes), "bytes": sum(sizes.values())}
