"""A sweep's folder at a URI: the few things that every object store can do, and their failures.

An object appears whole or not at all, is replaced whole, and is never appended to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow.fs import FileSelector, FileSystem, FileType, FSSpecHandler, PyFileSystem

from tuner.errors import StorageError
from tuner.places import Uri, without_credentials

__all__ = ["Found", "RemoteFolder"]

_CHUNK_BYTES = 16 << 20


@dataclass(frozen=True)
class Found:
    """What a listing says of an object.

    Attributes:
        size: Its bytes.
        mtime_ns: When it was written last, by the clock of the store, in unix nanoseconds.
    """

    size: int
    mtime_ns: int


class RemoteFolder:
    """A folder on a file system that is not this machine's.

    Args:
        uri: Where; anything that pyarrow or fsspec understands.
        filesystem: With ``path``, the file system itself instead of what the URI names.
        path: The folder on it.

    Attributes:
        uri: As given.
        filesystem: A pyarrow file system.
        path: The folder on it.

    Raises:
        StorageError: Nothing understands the URI, or it cannot be reached.
    """

    def __init__(self, uri: Uri, filesystem: FileSystem | None = None, path: str = "") -> None:
        self.uri = uri
        if filesystem is None:
            with _telling(uri, "reach"):
                filesystem, path = _resolve(uri.secret)
        self.filesystem, self.path = filesystem, path

    def __str__(self) -> str:
        return str(self.uri)

    def folders(self) -> list[str]:
        """Return the names of the folders directly in it.

        Raises:
            StorageError: It cannot be listed.
        """
        return sorted(info.base_name for info in self._listed("") if not info.is_file)

    def files(self, *folders: str) -> dict[str, Found]:
        """Return what lies directly in it, or in some folders of it, by relative name.

        Raises:
            StorageError: It cannot be listed.
        """
        with _telling(self.uri, "list"):
            return {
                f"{folder}/{info.base_name}".lstrip("/"): Found(info.size, self._mtime_ns(info))
                for folder in folders or ("",)
                for info in self._listed(folder)
                if info.is_file and info.base_name
            }

    def sizes_below(self, folder: str) -> dict[str, int]:
        """Return the bytes of each object in a folder, however deep, by its name in there.

        Raises:
            StorageError: It cannot be listed.
        """
        selector = FileSelector(self._at(folder), recursive=True, allow_not_found=True)
        with _telling(self.uri, "list"):
            found = self.filesystem.get_file_info(selector)
        top = len(self._at(folder)) + 1
        return {info.path[top:]: info.size for info in found if info.is_file}

    def is_empty(self) -> bool:
        """Return whether nothing lies in it.

        Raises:
            StorageError: It cannot be listed.
        """
        return not self._listed("")

    def read(self, name: str) -> bytes:
        """Return the content of an object.

        Raises:
            FileNotFoundError: It is not there (any more).
            StorageError: It cannot be read.
        """
        with _telling(self.uri, "read"), self.filesystem.open_input_file(self._at(name)) as file:
            content: bytes = file.read()
            return content

    def write(self, name: str, content: bytes | Path) -> None:
        """Write or replace an object.

        Args:
            name: Its relative name.
            content: Its bytes, or a local file of them.

        Raises:
            StorageError: It cannot be written.
        """
        with _telling(self.uri, "write"):
            try:
                self._write(name, content)
            except FileNotFoundError:  # not an object store: folders have to be made
                self.filesystem.create_dir(self._at(name).rpartition("/")[0], recursive=True)
                self._write(name, content)

    def remove(self, name: str) -> None:
        """Remove an object, if it is there.

        Raises:
            StorageError: It cannot be removed.
        """
        with _telling(self.uri, "remove from"):
            try:
                self.filesystem.delete_file(self._at(name))
            except FileNotFoundError:
                return

    def clear(self) -> None:
        """Remove all that lies in it, as far as that is possible."""
        with suppress(Exception):  # each file system has exceptions of its own
            self.filesystem.delete_dir(self.path)

    def _write(self, name: str, content: bytes | Path) -> None:
        with self.filesystem.open_output_stream(self._at(name)) as stream:
            for chunk in _chunks(content):
                stream.write(chunk)

    def _listed(self, folder: str) -> list[Any]:
        selector = FileSelector(self._at(folder), allow_not_found=True)
        with _telling(self.uri, "list"):
            found = self.filesystem.get_file_info(selector)
        return [info for info in found if info.type != FileType.NotFound]

    def _mtime_ns(self, info: Any) -> int:
        if info.mtime_ns is None and isinstance(self.filesystem, PyFileSystem):
            # pyarrow looks under one of the names that file systems of fsspec have for it
            modified = self.filesystem.handler.fs.modified(info.path)
            return round(float(modified.timestamp()) * 1e9)
        return int(info.mtime_ns or 0)

    def _at(self, name: str) -> str:
        return f"{self.path}/{name}".rstrip("/")


def _chunks(content: bytes | Path) -> Iterable[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _resolve(uri: str) -> tuple[FileSystem, str]:
    """Return the file system and the path on it that a URI names; pyarrow's own come first."""
    try:
        filesystem, path = FileSystem.from_uri(uri)
        return filesystem, path.rstrip("/")
    except pa.ArrowInvalid as unknown:
        if "Unrecognized" not in str(unknown):
            raise
        import fsspec  # not needed for the stores that pyarrow knows

        filesystem, path = fsspec.core.url_to_fs(uri, use_listings_cache=False)
        return PyFileSystem(FSSpecHandler(filesystem)), path.rstrip("/")


@contextmanager
def _telling(uri: Uri, what: str) -> Iterator[None]:
    """Say of a failure where it was; that an object is missing is for the caller to know."""
    try:
        yield
    except (FileNotFoundError, StorageError):
        raise
    except Exception as error:  # each file system has exceptions of its own
        told = without_credentials(str(error)).strip().partition("\n")[0]
        raise StorageError(
            f"cannot {what} {uri}: {told or type(error).__name__}; see that the network, the "
            "bucket and the credentials are there (in the environment, or in the URI)"
        ) from error
