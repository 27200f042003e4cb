"""A sweep that is reopened is the sweep that was never closed, wherever its writer died."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import (
    FLUSH,
    OPTIONS,
    SCRIPT,
    Step,
    alike,
    frames,
    new_layout,
    perform,
    report,
    stored,
    trial,
)

from tuner.errors import StorageError
from tuner.store import SweepLayout, SweepWriter

Tables = dict[str, Any]


def in_one_go(steps: list[Step]) -> Tables:
    """Return the tables of a sweep whose writer lives from the first step to the last."""
    with TemporaryDirectory() as name:
        layout = new_layout(Path(name))
        write(layout, steps)
        return stored(layout)


def write(layout: SweepLayout, steps: list[Step]) -> None:
    writer = SweepWriter(layout, **OPTIONS)
    perform(writer, steps)
    writer.close()


class Death(BaseException):
    """The process ends here."""


class Mortal:
    """File operations of a process that dies at one of them, and touches no file after it.

    Args:
        at: Which operation it is, from 0. It does not happen any more.
        half: Whether the first half of it does, if it is a write.
    """

    def __init__(self, at: int, *, half: bool = False) -> None:
        self.left = at
        self.half = half
        self.names: list[str] = []
        self.files: list[int] = []

    @contextmanager
    def life(self) -> Iterator[None]:
        operations = [(os, "open"), (os, "write"), (os, "ftruncate"), (os, "fsync")]
        operations += [(Path, "replace"), (Path, "unlink")]
        with pytest.MonkeyPatch.context() as patch:
            for owner, name in operations:
                patch.setattr(owner, name, self._mortal(name, getattr(owner, name)))
            yield
        for file in self.files:
            with suppress(OSError):  # the writer has closed most of them
                os.close(file)

    def _mortal(self, name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
        def act(*arguments: Any) -> Any:
            if self.left <= 0:
                if self.left == 0 and self.half and name == "write":
                    operation(arguments[0], arguments[1][: len(arguments[1]) // 2])
                self.left = -1
                raise Death
            self.left -= 1
            self.names.append(name)
            result = operation(*arguments)
            if name == "open":
                self.files.append(result)
            return result

        return act


@pytest.fixture
def no_power_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process may die, but the machine lives, so that nothing needs to reach the disk."""
    monkeypatch.setattr(os, "fsync", lambda file: None)


def moments(act: Callable[[], object]) -> list[tuple[int, bool]]:
    """Return at which operations of ``act`` to die: at each, and after half of each write."""
    immortal = Mortal(1_000_000)
    with immortal.life():
        act()
    count = len(immortal.names)
    halves = [(at, True) for at in range(count) if immortal.names[at] == "write"]
    return [(at, False) for at in range(count)] + halves


def steps_until_death(layout: SweepLayout, mortal: Mortal) -> int:
    """Perform the script until death and return how many steps were acknowledged."""
    done = 0
    with mortal.life(), suppress(Death):
        writer = SweepWriter(layout, **OPTIONS)
        for step in SCRIPT:
            perform(writer, [step])
            done += 1
        writer.close()
    assert mortal.left == -1
    return done


@pytest.mark.usefixtures("no_power_cut")
def test_death_at_any_file_operation_loses_and_doubles_nothing(tmp_path: Path) -> None:
    after = [in_one_go(SCRIPT[:count]) for count in range(len(SCRIPT) + 1)]
    whole = new_layout(tmp_path / "whole")
    deaths = moments(lambda: write(whole, SCRIPT))
    assert len(deaths) > 100
    for number, (at, half) in enumerate(deaths):
        layout = new_layout(tmp_path / str(number))
        done = steps_until_death(layout, Mortal(at, half=half))
        before = frames(layout)
        writer = SweepWriter.reopen(layout, **OPTIONS)
        assert_frames_equal(before, frames(layout))
        assert layout.segments() == []
        assert not list(layout.root.rglob("*.tmp"))
        kept = next((n for n in (done, done + 1) if alike(stored(layout), after[n])), None)
        assert kept is not None, f"operation {at}: neither {done} nor {done + 1} steps are there"
        perform(writer, SCRIPT[kept:])
        writer.close()
        assert alike(stored(layout), after[-1])


