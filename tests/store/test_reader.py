from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.errors import NoResultError, SpecError, StorageError
from tuner.objectives import Objective
from tuner.store import Sweep, SweepLayout, SweepWriter, load, write_spec

ReportOf = Callable[..., dict[str, Any]]
Same = Callable[[Any, Any], bool]

SPEC = {"metric": "loss", "mode": "min", "time_attr": "epoch"}


@pytest.fixture
def sweep(layout: SweepLayout, writer: SweepWriter) -> Sweep:
    return load(layout.root)


class TestOpening:
    def test_a_sweep_tells_what_it_is(self, layout: SweepLayout) -> None:
        write_spec(layout, {"spec": {**SPEC, "seed": 3}, "status": "running"})
        sweep = load(str(layout.root))
        assert sweep.path == layout.root
        assert sweep.name == "sweep"
        assert (sweep.metric, sweep.mode) == (SPEC["metric"], SPEC["mode"])
        assert sweep.state == {"schema_version": 3, "status": "running"}
        assert (sweep.metric, sweep.mode) == ("loss", "min")
        assert repr(sweep) == f"Sweep({str(layout.root)!r})"

    def test_a_relative_path_has_a_name(
        self, layout: SweepLayout, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(layout.root)
        assert load(".").name == "sweep"

    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(StorageError, match=r"no sweep in .*nowhere: there is no such folder$"):
            load(tmp_path / "nowhere")

    def test_a_misspelt_name_is_told_the_nearest(self, layout: SweepLayout) -> None:
        with pytest.raises(StorageError, match="did you mean 'sweep'"):
            load(layout.root.parent / "swep")

    def test_a_storage_folder_lists_its_sweeps(self, layout: SweepLayout, tmp_path: Path) -> None:
        other = SweepLayout.create(tmp_path / "another")
        write_spec(other, {"spec": SPEC})
        with pytest.raises(
            StorageError, match=r"sweeps another, sweep; name one, such as .*/another"
        ):
            load(tmp_path)

    def test_a_folder_of_one_sweep_names_it(self, layout: SweepLayout) -> None:
        with pytest.raises(StorageError, match=f"it holds a sweep; name {layout.root}$"):
            load(layout.root.parent)

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        with pytest.raises(StorageError, match="it is empty"):
            load(tmp_path)

    def test_a_folder_of_something_else(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").touch()
        with pytest.raises(StorageError, match=r"it has no sweep\.json"):
            load(tmp_path)

    def test_a_file(self, layout: SweepLayout) -> None:
        with pytest.raises(StorageError, match="it is a file"):
            load(layout.spec_file)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("{", r"cannot read .*sweep\.json"),
            ("\udc80", r"cannot read .*sweep\.json"),
            ("[]", "is not tuner's"),
            ("{}", "is not tuner's"),
            ('{"schema_version": 4}', r"newer tuner \(schema version 4; .*up to 3\); upgrade"),
            ('{"schema_version": 1}', "its spec lacks metric, mode, time_attr"),
            ('{"schema_version": 1, "spec": {"metric": "a"}}', "its spec lacks mode, time_attr"),
        ],
    )
    def test_a_file_that_is_no_spec(self, tmp_path: Path, content: str, message: str) -> None:
        (tmp_path / "sweep.json").write_bytes(content.encode(errors="surrogateescape"))
        with pytest.raises(StorageError, match=message):
            load(tmp_path)


