"""``tuner run``: options on their way to `tuner.run`, and what is printed at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tuner.errors import SweepFailedError
from tuner.options import SweepOptions
from tuner.store import Sweep

Command = Callable[..., Any]


class FakeRun:
    """Stands in for `tuner.sweep.run`: keeps its arguments, returns a stored sweep."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.exit_code = 0
        self.error: BaseException | None = None

    def __call__(self, scenario: str, **options: Any) -> Sweep:
        self.scenario, self.options = scenario, options
        print("a line that the scenario prints")  # noqa: T201
        if self.error is not None:
            raise self.error
        return type("Ended", (Sweep,), {"exit_code": self.exit_code})(self.folder)


@pytest.fixture
def fake_run(monkeypatch: pytest.MonkeyPatch, sweep_folder: Path) -> FakeRun:
    fake = FakeRun(sweep_folder)
    monkeypatch.setitem(sys.modules, "tuner.sweep", SimpleNamespace(run=fake))
    return fake


def test_without_options_nothing_is_decided_here(tuner_command: Command, fake_run: FakeRun) -> None:
    assert tuner_command("run", "digits_mlp").code == 0
    assert fake_run.scenario == "digits_mlp"
    assert fake_run.options == {"storage_path": "results"}


def test_every_option_of_the_api_is_an_option_of_the_command(
    tuner_command: Command, fake_run: FakeRun, tmp_path: Path
) -> None:
    (tmp_path / "points.json").write_text('[{"lr": 0.1}]')
    done = tuner_command(
        "run", "digits_mlp",
        "--scheduler", "asha:reduction_factor=3,grace_period=1", "--searcher", "optuna:sampler=gp",
        "--num-samples", "8", "--max-concurrent-trials", "4", "--time-budget", "10m",
        "--cpus-per-trial", "2", "--gpus-per-trial", "0.25", "--resources", "tpu=1",
        "--resources", "disk=0.5", "--max-t", "27", "--grace-period", "3",
        "--points-to-evaluate", "points.json", "--seed", "0", "--storage-path", "elsewhere",
        "--name", "first", "--address", "auto", "--num-cpus", "4", "--num-gpus", "1",
        "--placement", "spread", "--share", "0.5", "--no-metrics",
        "--max-failures", "-1", "--fail-fast", "--trial-timeout", "90", "--worker-mode", "cold",
        "--max-trials-per-worker", "50", "--fuse", "4",
        "--wait-for-resources", "1h30m", "--checkpoint-frequency", "5", "--notes", "why",
        "--tag", "a", "--tag", "b", "--progress", "none", "--keep-checkpoints", "3",
        "--keep-final", "--metric", "val_error", "--metric", "seconds", "--mode", "min",
        "--mode", "max", "--warm-start", "digits", "--warm-start", "results/digits",
    )  # fmt: skip
    assert done.code == 0
    earlier = fake_run.options.pop("warm_start")
    assert [sweep.path for sweep in earlier] == [Path("results/digits")] * 2
    fake_run.options["warm_start"] = "seen"
    assert fake_run.options == {
        "keep_checkpoints": 3,
        "keep_final": True,
        "scheduler": "asha:reduction_factor=3,grace_period=1",
        "searcher": "optuna:sampler=gp",
        "num_samples": 8,
        "max_concurrent_trials": 4,
        "time_budget_s": 600.0,
        "resources": {"cpu": 2.0, "gpu": 0.25, "tpu": 1.0, "disk": 0.5},
        "max_t": 27,
        "grace_period": 3,
        "points_to_evaluate": [{"lr": 0.1}],
        "seed": 0,
        "storage_path": "elsewhere",
        "name": "first",
        "address": "auto",
        "num_cpus": 4,
        "num_gpus": 1,
        "placement": "spread",
        "share": 0.5,
        "metrics": False,
        "max_failures": -1,
        "fail_fast": True,
        "trial_timeout_s": 90.0,
        "wait_for_resources_s": 5400.0,
        "checkpoint_frequency": 5,
        "worker_mode": "cold",
        "max_trials_per_worker": 50,
        "fuse": 4,
        "notes": "why",
        "tags": ["a", "b"],
        "progress": "none",
        "metric": ["val_error", "seconds"],
        "mode": ["min", "max"],
        "warm_start": "seen",
    }
    assert set(fake_run.options) == set(SweepOptions.__annotations__) - {"callbacks"}


def test_one_metric_is_no_list(tuner_command: Command, fake_run: FakeRun) -> None:
    assert tuner_command("run", "digits_mlp", "--metric", "accuracy", "--mode", "max").code == 0
    assert (fake_run.options["metric"], fake_run.options["mode"]) == ("accuracy", "max")


