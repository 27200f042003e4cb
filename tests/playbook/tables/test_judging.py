"""From repeats to rows and a conclusion that claims no more than the tests do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest

from tuner.objectives import Objective
from tuner.playbook.tables.judging import Judgement, judge

ACCURACY = Objective("accuracy", "max")
LOSS = Objective("loss", "min")
NOISE = 0.01 * np.array([0.3, -1.1, 0.8, -0.2, 1.0, -0.7, 0.1, -0.4])


def judged(
    objective: Objective, samples: Mapping[str, Sequence[float]], **more: Sequence[float]
) -> Judgement:
    frame = pd.DataFrame(
        [
            {"value": value, "repeat": str(repeat), objective.metric: number}
            for value, sample in samples.items()
            for repeat, number in enumerate(sample)
        ]
    )
    return judge(frame.assign(**more), list(samples), objective)


def planted(**means: float) -> dict[str, list[float]]:
    """Return repeats around these means, with noise that is another one for each."""
    return {
        value: list(mean + np.roll(NOISE, 3 * place)) for place, (value, mean) in
        enumerate(means.items())
    }  # fmt: skip


@pytest.mark.parametrize(("objective", "best"), [(ACCURACY, "high"), (LOSS, "low")])
def test_the_direction_decides_who_leads(objective: Objective, best: str) -> None:
    found = judged(objective, planted(low=0.2, high=0.8))

    assert found.leader == best
    assert found.conclusion.startswith(f"{best} is better than every other value (p <= ")
    rows = found.rows.set_index("value")
    assert rows.loc[best, "behind"] == 0
    assert math.isnan(rows.loc[best, "p"])
    assert rows["behind"].max() == pytest.approx(0.6)
    assert list(found.rows["value"]) == ["low", "high"]


def test_values_that_cannot_be_told_from_the_leader_are_named() -> None:
    found = judged(ACCURACY, planted(a=0.9, b=0.899, c=0.5))

    assert found.leader == "a"
    assert found.conclusion.startswith("a leads: no difference found to b; better than c (p <= ")


def test_equal_values_are_not_told_apart() -> None:
    found = judged(ACCURACY, planted(a=0.9, b=0.899, c=0.9))

    assert found.conclusion == "No difference found"


def test_a_difference_among_the_others_is_not_hidden() -> None:
    """The leader varies so much that nothing is surely worse, but two others differ."""
    wild = [0.1, 1.9, 0.2, 1.8, 0.1, 1.9, 0.2, 1.8]

    found = judged(ACCURACY, {"wild": wild, **planted(a=0.9, b=0.5)})

    assert found.leader == "wild"
    assert found.conclusion.startswith("No value is surely the best, but a is better than b (p = ")


def test_a_value_that_fails_cannot_lead() -> None:
    samples = planted(fragile=0.99, sturdy=0.8, weak=0.3)
    samples["fragile"][2] = math.nan

    found = judged(ACCURACY, samples)

    fragile = found.rows.set_index("value").loc["fragile"]
    assert found.leader == "sturdy"
    assert (fragile["repeats"], fragile["missing"]) == (7, 1)
    assert math.isnan(fragile["p"])
    assert found.conclusion.startswith("sturdy leads: better than weak (p <= ")
    assert any("1 of 8 repeats failed or diverged" in remark for remark in found.remarks)
    assert any("are not compared" in remark for remark in found.remarks)


@pytest.mark.parametrize("samples", [{"a": [0.5], "b": [0.6]}, {"a": [math.nan], "b": [math.nan]}])
def test_one_repeat_shows_nothing(samples: dict[str, list[float]]) -> None:
    assert judged(ACCURACY, samples).conclusion.startswith("Nothing to compare")


def test_repeats_that_the_seed_does_not_change_are_pointed_out() -> None:
    found = judged(ACCURACY, {"a": [0.5] * 4, "b": [0.6] * 4})

    assert found.conclusion == "No difference found"
    assert any("the seed changes nothing" in remark for remark in found.remarks)


def test_times_to_a_target_are_medians_in_which_never_is_late() -> None:
    times = [3, 5, math.inf, 4, math.inf, math.inf, math.inf, math.inf] + [2] * 7 + [math.inf]

    found = judged(ACCURACY, planted(slow=0.5, fast=0.6), time_to_target=times)

    rows = found.rows.set_index("value")
    assert list(rows["time_to_target"]) == [math.inf, 2]
    assert list(rows["reached"]) == [3, 7]


def test_one_value_of_many_that_fails_everywhere_is_told_and_not_compared() -> None:
    found = judged(ACCURACY, {**planted(a=0.9, b=0.5), "c": [math.nan] * 8})

    assert found.leader == "a"
    assert math.isnan(found.rows["accuracy"].iloc[2])
    assert found.conclusion.startswith("a leads: better than b (p <= ")


def test_other_metrics_have_intervals_too() -> None:
    samples = planted(a=0.9, b=0.5)
    frame = pd.DataFrame(
        [{"value": value, "repeat": str(repeat), "accuracy": number, "seconds": 2 * number}
         for value, sample in samples.items() for repeat, number in enumerate(sample)]
    )  # fmt: skip

    rows = judge(frame, ["a", "b"], ACCURACY, ["seconds"]).rows

    np.testing.assert_allclose(rows["seconds"], 2 * rows["accuracy"])
    np.testing.assert_allclose(rows["seconds_high"], 2 * rows["accuracy_high"])
