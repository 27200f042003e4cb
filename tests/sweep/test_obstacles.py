"""What could hold a sweep up, or put it off its way."""

from __future__ import annotations

import itertools
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from ray import tune
from ray.tune.search import Searcher
from sweeping import Run, make_class, make_scenario

import tuner
from tuner.bundles import Shape
from tuner.errors import ResourcesError, SpecError, SweepFailedError
from tuner.progress import SilentView
from tuner.runtime.surroundings import waiting_note


class Silent(Searcher):
    """Suggests two trials and then nothing any more."""

    def __init__(self) -> None:
        super().__init__(metric="loss", mode="min")
        self.suggested = 0

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        self.suggested += 1
        return {"x": 0.5, "lr": 0.1} if self.suggested <= 2 else None

    def on_trial_complete(self, *args: Any, **info: Any) -> None:
        pass


@pytest.mark.usefixtures("one_process")
def test_a_searcher_with_nothing_to_suggest_does_not_hold_up_the_time_budget(run: Run) -> None:
    started = time.monotonic()
    sweep = run(searcher=Silent(), num_samples=8, time_budget_s=4)
    assert time.monotonic() - started < 200  # Ray's controller waits ten minutes
    assert sweep.state["message"] == "time budget"
    assert list(sweep.trials().outcome) == ["completed"] * 2


@pytest.mark.usefixtures("one_process")
@pytest.mark.parametrize(
    "hook", ["setup", "on_trial_start", "on_trial_complete", "on_experiment_end"]
)
def test_a_callback_that_raises_anywhere_is_named(run: Run, tmp_path: Path, hook: str) -> None:
    def broken(self: Any, *args: Any, **info: Any) -> None:
        raise RuntimeError(f"broke in {hook}")

    callback = type("Broken", (tune.Callback,), {hook: broken})()
    with pytest.raises(SweepFailedError, match=f"RuntimeError: broke in {hook}"):
        run(callbacks=[callback])
    assert tuner.load(tmp_path / "sweep").state["status"] == "failed"


def test_a_trainable_that_asks_for_more_than_any_node_has_is_refused(run: Run) -> None:
    class Greedy(tune.Trainable):
        @classmethod
        def default_resource_request(cls, config: dict[str, Any]) -> tune.PlacementGroupFactory:
            return tune.PlacementGroupFactory([{"CPU": 64}])

        def step(self) -> dict[str, Any]:
            return {"loss": 1.0, "epoch": 1, "done": True}

    with pytest.raises(ResourcesError, match=r"cpu=64.*most on one node: 2"):
        run(make_scenario(Greedy))


def test_a_cleanup_that_hangs_between_two_trials_costs_neither(run: Run) -> None:
    class HangInCleanup(make_class()):  # type: ignore[misc]
        def cleanup(self) -> None:
            import time

            time.sleep(600)

    scenario = make_scenario(HangInCleanup, max_t=2)
    sweep = run(scenario, num_samples=2, max_concurrent_trials=1, trial_timeout_s=8)
    assert list(sweep.trials().outcome) == ["completed", "completed"]


@pytest.mark.usefixtures("one_process")
def test_a_member_that_fails_does_not_hold_up_a_synchronous_population(run: Run) -> None:
    class Failing(make_class()):  # type: ignore[misc]
        def train_epoch(self) -> dict[str, float]:
            if self.trial_id == "t000003" and self.epochs_done == 1:
                raise RuntimeError("this one ends early")
            return super().train_epoch()

    sweep = run(
        make_scenario(Failing, max_t=8),
        scheduler="pbt:perturbation_interval=2,synch=true,quantile_fraction=0.5",
    )
    assert list(sweep.trials().outcome) == ["completed"] * 3 + ["failed"]
    assert (sweep.trials().iterations[:3] == 8).all()
    assert "EXPLOIT" in set(sweep.decisions().decision)


@pytest.mark.usefixtures("one_process")
def test_the_best_config_is_that_of_the_best_report(run: Run) -> None:
    class Rated(make_class()):  # type: ignore[misc]
        def train_epoch(self) -> dict[str, float]:
            rate = self.config["lr"]
            return {"loss": rate + self.epochs_done, "rate": rate}  # best at first

    sweep = run(
        make_scenario(Rated, max_t=12),
        scheduler="pbt:perturbation_interval=2,quantile_fraction=0.5,synch=true",
        num_samples=4,
    )
    trials = sweep.trials()
    assert trials.best_config.notna().any(), "no trial copied another"
    for result in sweep.best(4):
        assert result.config["lr"] == result.metrics["rate"] == result.value
        assert result.iteration == 1
    for result in sweep.best(4, at="last"):
        assert result.config == trials.set_index("trial_id").config[result.trial_id]


def test_each_pause_is_followed_by_one_resume_or_the_end(run: Run) -> None:
    sweep = run(scheduler="hyperband", num_samples=9, max_concurrent_trials=2)
    decisions = sweep.decisions()
    assert "RESUME" in set(decisions.decision)
    for _, trial in decisions.groupby("trial_id"):
        kinds = list(trial.decision)
        assert kinds[-1] == "STOP"
        for kind, following in itertools.pairwise(kinds):
            assert following in {"PAUSE": ("RESUME", "STOP"), "RESUME": ("PAUSE", "STOP")}[kind]
    assert decisions[decisions.decision == "RESUME"].time.notna().all()


