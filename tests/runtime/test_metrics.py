from __future__ import annotations

from typing import Any

import pytest

from tuner.progress import Snapshot
from tuner.runtime.metrics import METRICS, Exporter, Metric, Reading, readings


def make_snapshot(**changes: Any) -> Snapshot:
    given: dict[str, Any] = {
        "name": "sweep",
        "path": "results/sweep",
        "arm": "asha+random",
        "metric": "loss",
        "mode": "min",
        "time_attr": "epoch",
        "max_t": 9,
        "elapsed_s": 1.0,
        "counts": {"RUNNING": 3, "TERMINATED": 2},
        "outcomes": {"stopped": 2},
        "num_samples": 10,
        "reports": 40,
        "best_value": 0.25,
        "resources": {"CPU": (3.0, 8.0), "GPU": (0.75, 2.0)},
    }
    return Snapshot(**{**given, **changes})


class Gauge:
    def __init__(self) -> None:
        self.values: dict[tuple[str, ...], float] = {}

    def set(self, value: float, tags: dict[str, str]) -> None:
        self.values[tuple(tags.values())] = value


class Counter:
    def __init__(self) -> None:
        self.value = 0.0

    def inc(self, value: float, tags: dict[str, str]) -> None:
        assert value > 0
        self.value += value


def test_every_metric_has_a_reading_with_the_tags_that_it_declares() -> None:
    found = list(readings(make_snapshot()))

    tags = {metric.name: set(metric.tags) for metric in METRICS}
    assert {each.metric for each in found} == tags.keys()
    assert all(set(each.tags) == tags[each.metric] for each in found)
    assert Reading("tuner_gpu_share_in_use", 0.375, {}) in found
    assert Reading("tuner_trials", 0, {"status": "PAUSED"}) in found  # a status can empty


def test_before_the_first_result_there_is_no_best_value() -> None:
    snapshot = make_snapshot(best_value=None, resources={"CPU": (1.0, 2.0)})

    named = {each.metric for each in readings(snapshot)}

    assert not named & {"tuner_best_value", "tuner_gpu_share_in_use"}


def test_counters_grow_by_what_is_new() -> None:
    made: dict[str, Any] = {}

    def make(metric: Metric) -> Any:
        made[metric.name] = Counter() if metric.kind == "counter" else Gauge()
        return made[metric.name]

    reports = iter([10, 10, 25])
    exporter = Exporter("s", "digits", lambda: make_snapshot(reports=next(reports)), make)
    for _ in range(3):
        exporter.export()

    assert made["tuner_reports_total"].value == 25
    assert made["tuner_trials"].values["s", "digits", "RUNNING"] == 3


def test_a_failure_ends_nothing_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    def look() -> Snapshot:
        raise RuntimeError("no agent")

    exporter = Exporter("s", "digits", look, lambda metric: Gauge())
    exporter.export()
    exporter.export()

    assert caplog.text.count("metrics could not be exported") == 1
