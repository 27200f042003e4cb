from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.errors import ScenarioError, SpecError
from tuner.schedulers.divergence import above_start, below_start, why_diverged


@pytest.mark.parametrize(
    ("rule", "start", "value", "verdict"),
    [
        (above_start("loss"), 2.0, 20.0, None),
        (above_start("loss"), 2.0, 20.5, "loss 20.5 is above 20, 10 times its start"),
        (above_start("loss", times=2), -8.0, -4.5, None),
        (above_start("loss", times=2), -8.0, -3.0, "loss -3 is above -4, 1/2 of its start"),
        (below_start("loss", times=4), 1.0, 0.25, None),
        (below_start("loss", times=4), 1.0, 0.2, "loss 0.2 is below 0.25, 1/4 of its start"),
        (below_start("loss"), -2.0, -19.0, None),
        (below_start("loss"), -2.0, -21.0, "loss -21 is below -20, 10 times its start"),
        (above_start("loss"), 0.0, 1e9, None),
        (above_start("loss"), math.nan, 1e9, None),
        (above_start("loss"), 2.0, math.nan, "loss is nan"),
        (below_start("loss"), 2.0, math.inf, "loss is inf"),
    ],
)
def test_rules_by_hand(rule: Any, start: float, value: float, verdict: str | None) -> None:
    assert rule({"loss": start}, {"loss": value}) == verdict


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(1.5, 100))
def test_below_is_above_of_the_opposite(start: float, value: float, times: float) -> None:
    above, below = above_start("x", times), below_start("x", times)
    fell = below({"x": start}, {"x": value}) is not None
    assert fell == (above({"x": -start}, {"x": -value}) is not None)


def test_a_report_without_the_value_is_not_judged() -> None:
    assert above_start("loss")({}, {"loss": 1e9}) is None
    assert above_start("loss")({"loss": 1.0}, {"other": 1e9}) is None


def test_a_rule_says_what_it_is() -> None:
    assert repr(above_start("loss", 5)) == "FarFromStart(metric='loss', times=5, side='above')"
    assert above_start("loss") == above_start("loss", times=10)


@pytest.mark.parametrize("times", [1, 0.5, -3, math.nan, math.inf])
def test_a_multiple_that_is_none_is_refused(times: float) -> None:
    with pytest.raises(SpecError, match="above 1, got times="):
        above_start("loss", times)


def test_the_metric_is_judged_before_the_rule() -> None:
    def never(first: Any, report: Any) -> str:
        raise AssertionError

    reason = why_diverged({"loss": math.inf}, {}, "loss", never)
    assert reason is not None
    assert reason.text == "diverged: loss is inf"


def test_a_users_rule_gives_the_reason() -> None:
    def too_slow(first: Any, report: Any) -> str | None:
        return "too slow" if report["seconds"] > 3 * first["seconds"] else None

    start = {"loss": 1.0, "seconds": 1.0}
    assert why_diverged({"loss": 0.5, "seconds": 2.0}, start, "loss", too_slow) is None
    reason = why_diverged({"loss": 0.5, "seconds": 4.0}, start, "loss", too_slow)
    assert reason is not None
    assert reason.text == "diverged: too slow"
    assert reason.details == {"value": 0.5, "rule": "too_slow"}


@pytest.mark.parametrize("answer", [True, False, "", 0])
def test_a_rule_that_answers_with_no_text_is_refused(answer: Any) -> None:
    with pytest.raises(ScenarioError, match="returns why, as text, or None"):
        why_diverged({"loss": 1.0}, {}, "loss", lambda first, report: answer)


def test_a_rule_that_fails_is_refused_in_one_line() -> None:
    with pytest.raises(ScenarioError, match="KeyError: 'missing'; correct"):
        why_diverged({"loss": 1.0}, {}, "loss", lambda first, report: report["missing"])
