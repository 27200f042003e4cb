"""Imports go downward only, as ARCHITECTURE.md draws it."""

from __future__ import annotations

import ast
import functools
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

LAYERS = {
    "errors": 0,
    "examples": 0,
    "objectives": 0,
    "space": 0,
    "spec": 0,
    "arms": 0,
    "budgets": 0,
    "display": 0,
    "short_text": 0,
    "seeds": 0,
    "randomness": 0,
    "caching": 0,
    "places": 0,
    "provenance": 0,
    "public_data": 0,
    "plurals": 0,
    "resources": 0,
    "trainable": 0,
    "bundles": 0,
    "capping": 0,
    "distributed": 1,
    "scenario": 0,
    "schedulers": 1,
    "searchers": 1,
    "options": 2,
    "warm_start": 2,
    "worker_modes": 2,
    "remarks": 2,
    "option_values": 2,
    "pairing": 2,
    "planning": 2,
    "stored_scenarios": 2,
    "replanning": 2,
    "diagnosis": 2,
    "store": 1,
    "gpu_sharing": 2,
    "runtime": 3,
    "simulation": 3,
    "analysis": 3,
    "figures": 3,
    "progress": 3,
    "exchange": 3,
    "submission": 3,
    "differences": 3,
    "driver": 4,
    "sweep": 4,
    "probing": 4,
    "simulating": 4,
    "diagnosing": 4,
    "reproducing": 5,
    "comparison": 5,
    "forecast": 5,
    "hindsight": 6,
    "playbook": 6,
    "reporting": 6,
    "pipeline": 7,
    "tabular": 7,
    "__init__": 8,  # the public names, which the command line calls as any user would
    "cli": 9,
}
WITHOUT_RAY = (
    "capping",
    "store",
    "public_data",
    "progress",
    "differences",
    "analysis",
    "figures",
    "diagnosis",
)


def _room(path: Path) -> str:
    """Return the module or package directly under ``tuner/`` to which ``path`` belongs."""
    return path.relative_to(ROOT / "tuner").parts[0].removesuffix(".py")


MODULES = sorted((ROOT / "tuner").rglob("*.py"))


def test_every_module_has_a_layer() -> None:
    assert {_room(path) for path in MODULES} <= LAYERS.keys(), "add the new one to LAYERS"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_nothing_from_a_higher_layer(path: Path) -> None:
    above = {room for room in _rooms_imported(path) if LAYERS[room] > LAYERS[_room(path)]}

    assert not above


def test_no_two_rooms_import_each_other() -> None:
    rooms = {room: set[str]() for room in LAYERS}
    for path in MODULES:
        rooms[_room(path)] |= _rooms_imported(path) - {_room(path)}

    graphlib.TopologicalSorter(rooms).prepare()  # raises CycleError, which names the cycle


@pytest.mark.parametrize(
    "path", [p for p in MODULES if _room(p) in WITHOUT_RAY], ids=lambda path: path.name
)
def test_what_needs_no_ray_imports_none(path: Path) -> None:
    assert "ray" not in {name.split(".")[0] for name in _imports(path)}


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.py")), ids=lambda p: p.name)
def test_a_scenario_imports_only_public_names_and_shared_data(path: Path) -> None:
    ours = {name for name in _imports(path) if name.split(".")[0] in {"tuner", "scenarios"}}

    assert {name for name in ours if not name.startswith("tuner.bundled._")} <= {"tuner"}


def _rooms_imported(path: Path) -> set[str]:
    ours = (name.split(".") for name in _imports(path) if name.split(".")[0] == "tuner")
    return {parts[1] if len(parts) > 1 else "__init__" for parts in ours}


@functools.cache
def _imports(path: Path) -> tuple[str, ...]:
    """Return the dotted name of every module imported, at the top of ``path`` or in a function."""
    return tuple(_names_imported(path))


def _names_imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if _is_module(whole) else str(node.module)


def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()
