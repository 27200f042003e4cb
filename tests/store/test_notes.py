"""Notes of several writers, none lost and none mixed."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.errors import SpecError, StorageError
from tuner.store import SweepLayout
from tuner.store.notes import add_note, read_notes

WRITE = """
import sys
from typing import Any
from pathlib import Path
from tuner.store.layout import SweepLayout
from tuner.store.notes import add_note
layout = SweepLayout(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(300):
    add_note(layout, f"{sys.argv[2]} {number} " + "x" * (37 * number))
"""


def test_notes_come_back_in_order(layout: SweepLayout) -> None:
    assert read_notes(layout) == []
    written = [
        add_note(layout, "  the loader was slow\n"),
        add_note(layout, "größe\u2028 and \ud800", trial_id="t000001", tags=["odd", "späť"]),
        add_note(layout, "", tags=["best"]),
    ]
    assert written[0].text == "the loader was slow"
    assert read_notes(layout) == written
    assert len(layout.notes_file.read_bytes().splitlines()) == 3


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_a_note_says_something(layout: SweepLayout, text: str) -> None:
    with pytest.raises(SpecError, match="a note has a text or a tag"):
        add_note(layout, text)
    assert not layout.notes_file.exists()


def test_a_line_torn_anywhere_costs_that_line_only(layout: SweepLayout) -> None:
    first, second = add_note(layout, "first"), add_note(layout, "second", tags=["a"])
    whole = layout.notes_file.read_bytes()
    start = whole.index(b"\n") + 1
    for length in range(start, len(whole)):
        layout.notes_file.write_bytes(whole[:length])
        complete = [first, second] if length == len(whole) - 1 else [first]
        assert read_notes(layout) == complete
        third = add_note(layout, "third")
        assert read_notes(layout) == [*complete, third]


@given(garbage=st.binary(max_size=60))
def test_garbage_hides_no_note(tmp_path_factory: pytest.TempPathFactory, garbage: bytes) -> None:
    layout = SweepLayout.create(tmp_path_factory.mktemp("sweep"))
    layout.notes_file.write_bytes(garbage)
    note = add_note(layout, "kept")
    assert read_notes(layout) == [note]


def test_a_full_disk_leaves_what_was_there(
    layout: SweepLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = add_note(layout, "first")
    before = layout.notes_file.read_bytes()
    write = os.write

    def run_full(file: int, content: bytes) -> int:
        monkeypatch.setattr(os, "write", _refuse)
        return write(file, content[:5])

    monkeypatch.setattr(os, "write", run_full)
    with pytest.raises(StorageError, match="No space left"):
        add_note(layout, "second")
    monkeypatch.undo()
    assert layout.notes_file.read_bytes() == before
    assert read_notes(layout) == [first]


def test_a_file_system_without_locks_will_do(
    layout: SweepLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", refuse)
    assert [add_note(layout, "kept")] == read_notes(layout)


def test_writers_do_not_mix(layout: SweepLayout) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE, str(layout.root), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "ab"
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.communicate("go\n")
        assert writer.returncode == 0
    notes = [note.text.split()[:2] for note in read_notes(layout)]
    for name in "ab":
        assert [number for who, number in notes if who == name] == [str(n) for n in range(300)]


def _refuse(*args: object) -> int:
    raise OSError(28, "No space left on device")


def test_the_end_is_looked_for_and_written_under_one_lock(
    layout: SweepLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing to the end is not atomic everywhere: on NFS two hosts may find the same end."""
    calls: list[str] = []
    for module, name in ((fcntl, "lockf"), (os, "fstat"), (os, "write"), (os, "close")):
        original = getattr(module, name)

        def called(*args: object, name: str = name, original: Any = original) -> Any:
            calls.append(name)
            return original(*args)

        monkeypatch.setattr(module, name, called)
    add_note(layout, "kept")
    monkeypatch.undo()
    assert calls == ["lockf", "fstat", "write", "close"]