@pytest.mark.usefixtures("no_power_cut")
def test_death_at_any_file_operation_of_reopening_loses_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    def killed(name: str) -> SweepLayout:
        layout = new_layout(tmp_path / name)
        perform(SweepWriter(layout, **OPTIONS), [step for step in SCRIPT if step != FLUSH])
        return layout

    whole = killed("whole")
    deaths = moments(lambda: SweepWriter.reopen(whole, **OPTIONS))
    assert len(deaths) > 20
    expected = stored(whole)
    assert alike(expected, in_one_go(SCRIPT))
    for at, half in deaths:
        layout = killed(f"{at}-{half}")
        with Mortal(at, half=half).life(), pytest.raises(Death):
            SweepWriter.reopen(layout, **OPTIONS)
        SweepWriter.reopen(layout, **OPTIONS)
        assert alike(stored(layout), expected)


def assert_frames_equal(left: dict[str, pd.DataFrame], right: dict[str, pd.DataFrame]) -> None:
    for name, frame in left.items():
        pd.testing.assert_frame_equal(frame, right[name])


def test_a_reader_sees_the_journal_and_writes_nothing(tmp_path: Path) -> None:
    layout = new_layout(tmp_path)
    writer = SweepWriter(layout, **OPTIONS)
    for step in SCRIPT:
        perform(writer, [step])
        before = {path: path.stat().st_mtime_ns for path in layout.root.rglob("*")}
        seen = frames(layout)
        assert {path: path.stat().st_mtime_ns for path in layout.root.rglob("*")} == before
        writer.flush()
        assert_frames_equal(seen, frames(layout))


def test_a_writer_that_was_closed_goes_on(tmp_path: Path) -> None:
    layout = new_layout(tmp_path)
    SweepWriter(layout, **OPTIONS).close()
    for step in SCRIPT:
        writer = SweepWriter.reopen(layout, **OPTIONS)
        perform(writer, [step])
        writer.close()
    assert alike(stored(layout), in_one_go(SCRIPT))


@pytest.mark.parametrize("values", [(2**60, 0.5), ([], ["x"]), ([2**60], [0.5]), ("a", 1)])
def test_a_column_widens_after_reopening_as_it_would_have_before(
    tmp_path: Path, values: tuple[Any, Any]
) -> None:
    steps = [trial(f"t{index}", config={"x": value}) for index, value in enumerate(values)]
    layout = new_layout(tmp_path)
    write(layout, steps[:1])
    writer = SweepWriter.reopen(layout, **OPTIONS)
    perform(writer, steps[1:])
    writer.close()
    assert alike(stored(layout), in_one_go(steps))


def test_reopening_twice_changes_nothing(tmp_path: Path) -> None:
    layout = new_layout(tmp_path)
    perform(SweepWriter(layout, **OPTIONS), SCRIPT)
    SweepWriter.reopen(layout, **OPTIONS)
    before = {path: path.stat().st_mtime_ns for path in layout.root.rglob("*.parquet")}
    SweepWriter.reopen(layout, **OPTIONS)
    assert {path: path.stat().st_mtime_ns for path in layout.root.rglob("*.parquet")} == before


def test_a_copy_without_empty_folders_goes_on(tmp_path: Path) -> None:
    layout = new_layout(tmp_path)
    write(layout, SCRIPT[:4])
    for folder in (layout.journal_dir, layout.checkpoints_dir):
        folder.rmdir()
    writer = SweepWriter.reopen(layout, **OPTIONS)
    perform(writer, SCRIPT[4:])
    writer.close()
    assert alike(stored(layout), in_one_go(SCRIPT))


def test_parts_that_were_larger_stay_as_they_are(tmp_path: Path) -> None:
    layout = new_layout(tmp_path)
    steps = [report("a", iteration, loss=1.0) for iteration in range(1, 11)]
    writer = SweepWriter(layout, **{**OPTIONS, "rows_per_part": 8})
    perform(writer, steps)
    writer.close()
    writer = SweepWriter.reopen(layout, **{**OPTIONS, "rows_per_part": 2})
    perform(writer, [report("a", iteration, loss=1.0) for iteration in (11, 12, 13)])
    writer.close()
    sizes = [len(pd.read_parquet(path)) for path in layout.parts(layout.reports_dir)]
    assert sizes == [8, 2, 2, 1]
    iterations = frames(layout)["reports"]["training_iteration"]
    assert iterations.tolist() == list(range(1, 14))


