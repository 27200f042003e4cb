"""A sweep at a URI as its driver has it: a folder of this machine, from which it is uploaded.

The driver writes to the staging folder as it would to any other. What changed is uploaded in the
background, so that a slow network never holds up a decision, and one that is away only leaves the
remote behind. The staging folder is removed once all of it has arrived.
"""

from __future__ import annotations

import shutil
import time
import uuid
from pathlib import Path

from pyarrow.fs import FileSystem

from tuner.errors import StorageError, SweepBusyError, SweepExistsError
from tuner.places import Place, Uri
from tuner.store.copies import download, staging_folder
from tuner.store.driving import DriverFolder, Say
from tuner.store.layout import SweepLayout, write_atomically
from tuner.store.lock import SweepLock
from tuner.store.mirror import Mirror
from tuner.store.outbox import Outbox
from tuner.store.remote import RemoteFolder
from tuner.store.remote_lock import RemoteLock
from tuner.store.uploading import Upload

__all__ = ["StagedFolder", "create_folder", "open_folder"]

_UPLOAD_EVERY_S = 10.0
"""What the loss of this machine's disk costs at most, and the time of one upload."""

_LAST_TRIES_AFTER_S = (0.0, 2.0, 5.0, 10.0, 20.0)
"""Pauses before each try to upload the end of a sweep."""


class StagedFolder(DriverFolder):
    """A folder of this machine, and the URI that is kept like it. See `create` and `open`.

    Args:
        remote: Where the sweep lies.
        remote_lock: The right to drive it there.
        layout: The staging folder, which exists.
        superseded: What another driver has left behind in it, and where that was put.
    """

    def __init__(
        self,
        remote: RemoteFolder,
        remote_lock: RemoteLock,
        layout: SweepLayout,
        superseded: Path | None = None,
    ) -> None:
        super().__init__(layout)
        self._remote = remote
        self._remote_lock = remote_lock
        self._outbox = Outbox(layout, _outbox_folder(layout))
        self._mirror = Mirror(remote, layout)
        self._superseded = superseded
        self._upload: Upload | None = None
        self._next_upload = 0.0
        self._say: Say = lambda line: None
        self._is_away = False

    @classmethod
    def create(cls, uri: Uri) -> StagedFolder:
        """Make the folder of a new sweep.

        Raises:
            SweepExistsError: There is something at the URI, or in its staging folder.
            StorageError: The URI cannot be written.
        """
        remote = RemoteFolder(uri)
        if not remote.is_empty():
            raise _exists(uri)
        layout = SweepLayout(staging_folder(uri))
        lock = RemoteLock.acquire(remote, _id(layout))
        if lock.number > 0:  # another driver came and went since
            lock.release()
            raise _exists(uri)
        try:
            SweepLayout.create(layout.root)
            shutil.rmtree(_outbox_folder(layout), ignore_errors=True)
            return cls(remote, lock, layout)
        except BaseException:
            lock.release()
            remote.clear()
            raise

    @classmethod
    def open(cls, uri: Uri) -> StagedFolder:
        """Take up a sweep, from this machine's staging folder where that is further.

        Raises:
            SweepBusyError: It has a driver.
            StorageError: There is no sweep at the URI, or it cannot be read or written.
        """
        remote = RemoteFolder(uri)
        layout = SweepLayout(staging_folder(uri))
        if layout.spec_file.name not in remote.files() and not layout.spec_file.exists():
            raise StorageError(
                f"no sweep in {uri}: there is no sweep.json; list sweeps with: tuner ls "
                f"{uri.parent}"
            )
        staging = _id(layout)
        lock = RemoteLock.acquire(remote, staging)
        try:
            # What this machine drove last may be further than what it could upload.
            if lock.predecessor == staging and layout.spec_file.exists():
                return cls(remote, lock, layout)
            superseded = _stage(remote, layout)
            return cls(remote, lock, layout, superseded)
        except BaseException:
            lock.release()
            raise

    @property
    def place(self) -> Place:
        """Where the sweep lies for others."""
        return self._remote.uri

    def checkpoints(self) -> tuple[FileSystem, str]:
        """Return the file system that holds checkpoints, and their folder on it."""
        folder = self.layout.checkpoints_dir.name
        return self._remote.filesystem, f"{self._remote.path}/{folder}"

    def lock(self, say: Say) -> None:
        """Become the sweep's driver in the staging folder too, which may be resumed by its path.

        Raises:
            SweepBusyError: It has one that is alive.
            StorageError: The folder cannot be read or written.
        """
        self._say = say
        super().lock(say)
        if self._remote_lock.took_over:
            say(self._remote_lock.took_over)
        if self._superseded is not None:
            say(
                f"the sweep went on elsewhere since this machine drove it; what was here is in "
                f"{self._superseded}"
            )

    def before_flush(self) -> None:
        """Keep the journal until its tables are at the remote."""
        self._outbox.retire()

    def tick(self) -> None:
        """Show that the driver is alive, and have what changed uploaded when it is time.

        Raises:
            SweepBusyError: Another driver took over while this one was silent.
            StorageError: The staging folder cannot be written.
        """
        super().tick()
        if self._remote_lock.lost_to is not None:
            raise SweepBusyError(
                f"a sweep has one driver, and {self._remote_lock.lost_to} took over "
                f"{self._remote} while this one was silent"
            )
        now = time.monotonic()
        if now >= self._next_upload and (self._upload is None or self._upload.has_ended):
            self._tell(self._upload)
            self._upload = self._start_upload()
            self._next_upload = now + _UPLOAD_EVERY_S

    def finish(self) -> None:
        """Upload the end, and remove the staging folder.

        Raises:
            StorageError: The remote stays away; the message names the staging folder.
        """
        try:
            failure = self._upload_last()
        except KeyboardInterrupt as interrupt:
            failure = interrupt
        if failure is not None:
            raise StorageError(
                f"the end of the sweep could not be uploaded ({str(failure) or 'interrupted'}); "
                f"all of it is in {self.layout.root}: once the remote is back, tuner resume "
                f"{self._remote} uploads it"
            ) from failure
        shutil.rmtree(_outbox_folder(self.layout), ignore_errors=True)
        super().discard()

    def release(self) -> None:
        """Let others drive the sweep."""
        if self.layout.root.exists():
            super().release()
        self._remote_lock.release()

    def discard(self) -> None:
        """Remove a sweep in which nothing has run: the name stays free."""
        self._remote_lock.release()
        self._remote.clear()
        shutil.rmtree(_outbox_folder(self.layout), ignore_errors=True)
        super().discard()

    def _upload_last(self) -> BaseException | None:
        """Try a few times, and return why it did not work."""
        if self._upload is not None:
            self._upload.wait()
        failure: Exception | None = None
        for pause_s in _LAST_TRIES_AFTER_S:
            time.sleep(pause_s)
            last = self._start_upload()
            last.wait()
            self._tell(last)
            failure = last.failure
            if failure is None:
                break
        return failure

    def _start_upload(self) -> Upload:
        snapshot = self._outbox.freeze(dict(self._mirror.known))
        return Upload(self._mirror, snapshot)

    def _tell(self, upload: Upload | None) -> None:
        """Say once that the remote is away, and once that it is back."""
        if upload is None or (upload.failure is not None) == self._is_away:
            return
        self._is_away = upload.failure is not None
        if self._is_away:
            self._say(
                f"{upload.failure}; the sweep goes on, and what it reports waits in "
                f"{self.layout.root}"
            )
        else:
            self._say(f"{self._remote} is back, and has everything so far")


