"""Lineages by hand: t0 and t1 are copied, t2 and t3 copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tuner.errors import SpecError
from tuner.store.journal import Record
from tuner.store.lineage import Segment, lineage, reports_along


class Script:
    """Writes a record line by line."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def _add(self, kind: Any, row: dict[str, Any]) -> Script:
        self.records.append(Record(len(self.records), kind, row))
        return self

    def began(self, trial: str, **config: Any) -> Script:
        row = {"trial_id": trial, "event": "suggested", "details": {"config": config}}
        return self._add("event", row)

    def reported(self, trial: str, *iterations: int) -> Script:
        for iteration in iterations:
            value = f"{trial}@{iteration}#{len(self.records)}"
            row = {"trial_id": trial, "training_iteration": iteration, "value": value}
            self._add("report", row)
        return self

    def copied(self, trial: str, source: str, at: int, **config: Any) -> Script:
        details = {"source": source, "source_iteration": at, "source_time": 10.0 * at}
        row = {"trial_id": trial, "decision": "EXPLOIT", "details": {**details, "config": config}}
        return self._add("decision", row)

    def changed(self, trial: str, at: int, **config: Any) -> Script:
        row = {"trial_id": trial, "decision": "PAUSE", "details": {"config": config}}
        return self._add("decision", {**row, "training_iteration": at, "time": 10.0 * at})

    def reports(self) -> list[Record]:
        return [record for record in self.records if record.kind == "report"]


@pytest.fixture
def script() -> Script:
    return Script().began("t0", lr=0).began("t1", lr=1).began("t2", lr=2)


def short(segments: tuple[Segment, ...]) -> list[tuple[Any, ...]]:
    return [(s.trial_id, s.config["lr"], s.begins, s.ends, s.time) for s in segments]


def test_a_trial_that_copied_nobody_is_its_own_lineage(script: Script) -> None:
    script.reported("t0", 1, 2).copied("t1", "t0", 2, lr=10)
    assert short(lineage(script.records, "t0")) == [("t0", 0, 0, None, 0.0)]


def test_a_chain_of_copies(script: Script) -> None:
    script.reported("t0", 1, 2, 3).copied("t1", "t0", 2, lr=10).reported("t1", 3, 4)
    script.copied("t2", "t1", 4, lr=20).reported("t2", 5)
    assert short(lineage(script.records, "t2")) == [
        ("t0", 0, 0, 2, 0.0),
        ("t1", 10, 2, 4, 20.0),
        ("t2", 20, 4, None, 40.0),
    ]


def test_only_the_last_copy_before_one_was_copied_counts(script: Script) -> None:
    script.copied("t1", "t2", 1, lr=5).copied("t1", "t0", 2, lr=10).copied("t2", "t1", 4, lr=20)
    script.copied("t1", "t2", 6, lr=30)  # later than what t2 copied
    assert [s[:2] for s in short(lineage(script.records, "t2"))] == [
        ("t0", 0), ("t1", 10), ("t2", 20),
    ]  # fmt: skip


def test_two_trials_that_copy_each_other(script: Script) -> None:
    script.copied("t1", "t0", 2, lr=10).copied("t0", "t1", 4, lr=20).copied("t1", "t0", 6, lr=30)
    assert short(lineage(script.records, "t1")) == [
        ("t0", 0, 0, 2, 0.0),
        ("t1", 10, 2, 4, 20.0),
        ("t0", 20, 4, 6, 40.0),
        ("t1", 30, 6, None, 60.0),
    ]


def test_a_policy_that_changed_a_trials_own_configuration(script: Script) -> None:
    script.changed("t0", 3, lr=7)
    assert short(lineage(script.records, "t0")) == [
        ("t0", 0, 0, 3, 0.0),
        ("t0", 7, 3, None, 30.0),
    ]


def test_reports_are_those_of_the_segments_and_the_last_of_repeated_ones(script: Script) -> None:
    script.reported("t1", 1, 2, 3)  # none of them led to what t1 became
    script.reported("t0", 1, 2).reported("t0", 2)  # repeated after a failure
    script.reported("t0", 3).copied("t1", "t0", 2, lr=10).reported("t1", 3, 4).reported("t0", 4)
    segments = lineage(script.records, "t1")
    rows = reports_along(segments, script.reports())
    assert [row["value"].partition("#")[0] for row in rows] == ["t0@1", "t0@2", "t1@3", "t1@4"]
    assert rows[1]["value"] == "t0@2#8"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda s: s.records.pop(0), "with which configuration trial t0 began"),
        (lambda s: s.records[-1].row["details"].pop("source_iteration"), "from which checkpoint"),
    ],
)
def test_what_is_not_on_record_is_refused(
    script: Script, spoil: Callable[[Script], Any], words: str
) -> None:
    script.copied("t1", "t0", 2, lr=10)
    spoil(script)
    with pytest.raises(SpecError, match=words):
        lineage(script.records, "t1")
