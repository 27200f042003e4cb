"""The DevTools protocol over the two pipes of a Chromium: calls, and what it tells by itself."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

__all__ = ["DevTools", "ProtocolError"]

Event: TypeAlias = Callable[[str, Mapping[str, Any]], None]
"""Takes the name of an event and its parameters."""

_CHUNK = 1 << 20


class ProtocolError(RuntimeError):
    """The browser refused a call, ended, or did not answer."""


class DevTools:
    """One connection to a browser.

    Args:
        to: The file descriptor that the browser reads.
        back: The one that it writes.
        patience: Seconds in which it answers a call.
    """

    def __init__(self, to: int, back: int, patience: float = 60.0) -> None:
        self._to, self._back, self._patience = to, back, patience
        self._last = 0
        self._received = bytearray()
        self._answers: dict[int, dict[str, Any]] = {}
        self._listeners: dict[str, Event] = {}

    def listen(self, session: str, event: Event) -> None:
        """Hand the events of a session over to ``event``."""
        self._listeners[session] = event

    def forget(self, session: str) -> None:
        """Drop the events of a session from now on."""
        self._listeners.pop(session, None)

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Return what a method answers.

        Args:
            method: Such as ``"Page.navigate"``.
            session: Of a page; the browser's own if empty.
            **parameters: Of the method.

        Raises:
            ProtocolError: It is refused, or there is no answer.
        """
        self._last += 1
        number = self._last
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + self._patience
        while number not in self._answers:
            if time.monotonic() > deadline:
                raise ProtocolError(f"{method}: no answer in {self._patience:g} s")
            self.attend(deadline - time.monotonic())
        answer = self._answers.pop(number)
        if "error" in answer:
            raise ProtocolError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def attend(self, seconds: float) -> None:
        """Take what the browser says, waiting up to ``seconds`` for something."""
        if not select.select([self._back], [], [], max(seconds, 0))[0]:
            return
        chunk = os.read(self._back, _CHUNK)
        if not chunk:
            raise ProtocolError("the browser has ended")
        self._received += chunk
        while (end := self._received.find(b"\0")) >= 0:
            message = json.loads(self._received[:end])
            del self._received[: end + 1]
            self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answers[message["id"]] = message
        elif listener := self._listeners.get(message.get("sessionId", "")):
            listener(message["method"], message["params"])
