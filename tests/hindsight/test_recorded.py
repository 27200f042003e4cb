"""What of a sweep can be replayed: fair ends, whole reports; accidents are left out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tuner.errors import NoResultError, SpecError
from tuner.hindsight.recorded import RecordedSweep, recorded_sweep
from tuner.store import SweepLayout, SweepWriter, load, write_spec

Trial = tuple[str, Sequence[Mapping[str, Any]]]


def report(epoch: int, loss: float | None, **changes: Any) -> dict[str, Any]:
    values = {} if loss is None else {"loss": loss}
    return {
        "attempt": 1, "training_iteration": epoch, "epoch": epoch, "time_total_s": 2.0 * epoch,
        "timestamp": 100.0 + epoch, **values, **changes,
    }  # fmt: skip


def curve(*losses: float, **changes: Any) -> list[dict[str, Any]]:
    return [report(epoch, loss, **changes) for epoch, loss in enumerate(losses, 1)]


def stored(folder: Path, trials: Mapping[str, Trial], **changes: Any) -> Any:
    layout = SweepLayout.create(folder / "sweep")
    writer = SweepWriter(layout, metric="loss", mode="min", time_attr="epoch")
    for trial_id, (outcome, reports) in trials.items():
        writer.trial(trial_id, config={"x": 1}, attempts=1)
        for row in reports:
            writer.report({"trial_id": trial_id, **row})
        writer.trial(trial_id, status="TERMINATED", outcome=outcome)
    writer.close()
    spec = {
        "name": "sweep", "storage_path": str(folder), "scenario": "s", "source": None, "space": {},
        "metric": "loss", "mode": "min", "time_attr": "epoch", "max_t": 4, "grace_period": 1,
        "scheduler": "asha", "searcher": "random", "seed": 0, "resources": {"cpu": 1},
    }  # fmt: skip
    write_spec(layout, {"spec": spec | changes})
    return load(layout.root)


def recording(folder: Path, trials: Mapping[str, Trial], **changes: Any) -> RecordedSweep:
    return recorded_sweep(stored(folder, trials, **changes))


def test_only_what_a_scheduler_stopped_is_known_in_part(tmp_path: Path) -> None:
    found = recording(
        tmp_path,
        {
            "whole": ("completed", curve(4, 3, 2, 1)),
            "short": ("completed", curve(5, 4)),  # ended by itself
            "cut": ("stopped", curve(6, 5)),
            "burst": ("diverged", curve(7, 1e9)),
        },
    )
    assert [(t.trial_id, t.known, t.epochs) for t in found.trials] == [
        ("whole", 4, 4), ("short", 2, 2), ("cut", 2, 4), ("burst", 2, 2)
    ]  # fmt: skip
    assert [t.seconds(t.epochs) for t in found.trials] == [8, 4, 8, 4]
    assert math.isnan(found.values(3, 2)[1])
    assert found.best == 1
    assert "1 of 4 curves were cut short by asha" in found.remarks[0]


def test_accidents_are_left_out_and_counted(tmp_path: Path) -> None:
    found = recording(
        tmp_path,
        {
            "a": ("completed", curve(4, 3, 2, 1)),
            "b": ("failed", curve(1)),
            "c": ("interrupted", curve(1, 1)),
            "d": ("hung", []),
        },
    )
    assert [trial.trial_id for trial in found.trials] == ["a"]
    assert found.remarks == (
        "trials left out, whose end says nothing of them: 1 failed, 1 hung, 1 interrupted",
    )


def test_an_attempt_that_was_repeated_counts_once(tmp_path: Path) -> None:
    again = [report(2, 3, attempt=2), report(3, 2, attempt=2), report(4, 1, attempt=2)]
    found = recording(tmp_path, {"a": ("completed", [*curve(4, 9, 9), *again])})
    assert list(found.values(0, 4)) == [4, 3, 2, 1]


def test_time_that_is_not_counted_in_reports(tmp_path: Path) -> None:
    rows = [report(n, 1 / n) | {"epoch": 10 * n} for n in (1, 2)]
    found = recording(tmp_path, {"a": ("stopped", rows)}, max_t=45)
    assert found.trials[0].epochs == 5  # at 10, 20, and 30, 40, 50 to come
    assert list(found.trials[0].curve.metrics["epoch"]) == [10, 20, 30, 40, 50]


@pytest.mark.parametrize(
    "rows",
    [
        [report(1, 1.0), report(2, None), report(3, 1.0)],
        [report(1, math.nan), report(2, 1.0)],
        [report(1, 1.0, time_total_s=math.nan)],
    ],
)
def test_reports_that_lack_something_are_refused(
    tmp_path: Path, rows: Sequence[Mapping[str, Any]]
) -> None:
    with pytest.raises(SpecError, match="trial a has reports that lack one"):
        recording(tmp_path, {"a": ("completed", rows)})


def test_nothing_to_replay(tmp_path: Path) -> None:
    with pytest.raises(NoResultError, match="no trial of sweep has ended"):
        recording(tmp_path, {"a": ("failed", curve(1))})


@pytest.mark.parametrize("scheduler", ["pbt:perturbation_interval=2", "pb2", "pbt_replay"])
def test_copies_belong_to_no_configuration(tmp_path: Path, scheduler: str) -> None:
    with pytest.raises(SpecError, match="replay a sweep whose scheduler is none of pbt"):
        recording(tmp_path, {"a": ("completed", curve(1))}, scheduler=scheduler)


def test_an_imported_sweep_knows_neither_its_scheduler_nor_its_searcher(tmp_path: Path) -> None:
    trials: dict[str, Trial] = {
        "a": ("completed", curve(4, 3, 2, 1)), "b": ("stopped", curve(9))
    }  # fmt: skip
    unknown: Any = {"scheduler": "unknown", "searcher": "unknown", "seed": None, "resources": {}}
    found = recording(tmp_path, trials, **unknown)
    assert len(found.trials) == 2
    assert found.gpus == 0


@pytest.mark.parametrize(("gap", "expected"), [(0.0, 3), (100.0, 1)])
def test_how_many_trained_at_once(tmp_path: Path, gap: float, expected: int) -> None:
    trials: dict[str, Trial] = {
        name: (
            "completed",
            [report(n, 1.0, timestamp=gap * place + 2.0 * n + 0.01 * place) for n in range(1, 5)],
        )
        for place, name in enumerate("abc")
    }
    assert recording(tmp_path, trials).concurrency == expected


def test_a_bound_that_was_never_reached_says_nothing(tmp_path: Path) -> None:
    trials: dict[str, Trial] = {"a": ("completed", curve(1))}
    assert recording(tmp_path, trials, max_concurrent_trials=7).concurrency == 1


def test_a_training_that_began_anew_takes_its_time_from_there(tmp_path: Path) -> None:
    rows = [report(1, 4, time_total_s=2.0), report(2, 3, time_total_s=5.0),
            report(3, 2, time_total_s=1.5), report(4, 1, time_total_s=2.0)]  # fmt: skip
    (trial,) = recording(tmp_path, {"a": ("completed", rows)}).trials
    assert [trial.seconds(n) for n in range(1, 5)] == [2.0, 5.0, 6.5, 7.0]
