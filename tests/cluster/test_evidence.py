"""What proves something must be able to disprove it."""

from __future__ import annotations

import pandas as pd
from clusters.evidence import losses, most_on_a_gpu, repeated, stays, unreported
from clusters.work import Epoch


def event(seq: int, trial: str, event: str, **details: object) -> dict[str, object]:
    return {
        "seq": seq,
        "trial_id": trial,
        "event": event,
        "details": details,
        "timestamp": float(seq),
    }


NO_DECISIONS = pd.DataFrame(columns=["seq", "trial_id", "decision", "timestamp"])


def test_stays_follow_a_trial_from_node_to_node() -> None:
    events = pd.DataFrame(
        [
            event(1, "a", "started"),
            event(2, "a", "placed", node="n1", gpus=["0"]),
            event(3, "a", "failing", excuse="its node was lost"),
            event(4, "a", "started"),
            event(5, "a", "placed", node="n2", gpus=["1"]),
            event(9, "a", "ended"),
        ]
    )
    assert stays(events, NO_DECISIONS) == [
        ("a", "n1", ("0",), 1.0, 3.0),
        ("a", "n2", ("1",), 4.0, 9.0),
    ]
    assert losses(events) == {"a": 1}


def test_a_stay_ends_where_the_trial_pauses() -> None:
    events = pd.DataFrame(
        [
            event(1, "a", "started"),
            event(2, "a", "placed", node="n1", gpus=["0"]),
            event(7, "a", "ended"),
        ]
    )
    pause = {"seq": 4, "trial_id": "a", "decision": "PAUSE", "timestamp": 4.0}
    assert stays(events, pd.DataFrame([pause])) == [("a", "n1", ("0",), 1.0, 4.0)]


def test_a_gpu_with_too_many_is_noticed() -> None:
    spans = [("n1", ["0"], 0.0, 2.0), ("n1", ["0"], 1.0, 3.0), ("n1", ["0"], 2.0, 4.0)]
    assert most_on_a_gpu(spans) == {"n1/0": 2}
    assert most_on_a_gpu([*spans, ("n1", ["0", "1"], 1.5, 1.6)]) == {"n1/0": 3, "n1/1": 1}
    assert most_on_a_gpu([*spans, ("n2", ["0"], 0.0, 9.0)]) == {"n1/0": 2, "n2/0": 1}


def test_what_was_trained_again_is_counted() -> None:
    trained = [Epoch(t, n, "n1", 1, [], 0.0, 1.0) for t, n in [("a", 1), ("a", 2), ("a", 2)]]
    assert repeated([*trained, trained[0]._replace(trial="b")]) == {"a": 1, "b": 0}


def test_a_report_that_is_missing_is_noticed() -> None:
    told = [("a", 1), ("a", 2), ("b", 1), ("b", 1), ("c", 2), ("d", 1)]
    reports = pd.DataFrame(told, columns=["trial_id", "epoch"])
    outcomes = pd.Series(
        {"a": "completed", "b": "stopped", "c": "completed", "d": "completed", "e": "stopped"}
    )
    assert unreported(reports, decision(), outcomes, 2) == ["c", "d", "e"]


def test_what_a_trial_copied_was_reported_by_another() -> None:
    told = [("a", 1), ("a", 4), ("b", 1), ("b", 4), ("b", 5), ("c", 1), ("c", 4)]
    reports = pd.DataFrame(told, columns=["trial_id", "epoch"])
    outcomes = pd.Series({"a": "stopped", "b": "stopped", "c": "stopped"})
    copies = pd.concat([decision("a", 3), decision("b", 2), decision("b", 3), decision("c", 2)])
    assert unreported(reports, copies, outcomes, 5) == ["c"]


def decision(trial: str | None = None, source_time: float = 0) -> pd.DataFrame:
    columns = ["trial_id", "decision", "details"]
    rows = [] if trial is None else [(trial, "EXPLOIT", {"source_time": source_time})]
    return pd.DataFrame(rows, columns=columns)
