"""Finds a scenario by a bundled name, a module or a file."""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from importlib.abc import Loader
from pathlib import Path
from types import ModuleType
from typing import Any

from tuner.errors import MissingDependencyError, ScenarioError, nearest
from tuner.scenario.bundled import BUNDLED_PACKAGE, bundled_scenarios
from tuner.scenario.definition import Scenario
from tuner.scenario.references import ATTRIBUTE, scenario_names, split_reference
from tuner.scenario.transport import send_by_value

__all__ = ["load_attribute", "load_scenario"]

_FILE_PREFIX = "tuner_scenario_"  # of the module made of a file
_folders_added: set[str] = set()  # to sys.path, by this module


def load_scenario(ref: str | os.PathLike[str] | Scenario) -> Scenario:
    """Return the scenario that ``ref`` names.

    Args:
        ref: A path to a ``.py`` file, a bundled name (``digits_mlp``), or a module
            (``pkg.module``), looked for in this order; the current folder counts as importable.
            Each takes its module's ``SCENARIO``; ``path/or/module:OTHER`` takes another name.
            A `Scenario` is returned as it is.

    Raises:
        ScenarioError: There is no such file or module, importing it raises, or it holds no
            `Scenario` of that name.
        MissingDependencyError: A bundled scenario needs a package that is not installed.
    """
    if isinstance(ref, Scenario):
        return ref
    if not isinstance(ref, str | os.PathLike):
        raise ScenarioError(
            "a scenario is a Scenario, a bundled name, a module or the path of a .py file, "
            f"got {ref!r}"
        )
    place, named = split_reference(os.fspath(ref))
    attribute = named or ATTRIBUTE
    found, source = _load(place, is_path=isinstance(ref, os.PathLike))
    scenario = _scenario_of(found, attribute, place)
    suffix = "" if attribute == ATTRIBUTE else f":{attribute}"
    return replace(scenario, source=f"{source}{suffix}")


def load_attribute(ref: str) -> Any:
    """Return what ``path/to/file.py:NAME`` or ``package.module:NAME`` names, whatever it is.

    Raises:
        ScenarioError: There is no such file or module, importing it raises, or it lacks the name.
    """
    place, named = split_reference(ref)
    attribute = named or ATTRIBUTE
    module, _ = _load(place)
    if not hasattr(module, attribute):
        names = [name for name in vars(module) if not name.startswith("_")]
        raise ScenarioError(f"{place} does not define {attribute}{nearest(attribute, names)}")
    return getattr(module, attribute)


def _load(place: str, *, is_path: bool = False) -> tuple[ModuleType, str]:
    """Return the module that a place means, and how it is found again."""
    if is_path or place.endswith(".py"):
        path = Path(place).expanduser().resolve()
        return _load_file(path), str(path)
    if place in bundled_scenarios():
        return _load_bundled(place), place
    return _load_module(place), place


def _scenario_of(module: ModuleType, attribute: str, place: str) -> Scenario:
    found = getattr(module, attribute, None)
    if isinstance(found, Scenario):
        return found
    if found is not None:
        raise ScenarioError(
            f"{attribute} must be a tuner.Scenario, but in {place} it is a {type(found).__name__}"
        )
    others = [name for name, value in vars(module).items() if isinstance(value, Scenario)]
    if others:
        hint = f"; it holds {', '.join(others)}: load {place}:{others[0]}"
    else:
        names = [name for name in vars(module) if not name.startswith("_")]
        hint = f" nor any other tuner.Scenario{nearest(attribute, names)}"
    raise ScenarioError(f"a scenario module must define {attribute}, but {place} does not{hint}")


def _load_bundled(name: str) -> ModuleType:
    try:
        return importlib.import_module(f"{BUNDLED_PACKAGE}.{name}")
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"scenario {name!r} needs {error.name!r}, which is not installed: "
            f"pip install {error.name}"
        ) from error


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise ScenarioError(f"a scenario file must exist, but {path} {_what_is_there(path)}")
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:12]
    name = f"{_FILE_PREFIX}{path.stem}_{digest}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ScenarioError(f"a scenario file must be a .py file, but is {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        return _import(functools.partial(_execute, spec.loader, module), str(path), path.parent)
    except BaseException:
        del sys.modules[name]
        raise


def _execute(loader: Loader, module: ModuleType) -> ModuleType:
    loader.exec_module(module)
    return module


def _what_is_there(path: Path) -> str:
    if path.is_dir():
        return "is a folder"
    neighbours = [entry.name for entry in path.parent.glob("*.py")] if path.parent.is_dir() else []
    return f"is not there{nearest(path.name, neighbours)}"


def _load_module(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise ScenarioError(
            "a scenario is a bundled name, a module or a path that ends in .py, but is "
            f"{name!r}{nearest(name, scenario_names())}"
        )
    try:
        return _import(functools.partial(importlib.import_module, name), name, Path.cwd())
    except _NotThereError:
        known = nearest(name, scenario_names())
        raise ScenarioError(
            f"unknown scenario {name!r}: neither a bundled one nor a module that Python finds "
            f"here or on its path{known}"
        ) from None


class _NotThereError(Exception):
    """The module asked for does not exist, as against one that it imports itself."""


def _import(load: Callable[[], ModuleType], place: str, folder: Path) -> ModuleType:
    """Return ``load()``, with ``folder`` importable and what comes from there sent by value."""
    if str(folder) not in sys.path:
        # First and for good, as Python does for a script: its neighbours win, also later on.
        sys.path.insert(0, str(folder))
        _folders_added.add(str(folder))
        importlib.invalidate_caches()
    before = set(sys.modules)
    try:
        module = load()
    except ModuleNotFoundError as error:
        if error.name and f"{place}.".startswith(f"{error.name}."):
            raise _NotThereError from error
        raise _import_error(error, place, folder) from error
    except (Exception, SystemExit) as error:
        raise _import_error(error, place, folder) from error
    for name in {module.__name__, *(sys.modules.keys() - before)}:
        if _only_importable_here(sys.modules[name]):
            send_by_value(sys.modules[name])
    return module


def _only_importable_here(module: ModuleType) -> bool:
    """Say whether a worker would not find ``module``, since only this loader made it findable."""
    name = module.__name__.partition(".")[0]
    spec = getattr(sys.modules.get(name), "__spec__", None)
    if name == __name__.partition(".")[0] or spec is None:
        return False
    origins = spec.submodule_search_locations or [spec.origin or ""]
    return name.startswith(_FILE_PREFIX) or any(
        str(Path(origin).parent) in _folders_added for origin in origins
    )


def _import_error(error: BaseException, place: str, folder: Path) -> ScenarioError:
    """Return an error that says what was raised, and the scenario's own line that led to it."""
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    own = [frame for frame in frames if folder in Path(frame[0]).parents]
    file, line = (own or frames)[-1]
    if isinstance(error, SyntaxError):
        file, line = error.filename or file, error.lineno
    message = " ".join(str(error).split())
    return ScenarioError(
        f"importing the scenario {place} raised {type(error).__name__}: {message} ({file}:{line})"
    )
