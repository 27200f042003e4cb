"""A folder of code as one archive, to which files can be added."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tuner.errors import SpecError
from tuner.store import SweepLayout

__all__ = ["MOST_BYTES", "write_package"]

MOST_BYTES = 100 * 2**20
"""What is sent is code: Ray keeps it in the memory of the head node, and on each node's disk."""

_NO_CODE = frozenset({"__pycache__", "node_modules"})
_MARKS_ENVIRONMENT = "pyvenv.cfg"
_MOST_SHOWN = 3


def write_package(archive: Path, folder: Path | None, added: Mapping[str, str]) -> int:
    """Write an archive of ``folder``, without what is no code.

    Left out are hidden files and folders, virtual environments, caches, and folders of sweeps.

    Args:
        archive: The zip file to write.
        folder: What to take in; None for nothing.
        added: The content of further files, by name.

    Returns:
        The size of what is in it, in bytes.

    Raises:
        SpecError: It is too large to be sent, with what makes it so; or an added file is there.
    """
    files = {} if folder is None else {file: file.stat().st_size for file in _files(folder)}
    total = sum(files.values())
    if folder is not None and total > MOST_BYTES:
        raise SpecError(_too_large(folder, files, total))
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as package:
        for file in files:
            package.write(file, file.relative_to(folder or file.parent))
        for name, content in added.items():
            if folder is not None and folder / name in files:
                raise SpecError(f"{folder / name} has the name of a file that is added; rename it")
            package.writestr(name, content)
    return total


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        here = Path(root)
        folders[:] = sorted(name for name in folders if _is_code(here / name))
        for name in sorted(names):
            if not name.startswith(".") and (here / name).is_file():
                yield here / name


def _is_code(folder: Path) -> bool:
    if folder.name.startswith(".") or folder.name in _NO_CODE:
        return False
    return not ((folder / _MARKS_ENVIRONMENT).exists() or SweepLayout(folder).spec_file.exists())


def _too_large(folder: Path, files: Mapping[Path, int], total: int) -> str:
    by_entry: dict[str, int] = {}
    for file, size in files.items():
        entry = file.relative_to(folder).parts[0]
        by_entry[entry] = by_entry.get(entry, 0) + size
    largest = sorted(by_entry, key=by_entry.__getitem__, reverse=True)[:_MOST_SHOWN]
    shown = ", ".join(f"{entry} {by_entry[entry] / 2**20:.0f} MiB" for entry in largest)
    return (
        f"at most {MOST_BYTES / 2**20:.0f} MiB of code are sent, and {folder} has "
        f"{total / 2**20:.0f} MiB ({shown}); name a smaller --working-dir, and leave data where "
        "all nodes see them"
    )
