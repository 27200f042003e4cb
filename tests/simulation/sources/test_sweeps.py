"""A finished sweep can be simulated with: its trials, its times, and not a report more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tuner.errors import CutShortError, SpecError
from tuner.simulation.sources import find_task
from tuner.simulation.sources.sweeps import overheads_of, recorded_reports
from tuner.spec import SweepSpec
from tuner.store import Sweep, SweepLayout, SweepWriter, load, write_spec

Recorded = Callable[..., Sweep]


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    """Make a sweep of trials, by id: how each ended, and its reports (loss, time_total_s)."""

    def make(
        trials: Mapping[str, tuple[str, list[tuple[float, float | None]]]],
        *,
        step: int = 1,
        exploits: tuple[str, ...] = (),
    ) -> Sweep:
        layout = SweepLayout.create(tmp_path / "recorded")
        writer = SweepWriter(layout, metric="loss", mode="min", time_attr="epoch")
        for number, (trial_id, (outcome, reports)) in enumerate(trials.items()):
            writer.trial(
                trial_id, config={"x": float(number)}, outcome=outcome, status="TERMINATED"
            )
            for iteration, (loss, elapsed) in enumerate(reports, 1):
                row = {"trial_id": trial_id, "attempt": 1, "training_iteration": iteration}
                writer.report(
                    {**row, "epoch": step * iteration, "time_total_s": elapsed, "loss": loss}
                )
        for trial_id in exploits:
            writer.decision({"trial_id": trial_id, "attempt": 1, "decision": "EXPLOIT"})
        writer.close()
        spec = SweepSpec(
            name="recorded", storage_path=str(tmp_path), scenario="s", source=None, space={},
            metric="loss", mode="min", time_attr="epoch", max_t=9, grace_period=2,
            scheduler="asha", searcher="random", seed=0, resources={"cpu": 2},
        )  # fmt: skip
        write_spec(layout, {"spec": asdict(spec)})
        return load(layout.root)

    return make


FULL = [(1.0 / epoch, 2.0 * epoch) for epoch in range(1, 10)]
"""Nine epochs of two seconds."""


def test_the_task_is_that_of_the_sweep(recorded: Recorded, simulate: Any) -> None:
    sweep = recorded({"a": ("completed", FULL), "b": ("completed", FULL[:4])})

    task = find_task(f"sweep:{sweep.path}")

    scenario = task.scenario
    assert (scenario.metric, scenario.mode, scenario.time_attr) == ("loss", "min", "epoch")
    assert (scenario.max_t, scenario.grace_period, dict(scenario.resources)) == (9, 2, {"cpu": 2})
    assert task.optimum == pytest.approx(1 / 9)
    assert {len(values) for values in simulate(task).values()} == {9, 4}


def test_an_epoch_takes_what_was_recorded(recorded: Recorded) -> None:
    restarted = [(1.0, 3.0), (1.0, 5.5), (1.0, 1.5), (1.0, 2.0)]  # began anew after the second
    sweep = recorded({"a": ("completed", FULL), "b": ("completed", restarted)})
    curves = find_task(f"sweep:{sweep.path}").curves

    assert list(curves.curve({"trial_id": "a"}, 0).seconds) == [2.0] * 9
    assert list(curves.curve({"trial_id": "b"}, 0).seconds) == [3.0, 2.5, 1.5, 0.5]


@pytest.mark.parametrize("outcome", ["stopped", "failed", "hung", "interrupted", None])
def test_a_trial_that_was_ended_is_cut_short(
    recorded: Recorded, simulate: Any, outcome: str
) -> None:
    task = find_task(f"sweep:{recorded({'a': (outcome, FULL[:3])}).path}")

    with pytest.raises(CutShortError, match="'a' was cut short after epoch 3"):
        simulate(task, num_samples=1)
    assert any("1 of them were cut short" in remark for remark in task.remarks)


@pytest.mark.parametrize("outcome", ["completed", "diverged"])
def test_a_trial_that_ended_by_itself_is_whole(
    recorded: Recorded, simulate: Any, outcome: str
) -> None:
    task = find_task(f"sweep:{recorded({'a': (outcome, FULL[:3])}).path}")

    assert [len(values) for values in simulate(task, num_samples=1).values()] == [3]


def test_a_trial_that_was_stopped_at_the_end_is_whole_enough(
    recorded: Recorded, simulate: Any
) -> None:
    task = find_task(f"sweep:{recorded({'a': ('stopped', FULL)}).path}")

    assert [len(values) for values in simulate(task, num_samples=1).values()] == [9]


def test_trials_without_a_curve_of_their_own_are_left_out(recorded: Recorded) -> None:
    sweep = recorded(
        {"a": ("completed", FULL), "b": ("completed", FULL), "c": ("failed", [])}, exploits=("b",)
    )

    task = find_task(f"sweep:{sweep.path}")

    assert task.scenario.space["trial_id"].categories == ["a"]
    assert any(remark.startswith("left out: 2 trials with no report") for remark in task.remarks)


def test_nothing_to_simulate_with_is_refused(recorded: Recorded) -> None:
    with pytest.raises(SpecError, match="no recorded training"):
        find_task(f"sweep:{recorded({'a': ('failed', [])}).path}")


def test_a_sweep_without_times_is_refused(recorded: Recorded) -> None:
    with pytest.raises(SpecError, match="recorded was recorded without times"):
        find_task(f"sweep:{recorded({'a': ('completed', [(1.0, None)])}).path}")


def test_a_time_that_grows_by_more_than_one_is_reported_as_it_was(
    recorded: Recorded, simulate: Any
) -> None:
    task = find_task(f"sweep:{recorded({'a': ('completed', FULL[:3])}, step=3).path}")

    assert list(task.curves.curve({"trial_id": "a"}, 0).metrics["epoch"]) == [3.0, 6.0, 9.0]
    assert [len(values) for values in simulate(task, num_samples=1).values()] == [3]


def test_what_took_time_beside_training_is_found() -> None:
    events = pd.DataFrame(
        [
            ("a", "suggested", 0.0), ("b", "suggested", 1.0), ("a", "started", 3.0),
            ("b", "started", 6.0), ("a", "saving", 7.0), ("b", "saving", 7.5), ("b", "saved", 7.75),
            ("a", "saved", 8.0), ("a", "ended", 9.0), ("c", "suggested", 9.0), ("c", "started", 10),
        ],
        columns=["trial_id", "event", "timestamp"],
    )  # fmt: skip
    events["seq"] = range(len(events))

    assert overheads_of(events) == {"start_s": 4.0, "save_s": 0.625}  # of 3 and 5; 1 and 0.25
    assert overheads_of(events[:0]) == {}


def test_a_recording_has_a_row_per_report_with_its_configuration(recorded: Recorded) -> None:
    frame = recorded_reports(recorded({"a": ("completed", FULL), "b": ("stopped", FULL[:2])}))

    assert len(frame) == 11
    assert frame.groupby("trial_id")["config/x"].unique().map(list).to_dict() == {
        "a": [0.0],
        "b": [1.0],
    }
    assert frame.groupby("trial_id")["complete"].all().to_dict() == {"a": True, "b": False}
