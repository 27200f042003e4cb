"""Isolation recovers what was planted, and says "not enough" where chance would do."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray import tune
from stored_sweeps import Planted, planted, stored

import tuner
from tuner.cli.strict_json import dumps
from tuner.errors import NoResultError, SpecError
from tuner.store import Sweep

SPACE: dict[str, Any] = {
    "net": {"optimizer": tune.choice(["sgd", "adam", "lion"]), "layers": tune.randint(1, 4)},
    "lr": tune.loguniform(1e-4, 1),
}


def trials(
    effect: dict[str, float], count: int = 90, seed: int = 0, weights: Any = None
) -> list[Planted]:
    """Return trials of which the optimizer adds its effect, and a bad lr hides it."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        optimizer = str(random.choice(["sgd", "adam", "lion"], p=weights))
        config = {
            "net": {"optimizer": optimizer, "layers": int(random.integers(1, 4))},
            "lr": 10 ** random.uniform(-4, 0),
        }
        found.append(planted(config, 2.0, effect[optimizer] + random.exponential(0.5)))
    return found


def sweep(folder: Path, found: list[Planted], **spec: Any) -> Sweep:
    return stored(folder, found, **({"space": SPACE} | spec))


def test_a_planted_effect_is_recovered(tmp_path: Path) -> None:
    found = tuner.isolate(
        sweep(tmp_path, trials({"sgd": 0.4, "adam": 0.0, "lion": 0.8})), "optimizer"
    )
    assert found.scientific == ("net/optimizer",)
    assert found.winner == "adam"
    assert list(found.table["value"]) == ["adam", "sgd", "lion"]
    behind = found.table.set_index("value")["behind"]
    assert behind["adam"] == 0
    assert behind["sgd"] == pytest.approx(0.4, abs=0.15)
    assert behind["lion"] == pytest.approx(0.8, abs=0.15)
    assert "better than every other value" in found.conclusion


def test_what_was_declared_scientific_is_compared_unless_others_are_named(tmp_path: Path) -> None:
    roles = {"net/optimizer": "scientific", "lr": "nuisance"}
    explored = sweep(tmp_path, trials({"sgd": 0.4, "adam": 0.0, "lion": 0.8}), roles=roles)

    assert tuner.isolate(explored).scientific == ("net/optimizer",)
    assert tuner.isolate(explored, "layers").scientific == ("net/layers",)


def test_no_effect_has_no_winner(tmp_path: Path) -> None:
    """At 95 %, chance makes a winner rarely: at most one of 20 sweeps here, with seeds fixed."""
    none = {"sgd": 0.0, "adam": 0.0, "lion": 0.0}
    winners = [
        tuner.isolate(sweep(tmp_path / str(seed), trials(none, 60, seed)), "optimizer").winner
        for seed in range(20)
    ]
    assert sum(winner is not None for winner in winners) <= 1


def test_more_trials_are_no_merit(tmp_path: Path) -> None:
    """Nine tenths of the trials are of sgd, and adam is the better one all the same."""
    found = tuner.isolate(
        sweep(tmp_path, trials({"sgd": 0.1, "adam": 0.0, "lion": 9.0}, 400, 1, [0.9, 0.05, 0.05])),
        "optimizer",
    )
    table = found.table.set_index("value")
    assert table["trials"]["sgd"] > 10 * table["trials"]["adam"]
    assert found.draws == table["trials"].min() // 2
    assert table["expected"]["adam"] < table["expected"]["sgd"] < table["expected"]["lion"]


def test_a_metric_to_maximise_is_compared_alike(tmp_path: Path) -> None:
    effect = {"sgd": 0.4, "adam": 0.0, "lion": 0.8}
    turned = [planted(t.config, *(-value for value in t.metrics["loss"])) for t in trials(effect)]
    less = tuner.isolate(sweep(tmp_path / "min", trials(effect)), "optimizer").table
    more = tuner.isolate(sweep(tmp_path / "max", turned, mode="max"), "optimizer").table
    assert list(less["value"]) == list(more["value"])
    np.testing.assert_allclose(less["behind_high"], more["behind_high"])
    np.testing.assert_allclose(less[["low", "high"]], -more[["high", "low"]])


def test_numbers_are_compared_in_bins_and_few_values_by_value(tmp_path: Path) -> None:
    stored_sweep = sweep(tmp_path, trials({"sgd": 0.4, "adam": 0.0, "lion": 0.8}, 200))
    bins = tuner.isolate(stored_sweep, "lr", bins=2)
    assert set(bins.table["value"]) == {"0.0001 to 0.01", "0.01 to 1"}
    assert set(tuner.isolate(stored_sweep, "layers").table["value"]) == {"1", "2", "3"}
    both = tuner.isolate(stored_sweep, ["optimizer", "net/layers"])
    assert len(both.table) == 9
    assert both.table["trials"].sum() == 200
    assert str(both.table["value"].iloc[0]).startswith("adam, ")


def test_too_few_trials_are_listed_and_not_compared(tmp_path: Path) -> None:
    few = [planted({"net": {"optimizer": "lion", "layers": 1}, "lr": 0.1}, -9.0)]
    others = trials({"sgd": 0.4, "adam": 0.0, "lion": 0.0}, 60, weights=[0.5, 0.5, 0])
    found = tuner.isolate(sweep(tmp_path, others + few), "optimizer")
    last = found.table.iloc[-1]
    assert (last["value"], last["trials"], last["best"]) == ("lion", 1, -9.0)
    assert math.isnan(last["expected"])
    assert found.winner == "adam"
    alone = tuner.isolate(sweep(tmp_path / "alone", few), "optimizer")
    assert alone.conclusion.startswith("not enough: fewer than two values")
    assert alone.draws == 0