class TestFrames:
    def test_a_sweep_without_files_is_empty(self, layout: SweepLayout) -> None:
        sweep = load(layout.root)
        assert sweep.trials().empty
        assert list(sweep.reports().columns)[:4] == [
            "trial_id",
            "attempt",
            "training_iteration",
            "epoch",
        ]
        assert sweep.decisions().empty
        assert sweep.dataset().count_rows() == 0

    def test_a_sweep_without_trials_is_empty(self, sweep: Sweep) -> None:
        assert sweep.trials().empty
        assert sweep.reports().empty
        assert sweep.decisions().empty

    def test_reports_are_in_the_order_of_trials_attempts_and_iterations(
        self, sweep: Sweep, writer: SweepWriter, report_of: ReportOf
    ) -> None:
        for trial_id in ("z", "a", "m"):
            writer.trial(trial_id, status="RUNNING")
        for trial_id, attempt, iteration in [
            ("m", 1, 2),
            ("z", 1, 1),
            ("m", 2, 1),
            ("a", 1, 1),
            ("m", 1, 1),
            ("z", 1, 2),
        ]:
            writer.report({**report_of(trial_id, iteration, loss=1.0), "attempt": attempt})
        writer.flush()
        frame = sweep.reports(all_attempts=True)
        keys = frame[["trial_id", "attempt", "training_iteration"]].itertuples(index=False)
        assert [tuple(key) for key in keys] == [
            ("z", 1, 1),
            ("z", 1, 2),
            ("a", 1, 1),
            ("m", 1, 1),
            ("m", 1, 2),
            ("m", 2, 1),
        ]
        assert frame.index.tolist() == list(range(6))

    def test_reports_of_a_trial_not_yet_in_the_table_come_last(
        self, sweep: Sweep, layout: SweepLayout, writer: SweepWriter, report_of: ReportOf
    ) -> None:
        writer.trial("z", status="RUNNING")
        writer.flush()
        trials = layout.trials_file.read_bytes()
        for trial_id, attempt in [("b", 1), ("a", 2), ("z", 1), ("b", 2)]:
            writer.report({**report_of(trial_id, 1, loss=1.0), "attempt": attempt})
        writer.flush()
        layout.trials_file.write_bytes(trials)  # as between the writing of the two files
        frame = sweep.reports(all_attempts=True)
        assert frame["trial_id"].tolist() == ["z", "a", "b", "b"]

    def test_the_reader_follows_the_writer(
        self, sweep: Sweep, writer: SweepWriter, report_of: ReportOf
    ) -> None:
        for iteration in (1, 2, 3):
            writer.report(report_of("a", iteration, loss=1.0 / iteration))
            writer.flush()
            assert len(sweep.reports()) == iteration
            assert sweep.best().iteration == iteration

    def test_at_any_moment_the_reader_sees_the_first_rows(
        self, layout: SweepLayout, report_of: ReportOf
    ) -> None:
        def write() -> None:
            writer = SweepWriter(
                layout, metric="loss", mode="min", time_attr="epoch", rows_per_part=3
            )
            ready.set()
            for iteration in range(1, 41):
                late = {f"late{iteration // 10}": iteration % 7 or "text"}
                writer.report(report_of("a", iteration, loss=1.0, **late))
                writer.flush()

        ready = threading.Event()
        thread = threading.Thread(target=write)
        thread.start()
        assert ready.wait(60)
        seen = [0]
        while seen[-1] < 40 and thread.is_alive():
            iterations = load(layout.root).reports()["training_iteration"].tolist()
            assert iterations == list(range(1, len(iterations) + 1))
            seen.append(len(iterations))
        thread.join()
        assert seen == sorted(seen)
        assert len(load(layout.root).reports()) == 40

    def test_columns_keep_their_types(
        self, sweep: Sweep, writer: SweepWriter, report_of: ReportOf
    ) -> None:
        writer.trial("a", config={"units": 2**60, "flag": True, "sizes": [1, 2], "mix": 1})
        writer.trial("b", config={"mix": "auto"}, seed=2**62 + 1)
        writer.flush()
        frame = sweep.trials()
        assert frame["config/units"].dtype == pd.Int64Dtype()
        assert frame["config/units"][0] == 2**60
        assert frame["seed"][1] == 2**62 + 1
        assert frame["config/flag"].dtype == pd.BooleanDtype()
        assert frame["config/sizes"].tolist() == [[1, 2], None]
        assert frame["config/mix"].tolist() == [1, "auto"]
        assert frame["config"].tolist() == [
            {"units": 2**60, "flag": True, "sizes": [1, 2], "mix": 1},
            {"mix": "auto"},
        ]

    def test_details_of_decisions_are_objects(self, sweep: Sweep, writer: SweepWriter) -> None:
        writer.decision({"trial_id": "a", "decision": "STOP", "details": {"rung": 1}})
        writer.decision({"trial_id": "a", "decision": "PAUSE"})
        writer.flush()
        assert sweep.decisions()["details"].tolist() == [{"rung": 1}, None]

    @pytest.mark.parametrize("widened_first", [True, False])
    def test_parts_in_the_middle_of_being_widened_can_be_read(
        self, sweep: Sweep, layout: SweepLayout, widened_first: bool
    ) -> None:
        first, second = (layout.part(layout.reports_dir, index) for index in (0, 1))
        flag = {b"tuner:json": b"1"}
        wide = pa.schema(
            [
                pa.field("trial_id", pa.string()),
                pa.field("x", pa.string(), metadata=flag),
                pa.field("y", pa.float64()),
            ]
        )
        old = pa.table({"trial_id": ["a"], "x": [0.5], "y": [1]})
        new = pa.table([["b"], ['"text"'], [0.5]], schema=wide)
        paths = (second, first) if widened_first else (first, second)
        for table, path in zip((old, new), paths, strict=True):
            pq.write_table(table, path)
        frame = sweep.reports()
        assert frame["x"].tolist() == [0.5, "text"]
        assert frame["y"].tolist() == [1.0, 0.5]
        assert sweep.dataset().to_table()["y"].to_pylist() in ([1.0, 0.5], [0.5, 1.0])

    def test_datasets_by_name(self, sweep: Sweep, writer: SweepWriter, report_of: ReportOf) -> None:
        writer.report(report_of("a", 1, loss=0.5))
        writer.flush()
        assert sweep.dataset().to_table(columns=["loss"]).to_pylist() == [{"loss": 0.5}]
        assert sweep.dataset("trials").count_rows() == 1
        assert sweep.dataset("decisions").count_rows() == 0
        with pytest.raises(SpecError, match="unknown table 'report'; did you mean 'reports'"):
            sweep.dataset("report")  # type: ignore[arg-type]

    def test_a_damaged_part_is_named(self, sweep: Sweep, layout: SweepLayout) -> None:
        layout.part(layout.reports_dir, 0).write_bytes(b"")
        with pytest.raises(StorageError, match=r"cannot read .*part-00000\.parquet"):
            sweep.reports()


