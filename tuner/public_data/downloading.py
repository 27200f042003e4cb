"""Downloads one file: continues where an earlier attempt broke off, and holds it to its hash."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from tuner.errors import DataError
from tuner.public_data.origins import OriginalFile

__all__ = ["Progress", "download", "sha256_of"]

Progress: TypeAlias = Callable[[OriginalFile, int], None]
"""Told of a file how many of its bytes are there."""

_CHUNK = 1 << 16
_TIMEOUT_S = 30.0
_ATTEMPTS = 5
"""How often in a row a connection may break off; each goes on where the last one ended."""

_PARTIAL_CONTENT = 206


def download(original: OriginalFile, folder: Path, progress: Progress) -> Path:
    """Download a file into a folder, under its own name, once all of it is there.

    What is there of it is kept in a file of the same name that ends in ``.part``.

    Raises:
        DataError: The server cannot be reached or does not have it, connections break off again
            and again, or the content is not what was published.
        OSError: The folder cannot be written.
    """
    part = folder / f"{original.name}.part"
    for _ in range(_ATTEMPTS):
        if _receive(original, part, progress):
            break
    else:
        raise DataError(
            f"{original.url} broke off {_ATTEMPTS} times, after {_size(part)} of {original.size} "
            "bytes; what is there is kept: run the command again to go on"
        )
    found = sha256_of(part)
    if found != original.sha256:
        part.unlink()
        raise DataError(
            f"{original.url} is not the file that was published: its sha256 is {found}, not "
            f"{original.sha256}; it was removed"
        )
    return part.replace(folder / original.name)


def _receive(original: OriginalFile, part: Path, progress: Progress) -> bool:
    """Receive what is missing, in one connection; return whether all of it is there now."""
    done = _size(part)
    if done >= original.size:
        return True
    request = urllib.request.Request(original.url, headers={"Range": f"bytes={done}-"})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            goes_on = answer.status == _PARTIAL_CONTENT
            with part.open("ab" if goes_on else "wb") as file:
                while chunk := answer.read(_CHUNK):
                    file.write(chunk)
                    progress(original, file.tell())
    except urllib.error.HTTPError as error:
        raise DataError(
            f"{original.url} answers {error.code} {error.reason}; a local copy can be given "
            "with --from PATH"
        ) from error
    except (
        urllib.error.URLError,
        TimeoutError,
        http.client.HTTPException,
        ConnectionError,
    ) as error:
        if not _size(part):
            raise DataError(
                f"{original.url} cannot be reached ({error}); a local copy can be given with "
                "--from PATH"
            ) from error
    return _size(part) >= original.size


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def sha256_of(path: Path) -> str:
    """Return the hash of a file's content, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
