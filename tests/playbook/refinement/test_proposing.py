"""Proposals for whole spaces: branch by branch, and never without the best trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ray import tune

from tuner.playbook.refinement.proposing import Change, Proposal, propose
from tuner.playbook.refinement.standings import Standings
from tuner.searchers.parameters import compose
from tuner.space import contains, domains, from_json, python_text, to_json, validate

BRANCHES: dict[str, Any] = {
    "lr": tune.loguniform(1e-5, 1.0),
    "optimizer": tune.choice(
        [
            {"kind": "sgd", "momentum": tune.uniform(0, 1)},
            {"kind": "adam", "beta": tune.uniform(0, 1)},
        ]
    ),
    "width": {"grid_search": [8, 16, 32]},
    "layers": 2,
}


def drawn(space: Mapping[str, Any], n: int, seed: int) -> list[dict[str, Any]]:
    random = np.random.default_rng(seed)
    plain = {
        name: tune.choice(value["grid_search"]) if isinstance(value, dict) else value
        for name, value in space.items()
    }
    return [compose(plain, lambda _, found: found.from_unit(random.random())) for _ in range(n)]


def proposed(
    space: Mapping[str, Any],
    cost: Callable[[dict[str, Any]], float],
    n: int = 80,
    seed: int = 0,
    **more: Any,
) -> Proposal:
    configs = drawn(space, n, seed)
    costs = np.array([cost(config) for config in configs])
    options: dict[str, Any] = {"keep": {}, "fixed": {}, **more}
    return propose(space, Standings(tuple(configs), costs, 1.0, {}), **options)


def of(proposal: Proposal, name: str) -> Change:
    return next(change for change in proposal.changes if change.name == name)


def planted_cost(config: dict[str, Any]) -> float:
    chosen = config["optimizer"]
    cost = (np.log10(config["lr"]) + 2.5) ** 2
    return float(cost + (2 * (chosen["momentum"] - 0.5) ** 2 if "momentum" in chosen else 5))


def test_each_hyperparameter_has_its_line() -> None:
    proposal = proposed(BRANCHES, planted_cost)
    assert [change.name for change in proposal.changes] == list(domains(BRANCHES))
    assert of(proposal, "lr").kinds == ("narrow",)
    assert of(proposal, "optimizer").kinds == ("drop",)
    assert "none has adam" in of(proposal, "optimizer").why
    assert of(proposal, "optimizer[1]/beta").why == "its branch is dropped"
    assert of(proposal, "optimizer[1]/beta").new == "-"
    assert of(proposal, "width").kinds == ()
    assert proposal.space["layers"] == 2
    assert proposal.space["optimizer"]["kind"] == "sgd"
    assert proposal.paths["optimizer[0]/momentum"] == "optimizer/momentum"
    assert of(proposal, "lr").new == python_text(proposal.space["lr"])
    assert proposal.is_new


def test_a_branch_is_judged_by_its_own_trials() -> None:
    """What is good in a branch shows among the trials that have it, however bad the branch."""

    def cost(config: dict[str, Any]) -> float:
        chosen = config["optimizer"]
        away = chosen["momentum"] - 0.5 if "momentum" in chosen else chosen["beta"] - 0.5
        return float(away**2 + (0.0 if "momentum" in chosen else 0.1))

    proposal = proposed(BRANCHES, cost, keep={"optimizer": "asked about"})
    assert of(proposal, "optimizer").why == "asked about"
    for name in ("optimizer[0]/momentum", "optimizer[1]/beta"):
        low, high = domains(proposal.space)[name].lower, domains(proposal.space)[name].upper
        assert 0 < low < 0.5 < high < 1


def test_the_planted_optimum_nearly_always_stays_inside() -> None:
    """A prediction interval may miss it; over many spaces it hardly ever does."""
    space = {"x": tune.uniform(0, 1), "y": tune.loguniform(1e-4, 1)}
    rng = np.random.default_rng(0)
    missed = 0
    for seed in range(200):
        x, y, tilt = rng.uniform(0.05, 0.95), rng.uniform(0.05, 0.95), rng.uniform(-0.5, 0.5)

        def cost(config: dict[str, Any], x: float = x, y: float = y, tilt: float = tilt) -> float:
            away = config["x"] - x, -np.log10(config["y"]) / 4 - y
            return float(away[0] ** 2 + away[1] ** 2 + 2 * tilt * away[0] * away[1])

        proposal = proposed(space, cost, int(rng.integers(30, 121)), seed)
        validate(proposal.space)
        missed += bool(contains(proposal.space, {"x": x, "y": float(10 ** (-4 * y))}))
    assert missed <= 4


@settings(max_examples=40)
@given(st.integers(5, 60), st.integers(0, 10_000), st.floats(0, 1))
def test_the_best_trial_always_stays_inside(n: int, seed: int, lost: float) -> None:
    random = np.random.default_rng(seed)
    configs = drawn(BRANCHES, n, seed)
    costs = np.where(random.random(n) < lost, np.inf, random.random(n))
    proposal = propose(BRANCHES, Standings(tuple(configs), costs, 1.0, {}), keep={}, fixed={})
    if np.isfinite(costs).any():
        assert not contains(proposal.space, configs[int(np.argmin(costs))])
    assert to_json(from_json(to_json(proposal.space))) == to_json(proposal.space)


def test_a_bound_that_is_touched_moves_out() -> None:
    proposal = proposed({"lr": tune.loguniform(1e-5, 1e-2)}, lambda c: -float(c["lr"]))
    assert of(proposal, "lr").kinds == ("narrow", "widen")
    assert proposal.space["lr"].upper == pytest.approx(1e-2 * 1e3**0.25, rel=0.01)


def test_what_does_not_matter_is_fixed_at_the_best_trials_value() -> None:
    configs = drawn(BRANCHES, 40, 0)
    costs = np.array([planted_cost(config) for config in configs])
    best = configs[int(np.argmin(costs))]
    proposal = propose(
        BRANCHES, Standings(tuple(configs), costs, 1.0, {}), keep={}, fixed={},
        negligible=["width", "optimizer"],
    )  # fmt: skip
    assert proposal.space["width"] == best["width"]
    assert of(proposal, "width").kinds == ("fix",)
    assert "fix" not in of(proposal, "optimizer").kinds  # it chooses a branch


@pytest.mark.parametrize("n", [0, 1, 4])
def test_of_too_few_trials_nothing_follows(n: int) -> None:
    proposal = proposed(BRANCHES, planted_cost, n)
    assert not proposal.is_new
    assert to_json(proposal.space) == to_json(BRANCHES)
    assert all("too few" in change.why for change in proposal.changes)


def test_what_has_no_range_stays() -> None:
    space = {
        "x": tune.uniform(0, 1),
        "normal": tune.randn(0, 1),
        "one": tune.choice(["only"]),
        "f": tune.sample_from(lambda config: 1),
    }
    random = np.random.default_rng(0)
    configs = [
        {"x": float(random.random()), "normal": float(random.normal()), "one": "only", "f": 1}
        for _ in range(40)
    ]
    costs = np.array([abs(config["x"] - 0.5) for config in configs])  # type: ignore[operator]
    proposal = propose(space, Standings(tuple(configs), costs, 1.0, {}), keep={}, fixed={})
    assert [change.kinds for change in proposal.changes] == [("narrow",), (), (), ()]
    assert proposal.space["f"] is space["f"]


def test_trials_from_outside_the_space_do_not_count() -> None:
    configs = [{"x": 0.5 + 0.001 * n} for n in range(20)] + [{"x": 7.0}, {"y": 1.0}]
    found = Standings(tuple(configs), np.arange(22.0), 1.0, {})
    proposal = propose({"x": tune.uniform(0, 1)}, found, keep={}, fixed={})
    assert "the 5 best trials have 0.5 to 0.504" in of(proposal, "x").why