def create_folder(place: Place) -> DriverFolder:
    """Make the folder of a new sweep.

    Raises:
        SweepExistsError: There is something already.
        StorageError: It cannot be made.
    """
    if isinstance(place, Uri):
        return StagedFolder.create(place)
    return DriverFolder(SweepLayout.create(place))


def open_folder(place: Place) -> DriverFolder:
    """Return the folder of a sweep that ended, or lost its driver.

    Raises:
        SweepBusyError: It has a driver; of a folder that is looked at again when it is locked.
        StorageError: It lies at a URI, and is not there, or cannot be read or written.
    """
    if isinstance(place, Uri):
        return StagedFolder.open(place)
    layout = SweepLayout(place.resolve())
    SweepLock.refuse_driven(layout)  # before a scenario is loaded and Ray started
    return DriverFolder(layout)


def _exists(uri: Uri) -> SweepExistsError:
    return SweepExistsError(
        f"{uri} is not empty, and tuner never overwrites; choose another --name, or read it with: "
        f"tuner show {uri}"
    )


def _outbox_folder(layout: SweepLayout) -> Path:
    return layout.root.parent / ".outbox"


def _stage(remote: RemoteFolder, layout: SweepLayout) -> Path | None:
    """Have the staging folder hold the sweep as it is at the remote, whole or not at all.

    Returns:
        Where its former content is now; None where there was none.
    """
    superseded = None
    if layout.root.exists():  # from a driver that was not the last one
        superseded = layout.root.parent / f".superseded-{time.time_ns()}"
        layout.root.rename(superseded)
    shutil.rmtree(_outbox_folder(layout), ignore_errors=True)
    incoming = layout.root.parent / ".incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    download(remote, SweepLayout(incoming), locks=False)
    incoming.rename(layout.root)
    return superseded


def _id(layout: SweepLayout) -> str:
    """Return what tells this staging folder from those of other machines."""
    file = layout.root.parent / ".id"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, uuid.uuid4().hex.encode())
    return file.read_text()
