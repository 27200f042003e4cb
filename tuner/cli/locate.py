"""A sweep by the path of its folder, or by its name below the default storage folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tuner.errors import StorageError

if TYPE_CHECKING:
    from tuner.store import Sweep

__all__ = ["DEFAULT_STORAGE", "open_sweep", "sweep_folders"]

DEFAULT_STORAGE = Path("results")
"""Where ``tuner run`` puts sweeps unless told otherwise."""


def open_sweep(path: str) -> Sweep:
    """Return the sweep at ``path``, or else of that name below ``./results``.

    Raises:
        StorageError: There is none.
    """
    from tuner.store import SweepLayout, load

    here, named = Path(path).expanduser(), DEFAULT_STORAGE / path
    for folder in (here, named):
        if SweepLayout(folder).spec_file.is_file():
            return load(folder)
    # Neither is: the error is about the place that was more likely meant.
    is_name = Path(path).name == path and DEFAULT_STORAGE.is_dir() and not here.exists()
    return load(named if is_name else here)


def sweep_folders(storage: Path) -> list[Path]:
    """Return the folders of the sweeps in a storage folder, in the order of their names.

    Raises:
        StorageError: There is no such folder; a missing default one counts as empty.
    """
    if not storage.is_dir():
        if storage == DEFAULT_STORAGE and not storage.exists():
            return []
        raise StorageError(
            f"a storage path is a folder of sweeps, and {storage} "
            f"{'is a file' if storage.exists() else 'does not exist'}; see --help"
        )
    from tuner.store import SweepLayout

    folders = (folder for folder in storage.iterdir() if SweepLayout(folder).spec_file.is_file())
    return sorted(folders, key=lambda folder: folder.name)
