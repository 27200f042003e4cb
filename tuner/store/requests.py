"""What others ask of a sweep's driver, from any terminal or host that sees its folder.

A request is a file that appears whole and that the driver removes when it takes it. It is
addressed to one driver: what was asked of one that died is not done by its successor.
"""

from __future__ import annotations

import json
import socket
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from tuner.errors import StorageError
from tuner.provenance import user
from tuner.store.layout import SweepLayout, refused, write_atomically

__all__ = ["Request", "is_waiting", "post_stop", "take_requests", "withdraw"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request to a driver.

    Attributes:
        id: Unlike any other's.
        driver: The number of the driver's lock.
        kind: ``"stop"``: end before the time.
        trial_id: This trial only; None for the whole sweep.
        now: Without waiting for what would save its work first.
        by: Who asks, as ``user@host``.
        at: When, in unix seconds.
    """

    id: str
    driver: int
    kind: Literal["stop"]
    trial_id: str | None
    now: bool
    by: str
    at: float


def post_stop(
    layout: SweepLayout, driver: int, *, trial_id: str | None = None, now: bool = False
) -> Request:
    """Ask a driver to end its sweep, or one trial of it.

    Args:
        layout: The sweep's folder.
        driver: The number of the driver's lock, `Holder.number`.
        trial_id: A trial that has not ended; None for the whole sweep.
        now: End at once, as a second Ctrl-C does.

    Raises:
        StorageError: The folder cannot be written.
    """
    request = Request(
        id=uuid.uuid4().hex,
        driver=driver,
        kind="stop",
        trial_id=trial_id,
        now=now,
        by=f"{user() or 'unknown'}@{socket.gethostname()}",
        at=time.time(),
    )
    folder = layout.requests_dir
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise refused(folder, error) from error
    write_atomically(_file(layout, request), json.dumps(asdict(request)).encode())
    return request


def take_requests(layout: SweepLayout, driver: int) -> list[Request]:
    """Return what this driver is asked to do, in the order of asking, each once.

    Where there is nothing, it takes one look into a folder. Files that are no requests, or that
    are addressed to an earlier driver, are removed.

    Args:
        layout: The sweep's folder.
        driver: The number of the driver's lock, `SweepLock.number`.

    Raises:
        StorageError: A request cannot be read or removed.
    """
    folder = layout.requests_dir
    try:
        paths = [path for path in folder.iterdir() if path.suffix == ".json"]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"cannot read {folder}: {error.strerror or error}") from error
    found = [_taken(path) for path in paths]
    return sorted(
        (request for request in found if request is not None and request.driver == driver),
        key=lambda request: request.at,
    )


def is_waiting(layout: SweepLayout, request: Request) -> bool:
    """Return whether a request was neither taken nor withdrawn."""
    return _file(layout, request).exists()


def withdraw(layout: SweepLayout, request: Request) -> bool:
    """Take a request back, and return whether it was still waiting.

    Raises:
        StorageError: It cannot be removed.
    """
    path = _file(layout, request)
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise refused(path, error) from error
    return True


def _file(layout: SweepLayout, request: Request) -> Path:
    return layout.requests_dir / f"{request.kind}-{request.id}.json"


def _taken(path: Path) -> Request | None:
    """Remove a file, and return the request in it; None where it holds none."""
    try:
        raw = path.read_bytes()
        path.unlink()
    except FileNotFoundError:  # withdrawn meanwhile
        return None
    except OSError as error:
        raise refused(path, error) from error
    try:
        content: Any = json.loads(raw)
        request = Request(**content)
    except (ValueError, TypeError):
        return None
    return request if request.kind == "stop" else None
