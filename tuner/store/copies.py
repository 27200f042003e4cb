"""Folders of this machine that stand for a sweep at a URI: one to read it, one to drive it.

A copy to read holds what the remote held when it was last brought up to date, without
checkpoints. Files arrive in an order in which they can be read meanwhile: the journal is fetched
before the tables and put in place after them, so that it reaches back to where the tables end.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path

from tuner.errors import StorageError
from tuner.places import Uri
from tuner.store.layout import LOCK_PATTERN, SweepLayout, refused
from tuner.store.remote import Found, RemoteFolder

__all__ = ["RemoteCopy", "copy_folder", "download", "staging_folder"]

_FRESH_FOR_S = 1.0
"""A copy is not brought up to date more often than this."""

_TRIES = 5


def staging_folder(uri: Uri) -> Path:
    """Return where this machine's driver of the sweep at ``uri`` keeps it.

    It is below ``$TUNER_STAGING``, else below ``~/.cache/tuner/staging``.
    """
    given = os.environ.get("TUNER_STAGING")
    return _below(Path(given).expanduser() if given else _cache() / "staging", uri)


def copy_folder(uri: Uri) -> Path:
    """Return where this machine keeps what it has read of the sweep at ``uri``."""
    return _below(_cache() / "copies", uri)


class RemoteCopy:
    """What this machine reads of a sweep at a URI.

    Args:
        uri: The sweep.

    Attributes:
        folder: The copy.
    """

    def __init__(self, uri: Uri) -> None:
        self.folder = copy_folder(uri)
        self._remote = RemoteFolder(uri)
        self._brought = -_FRESH_FOR_S

    def sizes_below(self, folder: str) -> dict[str, int]:
        """Return the bytes of each object in a folder at the remote, however deep, by its name.

        Raises:
            StorageError: The remote cannot be listed.
        """
        return self._remote.sizes_below(folder)

    def refresh(self) -> None:
        """Bring the copy up to date, unless that was done a moment ago.

        Raises:
            StorageError: The remote cannot be read, or the copy cannot be written.
        """
        if time.monotonic() - self._brought < _FRESH_FOR_S:
            return
        download(self._remote, SweepLayout(self.folder))
        self._brought = time.monotonic()


def download(remote: RemoteFolder, layout: SweepLayout, *, locks: bool = True) -> None:
    """Make a local folder what a remote one is, checkpoints left out.

    Args:
        remote: The sweep.
        layout: The local folder, which may hold an older state of it.
        locks: Whether the local folder gets the locks as well; it has its own otherwise.

    Raises:
        StorageError: The remote cannot be read, or the folder cannot be written.
    """
    try:
        layout.root.mkdir(parents=True, exist_ok=True)
        with _alone(layout.root), _temporary_folder(layout.root.parent) as folder:
            for _ in range(_TRIES):
                try:
                    found = _fetch(remote, layout, folder)
                except FileNotFoundError:  # a journal that was replaced meanwhile: look again
                    continue
                found = {name: each for name, each in found.items() if locks or not _is_lock(name)}
                _put_in_place(found, folder, layout)
                _remove_others(found, layout, locks=locks)
                return
    except OSError as error:
        raise refused(layout.root, error) from error
    raise StorageError(f"cannot read {remote}: it changes faster than it can be read; try again")


def _fetch(remote: RemoteFolder, layout: SweepLayout, folder: Path) -> dict[str, Found]:
    """Fetch what is new to ``folder``, and return all there is.

    A driver writes in the opposite order: whoever reads here that a sweep has ended, or lost its
    driver, has what came before that as well.
    """
    tables = [each.name for each in layout.dataset_dirs]
    root = remote.files()
    found = {name: each for name, each in sorted(root.items()) if _is_lock(name)}
    found |= {name: each for name, each in root.items() if name == layout.spec_file.name}
    _get(remote, found, layout, folder)
    journal = remote.files(layout.journal_dir.name)
    _get(remote, journal, layout, folder)
    rest = {name: each for name, each in remote.files("", *tables).items() if name not in found}
    _get(remote, rest, layout, folder)
    return found | journal | rest


def _get(
    remote: RemoteFolder, listed: Mapping[str, Found], layout: SweepLayout, folder: Path
) -> None:
    """Fetch those of the listed files that the copy lacks."""
    for name, found in listed.items():
        if not _is_there(layout.root / name, found):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(remote.read(name))
            os.utime(path, ns=(found.mtime_ns, found.mtime_ns))


def _put_in_place(names: Iterable[str], folder: Path, layout: SweepLayout) -> None:
    """Replace what changed: parts in their order, the journal last."""
    journal = layout.journal_dir.name
    for name in sorted(names, key=lambda name: (name.startswith(journal), len(name), name)):
        if (folder / name).exists():
            (layout.root / name).parent.mkdir(exist_ok=True)
            (folder / name).replace(layout.root / name)


def _remove_others(names: Iterable[str], layout: SweepLayout, *, locks: bool) -> None:
    kept = {layout.root / name for name in names}
    tables = [path for each in layout.dataset_dirs for path in layout.parts(each)]
    singles = [path for path in layout.root.iterdir() if path.is_file()]
    for path in (*tables, *layout.segments(), *singles):
        if path not in kept and (locks or not _is_lock(path.name)):
            path.unlink(missing_ok=True)


def _is_lock(name: str) -> bool:
    return fnmatch(name, LOCK_PATTERN)


def _is_there(path: Path, found: Found) -> bool:
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    return (status.st_size, status.st_mtime_ns) == (found.size, found.mtime_ns)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes of this machine from bringing the same copy up to date meanwhile."""
    with (folder.parent / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _temporary_folder(parent: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=".fetched-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "tuner"


def _below(folder: Path, uri: Uri) -> Path:
    place = hashlib.sha256(str(uri).encode()).hexdigest()[:16]
    return folder / place / uri.name