@pytest.mark.usefixtures("one_process")
def test_a_budget_that_ends_before_any_trial_is_no_failure(run: Run) -> None:
    class Slow(make_class()):  # type: ignore[misc]
        def train_epoch(self) -> dict[str, float]:
            import time

            time.sleep(0.2)
            return super().train_epoch()

    sweep = run(make_scenario(Slow, max_t=100_000), num_samples=2, time_budget_s=3)
    assert set(sweep.trials().outcome) == {"interrupted"}
    assert len(sweep.reports())
    assert sweep.exit_code == 0


@pytest.mark.usefixtures("one_process")
def test_a_view_that_raises_does_not_end_the_sweep(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(SilentView, "update", broken)
    assert run().exit_code == 0


@pytest.mark.usefixtures("one_process")
def test_a_scheduler_object_is_not_used_twice(run: Run) -> None:
    scheduler = tune.schedulers.FIFOScheduler()
    run(scheduler=scheduler)
    with pytest.raises(SpecError, match="a scheduler object serves one sweep"):
        run(scheduler=scheduler, name="again")


def test_ray_started_in_a_thread_outlasts_it(tmp_path: Path) -> None:
    script = textwrap.dedent(f"""
        import threading
        from ray import tune
        import tuner

        def train(config):
            tune.report({{"loss": config["x"], "epoch": 1}})

        def sweep(name):
            scenario = tuner.Scenario(
                name="s", trainable=train, space={{"x": tune.uniform(0, 1)}},
                metric="loss", mode="min", time_attr="epoch", max_t=1,
            )
            size = {{"num_cpus": 1}} if name == "a" else {{}}
            tuner.run(scenario, scheduler="fifo", searcher="random", num_samples=1, name=name,
                      storage_path={str(tmp_path)!r}, progress="none", **size)

        for name in "ab":
            thread = threading.Thread(target=sweep, args=(name,))
            thread.start()
            thread.join()
        print("done")
        """)
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=200, check=True
    )
    assert ended.stdout == "done\n"
    assert len(tuner.load(tmp_path / "b").reports()) == 1


@pytest.mark.parametrize(
    ("nodes", "waited_s", "words"),
    [
        ([{"CPU": 2.0}], 5.0, ""),
        ([{"CPU": 2.0}], 30.0, "workers are starting, or other work holds"),
        ([{"CPU": 0.5}], 30.0, "no node can hold one any more; the cluster has 1 node: cpu=0.5"),
        ([], 30.0, "the cluster has no node"),
    ],
)
def test_what_a_sweep_waits_for_is_said(
    nodes: list[dict[str, float]], waited_s: float, words: str
) -> None:
    note = waiting_note(Shape.of({"cpu": 1}), nodes, waited_s)
    assert words in note
    assert bool(note) == bool(words)


def test_a_save_that_hangs_costs_a_population_one_member(run: Run, tmp_path: Path) -> None:
    class Hanging(make_class()):  # type: ignore[misc]
        def train_epoch(self) -> dict[str, float]:
            import time

            best = self.trial_id == "t000001"  # the one that others copy, so that they wait for it
            (tmp_path / f"{self.trial_id} at {self.epochs_done}").touch()
            until = time.monotonic() + 15
            if best and self.epochs_done == 2:  # nobody is the best of one
                while len(list(tmp_path.glob("* at 2"))) < 4 and time.monotonic() < until:
                    time.sleep(0.05)
            if not best and self.epochs_done == 4:  # nor of those that have ended
                while not (tmp_path / "hangs").exists() and time.monotonic() < until:
                    time.sleep(0.05)
            return super().train_epoch() | {"loss": 0.0 if best else 1.0 + self.config["x"]}

        def state_dict(self) -> dict[str, Any]:
            import time

            if self.trial_id == "t000001" and self.epochs_done >= 4:
                (tmp_path / "hangs").touch()
                time.sleep(600)
            return super().state_dict()

    sweep = run(
        make_scenario(Hanging, max_t=8),
        scheduler="pbt:perturbation_interval=2",
        trial_timeout_s=20,
    )
    assert (tmp_path / "hangs").exists()
    assert list(sweep.trials().outcome) == ["completed", "hung", "completed", "completed"]


def test_the_folder_is_named_before_ray_starts_and_goes_where_it_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        assert (tmp_path / "first").is_dir()
        raise SweepFailedError("no Ray")

    monkeypatch.setattr("tuner.sweep.Driver", refuse)
    with pytest.raises(SweepFailedError, match="no Ray"):
        tuner.run(make_scenario(), name="first", storage_path=str(tmp_path), progress="lines")
    assert capsys.readouterr().err.splitlines()[0] == f"the sweep is written to {tmp_path}/first"
    assert not (tmp_path / "first").exists()
