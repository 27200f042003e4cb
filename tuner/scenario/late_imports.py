"""Modules beside a scenario that are imported only while it trains.

What a scenario's file imports when it is loaded travels with it, by value. What a function imports
when it runs is looked up on the node where it runs, so the module has to be there as a file.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from tuner.scenario.bundled import bundled_scenarios
from tuner.scenario.definition import Scenario
from tuner.scenario.references import split_reference
from tuner.scenario.transport import is_sent_by_value

__all__ = ["code_beside", "late_imports"]

_OWN = __name__.partition(".")[0]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def code_beside(scenario: Scenario) -> dict[str, Path]:
    """Return the modules that workers need as files, by their first name.

    Args:
        scenario: One that `load_scenario` found; of any other it is not known where it lies.

    Returns:
        As `late_imports`. Empty where every node has the scenario's module itself.
    """
    place, _ = split_reference(scenario.source or "")
    if place.endswith(".py"):
        file = Path(place)
        return late_imports(file, file.parent) if file.is_file() else {}
    module = sys.modules.get(place)
    if place in bundled_scenarios() or module is None or not is_sent_by_value(module):
        return {}
    file = Path(str(module.__file__))
    levels = place.count(".") + (file.name == "__init__.py")
    return late_imports(file, file.parents[levels])


def late_imports(file: Path, root: Path) -> dict[str, Path]:
    """Return the modules below ``root`` that ``file`` needs while it runs, by their first name.

    Args:
        file: A Python file; it and what it imports are read, not imported.
        root: The folder in which modules are looked for.

    Returns:
        For each name the module's file, or the folder of its package.
    """
    needed: dict[str, Path] = {}
    waiting, seen = [(file, False)], set()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        path, is_late = current
        for name, in_function in _imports(path, root):
            place = _beside(name, root)
            if place is None:
                continue
            late = is_late or in_function
            if late:
                needed[name] = place
            waiting.extend((each, late) for each in _files(place))
    return needed


def _imports(file: Path, root: Path) -> Iterator[tuple[str, bool]]:
    """Yield the first name of each module imported in ``file``, and whether in a function."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return  # what cannot be parsed is not imported either
    package = file.relative_to(root).parts[0]
    functions = (node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS))
    inside = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name.partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [package if node.level else str(node.module).partition(".")[0]]
        else:
            continue
        yield from ((name, id(node) in inside) for name in names)


def _beside(name: str, root: Path) -> Path | None:
    if name == _OWN:
        return None  # each node has it: a checkout of it is no part of a scenario
    module, package = root / f"{name}.py", root / name
    if package.is_dir() and any(package.glob("*.py")):
        return package
    return module if module.is_file() else None


def _files(place: Path) -> list[Path]:
    return sorted(place.rglob("*.py")) if place.is_dir() else [place]
