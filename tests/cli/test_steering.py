"""``stop`` and ``note``, against a driver that answers, dies, or ends by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tuner.cli import steering
from tuner.store.requests import Request, post_stop, take_requests

Command = Callable[..., Any]


@pytest.fixture
def driver_does(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have the driver do things, one at each look of a waiting verb; then comes Ctrl-C."""

    def script(*steps: Callable[[], Any]) -> None:
        left = list(steps)

        def instead_of_sleeping(seconds: float) -> None:
            if not left:
                raise KeyboardInterrupt
            left.pop(0)()

        monkeypatch.setattr(steering.time, "sleep", instead_of_sleeping)

    return script


def taken(running: Any) -> list[Request]:
    return take_requests(running.layout, running.lock.number)


class TestStop:
    @pytest.mark.parametrize(
        ("words", "trial", "now", "said"),
        [
            ([], None, False, "live stops\n"),
            (["--now"], None, True, "live stops now\n"),
            (["--trial", "t6"], "t6", False, "t6 stops\n"),
        ],
    )
    def test_waits_until_the_driver_has_taken_it(
        self,
        tuner_command: Command,
        running: Any,
        driver_does: Callable[..., None],
        words: list[str],
        trial: str | None,
        now: bool,
        said: str,
    ) -> None:
        requests: list[Request] = []
        driver_does(lambda: None, lambda: requests.extend(taken(running)))
        assert tuner_command("stop", "live", *words) == (0, said, "")
        (request,) = requests
        assert (request.kind, request.trial_id, request.now) == ("stop", trial, now)

    def test_without_waiting(self, tuner_command: Command, running: Any) -> None:
        asked = tuner_command("stop", "live", "--no-wait")
        assert asked == (0, "asked live to stop; see: tuner watch results/live\n", "")
        assert len(taken(running)) == 1

    def test_as_json(self, tuner_command: Command, running: Any) -> None:
        told = tuner_command("stop", "live", "--trial", "t6", "--no-wait", "--json").json
        assert (told["outcome"], told["trial_id"], told["path"]) == ("asked", "t6", "results/live")

    def test_a_sweep_that_ends_by_itself(
        self, tuner_command: Command, running: Any, driver_does: Callable[..., None]
    ) -> None:
        driver_does(running.end)
        assert tuner_command("stop", "live") == (0, "live had ended by itself\n", "")
        assert list(running.layout.requests_dir.iterdir()) == []

    def test_a_trial_that_ends_by_itself(
        self, tuner_command: Command, running: Any, driver_does: Callable[..., None]
    ) -> None:
        driver_does(lambda: running.end_trial("t6", "completed"))
        assert tuner_command("stop", "live", "--trial", "t6").out == "t6 had ended by itself\n"
        assert taken(running) == []

    def test_a_driver_that_dies_first(
        self, tuner_command: Command, running: Any, driver_does: Callable[..., None]
    ) -> None:
        driver_does(running.die)
        stopped = tuner_command("stop", "live")
        assert (stopped.code, stopped.out) == (1, "")
        assert "its driver has died; go on with: tuner resume results/live" in stopped.err

    def test_ctrl_c_takes_it_back(
        self, tuner_command: Command, running: Any, driver_does: Callable[..., None]
    ) -> None:
        driver_does()
        assert tuner_command("stop", "live").code == 130
        assert taken(running) == []

    def test_a_sweep_that_does_not_run(
        self, tuner_command: Command, sweep_folder: Path, running: Any
    ) -> None:
        ended = tuner_command("stop", "digits")
        assert (ended.code, ended.out) == (2, "")
        assert "only a sweep that runs can be stopped" in ended.err
        assert "it has ended (finished)" in ended.err
        assert not (sweep_folder / "requests").exists()
        running.die()
        dead = tuner_command("stop", "live")
        assert dead.code == 2
        assert "its driver is gone; go on with: tuner resume results/live" in dead.err

    def test_a_trial_that_has_ended_or_never_was(
        self, tuner_command: Command, running: Any
    ) -> None:
        ended = tuner_command("stop", "live", "--trial", "t2")
        assert ended.code == 2
        assert "only a trial that has not ended can be stopped, got t2, which has (stopped)" in (
            ended.err
        )
        assert "did you mean 't6'" in tuner_command("stop", "live", "--trial", "t66").err
        assert not running.layout.requests_dir.exists()

    def test_an_older_request_is_not_mistaken_for_this_one(
        self, tuner_command: Command, running: Any, driver_does: Callable[..., None]
    ) -> None:
        post_stop(running.layout, running.lock.number - 1)
        driver_does(lambda: taken(running))
        assert tuner_command("stop", "live").out == "live stops\n"


class TestNote:
    def test_written_listed_and_shown(self, tuner_command: Command, sweep_folder: Path) -> None:
        words = ("note", "digits", "lr above [b]0.1[/b] diverges", "--trial", "t4")
        assert tuner_command(*words, "--tag", "odd", "--tag", "lr") == (
            0, "noted; see: tuner note results/digits\n", "",
        )  # fmt: skip
        assert tuner_command("note", "digits", "a second one").code == 0
        listed = tuner_command("note", "digits").out.splitlines()
        assert len(listed) == 3
        assert "t4     lr above [b]0.1[/b] diverges #odd #lr" in listed[1]
        assert listed[2].rstrip().endswith("-      a second one")
        shown = tuner_command("show", "digits").out
        assert "a second one" in shown
        assert "diverges #odd #lr" in shown
        trial = tuner_command("show", "digits", "--trial", "t4").out
        assert "diverges #odd #lr" in trial
        assert "a second one" not in trial

    def test_as_json(self, tuner_command: Command, sweep_folder: Path) -> None:
        written = tuner_command("note", "digits", "x", "--tag", "a", "--json").json
        assert (written["text"], written["trial_id"], written["tags"]) == ("x", None, ["a"])
        assert tuner_command("note", "digits", "--json").json == [written]
        assert tuner_command("show", "digits", "--json").json["notes"] == [written]
        assert tuner_command("show", "digits", "--trial", "t1", "--json").json["notes"] == []

    def test_listed_by_trial_and_tag(self, tuner_command: Command, sweep_folder: Path) -> None:
        for text, *options in (("a", "--tag", "x"), ("b", "--trial", "t1"), ("c",)):
            tuner_command("note", "digits", text, *options)
        by_tag = tuner_command("note", "digits", "--tag", "x", "--json").json
        by_trial = tuner_command("note", "digits", "--trial", "t1", "--json").json
        assert [note["text"] for note in by_tag] == ["a"]
        assert [note["text"] for note in by_trial] == ["b"]
        assert tuner_command("note", "digits", "--tag", "y") == (0, "", "no such notes on digits\n")

    def test_beside_a_running_driver(self, tuner_command: Command, running: Any) -> None:
        assert tuner_command("note", "live", "in the middle", "--trial", "t6").code == 0
        running.end()
        assert "in the middle" in tuner_command("show", "live").out

    def test_usage(self, tuner_command: Command, sweep_folder: Path) -> None:
        assert "did you mean 't1'" in tuner_command("note", "digits", "x", "--trial", "t11").err
        empty = tuner_command("note", "digits", " ")
        assert empty.code == 2
        assert "a note has a text or a tag" in empty.err
        assert tuner_command("note", "nowhere", "x").code == 2
        assert not (sweep_folder / "notes.jsonl").exists()
