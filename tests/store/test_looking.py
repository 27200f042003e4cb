"""Columns piece by piece: nothing twice, nothing missed, and trials as they stand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from looks import STEPS, written_and_seen

from tuner.errors import StorageError
from tuner.store import SweepLayout, SweepWriter, looking, read_history
from tuner.store.looking import ColumnFollower

COLUMNS: dict[Any, tuple[str, ...]] = {
    "report": ("trial_id", "m"),
    "decision": ("decision", "details"),
    "event": ("event", "timestamp"),
}
Reporter = Callable[..., dict[str, Any]]


def test_an_empty_sweep(layout: SweepLayout, writer: SweepWriter) -> None:
    look = ColumnFollower(layout, COLUMNS, ["status"]).look()
    assert look.new["report"] == {"trial_id": [], "m": [], "seq": []}
    assert look.trials == {}


def test_columns_that_no_row_has_are_none(
    layout: SweepLayout, writer: SweepWriter, report_of: Reporter
) -> None:
    writer.report(report_of("a", 1, loss=0.5))
    for _ in range(2):  # from the journal, and from a part
        look = ColumnFollower(layout, {"report": ("trial_id", "loss", "no/such")}, []).look()
        assert look.new["report"] == {
            "trial_id": ["a"], "loss": [0.5], "no/such": [None], "seq": [0],
        }  # fmt: skip
        writer.flush()


def test_a_column_that_is_named_twice_comes_once(
    layout: SweepLayout, writer: SweepWriter, report_of: Reporter
) -> None:
    writer.report(report_of("a", 1))
    follower = ColumnFollower(layout, {"report": ("training_iteration",) * 2}, [])
    assert follower.look().new["report"] == {"training_iteration": [1], "seq": [0]}


def test_details_are_values_wherever_they_lie(layout: SweepLayout, writer: SweepWriter) -> None:
    follower = ColumnFollower(layout, COLUMNS, [])
    writer.decision({"trial_id": "a", "decision": "STOP", "details": {"rung": 1.0}})
    assert follower.look().new["decision"]["details"] == [{"rung": 1.0}]
    writer.decision({"trial_id": "b", "decision": "STOP", "details": {"rung": 3.0}})
    writer.flush()
    assert follower.look().new["decision"]["details"] == [{"rung": 3.0}]


def test_trials_as_they_stand(layout: SweepLayout, writer: SweepWriter) -> None:
    follower = ColumnFollower(layout, {}, ["status", "outcome", "cpu"])
    writer.trial("a", status="RUNNING", cpu=2.0)
    assert follower.look().trials == {"a": {"status": "RUNNING", "outcome": None, "cpu": 2.0}}
    writer.flush()
    writer.trial("a", status="TERMINATED", outcome="stopped")
    writer.trial("b", status="PENDING")
    assert follower.look().trials == {
        "a": {"status": "TERMINATED", "outcome": "stopped", "cpu": 2.0},
        "b": {"status": "PENDING", "outcome": None, "cpu": None},
    }
    writer.flush()
    writer.trial("a", outcome=None)  # cleared, as by a resume
    assert follower.look().trials["a"]["outcome"] is None


def test_a_journal_that_is_older_than_the_table_changes_nothing(
    layout: SweepLayout, writer: SweepWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal is read first: what it says of a trial may be out of date by the time."""
    writer.trial("a", status="RUNNING")
    read = looking.read_journal

    def flush_after(given: SweepLayout) -> Any:
        tail = read(given)
        writer.trial("a", status="TERMINATED")
        writer.flush()
        return tail

    monkeypatch.setattr(looking, "read_journal", flush_after)
    look = ColumnFollower(layout, {}, ["status"]).look()
    assert look.trials == {"a": {"status": "TERMINATED"}}


@given(STEPS)
def test_looks_add_up_to_the_history(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    seen = list[tuple[str, int]]()

    def look_of(layout: SweepLayout) -> Callable[[], None]:
        follower = ColumnFollower(layout, COLUMNS, ["status"])

        def look() -> None:
            for kind, columns in follower.look().new.items():
                seen.extend((kind, seq) for seq in columns["seq"])
                assert len({len(column) for column in columns.values()}) == 1

        return look

    layout = written_and_seen(tmp_path_factory.mktemp("sweep"), steps, look_of)
    assert sorted(seen, key=lambda pair: pair[1]) == [
        (record.kind, record.seq) for record in read_history(layout)
    ]


def test_a_sweep_of_schema_version_1_has_no_order() -> None:
    layout = SweepLayout(Path(__file__).parent / "data" / "schema-1")
    with pytest.raises(StorageError, match="schema version 1"):
        ColumnFollower(layout, COLUMNS, []).look()
