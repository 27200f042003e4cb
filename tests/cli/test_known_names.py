"""What the command line knows without importing Ray is what the registries hold."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ray import tune

from tuner import Scenario, planning, resolve, schedulers, searchers
from tuner.cli import known_names
from tuner.cli.known_names import check_names
from tuner.errors import ScenarioError, SpecError
from tuner.spec import SweepSpec

Command = Callable[..., Any]


@pytest.fixture
def spec() -> SweepSpec:
    """What a sweep is where nothing is asked for."""
    return resolve(
        Scenario(
            name="line",
            trainable=lambda config: None,
            space={"x": tune.uniform(0, 1)},
            metric="loss",
            mode="min",
            max_t=9,
        )
    )


def test_names_and_defaults_are_those_of_the_registries(spec: SweepSpec) -> None:
    assert list(known_names.SCHEDULERS) == list(schedulers.SCHEDULERS)
    assert list(known_names.SEARCHERS) == list(searchers.SEARCHERS)
    assert known_names.DEFAULT_SCHEDULER == planning.DEFAULT_SCHEDULER
    assert resolve("digits_mlp").scheduler == known_names.DEFAULT_SCHEDULER
    assert known_names.DEFAULT_SEARCHER == planning.DEFAULT_SEARCHER == spec.searcher
    assert spec.num_samples == known_names.DEFAULT_NUM_SAMPLES


def test_help_shows_the_defaults_of_a_sweep(
    tuner_command: Command, spec: SweepSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    told = tuner_command("run", "--help").out
    shown = dict(re.findall(r"│ (--[\w-]+) .*\(default: (.*)\)", told))
    assert shown["--scheduler"].startswith(f"{known_names.DEFAULT_SCHEDULER}; {spec.scheduler} ")
    assert shown["--searcher"].startswith(f"{spec.searcher}; ")
    assert shown["--num-samples"].startswith(f"{spec.num_samples}; ")
    assert shown["--max-failures"] == str(spec.max_failures)
    assert shown["--checkpoint-frequency"].startswith(f"{spec.checkpoint_frequency}; ")
    assert shown["--worker-mode"] == spec.worker_mode
    assert shown["--max-trials-per-worker"] == str(spec.max_trials_per_worker)
    assert shown["--fail-fast"] == ("fail-fast" if spec.fail_fast else "no-fail-fast")
    assert shown["--time-budget"] == "no bound"
    assert spec.time_budget_s is None
    assert Path(shown["--storage-path"]).absolute() == Path(spec.storage_path)


@pytest.mark.parametrize(
    ("scenario", "options"),
    [
        ("digits_mlp", {}),
        ("digits_mlp", {"scheduler": "pbt:perturbation_interval=3", "searcher": "random"}),
        ("digits_mlp:OTHER", {"scheduler": "asha", "searcher": None}),
        ("nowhere.py", {}),
        ("nowhere.py:OTHER", {}),
        ("json", {}),
        ("json.decoder", {}),
        ("json.nowhere", {}),
        ("mine", {}),
        ("mine:OTHER", {}),
        ("package.module", {}),
    ],
)
def test_what_may_be_is_let_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scenario: str, options: dict[str, Any]
) -> None:
    (tmp_path / "mine.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "package").mkdir()
    monkeypatch.chdir(tmp_path)
    check_names(scenario, options)


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        ("digits_mlpp", r"unknown scenario 'digits_mlpp': .*; did you mean 'digits_mlp'\?"),
        ("digits-mlp", r"did you mean 'digits_mlp'\?"),
        ("digits_mlpp:OTHER", "unknown scenario 'digits_mlpp'"),
        ("no_such_package.module", "unknown scenario 'no_such_package.module'"),
        (".digits_mlp", "unknown scenario '.digits_mlp'"),
        ("", "unknown scenario ''"),
        ("no_such_launch_file.yaml", "a path that ends in .py"),
    ],
)
def test_what_cannot_be_a_scenario(scenario: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        check_names(scenario, {})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scheduler": "ashaa"}, r"^unknown scheduler 'ashaa'; did you mean 'asha'\?$"),
        ({"scheduler": "hyperopt"}, "^unknown scheduler 'hyperopt'; "),
        ({"scheduler": "asha:max_t"}, "add '=value'"),
        ({"searcher": "optunaa:sampler=gp"}, r"^unknown searcher 'optunaa'; did you mean 'optuna'"),
        ({"searcher": "asha"}, "^unknown searcher 'asha'; "),
    ],
)
def test_what_is_no_arm(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        check_names("digits_mlp", options)


def test_checking_imports_no_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "never_imported.py").touch()
    monkeypatch.chdir(tmp_path)
    check_names("never_imported", {})
    assert "never_imported" not in sys.modules
