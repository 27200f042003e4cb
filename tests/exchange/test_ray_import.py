"""An experiment of Ray Tune becomes a sweep: nothing lost, nothing made up, nothing unpickled."""

from __future__ import annotations

import json
import math
import pickle
from pathlib import Path
from typing import Any

import pytest

import tuner
from tuner.errors import SpecError, StorageError, SweepExistsError
from tuner.exchange import import_ray
from tuner.store import SweepWriter


class TestStoredFolder:
    def test_every_report_config_and_end_comes_over(self, ray_folder: Path, tmp_path: Path) -> None:
        sweep = import_ray(ray_folder, storage_path=tmp_path / "results", mode="min")

        first, failed, last = (sweep.trial(name) for name in sweep.trials()["trial_id"])
        assert first.config == {
            "lr": 0.01, "model": {"depth": 2, "activation": None, "widths": [8, 4]},
        }  # fmt: skip
        assert (first.outcome, first.iteration, first.value) == ("completed", 3, 0.01 / 3)
        assert (failed.status, failed.outcome, failed.value) == ("ERROR", "failed", 0.05)
        assert str(failed.error).endswith("ValueError: the loss is too high")
        assert (last.outcome, last.value, last.error) == ("completed", 0.5, None)
        assert sweep.best() == first
        trials, reports = sweep.trials(), sweep.reports()
        assert (trials["started"] < trials["ended"]).all()
        assert trials["seed"].isna().all()
        assert reports["loss"].tolist()[:5] == [0.01, 0.005, 0.01 / 3, 0.1, 0.05]
        assert math.isnan(reports["loss"].iloc[-1])
        assert reports["training/accuracy"].tolist() == [0.1, 0.2, 0.3, 0.1, 0.2, 0.1, 0.2, 0.3]
        assert reports["sizes"].tolist()[0] == [1, 8]
        assert {"pid", "date", "hostname", "config", "done"}.isdisjoint(reports)

    def test_the_same_from_the_tables_alone(self, ray_folder: Path, tmp_path: Path) -> None:
        whole = import_ray(ray_folder, storage_path=tmp_path, name="whole", mode="min")
        for log in ray_folder.glob("*/result.json"):
            log.unlink()

        tables = import_ray(ray_folder, storage_path=tmp_path, name="tables", mode="min")

        assert tables.reports().equals(whole.reports()[tables.reports().columns])
        assert set(tables.reports()) == set(whole.reports())
        assert tables.best() == whole.best()

    def test_the_sweep_says_where_it_is_from(self, ray_folder: Path, tmp_path: Path) -> None:
        sweep = import_ray(ray_folder, storage_path=tmp_path, mode="max", time_attr="epoch")

        assert sweep.name == "sample"
        assert sweep.state["status"] == "finished"
        origin = sweep.state["imported_from"]
        assert (origin["format"], origin["path"]) == ("Ray Tune", str(ray_folder))
        assert origin["damaged_lines"] == 0
        spec = sweep.spec
        assert (spec.metric, spec.mode, spec.time_attr, spec.max_t) == ("loss", "max", "epoch", 3)
        assert (spec.source, spec.seed, spec.num_samples) == (None, None, 3)
        assert spec.scenario == "train"

    def test_a_pickle_is_never_loaded(
        self, ray_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trap = pickle.dumps(_Trap(tmp_path / "sprung"))
        for folder in (ray_folder, *(path for path in ray_folder.iterdir() if path.is_dir())):
            for name in ("params.pkl", "tuner.pkl", "error.pkl"):
                (folder / name).write_bytes(trap)
        monkeypatch.setattr(pickle, "loads", _Trap.spring)
        monkeypatch.setattr(pickle, "load", _Trap.spring)

        import_ray(ray_folder, storage_path=tmp_path, mode="min")

        assert not (tmp_path / "sprung").exists()

    def test_torn_lines_are_counted(self, ray_folder: Path, tmp_path: Path) -> None:
        log = next(ray_folder.glob("*_00000_*/result.json"))
        log.write_bytes(log.read_bytes()[:-20])

        sweep = import_ray(ray_folder, storage_path=tmp_path, mode="min")

        assert len(sweep.reports()) == 7
        assert sweep.state["imported_from"]["damaged_lines"] == 1

    def test_a_killed_experiment_without_a_state(self, ray_folder: Path, tmp_path: Path) -> None:
        next(ray_folder.glob("experiment_state*")).unlink()

        sweep = import_ray(ray_folder, storage_path=tmp_path, metric="loss", mode="min")

        trials = sweep.trials()
        assert trials["outcome"].tolist() == ["interrupted", "failed", "interrupted"]
        assert trials["status"].tolist() == ["TERMINATED", "ERROR", "TERMINATED"]
        assert (trials["started"] < trials["ended"]).all(), "as the reports tell"


class TestRefusals:
    def test_what_ray_did_not_record_has_to_be_given(
        self, ray_folder: Path, tmp_path: Path
    ) -> None:
        with pytest.raises(SpecError, match=r"needs the mode, .* give --mode .*found: epoch, loss"):
            import_ray(ray_folder, storage_path=tmp_path)
        next(ray_folder.glob("experiment_state*")).unlink()
        with pytest.raises(SpecError, match=r"needs the metric and the mode.*training/accuracy"):
            import_ray(ray_folder, storage_path=tmp_path)
        with pytest.raises(SpecError, match="give --metric"):
            import_ray(ray_folder, storage_path=tmp_path, mode="min")

    @pytest.mark.parametrize("wrong", ["los", "note", "timestamp"])
    def test_a_metric_that_is_no_number_of_any_report(
        self, ray_folder: Path, tmp_path: Path, wrong: str
    ) -> None:
        with pytest.raises(SpecError, match=f"none reported '{wrong}'"):
            import_ray(ray_folder, storage_path=tmp_path, metric=wrong, mode="min")
        with pytest.raises(SpecError, match="the time_attr is a number"):
            import_ray(ray_folder, storage_path=tmp_path, mode="min", time_attr=wrong)
        assert not (tmp_path / "sample").exists()

    def test_a_direction_that_is_none(self, ray_folder: Path, tmp_path: Path) -> None:
        with pytest.raises(SpecError, match="'min' or 'max'"):
            import_ray(ray_folder, storage_path=tmp_path, mode="minimize")  # type: ignore[arg-type]

    def test_a_name_that_is_none_or_taken(self, ray_folder: Path, tmp_path: Path) -> None:
        with pytest.raises(SpecError, match="give another with --name"):
            import_ray(ray_folder, storage_path=tmp_path, mode="min", name="../up")
        import_ray(ray_folder, storage_path=tmp_path, mode="min")
        with pytest.raises(SweepExistsError):
            import_ray(ray_folder, storage_path=tmp_path, mode="min")

    def test_a_failing_import_leaves_no_sweep(
        self, ray_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(self: SweepWriter) -> None:
            raise StorageError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(SweepWriter, "close", full)
            with pytest.raises(StorageError, match="full"):
                import_ray(ray_folder, storage_path=tmp_path, mode="min")
        assert not (tmp_path / "sample").exists()
        import_ray(ray_folder, storage_path=tmp_path, mode="min")


class TestHistories:
    def test_a_restored_trial_goes_on_in_the_next_attempt(self, tmp_path: Path) -> None:
        _trial(tmp_path, [_report(i, loss=1 / i) for i in (1, 2, 3, 2, 3, 4)])

        reports = _imported(tmp_path).reports()

        keys = list(zip(reports["attempt"], reports["training_iteration"], strict=True))
        assert len(set(keys)) == len(keys)
        assert [i for attempt, i in keys if attempt == 2] == [2, 3, 4]
        assert reports["training_iteration"].max() == 4

    def test_a_population_keeps_the_config_of_its_best_report(self, tmp_path: Path) -> None:
        configs = [{"lr": 0.1}, {"lr": 0.1}, {"lr": 0.2}]
        losses = [0.5, 0.25, 0.75]
        lines = enumerate(zip(configs, losses, strict=True), 1)
        _trial(tmp_path, [_report(i, loss=loss, config=c) for i, (c, loss) in lines], {"lr": 0.4})

        sweep = _imported(tmp_path)

        assert sweep.best().config == {"lr": 0.1}
        assert sweep.best(at="last").config == {"lr": 0.4}

    def test_reports_without_an_iteration_are_counted(self, tmp_path: Path) -> None:
        _trial(tmp_path, [{"loss": 3.0}, {"loss": 2.0}])

        assert _imported(tmp_path).reports()["training_iteration"].tolist() == [1, 2]

    def test_an_early_end_that_was_ordered_is_a_stop(self, tmp_path: Path) -> None:
        def ended(number: int, length: int, done: bool = True) -> None:
            reports = [_report(i, loss=1.0) for i in range(1, length)]
            last = _report(length, loss=1.0, done=done)
            _trial(tmp_path, [*reports, last], name=f"train_0000{number}_0000{number}_{number}")

        ended(0, 9)
        ended(1, 3)
        ended(2, 3, done=False)

        assert _imported(tmp_path).trials()["outcome"].tolist() == [
            "completed", "stopped", "interrupted",
        ]  # fmt: skip

    def test_an_end_by_criterion_is_no_stop(self, ray_folder: Path, tmp_path: Path) -> None:
        state = next(ray_folder.glob("experiment_state*"))
        content = state.read_text().replace(
            r"\"stopping_criterion\": {}", r"\"stopping_criterion\": {\"training/accuracy\": 0.2}"
        )
        assert 'accuracy\\": 0.2}' in content
        state.write_text(content)
        log = next(ray_folder.glob("*_00002_*/result.json"))
        second = json.loads(log.read_text().splitlines()[1]) | {"done": True}
        log.write_text(json.dumps(second) + "\n")

        sweep = import_ray(ray_folder, storage_path=tmp_path, mode="min")

        assert sweep.trials()["outcome"].tolist() == ["completed", "failed", "completed"]


def test_a_folder_fresh_from_ray_tune(ray_cluster: str, tmp_path: Path) -> None:
    """What a real run reports through Ray's JSON and CSV loggers is what the sweep holds."""
    from ray import tune
    from ray.tune.logger import CSVLoggerCallback, JsonLoggerCallback

    def train(config: dict[str, Any]) -> None:
        for step in range(1, 4):
            if config["model"]["depth"] == 2 and step == 2:
                raise ValueError("no luck")
            loss = float("nan") if config["model"]["depth"] == 3 else config["lr"] / step
            tune.report({"loss": loss, "val": {"acc": step / 10}})

    finished = tune.Tuner(
        train,
        param_space={
            "lr": 0.5,
            "model": {"depth": tune.grid_search([1, 2, 3]), "act": None, "sizes": [8, 4]},
        },
        tune_config=tune.TuneConfig(metric="loss", mode="min"),
        run_config=tune.RunConfig(
            name="fresh",
            storage_path=str(tmp_path / "ray"),
            callbacks=[JsonLoggerCallback(), CSVLoggerCallback()],
            verbose=0,
        ),
    ).fit()

    sweep = tuner.import_ray(tmp_path / "ray" / "fresh", storage_path=tmp_path, mode="min")

    frame = finished.get_dataframe().set_index("trial_id")
    trials = sweep.trials().set_index("trial_id")
    assert trials["outcome"].tolist() == ["completed", "failed", "completed"]
    assert trials["last/val/acc"].to_dict() == frame["val/acc"].to_dict()
    assert trials["seconds"].to_dict() == frame["time_total_s"].to_dict()
    configs = {result.metrics["trial_id"]: result.config for result in finished}
    assert trials["config"].to_dict() == configs
    assert sweep.best().value == finished.get_best_result().metrics["loss"] == 0.5 / 3
    assert trials["error"].iloc[1].endswith("ValueError: no luck")


class _Trap:
    """An object whose unpickling leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self._trace,))

    @staticmethod
    def spring(*_: Any, **__: Any) -> None:
        raise AssertionError("a pickle was loaded")


def _report(iteration: int, **values: Any) -> dict[str, Any]:
    return {"training_iteration": iteration, "timestamp": 1_000 + iteration, **values}


def _trial(
    folder: Path,
    reports: list[dict[str, Any]],
    params: dict[str, Any] | None = None,
    name: str = "train_00000_00000_0",
) -> None:
    trial = folder / "exp" / name
    trial.mkdir(parents=True)
    (trial / "params.json").write_text(json.dumps(params or {}))
    (trial / "result.json").write_text("".join(f"{json.dumps(line)}\n" for line in reports))


def _imported(folder: Path) -> tuner.Sweep:
    return import_ray(folder / "exp", storage_path=folder, name="sweep", metric="loss", mode="min")
