from __future__ import annotations

import io

import pytest

from tuner.progress.live_line import live_line


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_the_line_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with live_line(stream, lambda: "3 trials"):
        assert "3 trials" in stream.getvalue()
    assert not stream.getvalue().endswith("3 trials\n")


def test_nothing_is_written_where_nobody_looks() -> None:
    stream, asked = io.StringIO(), []
    with live_line(stream, lambda: str(asked.append(1))):
        pass
    assert (stream.getvalue(), asked) == ("", [])
