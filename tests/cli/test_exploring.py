"""The verbs ``explore`` and ``refine``: what they say before they run, and what they refuse."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ray import tune

import tuner
from tuner.simulation import CurveTask, Known
from tuner.simulation.sources.functions import FunctionCurves
from tuner.space import from_json

SPACE: dict[str, Any] = {
    "lr": tune.loguniform(1e-4, 1.0),
    "act": tune.choice(["relu", "tanh"]),
    "l1": tune.uniform(0, 1),
}
SCENARIO = """
from ray import tune
import tuner

def train(config):
    raise RuntimeError("never run")

SCENARIO = tuner.Scenario(
    name="toy", trainable=train, metric="loss", mode="min", time_attr="epoch", max_t=9,
    space={"lr": tune.loguniform(1e-4, 1.0), "act": tune.choice(["relu", "tanh"]),
           "l1": tune.uniform(0, 1)},
)
"""


@pytest.fixture
def toy(tmp_path: Path) -> str:
    (tmp_path / "toy.py").write_text(SCENARIO)
    return "toy.py"


@pytest.fixture
def swept(tmp_path: Path) -> Path:
    scenario = tuner.Scenario(
        name="toy", trainable=Known, space=SPACE, metric="loss", mode="min", time_attr="epoch",
        max_t=9,
    )  # fmt: skip
    curves = FunctionCurves(
        lambda config, epochs: (config["lr"] - 0.01) ** 2 + (config["act"] == "relu") + 1 / epochs,
        "loss",
        9,
    )
    tuner.simulate(
        CurveTask("toy", scenario, curves), scheduler="fifo", searcher="halton", num_samples=40,
        seed=0, storage_path=tmp_path / "results", name="swept",
    )  # fmt: skip
    return tmp_path / "results" / "swept"


def test_what_an_exploration_will_take(tuner_command: Callable[..., Any], toy: str) -> None:
    asked = ("explore", toy, "--budget", "100epochs", "--scientific", "act", "--fix", "l1=0.5")
    told = tuner_command(*asked, "--dry-run")
    assert told.code == 0
    assert "fifo+halton:over=act" in told.out
    assert "10 trials, not 11" in told.out
    assert "l1=0.5" in told.out
    assert not Path("results").exists()
    as_json = tuner_command(*asked, "--dry-run", "--json").json
    assert as_json["spec"]["num_samples"] == 10
    assert as_json["roles"] == {"act": "scientific", "l1": "fixed"}
    assert (as_json["strata"], as_json["fixed"]) == (2, {"l1": 0.5})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--fix", "l1"), "NAME=VALUE, such as --fix l1=0; got 'l1'"),
        (("--scientific", "axt"), "did you mean 'act'"),
        (("--budget", "3trials", "--num-samples", "3"), "leave one of them out"),
        (("--budget", "1h"), "how long an epoch takes is unknown"),
        (("--searcher", "sobl"), "did you mean 'sobol'"),
    ],
)
def test_what_exploring_refuses(
    tuner_command: Callable[..., Any], toy: str, arguments: tuple[str, ...], message: str
) -> None:
    told = tuner_command("explore", toy, *arguments, "--dry-run")
    assert told.code == 2
    assert message in told.err


def test_a_proposal_in_three_forms(tuner_command: Callable[..., Any], swept: Path) -> None:
    table = tuner_command("refine", str(swept))
    assert table.code == 0
    assert "the 8 best of 40 trials by loss (min), compared at epoch 9" in " ".join(
        table.out.split()
    )
    assert "drop" in table.out
    told = tuner_command("refine", "swept", "--json").json
    assert {change["name"] for change in told["changes"]} == {"lr", "act", "l1"}
    assert from_json(told["space"])["act"] == "tanh"
    source = tuner_command("refine", "swept", "--python", "--fix", "l1=0.25")
    space = eval(source.out, {"tune": sys.modules["ray.tune"]})
    assert (space["l1"], space["act"]) == (0.25, "tanh")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--num-samples", "3"), "num_samples: for sweeps to be run; add --run"),
        (("--run",), "the sweep was simulated"),
        (("--fix", "lr=5"), "lr cannot be fixed at 5"),
        (("--nuisance", "lrr"), "did you mean 'lr'"),
    ],
)
def test_what_refining_refuses(
    tuner_command: Callable[..., Any], swept: Path, arguments: tuple[str, ...], message: str
) -> None:
    told = tuner_command("refine", str(swept), *arguments)
    assert told.code == 2
    assert message in told.err


def test_show_tells_roles_and_lineage(tuner_command: Callable[..., Any], swept: Path) -> None:
    from tuner.playbook.refinement.lineage import descend
    from tuner.store import SweepLayout, load, write_spec

    sweep = load(swept)
    changes = tuner.refine(sweep, importance={}).changes
    spec = sweep.spec.to_json() | {
        "roles": {"act": "scientific"},
        "lineage": descend(sweep.spec, sweep.place, changes).to_json(),
    }
    write_spec(SweepLayout(swept), {**sweep.state, "spec": spec})
    told = " ".join(tuner_command("show", str(swept)).out.split())
    assert "roles act=scientific" in told
    assert "lineage round 1 of swept, after" in told
    assert 'act (drop): "tanh"' in told
