"""What a searcher can learn from a stored sweep, and how it is kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tuner.errors import StorageError
from tuner.objectives import Objective
from tuner.store import Sweep, SweepLayout, SweepWriter, load, write_spec
from tuner.store.past import PastTrial, past_trials, read_past_trials, write_past_trials

ReportOf = Callable[..., dict[str, Any]]

NAN = math.nan
LOSS, SIZE = Objective("loss", "min"), Objective("size", "max")
SPEC = {
    "name": "sweep", "storage_path": "/", "scenario": "s", "source": None, "space": {},
    "metric": "loss", "mode": "min", "time_attr": "epoch", "max_t": 3, "grace_period": 1,
    "scheduler": "asha", "searcher": "random", "seed": 0, "resources": {},
}  # fmt: skip


@pytest.fixture
def sweep(layout: SweepLayout, writer: SweepWriter, report_of: ReportOf) -> Sweep:
    """Trials that ended in every way there is."""
    curves: dict[str, tuple[str | None, list[float | None]]] = {
        "whole": ("completed", [0.9, 0.5, 0.25]),
        "by itself": ("completed", [0.9, 0.6]),
        "stopped": ("stopped", [0.95]),
        "diverged": ("diverged", [0.8, NAN]),
        "at once": ("diverged", [math.inf]),
        "gaps": ("stopped", [0.7, NAN, 0.6, None]),
        "failed": ("failed", [0.1]),
        "hung": ("hung", [0.1]),
        "silent": ("completed", []),
        "running": (None, [0.2]),
        "copied": ("completed", [0.9, 0.8, 0.7]),
    }
    for trial_id, (outcome, losses) in curves.items():
        writer.trial(trial_id, config={"lr": len(trial_id), "sizes": (1, 2)}, outcome=outcome)
        for epoch, loss in enumerate(losses, 1):
            writer.report({**report_of(trial_id, epoch, loss=loss, size=8), "epoch": epoch})
    writer.decision({"trial_id": "copied", "decision": "EXPLOIT", "details": {"source": "whole"}})
    writer.close()
    write_spec(layout, {"spec": SPEC})
    return load(layout.root)


def test_what_ended_with_a_result_teaches(sweep: Sweep) -> None:
    trials, others = past_trials(sweep, [LOSS], "epoch")
    curves = {each.trial_id: list(zip(each.times, each.values, strict=True)) for each in trials}
    assert repr(curves) == repr(
        {
            "whole": [(1.0, [0.9]), (2.0, [0.5]), (3.0, [0.25])],
            "by itself": [(1.0, [0.9]), (2.0, [0.6])],
            "stopped": [(1.0, [0.95])],
            "diverged": [(1.0, [0.8]), (2.0, [NAN])],
            "at once": [(1.0, [math.inf])],
            "gaps": [(1.0, [0.7]), (3.0, [0.6])],
        }
    )
    assert others == 5
    assert [each.trial_id for each in trials if each.whole] == ["by itself"]
    assert trials[0].config == {"lr": 5, "sizes": (1, 2)}
    assert trials[0].sweep == str(sweep.path)


def test_every_objective_is_read(sweep: Sweep) -> None:
    trials, _ = past_trials(sweep, [LOSS, SIZE, Objective("absent", "min")], "epoch")
    assert repr(trials[2].values) == repr([[0.95, 8.0, NAN]])


def test_what_a_restart_repeats_is_there_once(
    layout: SweepLayout, writer: SweepWriter, report_of: ReportOf
) -> None:
    writer.trial("a", config={}, outcome="stopped")
    for attempt, epoch, loss in [(1, 1, 0.9), (1, 2, 0.8), (2, 2, 0.7), (2, 3, 0.6)]:
        row = {**report_of("a", epoch, loss=loss), "attempt": attempt, "epoch": epoch}
        writer.report(row)
    write_spec(layout, {"spec": SPEC})
    (trial,), _ = past_trials(load(layout.root), [LOSS], "epoch")
    assert (trial.times, trial.values) == ([1.0, 2.0, 3.0], [[0.9], [0.7], [0.6]])


def test_what_is_written_is_read_again(tmp_path: Path, same: Callable[[Any, Any], bool]) -> None:
    config = {"lr": 1, "sizes": (64, 32), "net": {"act": None, "bad": NAN}}
    trial = PastTrial("s3://b/x", "t1", config, True, [1.0, 2.5], [[0.1, NAN], [-math.inf, 3.0]])
    trials = [trial, replace(trial, trial_id="t2", whole=False)]
    write_past_trials(tmp_path / "p.parquet", trials)
    read = read_past_trials(tmp_path / "p.parquet")
    assert same([vars(each) for each in read], [vars(each) for each in trials])


def test_a_copy_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"p\.parquet is gone, .* bring it back"):
        read_past_trials(tmp_path / "p.parquet")
