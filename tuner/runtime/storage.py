"""Where Ray Tune puts what is a trial's own: checkpoints, and the files of a user's callbacks.

Workers import this module when their trial's storage is handed to them, so it imports little.
"""

from __future__ import annotations

import shutil
import uuid
from contextlib import suppress
from pathlib import Path

from ray.train._internal.storage import StorageContext

__all__ = ["TrialStorage"]


class TrialStorage(StorageContext):
    """Ray's storage context over a sweep's folder.

    Args:
        checkpoints_dir: Where checkpoints go, a folder per trial.
        files_dir: Where files go that callbacks write per trial (TensorBoard, CSV, ...); None
            for Ray's temporary folder, which `remove_temporary_files` removes.
    """

    def __init__(self, checkpoints_dir: Path, files_dir: Path | None) -> None:
        self._files_dir = str(files_dir) if files_dir is not None else None
        super().__init__(
            storage_path=str(checkpoints_dir.parent), experiment_dir_name=checkpoints_dir.name
        )
        # Ray names its temporary folder by the second; two sweeps may begin in the same one.
        self._timestamp = f"{self._timestamp}-{uuid.uuid4().hex[:8]}"

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
        marker = Path(self.experiment_fs_path, ".validate_storage_marker")
        marker.unlink(missing_ok=True)
