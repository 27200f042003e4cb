"""What a sweep had spent at each of its reports, by its record. Pure functions of frames."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from tuner.comparison.withheld import Withheld
from tuner.store.holding import LETS_GO, RESUMED, STARTED

__all__ = ["overheads", "spending", "utilisation", "withheld_epochs"]

_GIVES_BACK = (LETS_GO - {"STOP"}) | {RESUMED}
"""A worker is paid for until its trial has ended, also after it was stopped."""


def spending(
    reports: pd.DataFrame,
    decisions: pd.DataFrame,
    events: pd.DataFrame,
    *,
    began: float,
    gpus: float,
) -> pd.DataFrame:
    """Return the reports in the order in which they came, with what was spent until then.

    Args:
        reports: As `tuner.Sweep.reports` gives them, those of all attempts.
        decisions: As `tuner.Sweep.decisions` gives them.
        events: As `tuner.Sweep.events` gives them.
        began: When the sweep began, in unix seconds.
        gpus: Of each trial.

    Returns:
        ``reports`` sorted, with the columns ``trials``, ``epochs`` (reports so far), ``seconds``
        (since ``began``, without the time between an interruption and the resume) and
        ``gpu_seconds`` (seconds that trials held workers, times ``gpus``).
    """
    sorted_reports = reports.sort_values("seq", ignore_index=True)
    changes = _changes(decisions, events)
    clock = _Clock(reports, decisions, events, began)
    at = clock.seconds(sorted_reports)
    first_starts = changes[changes["holds"]].drop_duplicates("trial_id")["seq"]
    seqs = sorted_reports["seq"].to_numpy()
    return sorted_reports.assign(
        trials=np.searchsorted(np.sort(first_starts.to_numpy()), seqs),
        epochs=np.arange(1, len(seqs) + 1),
        seconds=at,
        gpu_seconds=gpus * _held(changes, clock.seconds(changes), at),
    )


def overheads(events: pd.DataFrame) -> dict[str, float]:
    """Return the seconds that workers saved (``save_s``) and trials waited (``wait_s``).

    Waiting is from a suggestion to the first start, summed over trials.
    """
    return {
        "save_s": _between(events, "saving", "saved"),
        "wait_s": _between(events.drop_duplicates(["trial_id", "event"]), "suggested", "started"),
    }


def utilisation(spent: pd.DataFrame, decisions: pd.DataFrame, events: pd.DataFrame) -> float:
    """Return the share of the workers' time that trained, 0 to 1; NaN without a report.

    Args:
        spent: Reports as `spending` returns them, with ``time_total_s``.
        decisions: As `spending` takes them.
        events: Likewise.

    Returns:
        Seconds of training over those of as many workers as trials ever held at once, from the
        beginning to the last report.
    """
    if spent.empty:
        return math.nan
    total_s = spent["time_total_s"]
    steps = total_s.groupby(spent["trial_id"]).diff().fillna(total_s)
    most = int(np.where(_changes(decisions, events)["holds"], 1, -1).cumsum().max())
    return float(steps.clip(lower=0).sum() / (most * spent["seconds"].iloc[-1]))


def withheld_epochs(decisions: pd.DataFrame, trials: pd.DataFrame, withheld: Withheld) -> float:
    """Return the epochs of full training that a scheduler kept its trials from.

    Args:
        decisions: As `tuner.Sweep.decisions` gives them.
        trials: As `tuner.Sweep.trials` gives them.
        withheld: Of the sweep, fresh.
    """
    stopped = set(trials.loc[trials["outcome"] == "stopped", "trial_id"])
    told = decisions.dropna(subset=["training_iteration", "time"]).sort_values("seq")
    columns = (told[name] for name in ("trial_id", "training_iteration", "time", "decision"))
    for trial_id, iteration, time, decision in zip(*columns, strict=True):
        if decision == "STOP" and trial_id in stopped:
            withheld.stops(trial_id, iteration, time)
        elif decision == "PAUSE":
            withheld.pauses(trial_id, iteration, time)
        elif decision in ("RESUME", "STOP"):
            withheld.goes_on(trial_id)
    return withheld.epochs


def _changes(decisions: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return when a trial was given a worker (``holds``) or gave it back, in order."""
    columns = ["trial_id", "seq", "timestamp", "what"]
    said = [
        decisions.rename(columns={"decision": "what"})[columns],
        events.rename(columns={"event": "what"})[columns],
    ]
    resumed = said[1][said[1]["what"] == RESUMED].drop(columns="trial_id")
    if len(resumed):  # whoever had a worker then has lost it
        everyone = said[1]["trial_id"].dropna().drop_duplicates()
        said.append(resumed.merge(everyone, how="cross")[columns])
    told = pd.concat([each for each in said if len(each)] or said[:1], ignore_index=True)
    told = told[told["what"].isin([STARTED, *_GIVES_BACK]) & told["trial_id"].notna()]
    told = told.sort_values("seq", ignore_index=True)
    holds = told["what"] == STARTED
    held_before = holds.groupby(told["trial_id"]).shift(fill_value=False)
    return told.assign(holds=holds)[holds != held_before]


def _held(changes: pd.DataFrame, times: Any, at: Any) -> Any:
    """Return the seconds that trials have held workers until each of the times ``at``."""
    signs = np.where(changes["holds"], 1.0, -1.0)
    # Each start adds (t - start) from then on, each end takes (t - end) away again.
    count = np.concatenate([[0.0], np.cumsum(signs)])
    offset = np.concatenate([[0.0], np.cumsum(signs * times)])
    place = np.searchsorted(times, at, side="right")
    return count[place] * at - offset[place]


class _Clock:
    """Seconds since a sweep began, as long as anybody drove it."""

    def __init__(
        self, reports: pd.DataFrame, decisions: pd.DataFrame, events: pd.DataFrame, began: float
    ) -> None:
        self._began = began
        said = [frame[["seq", "timestamp"]] for frame in (reports, decisions, events)]
        told = pd.concat([each for each in said if len(each)] or said[:1])
        told = told.sort_values("seq", ignore_index=True)
        resumed = told["seq"].isin(events.loc[events["event"] == RESUMED, "seq"])
        gaps = told["timestamp"].diff().where(resumed, 0.0).fillna(0.0)
        self._seqs = told["seq"].to_numpy()
        self._idle = gaps.cumsum().to_numpy()

    def seconds(self, rows: pd.DataFrame) -> Any:
        """Return when rows with ``seq`` and ``timestamp`` were written."""
        place = np.searchsorted(self._seqs, rows["seq"].to_numpy())
        return rows["timestamp"].to_numpy() - self._began - self._idle[place]


def _between(events: pd.DataFrame, first: str, last: str) -> float:
    """Return the seconds from each event ``first`` to the next ``last`` of its trial, summed."""
    told = events[events["event"].isin([first, last])].sort_values("seq")
    before = told.groupby("trial_id")[["event", "timestamp"]].shift()
    ends = (told["event"] == last) & (before["event"] == first)
    return float((told["timestamp"] - before["timestamp"])[ends].sum())
