"""What README shows works as it stands, at its full size; `tests/docs` runs its commands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ray import tune

import tuner
from tuner.cli.launch_file import read_launch_file
from tuner.scenario import Scenario, load_scenario
from tuner.schedulers import SCHEDULERS
from tuner.searchers import SEARCHERS
from tuner.space import contains

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
NUMBERS = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMBERS += ("eleven", "twelve", "thirteen", "fourteen", "fifteen")


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    """The scenario of the section "A scenario of your own"."""
    (code,) = (block for block in _blocks("python") if "SCENARIO =" in block)
    file = tmp_path / "softmax.py"
    file.write_text(code)
    return load_scenario(file)


def test_the_scenario_reports_what_it_promises(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports: list[dict[str, Any]] = []
    monkeypatch.setattr(tune, "report", reports.append)
    config = {"lr": 0.01}
    assert not contains(scenario.space, config)

    scenario.trainable(config)

    assert [report[scenario.time_attr] for report in reports] == list(range(1, scenario.max_t + 1))
    assert reports[-1][scenario.metric] < 0.1


def test_the_launch_file_can_be_resolved(tmp_path: Path) -> None:
    (code,) = _blocks("toml")
    file = tmp_path / "first.toml"
    file.write_text(code)

    spec = tuner.resolve(**read_launch_file(file))

    assert (spec.scenario, spec.num_samples, spec.time_budget_s) == ("digits_mlp", 80, 600)


@pytest.mark.parametrize("kind", ["scheduler", "searcher"])
def test_the_methods_are_as_many_as_it_says(kind: str) -> None:
    known = {"scheduler": SCHEDULERS, "searcher": SEARCHERS}[kind]

    assert f"[{NUMBERS[len(known)]} {kind}s](docs/reference/{kind}s.md)" in README


def test_its_links_and_pictures_lead_somewhere() -> None:
    targets = re.findall(r"\]\((?!https?:)([^)\s#]+)", README)

    assert len(targets) > 30
    assert [target for target in targets if not (ROOT / target).exists()] == []


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
