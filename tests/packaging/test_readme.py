"""What README shows works as it stands."""

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

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


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


@pytest.mark.parametrize(
    ("head", "known"), [("scheduler", SCHEDULERS), ("searcher", SEARCHERS)], ids=["schedulers", "s"]
)
def test_the_tables_list_what_can_be_chosen(head: str, known: dict[str, Any]) -> None:
    _, _, rest = README.partition(f"\n| {head} | when to use it, and what it does |")
    table = rest.partition("\n\n")[0]

    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE) == list(known)


def test_the_table_of_schedulers_says_what_each_needs() -> None:
    for entry in SCHEDULERS.values():
        (row,) = re.findall(rf"^\| `{entry.name}` \|.*$", README.partition("| searcher |")[0], re.M)
        *_, checkpoints, searchers, _, _, _ = (cell.strip() for cell in row.split("|"))

        assert checkpoints == ("yes" if entry.needs_checkpoints else "no")
        assert searchers == (f"`{entry.searcher}`" if entry.searcher else "all but `bohb`")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