@pytest.mark.parametrize("garbage", [b"\0" * 4096, b"deadbeef {}\n", b"\n\n\n", b"\xff"])
def test_garbage_at_the_end_of_the_journal_is_cut_off(tmp_path: Path, garbage: bytes) -> None:
    layout = new_layout(tmp_path)
    perform(SweepWriter(layout, **OPTIONS), SCRIPT[:-1])
    with layout.segments()[-1].open("ab") as file:
        file.write(garbage)
    writer = SweepWriter.reopen(layout, **OPTIONS)
    perform(writer, SCRIPT[-1:])
    writer.close()
    assert alike(stored(layout), in_one_go(SCRIPT))


@pytest.mark.usefixtures("no_power_cut")
def test_a_journal_torn_at_any_byte_of_its_last_records_keeps_what_comes_before(
    tmp_path: Path,
) -> None:
    origin = new_layout(tmp_path)
    writer = SweepWriter(origin, **OPTIONS)
    steps = [report("a", 1, loss=0.5), trial("a", status="RUNNING"), report("a", 2, loss=0.25)]
    perform(writer, steps)
    content = origin.segments()[0].read_bytes()
    expected = [in_one_go(steps[:count]) for count in range(4)]
    for size in range(0, len(content), 3):
        root = tmp_path / "torn"
        shutil.copytree(origin.root, root)
        layout = SweepLayout(root)
        layout.segments()[0].write_bytes(content[:size])
        SweepWriter.reopen(layout, **OPTIONS)
        assert alike(stored(layout), expected[content[:size].count(b"\n")])
        shutil.rmtree(root)


