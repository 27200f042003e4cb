"""Runs cells in processes of their own, one at a time in each.

A worker is a fresh interpreter (a script needs no ``if __name__ == "__main__"``). It is told
once of all tasks, then of one cell after the other. One that dies takes its cell with it and
nothing else; when this process dies, its workers end themselves.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Pipe, wait
from typing import Any, TypeAlias

from ray import cloudpickle

from tuner.comparison.record import CellRecord
from tuner.comparison.terms import Cell
from tuner.errors import SpecError, SweepFailedError

__all__ = ["Outcome", "Runner", "run_cells"]

Runner: TypeAlias = Callable[[Cell], CellRecord]
"""Runs one cell; it travels to the workers."""

Outcome: TypeAlias = "tuple[Cell, CellRecord | str]"
"""A cell with what came of it, or with why nothing did."""

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_LOOK_EVERY_S = 0.5
_LAST_WORDS = 2000
_MAIN = "import sys; sys.path[:] = {path!r}; from tuner.comparison.worker import serve; serve({fd})"


def run_cells(
    cells: Iterable[Cell], runner: Runner, processes: int, tick: Callable[[], None]
) -> Iterator[Outcome]:
    """Run cells and yield what comes of each, in the order in which they end.

    Args:
        cells: What to run.
        runner: How; with more than one process it must pickle.
        processes: How many to use; 1 runs everything in this one.
        tick: Called several times a second, between two cells where there is one process.

    Raises:
        SpecError: The runner does not pickle.
        SweepFailedError: A worker cannot start.
    """
    if processes > 1:
        with _Workforce(runner, processes) as workforce:
            yield from workforce.run(cells, tick)
        return
    from tuner.comparison.worker import attempt

    for cell in cells:
        yield cell, attempt(runner, cell)
        tick()


class _Workforce:
    """Some workers, as a context: they end with it."""

    def __init__(self, runner: Runner, processes: int) -> None:
        try:
            self._told = cloudpickle.dumps(runner)
        except Exception as error:
            raise SpecError(
                f"a task that is to run in other processes must pickle, and this one does not "
                f"({error}); give processes=1 (--processes 1), or name the task by its spelling"
            ) from error
        self._processes = processes
        self._workers: list[_Worker] = []

    def __enter__(self) -> _Workforce:
        return self

    def __exit__(self, *_: Any) -> None:
        for worker in self._workers:
            worker.kill()

    def run(self, cells: Iterable[Cell], tick: Callable[[], None]) -> Iterator[Outcome]:
        """Yield what comes of each cell."""
        waiting = deque(cells)
        self._workers = [_Worker(self._told) for _ in range(min(self._processes, len(waiting)))]
        for worker in self._workers:
            worker.give(waiting.popleft())
        while any(worker.cell is not None for worker in self._workers):
            busy = {w.connection: w for w in self._workers if w.cell is not None}
            ready: list[Any] = wait(list(busy), timeout=_LOOK_EVERY_S)
            for connection in ready:
                worker = busy[connection]
                outcome = worker.take()
                if outcome is not None:
                    self._provide(worker, waiting)
                    yield outcome
            tick()

    def _provide(self, worker: _Worker, waiting: deque[Cell]) -> None:
        """Give the next cell to a worker, or to one in its place where it has died."""
        if not waiting:
            return
        if worker.is_gone:
            worker.kill()
            self._workers.remove(worker)
            worker = _Worker(self._told)
            self._workers.append(worker)
        worker.give(waiting.popleft())


class _Worker:
    """One process, seen from this one.

    Attributes:
        connection: To it.
        cell: What it runs; None while it has nothing to do.
        is_gone: Whether it has died.
    """

    def __init__(self, told: bytes) -> None:
        self.connection, theirs = Pipe()
        self.cell: Cell | None = None
        self.is_gone = False
        self._is_ready = False
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 (closed by kill)
        environment = {**dict.fromkeys(_ONE_THREAD, "1"), **os.environ}
        code = _MAIN.format(path=sys.path, fd=theirs.fileno())
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=self._stderr,
            stderr=self._stderr,
            env=environment,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # Ctrl-C is this process's to handle
        )
        theirs.close()
        self._send(told)

    def give(self, cell: Cell) -> None:
        """Have it run a cell."""
        self.cell = cell
        self._send(cloudpickle.dumps(cell))

    def take(self) -> Outcome | None:
        """Return what came of its cell; None where it has just got ready.

        Raises:
            SweepFailedError: It cannot start.
        """
        assert self.cell is not None  # else nobody waits for it
        try:
            outcome = cloudpickle.loads(self.connection.recv_bytes())
        except (EOFError, OSError):
            self.is_gone = True
            if not self._is_ready:
                raise SweepFailedError(f"a worker cannot start: {self._last_words()}") from None
            outcome = f"its process died: {self._last_words()}"
        if outcome is None:
            self._is_ready = True
            return None
        cell, self.cell = self.cell, None
        return cell, outcome

    def kill(self) -> None:
        """End it."""
        self.connection.close()
        self._process.kill()
        self._process.wait()
        self._stderr.close()

    def _send(self, message: bytes) -> None:
        try:
            self.connection.send_bytes(message)
        except OSError:  # it died, which the next look at it tells
            return

    def _last_words(self) -> str:
        code = self._process.wait()
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(0, self._stderr.tell() - _LAST_WORDS))
        said = self._stderr.read().decode(errors="replace").strip()
        return f"{how}\n{said}" if said else how
