"""A sweep or a model by the path of its folder, or by its name below the default folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tuner.errors import SpecError, StorageError
from tuner.places import Place, Uri, place_of

if TYPE_CHECKING:
    from tuner.store import Sweep

__all__ = [
    "DEFAULT_STORAGE",
    "candidates",
    "located",
    "model_folder",
    "open_sweep",
    "refuse_uri",
    "sweep_places",
    "where",
]

DEFAULT_STORAGE = Path("results")
"""Where ``tuner run`` puts sweeps unless told otherwise."""


def open_sweep(path: str) -> Sweep:
    """Return the sweep at ``path``, or else of that name below ``./results``.

    Raises:
        StorageError: There is none.
    """
    from tuner.store import load
    from tuner.store.layout import SWEEP_FILE

    return load(located(path, SWEEP_FILE))


def located(path: str, *markers: str) -> Place:
    """Return the folder at ``path``, or else of that name below ``./results``; or the URI.

    Args:
        path: What was typed.
        markers: Names of files; the folder has one of them.

    Raises:
        StorageError: Neither folder has; which sweeps are nearby.
    """
    from tuner.store import load

    place = place_of(path)
    if isinstance(place, Uri):
        return place
    here, named = candidates(place)
    for folder in (here, named):
        if any((folder / name).is_file() for name in markers):
            return folder
    # The error is about the place that was more likely meant.
    is_name = place.name == str(place) and not here.exists()
    return load(named if is_name else here).place


def candidates(place: Path) -> tuple[Path, Path]:
    """Return the folder that a path may mean: itself, or else that of its name in ./results."""
    return place.expanduser(), DEFAULT_STORAGE / place


def where(path: str) -> Place:
    """Return where the sweep is that `open_sweep` opens, without opening what lies at a URI.

    Raises:
        StorageError: There is none.
    """
    place = place_of(path)
    return place if isinstance(place, Uri) else open_sweep(path).place


def model_folder(path: str) -> Path:
    """Return the folder of that path, or else of that name below ``./results``."""
    here, named = candidates(Path(path))
    return named if named.is_dir() and not here.exists() else here


def refuse_uri(path: str, what: str) -> None:
    """Refuse what only the folder of a running sweep can take.

    Raises:
        SpecError: ``path`` is a URI.
    """
    place = place_of(path)
    if isinstance(place, Uri):
        raise SpecError(
            f"{what} goes to a folder, got {place}; on the machine that runs the sweep, name its "
            "staging folder (~/.cache/tuner/staging/*/NAME)"
        )


def sweep_places(storage: Place) -> list[Place]:
    """Return where the sweeps in a storage folder are, in the order of their names.

    On this machine those in the folders of studies and of models of tables are among them.

    Raises:
        StorageError: There is no such folder; a missing default one counts as empty.
    """
    if isinstance(storage, Uri):
        return _sweeps_at(storage)
    if not storage.is_dir():
        if storage == DEFAULT_STORAGE and not storage.exists():
            return []
        raise StorageError(
            f"a storage path is a folder of sweeps, and {storage} "
            f"{'is a file' if storage.exists() else 'does not exist'}; see --help"
        )
    from tuner.store.layout import SWEEP_FILE, is_comparison

    found = [file.parent for file in storage.glob(f"*/{SWEEP_FILE}")]
    inner = [file.parent for file in storage.glob(f"*/*/{SWEEP_FILE}")]
    holders = {sweep.parent for sweep in inner} - set(found)
    studies = {each for each in holders if not is_comparison(each)}
    in_studies = (sweep for sweep in inner if sweep.parent in studies)
    return [*sorted([*found, *in_studies])]


def _sweeps_at(uri: Uri) -> list[Place]:
    from tuner.store.layout import SWEEP_FILE
    from tuner.store.remote import RemoteFolder

    storage = RemoteFolder(uri)
    return [
        uri / name for name in storage.folders() if f"{name}/{SWEEP_FILE}" in storage.files(name)
    ]
