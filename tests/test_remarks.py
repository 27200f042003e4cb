from __future__ import annotations

import pytest

import tuner
from tuner.planning import resolve_plan
from tuner.remarks import loss_remarks, share_remarks


@pytest.mark.parametrize(
    ("bundles", "told"),
    [
        ([{"GPU": 0.0001}], "gpu=0.0001 lets 10,000 trials share one GPU"),
        ([{"CPU": 1.0}, {"GPU": 1.0}, {"GPU": 1 / 32}], "gpu=0.03125 lets 32 trials"),
    ],
)
def test_a_tiny_share_may_be_a_slip(bundles: list[dict[str, float]], told: str) -> None:
    (remark,) = share_remarks(bundles)
    assert remark.startswith(told)


@pytest.mark.parametrize("bundles", [[{"CPU": 1.0}], [{"GPU": 0.05}, {"GPU": 4.0}], [{}]])
def test_other_shares_are_no_slip(bundles: list[dict[str, float]]) -> None:
    assert share_remarks(bundles) == []


def test_a_plan_has_it() -> None:
    scenario = tuner.load_scenario("tabular")
    plan = resolve_plan(scenario, {"resources": {"cpu": 1, "gpu": 0.0001}, "scheduler": "fifo"})
    assert any("10,000 trials share one GPU" in remark for remark in plan.remarks)


def test_what_a_lost_node_costs_is_said_where_something_can_be_done() -> None:
    (remark,) = loss_remarks(2, can_save=True, saves=False, max_t=27)
    assert "checkpoint_frequency=2 (--checkpoint-frequency 2) bounds that to 2 reports" in remark
    assert loss_remarks(1, can_save=True, saves=False, max_t=27) == [], "one machine"
    assert loss_remarks(9, can_save=False, saves=False, max_t=27) == [], "they cannot"
    assert loss_remarks(9, can_save=True, saves=True, max_t=27) == [], "they do"
    assert loss_remarks(9, can_save=True, saves=False, max_t=1) == [], "they are over at once"
