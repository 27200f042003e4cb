"""What a sweep had spent at each report, by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from tuner.comparison.ray_spending import overheads, spending, utilisation, withheld_epochs
from tuner.comparison.withheld import Withheld

BEGAN = 100.0


def frame(columns: str, rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split())


def test_a_pause_gives_the_worker_back() -> None:
    """a holds 0-4 and 6-8, b holds 4-7; half a GPU each."""
    reports = frame("trial_id seq timestamp loss", [
        ("b", 7, 106.0, 0.2), ("a", 2, 103.0, 0.5), ("a", 11, 108.0, 0.4)])  # fmt: skip
    decisions = frame("trial_id seq timestamp decision", [
        ("a", 4, 104.0, "PAUSE"), ("a", 8, 106.0, "RESUME")])  # fmt: skip
    events = frame("trial_id seq timestamp event", [
        ("a", 0, 100.0, "suggested"), ("a", 1, 100.0, "started"), ("b", 5, 104.0, "suggested"),
        ("b", 6, 104.0, "started"), ("a", 9, 106.0, "started"), ("b", 10, 107.0, "ended"),
        ("a", 12, 108.0, "ended")])  # fmt: skip
    told = spending(reports, decisions, events, began=BEGAN, gpus=0.5)
    assert told["trial_id"].tolist() == ["a", "b", "a"]
    assert told["trials"].tolist() == [1, 2, 2]
    assert told["epochs"].tolist() == [1, 2, 3]
    assert told["seconds"].tolist() == [3.0, 6.0, 8.0]
    assert told["gpu_seconds"].tolist() == [0.5 * 3, 0.5 * (4 + 2), 0.5 * (4 + 2 + 3)]


def test_a_failed_attempt_holds_until_it_fails() -> None:
    reports = frame("trial_id seq timestamp loss", [("a", 4, 110.0, 0.5)])
    events = frame("trial_id seq timestamp event", [
        ("a", 0, 100.0, "suggested"), ("a", 1, 101.0, "started"), ("a", 2, 104.0, "failing"),
        ("a", 3, 106.0, "started")])  # fmt: skip
    decisions = frame("trial_id seq timestamp decision", [])
    told = spending(reports, decisions, events, began=BEGAN, gpus=1)
    assert told["gpu_seconds"].tolist() == [3.0 + 4.0]
    assert told["trials"].tolist() == [1]


def test_nobody_pays_for_the_time_between_an_interruption_and_the_resume() -> None:
    """Interrupted at 105, resumed at 1105: a thousand seconds are nobody's."""
    reports = frame("trial_id seq timestamp loss", [("a", 2, 104.0, 0.5), ("a", 6, 1110.0, 0.4)])
    events = frame("trial_id seq timestamp event", [
        ("a", 0, 100.0, "suggested"), ("a", 1, 100.0, "started"), ("a", 3, 105.0, "saved"),
        (None, 4, 1105.0, "resumed"), ("a", 5, 1106.0, "started")])  # fmt: skip
    decisions = frame("trial_id seq timestamp decision", [])
    told = spending(reports, decisions, events, began=BEGAN, gpus=1)
    assert told["seconds"].tolist() == [4.0, 10.0]
    assert told["gpu_seconds"].tolist() == [4.0, 5.0 + 4.0]


def test_overheads_are_between_an_event_and_its_counterpart() -> None:
    events = frame("trial_id seq timestamp event", [
        ("a", 0, 0.0, "suggested"), ("b", 1, 0.0, "suggested"), ("a", 2, 1.0, "started"),
        ("b", 3, 4.0, "started"), ("a", 4, 5.0, "saving"), ("b", 5, 6.0, "saving"),
        ("a", 6, 7.0, "saved"), ("b", 7, 7.5, "saved"), ("a", 8, 9.0, "started")])  # fmt: skip
    assert overheads(events) == pytest.approx({"wait_s": 5.0, "save_s": 3.5})


def test_utilisation_is_of_as_many_workers_as_were_ever_held_at_once() -> None:
    """a trains 3 + 1 s, b 2 s; two workers at most, 8 s; a repeats a second that is lost."""
    reports = frame("trial_id seq timestamp time_total_s", [
        ("a", 2, 103.0, 3.0), ("b", 7, 106.0, 2.0), ("a", 10, 107.0, 2.5),
        ("a", 11, 108.0, 3.5)])  # fmt: skip
    decisions = frame("trial_id seq timestamp decision", [])
    events = frame(
        "trial_id seq timestamp event",
        [("a", 1, 100.0, "started"), ("b", 6, 104.0, "started"), ("b", 8, 107.0, "ended")],
    )
    told = spending(reports, decisions, events, began=BEGAN, gpus=0)
    assert utilisation(told, decisions, events) == pytest.approx((3 + 2 + 1) / (2 * 8))


@pytest.mark.parametrize(("takes_turns", "epochs"), [(False, 6.0 + 9.0 + 4.0), (True, 6.0 + 4.0)])
def test_withheld_is_what_stopped_and_paused_trials_had_still_to_train(
    takes_turns: bool, epochs: float
) -> None:
    """A full training is 100 steps, 10 of them an epoch; c reports half as often."""
    decisions = frame("trial_id seq training_iteration time decision", [
        ("a", 1, 1, 10.0, "PAUSE"), ("a", 2, 1, 10.0, "RESUME"), ("a", 7, 4, 40.0, "STOP"),
        ("b", 3, 1, 10.0, "PAUSE"), ("c", 4, 1, 20.0, "STOP"),
        ("e", 5, 2, 20.0, "PAUSE"), ("e", 6, 2, 20.0, "RESUME"), ("e", 9, 3, 30.0, "STOP"),
        ("f", 8, None, None, "STOP")])  # fmt: skip
    trials = frame("trial_id outcome", [
        ("a", "stopped"), ("b", "interrupted"), ("c", "stopped"), ("e", "diverged"),
        ("f", "stopped")])  # fmt: skip
    assert withheld_epochs(decisions, trials, Withheld(100, takes_turns=takes_turns)) == epochs


def test_nothing_happened() -> None:
    reports = frame("trial_id seq timestamp loss", [])
    nothing = frame("trial_id seq timestamp decision", [])
    events = frame("trial_id seq timestamp event", [])
    told = spending(reports, nothing, events, began=BEGAN, gpus=1)
    assert told.empty
    assert overheads(events) == {"wait_s": 0.0, "save_s": 0.0}
    assert math.isnan(utilisation(told, nothing, events))