class TestBest:
    @pytest.fixture
    def three(self, sweep: Sweep, writer: SweepWriter, report_of: ReportOf) -> Sweep:
        """Losses by iteration: a 0.1 0.9, b 0.3 0.2, c nan inf; d has not reported."""
        for trial_id, losses in {
            "a": [0.1, 0.9],
            "b": [0.3, 0.2],
            "c": [math.nan, math.inf],
        }.items():
            writer.trial(trial_id, config={"id": trial_id}, status="TERMINATED", seed=7)
            for iteration, loss in enumerate(losses, start=1):
                writer.report(report_of(trial_id, iteration, loss=loss, acc=iteration))
        writer.trial("d", status="PENDING")
        writer.flush()
        return sweep

    def test_one_is_a_trial_and_more_are_a_list(self, three: Sweep) -> None:
        assert three.best() == three.best(1)
        assert three.best(2)[0] == three.best()
        assert [trial.trial_id for trial in three.best(10)] == ["a", "b"]

    def test_at_best_and_at_last(self, three: Sweep) -> None:
        best, last = three.best(), three.best(at="last")
        assert (best.trial_id, best.value, best.iteration) == ("a", 0.1, 1)
        assert best.metrics == {"loss": 0.1, "acc": 1.0}
        assert (last.trial_id, last.value, last.iteration) == ("b", 0.2, 2)
        assert last.metrics == {"loss": 0.2, "acc": 2.0}
        assert [trial.trial_id for trial in three.best(3, at="last")] == ["b", "a"]

    def test_the_direction(self, three: Sweep, layout: SweepLayout) -> None:
        write_spec(layout, {"spec": {**SPEC, "mode": "max"}})
        assert three.best(at="last").trial_id == "a"

    def test_of_equals_the_earlier_trial_wins(
        self, sweep: Sweep, writer: SweepWriter, report_of: ReportOf
    ) -> None:
        for trial_id in ("z", "a", "b"):
            writer.report(report_of(trial_id, 1, loss=0.5))
        writer.flush()
        assert [trial.trial_id for trial in sweep.best(3)] == ["z", "a", "b"]

    def test_one_trial(self, three: Sweep) -> None:
        diverged = three.trial("c")
        assert (diverged.value, diverged.iteration, diverged.metrics) == (None, None, {})
        assert (diverged.config, diverged.status, diverged.seed) == ({"id": "c"}, "TERMINATED", 7)
        assert diverged.seconds == 1.0
        assert three.trial("d").config == {}

    def test_an_unknown_trial(self, three: Sweep) -> None:
        with pytest.raises(SpecError, match=r"no trial 'x' in .*; known: a, b, c, d"):
            three.trial("x")

    @pytest.mark.parametrize("n", [0, -1])
    def test_less_than_one(self, three: Sweep, n: int) -> None:
        with pytest.raises(SpecError, match="n is at least 1"):
            three.best(n)

    def test_an_unknown_report(self, three: Sweep) -> None:
        with pytest.raises(SpecError, match="did you mean 'last'"):
            three.best(at="lats")  # type: ignore[call-overload]

    def test_no_trials(self, sweep: Sweep) -> None:
        with pytest.raises(NoResultError, match=r"a finite 'loss': 0 trials, 0 failed$"):
            sweep.best()

    def test_no_finite_value(self, sweep: Sweep, writer: SweepWriter, report_of: ReportOf) -> None:
        writer.report(report_of("a", 1, loss=math.nan))
        writer.report(report_of("b", 1, other=1.0))
        writer.flush()
        with pytest.raises(NoResultError, match=r"a finite 'loss': 2 trials, 0 failed$"):
            sweep.best(5, at="last")

    def test_only_failed_trials(self, sweep: Sweep, writer: SweepWriter) -> None:
        traceback = 'Traceback (most recent call last):\n  File "t.py"\nValueError: bad lr\n'
        writer.trial("a", status="RUNNING")
        writer.trial("b", status="ERROR", outcome="failed", error=traceback)
        writer.trial("c", status="ERROR", error="")
        writer.flush()
        with pytest.raises(
            NoResultError, match=r"3 trials, 2 failed; the first error: ValueError: bad lr$"
        ):
            sweep.best()


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
CONFIGS = st.dictionaries(
    st.text(max_size=3),
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.lists(inner, max_size=3).map(tuple)
            | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=6,
    ),
    max_size=5,
)


