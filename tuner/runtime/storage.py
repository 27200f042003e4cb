"""Where Ray Tune puts what is a trial's own: checkpoints, and the files of a user's callbacks.

Workers write checkpoints straight to where the sweep lies, a folder or a URI. They import this
module when their trial's storage is handed to them, so it imports little.
"""

from __future__ import annotations

import shutil
import uuid
from contextlib import suppress
from pathlib import Path, PurePosixPath

from pyarrow.fs import FileSelector, FileSystem, LocalFileSystem
from ray.train import Checkpoint
from ray.train._internal.storage import StorageContext

from tuner.errors import StorageError

__all__ = ["Checkpoints", "TrialStorage"]


class Checkpoints:
    """The folder that holds a sweep's checkpoints, ``<trial>/checkpoint_<number>`` each.

    Args:
        filesystem: What it lies on.
        path: Where, on that file system.
    """

    def __init__(self, filesystem: FileSystem, path: str) -> None:
        self.filesystem = filesystem
        self.path = path

    @classmethod
    def local(cls, folder: Path) -> Checkpoints:
        """Return a folder of this machine, or of a share that all nodes see."""
        return cls(LocalFileSystem(), str(folder))

    def named(self, name: str) -> Checkpoint:
        """Return the checkpoint ``<trial>/checkpoint_<number>``, there or not."""
        return Checkpoint(f"{self.path}/{name}", self.filesystem)

    def found(self) -> frozenset[str]:
        """Return the paths of all checkpoints that are there.

        Raises:
            StorageError: The folder cannot be listed.
        """
        # Object stores have no folders: what lies in them tells of them, in one listing.
        selector = FileSelector(self.path, recursive=True, allow_not_found=True)
        top = PurePosixPath(self.path)
        try:
            infos = self.filesystem.get_file_info(selector)
        except Exception as error:  # each file system has exceptions of its own
            raise StorageError(
                f"checkpoints are listed to go on from them, and {self.path} cannot be ({error}); "
                "see that it can be reached"
            ) from error
        parts = [PurePosixPath(info.path).relative_to(top).parts for info in infos]
        return frozenset(
            str(top.joinpath(*each[:2]))
            for each in parts
            if len(each) >= 2 and each[1].startswith("checkpoint_")
        )

    def remove(self, path: str) -> None:
        """Delete a checkpoint, and the trial's folder if it was the only one; none may be there."""
        if isinstance(self.filesystem, LocalFileSystem):
            shutil.rmtree(path, ignore_errors=True)
            with suppress(OSError):
                Path(path).parent.rmdir()
            return
        folder = str(PurePosixPath(path).parent)
        with suppress(Exception):  # each file system has exceptions of its own
            self.filesystem.delete_dir(path)
            if not self.filesystem.get_file_info(FileSelector(folder, allow_not_found=True)):
                self.filesystem.delete_dir(folder)


class TrialStorage(StorageContext):
    """Ray's storage context over a sweep's folder.

    Args:
        checkpoints: Where checkpoints go, a folder per trial.
        files_dir: Where files go that callbacks write per trial (TensorBoard, CSV, ...); None
            for Ray's temporary folder, which `remove_temporary_files` removes.
        sweep: The sweep's name, by which callbacks group its trials (``trial.experiment_dir_name``)
            and trials know it (``tune.get_context().get_experiment_name()``).
    """

    def __init__(self, checkpoints: Checkpoints, files_dir: Path | None, sweep: str) -> None:
        self._files_dir = str(files_dir) if files_dir is not None else None
        self._checkpoints_path = checkpoints.path
        super().__init__(
            storage_path=str(PurePosixPath(checkpoints.path).parent),
            experiment_dir_name=sweep,
            storage_filesystem=checkpoints.filesystem,
        )
        # Ray names its temporary folder by the second; two sweeps may begin in the same one.
        self._timestamp = f"{self._timestamp}-{uuid.uuid4().hex[:8]}"

    @property
    def experiment_fs_path(self) -> str:
        """Where checkpoints go, a folder per trial."""
        return self._checkpoints_path

    @property
    def experiment_driver_staging_path(self) -> str:
        """Where the driver writes files of trials."""
        return self._files_dir or str(super().experiment_driver_staging_path)

    def remove_temporary_files(self) -> None:
        """Remove the folders that Ray made on this machine for this sweep alone."""
        session = Path(self._get_session_path())
        shutil.rmtree(session, ignore_errors=True)
        with suppress(OSError):
            session.parent.rmdir()
        with suppress(OSError):
            self.storage_filesystem.delete_file(
                f"{self.experiment_fs_path}/.validate_storage_marker"
            )
