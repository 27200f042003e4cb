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
    from tuner.store import SweepLayout, load

    place = place_of(path)
    if isinstance(place, Uri):
        return load(place)
    path = str(place)
    here, named = Path(path).expanduser(), DEFAULT_STORAGE / path
    for folder in (here, named):
        if SweepLayout(folder).spec_file.is_file():
            return load(folder)
    # Neither is: the error is about the place that was more likely meant.
    is_name = Path(path).name == path and DEFAULT_STORAGE.is_dir() and not here.exists()
    return load(named if is_name else here)


def where(path: str) -> Place:
    """Return where the sweep is that `open_sweep` opens, without opening what lies at a URI.

    Raises:
        StorageError: There is none.
    """
    place = place_of(path)
    return place if isinstance(place, Uri) else open_sweep(path).place


def model_folder(path: str) -> Path:
    """Return the folder of that path, or else of that name below ``./results``."""
    here, named = Path(path).expanduser(), DEFAULT_STORAGE / path
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
    from tuner.store.layout import COMPARISON_FILE, SweepLayout

    marker = SweepLayout(Path()).spec_file.name
    found = [file.parent for file in storage.glob(f"*/{marker}")]
    inner = [file.parent for file in storage.glob(f"*/*/{marker}")]
    holders = {sweep.parent for sweep in inner} - set(found)
    studies = {each for each in holders if not (each / COMPARISON_FILE).is_file()}
    in_studies = (sweep for sweep in inner if sweep.parent in studies)
    return [*sorted([*found, *in_studies])]


def _sweeps_at(uri: Uri) -> list[Place]:
    from tuner.store import SweepLayout
    from tuner.store.remote import RemoteFolder

    marker = SweepLayout(Path()).spec_file.name
    storage = RemoteFolder(uri)
    return [uri / name for name in storage.folders() if f"{name}/{marker}" in storage.files(name)]
