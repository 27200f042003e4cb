"""`doctor`: is a cluster fit for sweeps, and what is to be done where it is not?"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from tuner.diagnosis import Diagnosis, Finding, Level, judge
from tuner.errors import SweepFailedError
from tuner.places import Place, Uri, place_of
from tuner.runtime.connect import connect, quiet_ray
from tuner.runtime.examination import examine

__all__ = ["doctor"]


def doctor(
    address: str | None = None, *, storage_path: str | Path | Uri | None = None
) -> Diagnosis:
    """Look at a cluster before a sweep runs on it.

    On every node a task looks at the versions of Ray, Python and tuner, at GPUs as Ray and as
    torch count them, free disk, shared memory, the clock and open ports; and it writes into the
    storage path and reads what the driver has written there.

    Args:
        address: ``"auto"`` or ``"HOST:PORT"``; None for a local Ray. A process that is connected
            to Ray looks at that.
        storage_path: Where sweeps are to lie, a folder or a URI. Missing folders are made to
            look, and removed again. None for not looking.

    Returns:
        What is well and what is wrong, each with its remedy. That nobody answers is a finding.

    Raises:
        SpecError: ``storage_path`` is none.
    """
    storage = None if storage_path is None else place_of(storage_path)
    with quiet_ray():
        try:
            connect(address)
        except SweepFailedError as failure:
            return _unreachable(address, failure)
        made = _missing(storage)
        try:
            return judge(examine(address, storage))
        finally:
            for folder in made:
                with suppress(OSError):  # it could not be made, or is used meanwhile
                    folder.rmdir()


def _unreachable(address: str | None, failure: SweepFailedError) -> Diagnosis:
    message, _, remedy = str(failure).rstrip(")").rpartition(" (")
    finding = Finding("connection", Level.error, message, remedy=remedy)
    return Diagnosis(address, 0, (finding,))


def _missing(storage: Place | None) -> list[Path]:
    """Return the folders that have to be made for a storage path, the innermost first."""
    if storage is None or isinstance(storage, Uri):
        return []
    path = storage.absolute()
    return [folder for folder in (path, *path.parents) if not folder.exists()]