@given(st.lists(CONFIGS, min_size=1, max_size=5))
@settings(deadline=None, max_examples=50)
def test_every_config_comes_back_exactly(same: Same, configs: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as name:
        layout = SweepLayout.create(Path(name) / "s")
        write_spec(layout, {"spec": SPEC})
        writer = SweepWriter(layout, metric="loss", mode="min", time_attr="epoch")
        for index, config in enumerate(configs):
            writer.trial(f"t{index}", config=config)
            writer.report({"trial_id": f"t{index}", "loss": float(index)})
            writer.flush()
        results = load(layout.root).best(len(configs) + 1)
        assert same([result.config for result in results], configs)
        assert same(load(layout.root).trials()["config"].tolist(), configs)


def test_nothing_read_is_pickle(layout: SweepLayout, writer: SweepWriter) -> None:
    writer.trial("a", config={"act": json.JSONEncoder, "f": math.sqrt})
    writer.flush()
    config = load(layout.root).trial("a").config
    assert config == {"act": "json.encoder.JSONEncoder", "f": "math.sqrt"}


class TestPareto:
    """The trials that no other one beats in all objectives, by their last reports."""

    OBJECTIVES = (Objective("loss", "min"), Objective("time_total_s", "min"))

    def sweep(
        self, layout: SweepLayout, report_of: ReportOf, curves: dict[str, list[dict[str, Any]]]
    ) -> Sweep:
        writer = SweepWriter(
            layout, metric="loss", mode="min", time_attr="epoch", secondary=self.OBJECTIVES[1:]
        )
        for trial_id, reports in curves.items():
            writer.trial(trial_id, config={"name": trial_id})
            for iteration, metrics in enumerate(reports, 1):
                writer.report({**report_of(trial_id, iteration), **metrics, "epoch": iteration})
        writer.flush()
        objectives = [asdict(objective) for objective in self.OBJECTIVES]
        write_spec(layout, {"spec": {**SPEC, "objectives": objectives}})
        return load(layout.root)

    def test_the_last_reports_count(self, layout: SweepLayout, report_of: ReportOf) -> None:
        curves: dict[str, list[dict[str, Any]]] = {
            "slow": [{"loss": 0.1, "time_total_s": 9.0}],
            "worse": [{"loss": 0.0, "time_total_s": 1.0}, {"loss": 0.5, "time_total_s": 8.0}],
            "fast": [{"loss": 0.4, "time_total_s": 2.0}],
            "twin": [{"loss": 0.4, "time_total_s": 2.0}],
            "diverged": [{"loss": math.nan, "time_total_s": 0.1}],
            "lacking": [{"loss": 0.0, "time_total_s": 0.1}, {"time_total_s": 0.2}],
            "silent": [],
        }
        front = self.sweep(layout, report_of, curves).pareto()
        assert front["trial_id"].tolist() == ["slow", "fast", "twin"]
        assert front["last/time_total_s"].tolist() == [9.0, 2.0, 2.0]
        assert front["config"].tolist() == [{"name": each} for each in ("slow", "fast", "twin")]
        assert front.index.tolist() == [0, 1, 2]

    def test_one_objective(
        self, layout: SweepLayout, writer: SweepWriter, report_of: ReportOf
    ) -> None:
        for trial_id, loss in {"a": 0.5, "b": 0.2, "c": 0.2}.items():
            writer.report(report_of(trial_id, 1, loss=loss))
        sweep = load(layout.root)
        assert sweep.objectives == (Objective("loss", "min"),)
        assert sweep.pareto()["trial_id"].tolist() == ["b", "c"]

    def test_a_trial_that_diverged_by_a_rule_is_neither_in_the_front_nor_the_best_at_its_end(
        self, layout: SweepLayout, writer: SweepWriter, report_of: ReportOf
    ) -> None:
        for trial_id, loss in {"a": 0.5, "b": 0.2}.items():
            writer.report(report_of(trial_id, 1, loss=loss))
        writer.trial("b", outcome="diverged")
        sweep = load(layout.root)
        assert sweep.pareto()["trial_id"].tolist() == ["a"]
        assert sweep.best(at="last").trial_id == "a"
        assert sweep.best().trial_id == "b"  # it was good before

    def test_an_empty_front(self, layout: SweepLayout, writer: SweepWriter) -> None:
        assert load(layout.root).pareto().empty
