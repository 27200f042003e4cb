"""Nothing is seen twice and nothing is missed, whenever one looks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from looks import STEPS, written_and_seen

from tuner.errors import StorageError
from tuner.store import SweepLayout, SweepWriter, following, history, read_history
from tuner.store.following import Follower
from tuner.store.journal import Kind, Record

ALL: tuple[Kind, ...] = ("report", "decision", "event")
Reporter = Callable[..., dict[str, Any]]


def test_an_empty_sweep(layout: SweepLayout, writer: SweepWriter) -> None:
    assert Follower(layout, ALL).look() == []


def test_each_look_returns_what_came_since(
    layout: SweepLayout, writer: SweepWriter, report_of: Reporter
) -> None:
    follower = Follower(layout, ALL)
    writer.event({"trial_id": "a", "event": "started"})
    writer.report(report_of("a", 1, loss=0.5))
    first = follower.look()
    assert [(record.seq, record.kind) for record in first] == [(0, "event"), (1, "report")]
    writer.flush()
    assert follower.look() == []
    writer.decision({"trial_id": "a", "decision": "STOP", "details": {"x": (1, 2)}})
    (decision,) = follower.look()
    assert decision.row == {"trial_id": "a", "decision": "STOP", "details": {"x": (1, 2)}}


def test_one_trial_and_some_kinds(
    layout: SweepLayout, writer: SweepWriter, report_of: Reporter
) -> None:
    follower = Follower(layout, ["report"], "b")
    for number in range(4):
        writer.event({"trial_id": "b", "event": "started"})
        writer.report(report_of("ab"[number % 2], number))
        if number % 3 == 0:
            writer.flush()
    assert [record.row["training_iteration"] for record in follower.look()] == [1, 3]
    writer.report(report_of("a", 9))
    assert follower.look() == []
    writer.report(report_of("b", 10))
    assert [record.row["training_iteration"] for record in follower.look()] == [10]


@given(STEPS)
def test_looks_add_up_to_the_history(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    seen = list[Record]()

    def look_of(layout: SweepLayout) -> Callable[[], None]:
        follower = Follower(layout, ALL)
        return lambda: seen.extend(follower.look())

    layout = written_and_seen(tmp_path_factory.mktemp("sweep"), steps, look_of)
    assert seen == list(read_history(layout))


@pytest.mark.parametrize("after", ["read_journal", "first part"])
def test_a_flush_in_the_middle_of_a_look(
    layout: SweepLayout,
    writer: SweepWriter,
    report_of: Reporter,
    monkeypatch: pytest.MonkeyPatch,
    after: str,
) -> None:
    """Tables are read one after the other: one that is read later may be ahead of the others."""

    def go_on() -> None:
        writer.report(report_of("a", 2))
        writer.event({"trial_id": "a", "event": "saved"})
        writer.flush()

    name = "read_journal" if after == "read_journal" else "read_table"
    module = following if after == "read_journal" else history
    original = getattr(module, name)

    def read(*args: Any) -> Any:
        found = original(*args)
        monkeypatch.setattr(module, name, original)
        go_on()
        return found

    writer.report(report_of("a", 1))
    writer.flush()
    follower = Follower(layout, ALL)
    monkeypatch.setattr(module, name, read)
    seen = follower.look() + follower.look()
    assert sorted(record.seq for record in seen) == [0, 1, 2]


def test_sealed_parts_are_not_read_again(
    layout: SweepLayout, report_of: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = SweepWriter(layout, metric="loss", mode="min", time_attr="epoch", rows_per_part=2)
    for number in range(5):
        writer.report(report_of("a", number))
        writer.flush()
    follower = Follower(layout, ["report"])
    assert len(follower.look()) == 5
    writer.report(report_of("a", 5))
    writer.flush()
    read = list[str]()
    original = history.read_table

    def noted(path: Path, *rest: Any) -> Any:
        read.append(path.name)
        return original(path, *rest)

    monkeypatch.setattr(history, "read_table", noted)
    assert len(follower.look()) == 1
    assert read == ["part-00002.parquet"]


def test_a_damaged_part_is_named(
    layout: SweepLayout, writer: SweepWriter, report_of: Reporter
) -> None:
    writer.report(report_of("a", 1))
    writer.flush()
    path = layout.part(layout.reports_dir, 0)
    path.write_bytes(b"PAR1")
    with pytest.raises(StorageError, match=str(path)):
        Follower(layout, ["report"]).look()


def test_a_sweep_of_schema_version_1_has_no_order() -> None:
    layout = SweepLayout(Path(__file__).parent / "data" / "schema-1")
    with pytest.raises(StorageError, match="schema version 1"):
        Follower(layout, ["report"]).look()
