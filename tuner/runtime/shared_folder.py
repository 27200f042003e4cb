"""Is a folder the same for every node? Found out by writing: each reads what the other wrote."""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any

from pyarrow.fs import FileSystem, LocalFileSystem

from tuner.diagnosis import StorageSight
from tuner.errors import StorageError
from tuner.places import Place, Uri
from tuner.runtime.node_probe import file_of
from tuner.store.remote import RemoteFolder

__all__ = ["SharedFolder"]


class SharedFolder:
    """A folder in which the driver writes a file, and each node one; removed with all in it.

    A node makes no folder: where the driver's is not there, the node sees another file system.

    Args:
        place: In it the folder is made.

    Raises:
        StorageError: The driver cannot write there.
    """

    def __init__(self, place: Place) -> None:
        self._filesystem, path = _on_file_system(place)
        self._marker = uuid.uuid4().hex
        self._folder = f"{path}/.seen-by-nodes-{self._marker[:8]}"
        try:
            self._filesystem.create_dir(self._folder, recursive=True)
            with self._filesystem.open_output_stream(f"{self._folder}/{self._marker}") as stream:
                stream.write(self._marker.encode())
        except Exception as error:  # each file system has exceptions of its own
            raise StorageError(
                f"the storage path must be writable, and {place} is not ({error}); choose another "
                "--storage-path"
            ) from error

    def __enter__(self) -> SharedFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(Exception):  # each file system has exceptions of its own
            self._filesystem.delete_dir(self._folder)

    def request(self, node_id: str) -> dict[str, Any]:
        """Return what `node_probe` needs to look at the folder from a node."""
        return {
            "filesystem": pickle.dumps(self._filesystem),
            "folder": self._folder,
            "marker": self._marker,
            "node_id": node_id,
        }

    def sight(self, node_id: str, seen: Mapping[str, Any]) -> StorageSight:
        """Return what a node saw, after a look at what it has written.

        Args:
            node_id: The node.
            seen: What `node_probe` returned.
        """
        return StorageSight(seen["read"], self._has_written(node_id), seen["error"])

    def _has_written(self, node_id: str) -> bool:
        try:
            file = f"{self._folder}/{file_of(node_id)}"
            with self._filesystem.open_input_stream(file) as stream:
                return bool(stream.read() == node_id.encode())
        except Exception:  # each file system has exceptions of its own
            return False


def _on_file_system(place: Place) -> tuple[FileSystem, str]:
    if isinstance(place, Uri):
        remote = RemoteFolder(place)
        return remote.filesystem, remote.path
    return LocalFileSystem(), str(place.resolve())
