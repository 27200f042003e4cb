"""Runs in processes of their own: what dies or raises takes one run with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tuner.comparison.record import CellRecord
from tuner.comparison.terms import Cell
from tuner.comparison.workforce import run_cells
from tuner.errors import SpecError, SweepFailedError

MODULE = """
import os, signal
from tuner.comparison.record import CellRecord

def run(cell):
    if cell.seed == 1:
        raise ValueError("no luck")
    if cell.seed == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    if cell.seed == 3:
        print("last words", flush=True)
        os._exit(7)
    threads = os.environ["OMP_NUM_THREADS"]
    return CellRecord(cell, {"status": "finished", "pid": os.getpid(), "threads": threads})
"""


def cells(count: int) -> list[Cell]:
    return [Cell("task", "arm", seed) for seed in range(count)]


def no_tick() -> None:
    pass


@pytest.fixture
def deadly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Cell], CellRecord]:
    (tmp_path / "deadly_runner.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    import deadly_runner  # type: ignore[import-not-found]

    run: Callable[[Cell], CellRecord] = deadly_runner.run
    return run


def test_whatever_happens_to_a_run_the_others_go_on(deadly: Callable[[Cell], CellRecord]) -> None:
    ticks: list[None] = []
    ended = dict(run_cells(cells(5), deadly, 2, lambda: ticks.append(None)))
    assert ended.keys() == set(cells(5))
    failed = {cell.seed: why for cell, why in ended.items() if isinstance(why, str)}
    assert failed.keys() == {1, 2, 3}
    assert "ValueError: no luck" in failed[1]
    assert "Traceback" in failed[1]
    assert "killed by SIGKILL" in failed[2]
    assert "exit code 7\nlast words" in failed[3]
    fine = [each.run for each in ended.values() if isinstance(each, CellRecord)]
    assert {run["threads"] for run in fine} == {"1"}
    assert os.getpid() not in {run["pid"] for run in fine}
    assert ticks
    for run in fine:
        with pytest.raises(ProcessLookupError):
            os.kill(run["pid"], 0)


def test_one_process_is_this_one(deadly: Callable[[Cell], CellRecord],
                                 monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    ended = dict(run_cells(cells(2), deadly, 1, no_tick))
    fine, failed = ended[cells(2)[0]], ended[cells(2)[1]]
    assert isinstance(fine, CellRecord)
    assert fine.run["pid"] == os.getpid()
    assert isinstance(failed, str)
    assert "no luck" in failed


def test_what_does_not_pickle_is_refused() -> None:
    lock = __import__("threading").Lock()
    with pytest.raises(SpecError, match="give processes=1"):
        list(run_cells(cells(1), lambda cell: lock, 2, no_tick))  # type: ignore[arg-type, return-value]


def test_a_worker_that_cannot_start_ends_it_all(
    deadly: Callable[[Cell], CellRecord], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "deadly_runner.py").unlink()
    with pytest.raises(SweepFailedError, match="a worker cannot start"):
        list(run_cells(cells(1), deadly, 2, no_tick))
