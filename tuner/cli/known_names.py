"""What the command line says of names and defaults before Ray is imported, and refuses by them.

The registries and `tuner.planning` decide, but importing them takes seconds. Tests hold this
module to them.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from tuner.arms import parse_choice
from tuner.errors import ScenarioError, SpecError, nearest
from tuner.scenario import bundled_scenarios
from tuner.scenario.references import scenario_names, split_reference

__all__ = [
    "DEFAULT",
    "DEFAULT_NUM_SAMPLES",
    "DEFAULT_SCHEDULER",
    "DEFAULT_SEARCHER",
    "SCHEDULERS",
    "SEARCHERS",
    "check_methods",
    "check_names",
]

SCHEDULERS = (
    *("fifo", "asha", "asha_promotion", "freeze_thaw", "hyperband", "ray_hyperband", "median"),
    *("pbt", "pb2", "pbt_replay", "bohb", "ray_bohb"),
)
SEARCHERS = (
    *("random", "grid", "halton", "sobol", "hyperopt", "optuna", "mfgp", "evolution", "bohb"),
)
DEFAULT = "default"
DEFAULT_SCHEDULER = "freeze_thaw"
DEFAULT_SEARCHER = "hyperopt"
DEFAULT_NUM_SAMPLES = 32


def check_names(scenario: str, options: Mapping[str, Any]) -> None:
    """Refuse a misspelled scenario, scheduler or searcher, quickly.

    Args:
        scenario: As `tuner.load_scenario` takes it.
        options: Keywords of `tuner.run`.

    Raises:
        ScenarioError: The scenario is no path, no bundled name and no module.
        SpecError: There is no such scheduler or searcher.
    """
    check_methods(options)
    module = split_reference(scenario)[0] or scenario
    if not (module.endswith(".py") or module in bundled_scenarios() or _may_be_module(module)):
        raise ScenarioError(
            f"unknown scenario {module!r}: neither a path that ends in .py, nor a bundled one, "
            f"nor a module that Python finds here or on its path{nearest(module, scenario_names())}"
        )


def check_methods(options: Mapping[str, Any]) -> None:
    """Refuse a misspelled scheduler or searcher, quickly.

    Args:
        options: Keywords of `tuner.run`.

    Raises:
        SpecError: There is no such scheduler or searcher.
    """
    for kind, known in (("scheduler", (DEFAULT, *SCHEDULERS)), ("searcher", SEARCHERS)):
        given = options.get(kind)
        name = None if given is None else parse_choice(given).name
        if name is not None and name not in known:
            raise SpecError(f"unknown {kind} {name!r}{nearest(name, known)}")


def _may_be_module(name: str) -> bool:
    """Say whether Python finds the outermost package of ``name``; imports nothing."""
    package = name.partition(".")[0]
    if not package.isidentifier():
        return False
    if package in sys.modules or PathFinder.find_spec(package, [str(Path.cwd())]) is not None:
        return True
    return importlib.util.find_spec(package) is not None
