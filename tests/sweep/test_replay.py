"""A sweep that is killed at any moment and resumed is the sweep that was not killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from replaying import (
    ARMS,
    DyingWriter,
    KilledError,
    Writer,
    carry_out,
    resumed,
    rows_of,
    story,
    written_once,
)

from tuner.runtime.ahead import RunAhead
from tuner.runtime.serving import Halts
from tuner.searchers.models import ModelSearcher
from tuner.store.past import PastTrial

pytestmark = pytest.mark.usefixtures("virtual_cluster")


@pytest.mark.parametrize("arm", ARMS)
def test_killed_at_any_record_and_resumed(arm: str, tmp_path: Path) -> None:
    whole = DyingWriter(tmp_path / "whole")
    carry_out(tmp_path / "whole", whole, **ARMS[arm])
    expected = story(whole.records)
    assert len(expected[1]) == ARMS[arm]["num_samples"]
    for death in whole.deaths:
        again = resumed(death, **ARMS[arm])
        assert written_once(again.records), death
        assert story(again.records) == expected, death


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("arm", ARMS)
def test_what_a_worker_has_done_beforehand_changes_no_decision(
    arm: str, ahead: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunAhead, "pays", lambda self, step_s: ahead)
    one_by_one, together = Writer(), Writer()
    carry_out(tmp_path / "1", one_by_one, **ARMS[arm])
    saves_every = ARMS[arm].get("checkpoint_frequency", 0)
    carry_out(tmp_path / "2", together, halts=Halts("loss", "epoch", saves_every), **ARMS[arm])
    assert story(together.records) == story(one_by_one.records)
    wasted = sum(row["details"]["wasted_s"] for row in rows_of(together, "worker"))
    stopped = sum(record.row.get("decision") == "STOP" for record in together.records)
    assert wasted <= stopped * ahead  # a report each, at most
    assert wasted > 0 or not (ahead and arm in ("asha", "brackets", "hyperopt"))


@pytest.mark.parametrize("arm", ["hyperopt", "optuna", "freeze_thaw", "bohb"])
def test_what_a_model_suggested_is_not_drawn_again(
    arm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Writer()
    carry_out(tmp_path / "whole", whole, **ARMS[arm])
    monkeypatch.setattr(ModelSearcher, "_draw", None)  # whoever calls it fails
    again = Writer(records=list(whole.records))
    carry_out(tmp_path / "again", again, records=whole.records, **ARMS[arm])
    assert story(again.records) == story(whole.records)


@pytest.mark.parametrize("arm", sorted(ARMS.keys() - {"pb2", "optuna", "fifo"}))
def test_with_several_workers_nothing_is_lost_or_doubled(arm: str, tmp_path: Path) -> None:
    options = {"slots": 3, **ARMS[arm]}
    whole = DyingWriter(tmp_path / "whole", first=5, every=7)
    carry_out(tmp_path / "whole", whole, **options)
    for death in whole.deaths:
        soon = len(death.records) + 20
        again = DyingWriter(death.folder, first=soon, every=10**6, records=death.records)
        carry_out(death.folder, again, records=death.records, **options)
        for ends in (again, *(resumed(another, **options) for another in again.deaths)):
            assert len(story(ends.records)[1]) == ARMS[arm]["num_samples"], death
            assert written_once(ends.records), death


def test_a_searcher_that_was_taught_first_is_replayed_too(tmp_path: Path) -> None:
    past = [
        PastTrial("a", f"t{n}", {"x": n / 9, "lr": 10 ** (-n / 3)}, n == 3, [1.0, 2.0], [[n], [n]])
        for n in range(9)
    ]
    whole, untaught = DyingWriter(tmp_path / "whole", every=4), Writer()
    carry_out(tmp_path / "whole", whole, past=past, **ARMS["hyperopt"])
    carry_out(tmp_path / "untaught", untaught, **ARMS["hyperopt"])
    assert story(whole.records) != story(untaught.records)
    for death in whole.deaths:
        again = resumed(death, past=past, **ARMS["hyperopt"])
        assert story(again.records) == story(whole.records), death


def test_killed_again_soon_after_it_was_resumed(tmp_path: Path) -> None:
    """Where all that there is waits at a rung, nothing was decided before the first death."""
    arm, whole = ARMS["hyperband"], DyingWriter(tmp_path / "whole", first=3)
    carry_out(tmp_path / "whole", whole, **arm)
    expected = story(whole.records)
    for death in whole.deaths:
        if len(death.records) > len(whole.records) - 4:
            continue
        second = Writer(list(death.records), dies_after=len(death.records) + 2)
        with pytest.raises(KilledError):
            carry_out(death.folder, second, records=death.records, **arm)
        third = Writer(list(second.records))
        carry_out(death.folder, third, records=second.records, **arm)
        assert story(third.records) == expected, death


@pytest.mark.parametrize("slots", [1, 2])
def test_brackets_stay_as_they_were_where_a_sweep_gets_more_trials(
    slots: int, tmp_path: Path
) -> None:
    """4 trials are a bracket of 3 and one of 1; the 9 that it becomes are 3, 1, then 3 and 2."""
    folder, arm = tmp_path / "first", {**ARMS["hyperband"], "slots": slots}
    first = Writer()
    begun = carry_out(folder, first, **{**arm, "num_samples": 4})
    more, was = {**arm, "num_samples": 9}, {"was": begun._spec}
    whole = DyingWriter(folder, first=len(first.records) + 1, every=slots, records=first.records)
    carry_out(folder, whole, records=first.records, before=was, **more)
    expected = story(whole.records)
    assert len(expected[1]) == 9
    compared = {told[1] for told in expected[0] if "rung 1:" in str(told[-1])}
    assert compared >= {"t000000", "t000001", "t000004", "t000005"}  # the last may go on at once
    assert not compared & {"t000003", "t000007", "t000008"}
    for death in whole.deaths:
        events = [r for r in death.records if r.row.get("event") == "resumed"]
        before = {"resumed": [(event.seq, event.row["details"]) for event in events]}
        again = resumed(death, before=before, **more)
        assert len(story(again.records)[1]) == 9
        if slots == 1:
            assert story(again.records) == expected, death
