"""Shares of a GPU on a real Ray: shapes that differ, an out-of-memory, a share that is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sweeping import Run, make_class, make_scenario

import tuner
from tuner.errors import ResourcesError
from tuner.gpu_sharing import Probe
from tuner.runtime import bench, probing
from tuner.runtime.device_reading import DeviceReading

MB = 2**20


def by_size(config: Mapping[str, Any]) -> dict[str, float]:
    return {"cpu": 0.1, "gpu": 1.0 if config["x"] > 0.9 else 0.5}


def make_cramped() -> type[tuner.EpochTrainable]:
    class Cramped(make_class()):  # type: ignore[misc]
        """Needs a share of 0.8 from its second epoch on; and more than there is for x > 0.9."""

        def train_epoch(self) -> dict[str, float]:
            share = self.trial_resources.required_resources["GPU"]
            if self.steps and share < (2.0 if self.config["x"] > 0.9 else 0.8):
                raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
            report: dict[str, float] = super().train_epoch()
            return report

    return Cramped


def test_shapes_by_configuration_are_packed_and_the_large_one_has_its_turn(run: Run) -> None:
    xs = [0.1, 0.95, *(0.2 + n / 100 for n in range(14))]
    points = [{"x": x, "lr": 0.1} for x in xs]
    sweep = run(
        make_scenario(resources=by_size), num_samples=len(points), points_to_evaluate=points
    )
    trials = sweep.trials().set_index("trial_id")
    assert set(trials.outcome) == {"completed"}
    assert trials.gpu.to_dict() == {
        trial_id: by_size(config)["gpu"] for trial_id, config in trials.config.items()
    }
    assert sweep.spec.resources == {}
    # The large one was overtaken, and not by all.
    started = trials.started.rank()
    assert 2 < started["t000001"] <= 14
    # No GPU was over-committed at any time.
    edges = [(t.started, t.gpu) for t in trials.itertuples()]
    edges += [(t.ended, -t.gpu) for t in trials.itertuples()]
    held, most = 0.0, 0.0
    for _, change in sorted(edges, key=lambda edge: (edge[0], edge[1])):
        held += change
        most = max(most, held)
    assert most == pytest.approx(1.0)


def test_a_trial_out_of_memory_gets_more_and_is_not_blamed(run: Run, tmp_path: Path) -> None:
    points = [{"x": 0.1, "lr": 0.1}, {"x": 0.95, "lr": 0.1}]
    sweep = run(
        make_scenario(make_cramped()),
        resources={"cpu": 0.1, "gpu": 0.5},
        num_samples=2,
        points_to_evaluate=points,
        checkpoint_frequency=1,
        max_failures=0,
    )
    small, large = sweep.trials().to_dict("records")
    assert (small["outcome"], small["attempts"], small["gpu"]) == ("completed", 2, 1.0)
    assert (large["outcome"], large["attempts"], large["gpu"]) == ("infeasible", 2, 1.0)
    assert "a whole GPU: the configuration fits nowhere" in large["error"]
    retries = sweep.decisions().query("decision == 'RETRY'")
    assert retries.reason.str.contains("tried again with gpu=").all()
    assert retries.trial_id.value_counts().to_dict() == {"t000000": 1, "t000001": 1}
    assert sweep.exit_code == 0
    resumed = tuner.resume(
        sweep.path,
        num_samples=3,
        resources={"gpu": 1.0},
        scenario=make_scenario(make_cramped()),
        progress="none",
    )
    assert resumed.trials().gpu.tolist() == [1.0, 1.0, 1.0]
    assert resumed.trials().outcome.tolist() == ["completed", "infeasible", "completed"]


def make_reader() -> Callable[[], DeviceReading]:
    """What a worker reads of a device that is not there; nested, so that it is sent by value."""
    reading = DeviceReading("Formula 1", 4096 * MB, 1200 * MB, 500 * MB, 0.3)
    return lambda: reading


def test_a_share_is_measured_stored_and_not_measured_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FastBench(bench.RayBench):
        def __init__(self, plan: Any, storage: Any, **options: Any) -> None:
            super().__init__(plan, storage, **options, read=make_reader(), together_s=0.2)

    monkeypatch.setattr(probing, "RayBench", FastBench)
    monkeypatch.setattr(probing, "representatives", lambda *_, **__: [{"x": 0.5, "lr": 0.1}])
    scenario = make_scenario(resources={"cpu": 0.5, "gpu": "auto"})
    sweep = run(scenario, num_samples=1)
    probe = Probe.from_json(sweep.state["probe"])
    # 4,096 MB, less 5 %, over 1,320 + 500: 2 fit; whether they do more is up to the machine.
    assert [each.trials for each in probe.together] == [1, 2]
    assert probe.trials in (1, 2)
    assert sweep.spec.resources == {"cpu": 0.5, "gpu": probe.share}
    assert set(sweep.trials().gpu) == {probe.share}
    monkeypatch.setattr(probing, "run_probe", None)  # whoever calls it fails
    resumed = tuner.resume(sweep.path, num_samples=2, scenario=scenario, progress="none")
    assert resumed.state["probe"] == sweep.state["probe"]
    assert resumed.spec.resources == sweep.spec.resources


def test_trials_that_use_no_gpu_cannot_be_measured(run: Run) -> None:
    with pytest.raises(ResourcesError, match="used none; give a number"):
        run(make_scenario(resources={"cpu": 0.5, "gpu": "auto"}))
