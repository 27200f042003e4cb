"""What a driver does besides: ending before its time, and chores at intervals."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Literal

__all__ = ["Every", "Stop", "stop_signals"]


class Stop:
    """A request to end a sweep before its time.

    Attributes:
        reason: Why; None while the sweep shall go on.
    """

    def __init__(self) -> None:
        self.reason: Literal["interrupted", "time budget", "budget", "failed trial"] | None = None


@contextmanager
def stop_signals(stop: Stop) -> Iterator[None]:
    """Turn the first Ctrl-C or SIGTERM into a request to stop, and the second into Ctrl-C.

    Signals are left alone outside the main thread, which alone may handle them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def request(signum: int, frame: FrameType | None) -> None:
        if stop.reason == "interrupted":
            raise KeyboardInterrupt
        stop.reason = "interrupted"

    before = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Every:
    """Calls something at intervals, whenever it is itself called often enough.

    Args:
        seconds: Between two calls, and before the first.
        call: What is called.
    """

    def __init__(self, seconds: float, call: Callable[[], None]) -> None:
        self._seconds = seconds
        self._call = call
        self._next = time.monotonic() + seconds

    def __call__(self) -> None:
        """Call it if it is time to."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._seconds
            self._call()
