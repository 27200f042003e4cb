"""Two sweeps on one cluster: the second one does not wait for the first one's end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ray import tune
from sweeping import Run, make_scenario

import tuner


def make_slow_function() -> Callable[[dict[str, Any]], None]:
    """A trial of a fifth of a second; nested, so that Ray sends it to workers by value."""

    def wait(config: dict[str, Any]) -> None:
        import time

        time.sleep(0.2)
        tune.report({"loss": 1.0, "epoch": 1})

    return wait


def test_a_second_sweep_gets_its_part_at_once_and_leaves_the_rest(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuner.driver._SHARE_EVERY_S", 0.2)
    scenario = make_scenario(make_slow_function(), max_t=1)
    first_runs, served = threading.Event(), threading.Event()

    class Watching(tune.Callback):
        def on_trial_complete(self, *args: Any, **info: Any) -> None:
            first_runs.set()
            if served.is_set():
                raise StopIteration  # the other one was served while this one had trials left

    def run_first() -> None:
        with pytest.raises(tuner.errors.SweepFailedError):
            run(scenario, name="first", num_samples=2000, callbacks=[Watching()])

    first = threading.Thread(target=run_first)
    first.start()
    assert first_runs.wait(60)
    second = run(scenario, name="second", num_samples=3, share=1.0)
    served.set()
    first.join(60)

    assert second.trials()["outcome"].tolist() == ["completed"] * 3
    ended = tuner.load(tmp_path / "first").workers()["ended"].tolist()
    assert len(ended) >= 2  # it gave workers up, and was given some again