class TestRefusals:
    @pytest.fixture
    def layout(self, tmp_path: Path) -> SweepLayout:
        return new_layout(tmp_path)

    def test_a_new_sweep_never_begins_over_a_journal(self, layout: SweepLayout) -> None:
        writer = SweepWriter(layout, **OPTIONS)
        perform(writer, SCRIPT[:2])
        for path in layout.root.rglob("*.parquet"):
            path.unlink()
        with pytest.raises(StorageError, match=r"journal already holds .*never overwrites"):
            SweepWriter(layout, **OPTIONS)
        assert len(layout.segments()) == 1

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
    def test_a_report_that_cannot_be_journaled_is_not_taken(
        self, layout: SweepLayout, monkeypatch: pytest.MonkeyPatch, code: int
    ) -> None:
        def refuse(file: int, content: bytes) -> int:
            raise OSError(code, os.strerror(code))

        writer = SweepWriter(layout, **OPTIONS)
        perform(writer, SCRIPT[:4])
        refused = [
            report("a", 2, loss="text"),
            trial("a", status="ERROR"),
            ("decision", {"trial_id": "a"}),
            ("event", {"event": "x"}),
        ]
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", refuse)
            for step in refused:
                with pytest.raises(StorageError, match=os.strerror(code)):
                    perform(writer, [step])
        perform(writer, SCRIPT[4:])
        writer.close()
        assert alike(stored(layout), in_one_go(SCRIPT))

    @pytest.mark.parametrize("name", ["replace", "unlink"])
    def test_a_flush_that_is_refused_can_be_repeated(
        self, layout: SweepLayout, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        def refuse(*arguments: object) -> None:
            raise OSError(errno.EROFS, "Read-only file system")

        writer = SweepWriter(layout, **OPTIONS)
        perform(writer, SCRIPT[:4])
        with monkeypatch.context() as patch:
            patch.setattr(Path, name, refuse)
            with pytest.raises(StorageError, match=r"cannot write .*Read-only file system"):
                writer.close()
            with pytest.raises(StorageError):
                SweepWriter.reopen(layout, **OPTIONS)
        perform(writer, SCRIPT[4:])
        writer.close()
        assert alike(stored(layout), in_one_go(SCRIPT))

    def test_a_folder_without_the_column_of_order_is_read_only(self, tmp_path: Path) -> None:
        root = tmp_path / "old"
        shutil.copytree(Path(__file__).parent / "data" / "schema-1", root)
        before = sorted(root.rglob("*"))
        with pytest.raises(StorageError, match="schema version 1, which has none"):
            SweepWriter.reopen(SweepLayout(root), **OPTIONS)
        assert sorted(root.rglob("*")) == before


TRIALS = st.sampled_from("abc")
METRICS = st.dictionaries(
    st.sampled_from(["loss", "x", "y"]),
    st.floats() | st.booleans() | st.text(max_size=2) | st.lists(st.floats(), max_size=2),
    max_size=3,
)
CONFIGS = st.dictionaries(
    st.sampled_from(["lr", "n"]),
    st.integers(-3, 3)
    | st.sampled_from([2**60, 2**70, 0.5, None, "auto"])
    | st.lists(st.integers(0, 3), max_size=2)
    | st.lists(st.sampled_from(["x", 2**60]), max_size=2),
)
STEPS = st.lists(
    st.sampled_from(["flush", "kill", "close"]).map(lambda name: (name, {}))
    | st.builds(
        lambda trial_id, iteration, attempt, metrics: report(
            trial_id, iteration, attempt, **metrics
        ),
        TRIALS,
        st.integers(1, 5),
        st.integers(1, 2),
        METRICS,
    )
    | st.builds(lambda trial_id, config: trial(trial_id, config=config), TRIALS, CONFIGS)
    | st.builds(
        lambda trial_id, status: trial(trial_id, status=status),
        TRIALS,
        st.sampled_from(["RUNNING", "TERMINATED", None]),
    )
    | st.builds(
        lambda kind, details: (kind, {"trial_id": "a", "details": details}),
        st.sampled_from(["decision", "event"]),
        CONFIGS,
    ),
    max_size=25,
)


@given(STEPS)
@settings(deadline=None, max_examples=60)
def test_reopening_at_any_time_gives_the_tables_of_one_go(steps: list[Step]) -> None:
    with TemporaryDirectory() as name:
        layout = new_layout(Path(name))
        writer = SweepWriter(layout, **OPTIONS)
        for step in steps:
            if step[0] not in ("kill", "close"):
                perform(writer, [step])
                continue
            if step[0] == "close":
                writer.close()
            writer = SweepWriter.reopen(layout, **OPTIONS)
        writer.close()
        assert alike(
            stored(layout), in_one_go([s for s in steps if s[0] not in ("kill", "close", "flush")])
        )


CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from scripted import OPTIONS, new_layout, report, perform
from tuner.store import SweepWriter

layout = new_layout(Path(sys.argv[1]))
writer = SweepWriter(layout, **{**OPTIONS, "rows_per_part": 200, "flush_every_s": 0.02})
for iteration in range(1, 100_000):
    late = {"late": 1.0} if iteration > 300 else {}
    perform(writer, [report("a", iteration, loss=1.0 / iteration, **late)])
    print(iteration, flush=True)
    if iteration % 10 == 0:
        writer.maybe_flush()
"""


@pytest.mark.parametrize("attempt", range(4))
def test_every_acknowledged_report_of_a_killed_process_is_there_once(
    tmp_path: Path, attempt: int
) -> None:
    kill_after = random.Random(attempt).randint(1, 1500)
    command = [sys.executable, "-c", CHILD, str(tmp_path), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(kill_after):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().splitlines(keepends=True)
    acknowledged = kill_after + sum(line.endswith("\n") for line in rest)
    layout = SweepLayout(tmp_path / "sweep")
    seen = frames(layout)["reports"]["training_iteration"].tolist()
    assert seen in (
        list(range(1, acknowledged + 1)),
        list(range(1, acknowledged + 2)),
    )
    SweepWriter.reopen(layout, **OPTIONS).close()
    assert frames(layout)["reports"]["training_iteration"].tolist() == seen
    assert frames(layout)["trials"]["iterations"].tolist() == [len(seen)]
