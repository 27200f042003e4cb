"""Which step is next, and what follows from an audit. Pure."""

from __future__ import annotations

import itertools

import pytest

from tuner.pipeline.consequences import consequences, unanswered
from tuner.pipeline.steps import STEPS, Outcome, Spent, next_step
from tuner.playbook.audit.findings import Finding, Verdict


def test_the_next_step_is_the_first_that_has_not_ended() -> None:
    ended = {"explore": "done", "audit": "done", "refine": "skipped"}
    outcomes = {name: Outcome(name, status, "") for name, status in ended.items()}  # type: ignore[arg-type]

    assert next_step({}, "finalize") == "explore"
    assert next_step(outcomes, "finalize") == "adopt"  # type: ignore[arg-type]
    assert next_step(outcomes, "refine") is None  # type: ignore[arg-type]


@pytest.mark.parametrize("status", ["waiting", "interrupted", "stopped", "failed"])
def test_what_has_not_ended_is_taken_again(status: str) -> None:
    explored = Outcome("explore", "done", "")
    audited = Outcome("audit", status, "")  # type: ignore[arg-type]

    assert next_step({"explore": explored, "audit": audited}, "finalize") == "audit"


def test_steps_go_in_order_whatever_has_ended() -> None:
    for count in range(len(STEPS) + 1):
        for done in itertools.combinations(STEPS, count):
            found = next_step({name: Outcome(name, "done", "") for name in done}, "finalize")
            assert found == next((name for name in STEPS if name not in done), None)


def test_an_outcome_survives_json() -> None:
    outcome = Outcome("adopt", "done", "adopt", ("a note",), {"gain": 1.5}, Spent(3, 9, 2.5, 1.0))

    assert Outcome.from_json(outcome.to_json()) == outcome


def finding(check: str, verdict: Verdict) -> Finding:
    return Finding(check, verdict, f"{check} was looked at", remedy="do better")


FINDINGS = [
    finding("boundary", Verdict.fail),
    finding("duplicates", Verdict.passed),
    finding("still_improving", Verdict.fail),
    finding("saturated", Verdict.warn),
    finding("failures", Verdict.fail),
    finding("seed_variance", Verdict.unknown),
]


def test_what_later_steps_answer_stops_nobody() -> None:
    found = consequences(FINDINGS, ("refine", "adopt", "finalize"), lengthens=True)

    assert [(each.check, each.answered) for each in found] == [
        ("boundary", True), ("still_improving", True), ("failures", False), ("saturated", False)
    ]  # fmt: skip
    assert [each.check for each in unanswered(found)] == ["failures"]
    assert "widens" in found[0].follows


def test_a_step_that_is_not_taken_answers_nothing() -> None:
    found = consequences(FINDINGS, ("adopt", "finalize"), lengthens=True)
    assert [each.check for each in unanswered(found)] == ["boundary", "still_improving", "failures"]
    held = consequences(FINDINGS, ("refine", "adopt"), lengthens=False)
    assert [each.check for each in unanswered(held)] == ["still_improving", "failures"]
    (lengthens,) = (each for each in held if each.check == "still_improving")
    assert lengthens.follows.endswith("since max_t was given (--max-t)")