def test_close_values_are_named(tmp_path: Path) -> None:
    found = tuner.isolate(
        sweep(tmp_path, trials({"sgd": 0.0, "adam": 0.0, "lion": 2.0})), "optimizer"
    )
    assert found.winner is None
    assert found.conclusion.startswith("not enough: net/optimizer = ")
    assert "lion" not in found.conclusion


def test_trials_that_diverged_count_and_failed_ones_do_not(tmp_path: Path) -> None:
    config = {"net": {"optimizer": "sgd", "layers": 1}, "lr": 0.1}
    ill = [planted(config, math.nan, outcome="diverged")] * 3
    ill += [planted(config, outcome="failed")] * 4
    found = tuner.isolate(
        sweep(tmp_path, trials({"sgd": 0.0, "adam": 0.0, "lion": 0.0}) + ill), "optimizer"
    )
    assert found.table["trials"].sum() == 93
    assert "3 trials without a finite value: counted as the worst" in found.remarks


def test_early_stopped_trials_are_told_or_compared_at_equal_time(tmp_path: Path) -> None:
    """At epoch 1 sgd is ahead; who is stopped there never shows how good it would be."""
    cut = [
        planted(t.config, 0.5 if t.config["net"]["optimizer"] == "sgd" else 1.0,
                *(t.metrics["loss"][1:] if n % 2 else ()),
                outcome="completed" if n % 2 else "stopped")
        for n, t in enumerate(trials({"sgd": 0.4, "adam": 0.0, "lion": 0.8}))
    ]  # fmt: skip
    stopped = sweep(tmp_path, cut, scheduler="asha")
    assert any("45 trials stopped early by asha" in r for r in tuner.isolate(stopped, "lr").remarks)
    early, late = (tuner.isolate(stopped, "optimizer", at=at) for at in (1, 2))
    assert early.winner == "sgd"
    assert late.table["value"].iloc[0] == "adam"
    assert late.table["trials"].sum() == 45
    assert "45 trials ended before epoch 2: left out" in late.remarks


def test_conditional_ones_are_compared_where_they_are(tmp_path: Path) -> None:
    space = {"o": tune.choice([{"kind": "sgd", "momentum": tune.uniform(0, 1)}, {"kind": "adam"}])}
    random = np.random.default_rng(0)
    found = [
        planted({"o": {"kind": "sgd", "momentum": m}} if n % 2 else {"o": {"kind": "adam"}},
                m + random.random())
        for n, m in enumerate(random.random(60))
    ]  # fmt: skip
    both = stored(tmp_path, found, space=space)
    assert set(tuner.isolate(both, "o").table["value"]) == {"sgd", "adam"}
    momentum = tuner.isolate(both, "momentum", bins=2)
    assert momentum.table["trials"].sum() == 30
    assert "30 trials without o[0]/momentum: left out" in momentum.remarks


def test_it_can_be_printed_stored_and_drawn(tmp_path: Path) -> None:
    found = tuner.isolate(sweep(tmp_path, trials({"sgd": 1, "adam": 0, "lion": 2})), "optimizer")
    assert found.to_markdown().startswith("| net/optimizer | trials | best | best of ")
    assert found.conclusion in str(found)
    content = json.loads(dumps(found.to_json()), parse_constant=pytest.fail)
    assert content["winner"] == "adam"
    assert [row["value"] for row in content["values"]] == ["adam", "sgd", "lion"]
    assert found.figure().data


@pytest.mark.parametrize(
    ("name", "options", "spec", "error", "message"),
    [
        ("optimiser", {}, {}, SpecError, "nothing was searched by the name 'optimiser'"),
        ([], {}, {}, SpecError, "declares none scientific; name one of"),
        ("lr", {"bins": 1}, {}, SpecError, "bins"),
        ("optimizer", {"draws": 80}, {}, SpecError, "draws are at most"),
        ("optimizer", {"draws": 0}, {}, SpecError, "draws"),
        ("optimizer", {}, {"scheduler": "pbt"}, SpecError, "pbt changed them"),
        ("optimizer", {"at": 99}, {}, NoResultError, "no trial of"),
    ],
)
def test_nonsense_is_refused(
    tmp_path: Path, name: Any, options: Any, spec: Any, error: Any, message: str
) -> None:
    found = sweep(tmp_path, trials({"sgd": 0.4, "adam": 0.0, "lion": 0.8}), **spec)
    with pytest.raises(error, match=message):
        tuner.isolate(found, name, **options)


def test_an_ending_that_several_have_is_refused(tmp_path: Path) -> None:
    space = {"a": {"lr": tune.uniform(0, 1)}, "b": {"lr": tune.uniform(0, 1)}}
    found = stored(tmp_path, [planted({"a": {"lr": 0.1}, "b": {"lr": 0.2}}, 1.0)], space=space)
    with pytest.raises(SpecError, match="one of a/lr, b/lr"):
        tuner.isolate(found, "lr")


def test_nothing_to_compare(tmp_path: Path) -> None:
    with pytest.raises(NoResultError, match="no trial of"):
        tuner.isolate(sweep(tmp_path, []), "optimizer")