def test_a_launch_file_names_earlier_sweeps(
    tuner_command: Command, fake_run: FakeRun, tmp_path: Path
) -> None:
    file = tmp_path / "first.toml"
    file.write_text('scenario = "digits_mlp"\nwarm_start = ["digits"]\n')
    assert tuner_command("run", "first.toml").code == 0
    assert [sweep.name for sweep in fake_run.options["warm_start"]] == ["digits"]
    refused = tuner_command("run", "first.toml", "--warm-start", "digit")
    assert (refused.code, "did you mean 'digits'" in refused.err) == (2, True)


def test_an_arm_sets_both(tuner_command: Command, fake_run: FakeRun) -> None:
    tuner_command("run", "digits_mlp", "--arm", "asha:reduction_factor=3+hyperopt")
    assert fake_run.options["scheduler"] == "asha:reduction_factor=3"
    assert fake_run.options["searcher"] == "hyperopt"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--arm", "asha+random", "--searcher", "grid"), "arm='asha+random' and searcher='grid'"),
        (("--arm", "asha+random", "--scheduler", "fifo"), "leave one of them out"),
        (("--arm", "a+b+c"), "at most two parts"),
        (("--time-budget", "soon"), "--time-budget is a number of seconds"),
        (("--resources", "tpu"), "NAME=AMOUNT"),
        (("--points-to-evaluate", "nowhere.json"), "cannot read points to evaluate"),
        (("--num-samples", "many"), "--num-samples"),
        (("--worker-mode", "hot"), "--worker-mode"),
        (("--sheduler", "asha"), "--scheduler"),
    ],
)
def test_usage_errors(
    tuner_command: Command, fake_run: FakeRun, options: tuple[str, ...], message: str
) -> None:
    refused = tuner_command("run", "digits_mlp", *options)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("error: ")
    assert message in refused.err
    assert not hasattr(fake_run, "scenario")


class TestLaunchFile:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        file = tmp_path / "launch" / "sweep.toml"
        file.parent.mkdir()
        file.write_text(
            'scenario = "mine.py"\narm = "asha+hyperopt"\nseed = 1\nfail_fast = true\n'
            "worker_mode = 'cold'\ntags = ['file']\n[resources]\ncpu = 1\ngpu = 1\n"
        )
        return file

    def test_it_is_read(self, tuner_command: Command, fake_run: FakeRun, file: Path) -> None:
        assert tuner_command("run", str(file)).code == 0
        assert fake_run.scenario == str(file.parent / "mine.py")
        assert fake_run.options == {
            "scheduler": "asha", "searcher": "hyperopt", "seed": 1, "fail_fast": True,
            "worker_mode": "cold", "tags": ["file"], "resources": {"cpu": 1, "gpu": 1},
            "storage_path": "results",
        }  # fmt: skip

    def test_every_key_can_be_overridden(
        self, tuner_command: Command, fake_run: FakeRun, file: Path
    ) -> None:
        tuner_command(
            "run", str(file), "--searcher", "random", "--seed", "2", "--no-fail-fast",
            "--worker-mode", "warm", "--tag", "new", "--gpus-per-trial", "0.5",
        )  # fmt: skip
        assert fake_run.options == {
            "scheduler": "asha", "searcher": "random", "seed": 2, "fail_fast": False,
            "worker_mode": "warm", "tags": ["new"], "resources": {"cpu": 1, "gpu": 0.5},
            "storage_path": "results",
        }  # fmt: skip

    def test_a_scenario_is_needed(
        self, tuner_command: Command, fake_run: FakeRun, tmp_path: Path
    ) -> None:
        (tmp_path / "s.toml").write_text("seed = 1")
        refused = tuner_command("run", "s.toml")
        assert refused.code == 2
        assert 'add scenario = "..."' in refused.err

    def test_errors_name_its_keys(self, tuner_command: Command, tmp_path: Path) -> None:
        (tmp_path / "s.toml").write_text('scenario = "tabular"\nmax_failures = -2')
        refused = tuner_command("run", "s.toml", "--dry-run")
        assert refused.err == "error: max_failures must be a whole number >= -1, got -2\n"


