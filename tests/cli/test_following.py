"""``watch`` and ``logs``, over sweeps that end, run and die."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tuner.cli import awaiting, following
from tuner.cli.standing import Watched, snapshot_of
from tuner.store import SweepLayout, load, write_spec
from tuner.store.driving import DriverFolder
from tuner.store.lock import SweepLock
from tuner.store.notes import add_note
from tuner.store.standing import standing_of

Command = Callable[..., Any]
BOOM = 'Traceback:\n  File "x.py", line 1\nValueError: boom\n'


@pytest.fixture
def between_looks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have steps happen between the looks of a verb, which then does not wait; then Ctrl-C."""

    def script(*steps: Callable[[], Any]) -> None:
        left = list(steps)

        def instead_of_sleeping(seconds: float) -> None:
            assert seconds == 2.0
            if not left:
                raise KeyboardInterrupt
            left.pop(0)()

        monkeypatch.setattr(following.time, "sleep", instead_of_sleeping)

    return script


def lines(result: Any) -> list[Any]:
    return [json.loads(line) for line in result.out.splitlines()]


class TestWatch:
    def test_ends_with_the_sweep_and_its_exit_code(
        self, tuner_command: Command, running: Any, between_looks: Callable[..., None]
    ) -> None:
        between_looks(
            lambda: running.report("t6", 1, 0.125),
            lambda: running.end_trial("t6", "completed"),
            running.end,
        )
        watched = tuner_command("watch", "live")
        assert (watched.code, watched.err) == (3, "")  # t3 failed
        assert "new best loss=0.125 (t6, iteration 1): lr=0.5" in watched.out
        assert "6 trials ended" in watched.out.splitlines()[-1]

    def test_ctrl_c_ends_the_watching_only(
        self, tuner_command: Command, running: Any, between_looks: Callable[..., None]
    ) -> None:
        between_looks()
        watched = tuner_command("watch", "live")
        assert watched.code == 0
        assert standing_of(load(running.layout.root)) == "running"

    def test_a_dead_driver_is_told_of_with_the_remedy(
        self, tuner_command: Command, running: Any, between_looks: Callable[..., None]
    ) -> None:
        between_looks(running.die)
        watched = tuner_command("watch", "live")
        assert watched.code == 1
        assert watched.err == (
            "error: results/live has not ended, and its driver is gone; go on with: tuner resume "
            "results/live\n"
        )

    def test_once(self, tuner_command: Command, running: Any, between_looks: Any) -> None:
        between_looks()
        assert tuner_command("watch", "live", "--once").out.count("trials ended") == 1
        shown = tuner_command("watch", "live", "--once", "--json")
        assert shown.code == 0
        assert shown.json["standing"] == "running"
        running.die()
        assert "its driver is gone" in tuner_command("watch", "live", "--once").out
        assert tuner_command("watch", "live", "--once", "--json").json["standing"] == "gone"

    def test_json_has_a_line_for_each_change(
        self, tuner_command: Command, running: Any, between_looks: Callable[..., None]
    ) -> None:
        between_looks(
            lambda: None,
            lambda: running.report("t6", 1, 0.125),
            running.end,
        )
        told = lines(tuner_command("watch", "live", "--json"))
        assert [each["standing"] for each in told] == ["running", "running", "ended"]
        assert [each["reports"] for each in told] == [8, 9, 9]
        assert [each["best_trial"] for each in told] == ["t1", "t6", "t6"]

    def test_json_tells_of_rungs_and_of_how_busy_all_is(
        self, tuner_command: Command, running: Any
    ) -> None:
        running.event(None, "nodes", nodes=[{"node_id": "n", "node": "h", "cpu": 2.0, "gpu": 0.0}])
        running.event("t6", "started")
        running.writer.trial("t6", cpu=1.0)
        running.report("t6", 1, 0.5)
        running.writer.decision(
            {"trial_id": "t6", "decision": "PAUSE", "details": {"rung": 1.0, "value": 0.5}}
        )
        told = tuner_command("watch", "live", "--once", "--json").json
        assert "curves" not in told
        assert told["rungs"][0] == {
            "label": "1", "trials": 1, "passed": 0, "waiting": 1, "cutoff": None, "best": 0.5,
        }  # fmt: skip
        gauges = {each["name"]: each for each in told["gauges"]}
        assert (gauges["workers"]["used"], gauges["workers"]["total"]) == (0, 2)
        assert gauges["CPU"]["total"] == 2

    def test_a_picture_of_what_a_terminal_shows(
        self, tuner_command: Command, sweep_folder: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "90")
        written = tuner_command("watch", "digits", "--svg", "panel.svg")
        assert (written.code, written.out, written.err) == (0, "", "wrote panel.svg\n")
        picture = "".join(ElementTree.parse("panel.svg").getroot().itertext())
        for part in ("tuner watch digits", "loss=0.25", "◆ best 0.25", "5 of 5 trials ended"):
            assert part in picture.replace("\xa0", " ")

    def test_a_picture_that_cannot_be_written_is_named(
        self, tuner_command: Command, sweep_folder: Any
    ) -> None:
        refused = tuner_command("watch", "digits", "--svg", "nowhere/panel.svg")
        assert refused.code == 2
        assert refused.err == (
            "error: cannot write nowhere/panel.svg: No such file or directory; "
            "choose another place\n"
        )

    def test_a_sweep_that_is_being_started_is_waited_for(
        self,
        tuner_command: Command,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        make_sweep: Any,
    ) -> None:
        """Its folder is there, and locked, before Ray is; what it is comes after."""
        planted = SweepLayout(make_sweep(tmp_path / "planted"))
        starting = SweepLayout.create(tmp_path / "results" / "new")
        lock, waited = SweepLock.acquire(starting), list[float]()

        def instead_of_sleeping(seconds: float) -> None:
            waited.append(seconds)
            if len(waited) == 2:
                starting.spec_file.write_bytes(planted.spec_file.read_bytes())
                lock.release()

        monkeypatch.setattr(awaiting.time, "sleep", instead_of_sleeping)
        watched = tuner_command("watch", "new")
        assert "0 of 5 trials ended" in watched.out
        assert watched.err.startswith("new is being started by process ")
        assert (len(watched.err.splitlines()), len(waited)) == (1, 2)

    @pytest.mark.parametrize("verb", ["watch", "logs"])
    def test_a_start_that_fails_ends_the_waiting(
        self, tuner_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
    ) -> None:
        folder = DriverFolder(SweepLayout.create(tmp_path / "results" / "new"))
        folder.lock(print)
        monkeypatch.setattr(awaiting.time, "sleep", lambda seconds: folder.discard())
        watched = tuner_command(verb, "new")
        assert watched.code == 2
        assert "no sweep in results/new: there is no such folder" in watched.err

    @pytest.mark.parametrize(("outcome", "code"), [("completed", 0), ("failed", 1)])
    def test_the_reports_of_one_trial_as_they_come(
        self,
        tuner_command: Command,
        running: Any,
        between_looks: Callable[..., None],
        outcome: str,
        code: int,
    ) -> None:
        running.report("t6", 1, 0.5)
        between_looks(
            lambda: (running.report("t6", 2, 0.25), running.report("t5", 2, 9.0)),
            running.writer.flush,
            lambda: (running.report("t6", 3, 0.125), running.end_trial("t6", outcome)),
        )
        watched = tuner_command("watch", "live", "--trial", "t6")
        assert watched.code == code
        assert [line.partition("t6 ")[2].strip() for line in watched.out.splitlines()] == [
            "epoch 1: loss=0.5", "epoch 2: loss=0.25", "epoch 3: loss=0.125",
        ]  # fmt: skip

    @pytest.mark.parametrize("made_after", [3, None])
    def test_a_name_that_is_not_there_yet_is_waited_for_some_seconds(
        self,
        tuner_command: Command,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        make_sweep: Any,
        made_after: int | None,
    ) -> None:
        """``tuner run`` has no folder before it has loaded its scenario."""
        waited: list[float] = []

        def instead_of_sleeping(seconds: float) -> None:
            waited.append(seconds)
            if len(waited) == made_after:
                make_sweep(tmp_path / "results" / "new")

        monkeypatch.setattr(awaiting.time, "sleep", instead_of_sleeping)
        watched = tuner_command("watch", "new", "--once")
        assert watched.code == (2 if made_after is None else 0)
        assert sum(waited) == (10.0 if made_after is None else 1.5)
        first, *rest = watched.err.splitlines()
        assert "no sweep in results/new: there is no such folder" in first
        assert first.endswith("; waiting 10 s, in case it is being started")
        assert len(rest) == (made_after is None)

    def test_nobody_waits_for_what_is_there_and_no_sweep(
        self, tuner_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "results" / "empty").mkdir(parents=True)
        monkeypatch.setattr(awaiting.time, "sleep", None)
        assert "it is empty" in tuner_command("watch", "empty").err
        assert "waiting" not in tuner_command("logs", "nowhere").err

    def test_other_verbs_say_that_a_sweep_is_being_started(
        self, tuner_command: Command, tmp_path: Path
    ) -> None:
        DriverFolder(SweepLayout.create(tmp_path / "results" / "new")).lock(print)
        shown = tuner_command("best", "new")
        assert shown.code == 2
        assert "no sweep in results/new: it is being started by process " in shown.err
        assert "follow that with: tuner watch results/new" in shown.err

    def test_the_last_look_at_what_was_interrupted(
        self, tuner_command: Command, running: Any
    ) -> None:
        running.end("interrupted")
        watched = tuner_command("watch", "live")
        assert "interrupted; go on with: tuner resume results/live" in watched.out
        assert " left" not in watched.out

    def test_usage(
        self, tuner_command: Command, running: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(awaiting, "_PATIENCE_S", 0.0)
        assert tuner_command("watch", "nowhere").code == 2
        refused = tuner_command("watch", "live", "--trial", "t66")
        assert (refused.code, refused.out) == (2, "")
        assert "did you mean 't6'" in refused.err

    def test_a_finished_sweep(self, tuner_command: Command, sweep_folder: Any) -> None:
        watched = tuner_command("watch", "digits")
        assert watched.code == 3
        assert "5 of 5 trials ended (1 completed, 1 stopped, 1 failed, 2 diverged)" in watched.out

    def test_a_panel_in_a_terminal(
        self, tuner_command: Command, sweep_folder: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        terminal = Terminal()
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr(sys, "stdout", terminal)
        tuner_command("watch", "digits", "--once")
        assert "asha:reduction_factor=3+hyperopt" in terminal.getvalue()


class TestSnapshot:
    def test_what_is_still_in_the_journal_counts(self, running: Any) -> None:
        sweep = load(running.layout.root)
        assert snapshot_of(sweep, "running").reports == 8
        running.report("t6", 1, 0.125)
        for flushed in (False, True):
            if flushed:
                running.writer.flush()
            snapshot = snapshot_of(sweep, "running")
            assert (snapshot.reports, snapshot.best_value, snapshot.best_trial) == (9, 0.125, "t6")
            assert snapshot.counts == {"TERMINATED": 4, "ERROR": 1, "RUNNING": 1}
            assert snapshot.outcomes == {"completed": 1, "stopped": 1, "failed": 1, "diverged": 2}

    def test_nobody_works_for_a_driver_that_is_gone(self, running: Any) -> None:
        running.event("t6", "started")
        sweep = load(running.layout.root)
        assert [each.used for each in snapshot_of(sweep, "running").gauges] == [1]
        assert [each.used for each in snapshot_of(sweep, "gone").gauges] == [0]

    def test_the_next_look_adds_what_is_new(self, running: Any) -> None:
        watched = Watched(load(running.layout.root))
        first = watched.snapshot("running")
        running.report("t6", 1, 0.125)
        running.report("t6", 2, 0.0625)
        second = watched.snapshot("running")
        assert (first.reports, second.reports) == (8, 10)
        assert (second.best_trial, second.best_config) == ("t6", {"lr": 0.5})
        assert "t6" not in first.curves.curves
        assert second.curves.curves["t6"] == [(1, 0.125), (2, 0.0625)]
        assert (second.curves.trials, second.curves.finite) == (5, 4)

    def test_a_population_has_its_members(self, running: Any) -> None:
        spec = load(running.layout.root).spec.to_json()
        state = {"status": "running", "started": 0.0, "ended": None, "message": ""}
        write_spec(running.layout, {"spec": spec | {"scheduler": "pbt"}, **state})
        running.writer.decision(
            {"trial_id": "t6", "decision": "EXPLOIT", "details": {"source": "t1"}}
        )
        members = snapshot_of(load(running.layout.root), "running").population
        assert [each.trial_id for each in members][-1] == "t6"
        assert (members[-1].parent, members[-1].value, members[-1].iteration) == ("t1", None, 0)
        assert (members[0].parent, members[0].value) == (None, 0.25)

    def test_time_stands_still_for_what_does_not_run(self, running: Any) -> None:
        sweep = load(running.layout.root)
        running.end()
        assert snapshot_of(sweep, "ended").elapsed_s == 90

    def test_a_driver_that_leaves_while_one_looks_is_not_gone(
        self, running: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The lock is looked at first: whoever finds it released finds the last state written."""
        from tuner.store import standing

        sweep, look = load(running.layout.root), standing.holder

        def leave_before(layout: Any) -> Any:
            running.end()
            return look(layout)

        monkeypatch.setattr(standing, "holder", leave_before)
        assert standing_of(sweep) == "ended"


class TestLogs:
    @pytest.fixture
    def story(self, running: Any) -> Any:
        running.event("t6", "suggested", config={"lr": 0.5, "net": {"units": [8]}})
        running.event("t6", "queued")
        running.event("t6", "started")
        running.event("t6", "saving")
        running.event("t6", "saved", checkpoint="t6/c", training_iteration=1)
        running.report("t6", 1, 0.5)
        running.event("t6", "failing")
        running.end_trial("t6", "failed", BOOM)
        running.event(None, "resumed")
        return running

    def test_in_words_and_in_order(self, tuner_command: Command, story: Any) -> None:
        told = tuner_command("logs", "live")
        assert (told.code, told.err) == (0, "")
        assert words(told.out)[-6:] == [
            "t6       suggested: lr=0.5 net/units=[8]",
            "t6       waits for a worker",
            "t6       starts",
            "t6       attempt 1 failed",
            "t6       ended: failed: ValueError: boom",
            "sweep    resumed: another driver goes on, with workers of its own",
        ]
        assert "t1       completed at epoch 3: reached max_t=3" in words(told.out)
        assert (
            "t2       stopped at epoch 1: rung 1: 0.95 is above the cut 0.9 of 2 trials"
            in words(told.out)
        )
        assert "loss=0.5" not in told.out

    def test_reports_on_demand(self, tuner_command: Command, story: Any) -> None:
        assert words(tuner_command("logs", "live", "--reports").out)[-4] == (
            "t6       epoch 1: loss=0.5"
        )

    @pytest.mark.parametrize("chosen", [("--reports",), ("--trial", "t6")])
    def test_checkpoints_on_demand(
        self, tuner_command: Command, story: Any, chosen: tuple[str, ...]
    ) -> None:
        """There may be as many as reports."""
        assert "t6       saved at iteration 1" in words(tuner_command("logs", "live", *chosen).out)

    def test_of_one_trial_with_the_whole_traceback(
        self, tuner_command: Command, story: Any
    ) -> None:
        told = tuner_command("logs", "live", "--trial", "t6").out
        assert told.endswith(f"ended: failed\n{BOOM}")
        assert "t2 " not in told
        assert "resumed" not in told

    def test_the_last_ones(self, tuner_command: Command, story: Any) -> None:
        whole = words(tuner_command("logs", "live").out)
        assert words(tuner_command("logs", "live", "-n", "2").out) == whole[-2:]
        assert words(tuner_command("logs", "live", "-n", "99").out) == whole

    def test_notes_stand_where_they_were_written(self, tuner_command: Command, story: Any) -> None:
        add_note(story.layout, "odd", trial_id="t6", tags=["x"])
        add_note(story.layout, "of the sweep")
        *_, of_trial, of_sweep = words(tuner_command("logs", "live").out)
        assert of_trial.startswith("t6       note by ")
        assert of_trial.endswith(": odd #x")
        assert of_sweep.endswith(": of the sweep")
        one = tuner_command("logs", "live", "--trial", "t6").out
        assert ": odd #x" in one
        assert "of the sweep" not in one

    def test_as_json_lines(self, tuner_command: Command, story: Any) -> None:
        told = lines(tuner_command("logs", "live", "--json", "--reports"))
        assert told[-2]["what"] == "ended"
        assert told[-2]["details"] == {"status": "ERROR", "outcome": "failed"}
        report = next(each for each in told[::-1] if each["what"] == "report")
        assert report["details"]["loss"] == 0.5
        assert (report["trial_id"], report["attempt"]) == ("t6", 1)
        stop = next(each for each in told if each["what"] == "STOP")
        assert stop["details"]["cutoff"] == "NaN"

    def test_follow_until_the_end(
        self, tuner_command: Command, running: Any, between_looks: Callable[..., None]
    ) -> None:
        between_looks(
            lambda: running.event("t6", "started"),
            lambda: add_note(running.layout, "seen once"),
            running.writer.flush,
            running.end,
        )
        told = tuner_command("logs", "live", "--follow", "-n", "1")
        assert told.code == 0
        first, started, noted = words(told.out)
        assert first.startswith("t5 ")
        assert started == "t6       starts"
        assert noted.endswith("seen once")

    def test_what_came_last_before_the_end_is_told(
        self, tuner_command: Command, running: Any, between_looks: Callable[..., None]
    ) -> None:
        def end_with_a_word() -> None:
            running.end_trial("t6", "completed")
            running.end()

        between_looks(end_with_a_word)
        told = tuner_command("logs", "live", "--follow")
        assert words(told.out)[-1] == "t6       ended: completed"

    def test_a_dead_driver_ends_the_following(
        self, tuner_command: Command, running: Any, between_looks: Callable[..., None]
    ) -> None:
        between_looks(lambda: (running.event("t6", "started"), running.die()))
        told = tuner_command("logs", "live", "--follow", "-n", "1")
        assert told.code == 1
        assert words(told.out)[-1] == "t6       starts"
        assert "its driver is gone; go on with: tuner resume results/live" in told.err

    def test_ctrl_c_is_no_error(
        self, tuner_command: Command, running: Any, between_looks: Callable[..., None]
    ) -> None:
        between_looks()
        assert tuner_command("logs", "live", "--follow").code == 0

    def test_usage(self, tuner_command: Command, running: Any) -> None:
        assert "did you mean 't6'" in tuner_command("logs", "live", "--trial", "t66").err
        assert tuner_command("logs", "live", "-n", "0").code == 2


def words(printed: str) -> Sequence[str]:
    """Lines without the time."""
    return [line[21:] for line in printed.splitlines()]
