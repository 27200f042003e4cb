"""``report --watch`` on the command line; `tests/reporting` has what it writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tuner.cli import awaiting, reporting
from tuner.reporting import live

Command = Callable[..., Any]


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "render", lambda found, **options: str(options.get("live")))


@pytest.fixture
def between_looks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have steps happen between looks, which then are not waited for; then Ctrl-C."""

    def script(*steps: Callable[[], Any], every_s: float = 5.0) -> None:
        left = list(steps)

        def instead_of_sleeping(seconds: float) -> None:
            assert seconds == every_s
            if not left:
                raise KeyboardInterrupt
            left.pop(0)()

        # The time at which a function is made is that of its default arguments.
        monkeypatch.setitem(live.follow_report.__kwdefaults__, "sleep", instead_of_sleeping)

    return script


def test_it_ends_with_the_sweep(
    tuner_command: Command, running: Any, between_looks: Callable[..., None]
) -> None:
    between_looks(lambda: running.report("t6", 1, 0.5), running.end)
    watched = tuner_command("report", "live", "--watch")
    file = running.layout.report_file
    assert (watched.code, watched.out) == (0, "results/live/report.html\n")
    assert watched.err == "writing results/live/report.html; Ctrl-C ends that, and nothing else\n"
    assert file.read_text() == "None"


def test_ctrl_c_is_no_error_and_another_interval(
    tuner_command: Command, running: Any, between_looks: Callable[..., None]
) -> None:
    between_looks(lambda: None, every_s=90)
    assert tuner_command("report", "live", "--watch", "--every", "1m30s").code == 0
    assert "Live, as of" in running.layout.report_file.read_text()


def test_a_dead_driver_is_told_of_with_the_remedy(
    tuner_command: Command, running: Any, between_looks: Callable[..., None]
) -> None:
    between_looks(running.die)
    watched = tuner_command("report", "live", "--watch")
    assert watched.code == 1
    assert watched.err.splitlines()[-1] == (
        "error: results/live/report.html is of what has not ended: results/live: its driver is "
        "gone; go on with: tuner resume results/live"
    )


def test_what_is_served_stays_until_ctrl_c(
    tuner_command: Command, sweep_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ctrl_c() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(reporting, "_wait_for_ctrl_c", ctrl_c)
    served = tuner_command("report", "digits", "--serve", "0")
    assert served.code == 0
    first, *_, last = served.err.splitlines()
    assert first.startswith("serving http://127.0.0.1:")
    assert last == "nothing runs any more; Ctrl-C ends the serving"


def test_usage(tuner_command: Command, sweep_folder: Any) -> None:
    for arguments, told in (
        (["--every", "5s"], "without --watch; add that"),
        (["--watch", "--every", "soon"], "--every is a number of seconds"),
        (["--watch", "--every", "0"], "above 0, got 0"),
        (["--serve", "70000"], "0 to 65535"),
    ):
        refused = tuner_command("report", "digits", *arguments)
        assert refused.code == 2, arguments
        assert told in refused.err


def test_what_is_not_there_is_refused_by_the_nearest_name_before_it_is_served(
    tuner_command: Command, running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(awaiting, "_PATIENCE_S", 0.0)
    refused = tuner_command("report", "liv", "--serve", "0")
    assert (refused.code, refused.out) == (2, "")
    assert "no sweep in results/liv" in refused.err
    assert "did you mean 'live'" in refused.err
    assert "serving" not in refused.err
