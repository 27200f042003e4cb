"""What a worker process of a comparison does: one cell after the other, until nobody asks."""

from __future__ import annotations

import os
import threading
import time
import traceback
from multiprocessing.connection import Connection
from typing import Any

from ray import cloudpickle

from tuner.comparison.record import CellRecord
from tuner.comparison.terms import Cell
from tuner.comparison.workforce import Runner

__all__ = ["attempt", "serve"]

_LOOK_FOR_PARENT_EVERY_S = 1.0


def serve(descriptor: int) -> None:
    """Run what comes over a connection.

    Args:
        descriptor: Its file descriptor.
    """
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    connection: Connection[Any, Any] = Connection(descriptor)
    runner = cloudpickle.loads(connection.recv_bytes())
    connection.send_bytes(cloudpickle.dumps(None))  # ready
    while True:
        try:
            cell = cloudpickle.loads(connection.recv_bytes())
        except EOFError:
            return
        connection.send_bytes(cloudpickle.dumps(attempt(runner, cell)))


def attempt(runner: Runner, cell: Cell) -> CellRecord | str:
    """Return what comes of a cell; the traceback where it raises."""
    try:
        return runner(cell)
    except Exception:
        return traceback.format_exc()


def _end_with(parent: int) -> None:
    """End this process when the one that started it is gone, whatever is under way."""
    while os.getppid() == parent:
        time.sleep(_LOOK_FOR_PARENT_EVERY_S)
    os._exit(1)
