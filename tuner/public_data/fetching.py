"""Fills the cache with a data set, from the web or from a local copy."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tuner.errors import DataError, SpecError
from tuner.public_data.downloading import Progress, download, sha256_of
from tuner.public_data.locating import cache_folder, holds, remedy
from tuner.public_data.origins import DataSet, OriginalFile, data_set

__all__ = ["fetch"]


def fetch(
    name: str, *, source: Path | None = None, progress: Progress = lambda original, done: None
) -> Path:
    """Put a data set into the cache, unless it is there already.

    Args:
        name: Of the data set.
        source: A folder that holds its files, or what was published, or a folder of that name
            which does. None: it is downloaded.
        progress: Told of every file how much of it is there.

    Returns:
        The folder in the cache.

    Raises:
        SpecError: There is no such data set, it cannot be downloaded, or ``source`` lacks a file.
        DataError: It cannot be had, is not what was published, or there is no room for it.
    """
    wanted = data_set(name)
    folder = cache_folder() / name
    if holds(folder, wanted) and source is None:
        return folder
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if source is not None:
            _copy(wanted, source, folder)
        else:
            _download(wanted, folder, progress)
    return folder


def _download(wanted: DataSet, folder: Path, progress: Progress) -> None:
    if not wanted.originals:
        raise SpecError(f"{wanted.name} cannot be downloaded: {remedy(wanted)}")
    for original in wanted.originals:
        if not _is_there(original, folder):
            download(original, folder, progress)
    if wanted.conversion is not None:
        wanted.conversion.convert(folder, folder)
        for original in wanted.originals:
            (folder / original.name).unlink()


def _is_there(original: OriginalFile, folder: Path) -> bool:
    path = folder / original.name
    return path.is_file() and sha256_of(path) == original.sha256


def _copy(wanted: DataSet, source: Path, folder: Path) -> None:
    """Copy or make the files of a data set; what was published is held to its hash."""
    named = source / wanted.name
    here = named if named.is_dir() else source
    for original in wanted.originals:
        if (here / original.name).is_file() and not _is_there(original, here):
            raise DataError(
                f"{here / original.name} is not the file that was published, whose sha256 is "
                f"{original.sha256}"
            )
    missing = [name for name in wanted.files if not (here / name).is_file()]
    if missing and wanted.conversion is not None and any(here.glob(wanted.conversion.pattern)):
        wanted.conversion.convert(here, folder)
        return
    if missing:
        raise SpecError(f"{here} lacks {', '.join(missing)} of the data set {wanted.name}")
    for name in wanted.files:
        part = folder / f"{name}.part"
        shutil.copyfile(here / name, part)
        part.replace(folder / name)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Say what is wrong where the cache cannot be written."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = "the disk is full" if full else str(error)
        raise DataError(
            f"{folder} cannot be written: {reason}; set XDG_CACHE_HOME to a folder elsewhere"
        ) from error
