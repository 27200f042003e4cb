"""Where public data lies on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from tuner.errors import MissingDependencyError
from tuner.public_data.origins import DataSet, data_set

__all__ = ["DATA_VARIABLE", "cache_folder", "find_data", "holds", "local_copy", "remedy"]

DATA_VARIABLE = "TUNER_DATA_DIR"
"""Names a folder that holds data sets, each in a folder of its name; it is never written to."""


def cache_folder() -> Path:
    """Return the folder where data sets are kept that tuner fetched."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "tuner" / "data"


def local_copy(wanted: DataSet) -> Path | None:
    """Return the folder that holds a data set: of ``TUNER_DATA_DIR``, else of the cache."""
    own = os.environ.get(DATA_VARIABLE)
    for base in (Path(own) if own else None, cache_folder()):
        if base is not None and holds(base / wanted.name, wanted):
            return base / wanted.name
    return None


def holds(folder: Path, wanted: DataSet) -> bool:
    """Say whether every file of a data set is in a folder."""
    return all((folder / name).is_file() for name in wanted.files)


def find_data(name: str) -> Path:
    """Return the folder that holds a data set.

    Raises:
        SpecError: There is no data set of that name.
        MissingDependencyError: It is not on this machine; says how to get it.
    """
    wanted = data_set(name)
    folder = local_copy(wanted)
    if folder is None:
        raise MissingDependencyError(
            f"the data set {name!r} is not on this machine: {remedy(wanted)} "
            f"(looked in {DATA_VARIABLE} and {cache_folder()})"
        )
    return folder


def remedy(wanted: DataSet) -> str:
    """Return the command that brings a data set to this machine."""
    if wanted.originals:
        return f"tuner data fetch {wanted.name}"
    command = f"tuner data fetch {wanted.name} --from PATH"
    return f"{command}, where PATH is {wanted.local_copy} (github.com/{wanted.origin})"