class TestConclusion:
    def test_it_shows_best_curves_outcomes_failures_and_the_folder(
        self, tuner_command: Command, fake_run: FakeRun
    ) -> None:
        printed = tuner_command("run", "digits_mlp").out
        for part in (
            "lr=1 net/units=[8, 0] net/norm=None", "◆ best 0.25, t1 at 3", "✕ stopped",
            "5 trials: 2 diverged, 1 completed, 1 stopped, 1 failed; 8 reports",
            "t3 failed  ValueError: no [red]luck[/red]",
            "pd.read_parquet('results/digits/trials.parquet')",
            "SELECT * FROM 'results/digits/reports/*.parquet'", "tuner show results/digits",
        ):  # fmt: skip
            assert part in printed
        assert "\x1b" not in printed

    def test_json_on_stdout_is_nothing_but_json(
        self, tuner_command: Command, fake_run: FakeRun
    ) -> None:
        fake_run.exit_code = 3
        done = tuner_command("run", "digits_mlp", "--json")
        assert done.code == 3
        result = done.json
        assert (result["name"], result["status"], result["exit_code"]) == ("digits", "finished", 3)
        assert result["best"][0]["value"] == 0.25
        assert "a line that the scenario prints" in done.err
        assert fake_run.options["progress"] == "lines"

    @pytest.mark.parametrize("code", [0, 1, 3, 130])
    def test_the_exit_code_is_that_of_the_sweep(
        self, tuner_command: Command, fake_run: FakeRun, code: int
    ) -> None:
        fake_run.exit_code = code
        assert tuner_command("run", "digits_mlp").code == code

    def test_an_asked_for_view_is_kept_beside_json(
        self, tuner_command: Command, fake_run: FakeRun
    ) -> None:
        tuner_command("run", "digits_mlp", "--json", "--progress", "none")
        assert fake_run.options["progress"] == "none"

    def test_a_sweep_that_cannot_go_on(self, tuner_command: Command, fake_run: FakeRun) -> None:
        fake_run.error = SweepFailedError("the head node is gone")
        failed = tuner_command("run", "digits_mlp", "--json")
        assert (failed.code, failed.out) == (1, "")
        assert failed.err.endswith("error: the head node is gone\n")

    def test_an_interrupt(self, tuner_command: Command, fake_run: FakeRun) -> None:
        fake_run.error = KeyboardInterrupt()
        assert tuner_command("run", "digits_mlp").code == 130


class TestDryRun:
    @pytest.fixture
    def scenario(self, tmp_path: Path) -> str:
        (tmp_path / "mine.py").write_text(
            "from ray import tune\n"
            "import tuner\n"
            "print('imported')\n"
            "def train(config):\n"
            "    tune.report({'loss': config['x']})\n"
            "SCENARIO = tuner.Scenario(name='mine', trainable=train, metric='loss', mode='min',\n"
            "    space={'x': tune.uniform(0, 1), 'net': {'act': tune.choice(['relu', 'tanh'])}},\n"
            "    max_t=9)\n"
        )
        return "mine.py"

    def test_the_spec_is_printed_and_nothing_runs(
        self, tuner_command: Command, scenario: str, tmp_path: Path
    ) -> None:
        done = tuner_command("run", scenario, "--dry-run", "--seed", "4", "--arm", "fifo+random")
        assert done.code == 0
        for part in ("fifo", "random", "uniform(lower=0", "net/act", "choice(categories=['relu'"):
            assert part in done.out
        assert not (tmp_path / "results").exists()

    def test_what_a_trial_takes_is_told_in_words(self, tuner_command: Command) -> None:
        told = tuner_command("run", "digits_ddp", "--dry-run").out
        assert "nothing + cpu=1 + cpu=1" in told
        memory = tuner_command(
            *("run", "digits_mlp", "--dry-run", "--resources", "memory=4294967296")
        ).out
        assert "cpu=1, memory=4.0GiB" in memory

    def test_as_json(self, tuner_command: Command, scenario: str) -> None:
        spec = tuner_command("run", scenario, "--dry-run", "--json", "--time-budget", "1h").json
        assert (spec["scenario"], spec["time_budget_s"]) == ("mine", 3600.0)
        assert spec["space"]["net"]["act"]["type"] == "choice"

    def test_what_cannot_work_is_refused(self, tuner_command: Command, scenario: str) -> None:
        refused = tuner_command("run", scenario, "--dry-run", "--scheduler", "pbt")
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert "does not save checkpoints" in refused.err

    @pytest.mark.parametrize(
        ("words", "line"),
        [
            (
                ("--num-samples", "-1"),
                "--num-samples -1 never ends; give --time-budget as well",
            ),
            (("--max-t", "0"), "--max-t must be a whole number >= 1, got 0"),
            (("--max-failures", "-2"), "--max-failures must be a whole number >= -1, got -2"),
            (("--share", "0"), "--share must be a weight from 0.001 to 1000, got 0.0"),
        ],
    )
    def test_errors_name_the_options(
        self, tuner_command: Command, scenario: str, words: tuple[str, ...], line: str
    ) -> None:
        refused = tuner_command("run", scenario, "--dry-run", *words)
        assert (refused.code, refused.err) == (2, f"error: {line}\n")
