"""What every benchmark script shares: its options, its figures, its goals.

A script takes ``--quick`` (a minute or so), ``--check`` (exit 1 where a goal is missed) and
``--json FILE``, and prints as its last lines the figures against the goals.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Goal:
    """A figure and the bound it must keep.

    Attributes:
        what: The figure, with its unit.
        value: As measured.
        bound: The goal.
        sense: Whether ``value`` must be at least or at most ``bound``.
    """

    what: str
    value: float
    bound: float
    sense: Literal["at least", "at most"]

    @property
    def met(self) -> bool:
        if self.sense == "at least":
            return self.value >= self.bound
        return self.value <= self.bound

    def __str__(self) -> str:
        verdict = "met" if self.met else "MISSED"
        return f"{verdict:6} {self.what}: {self.value:.3g} (goal: {self.sense} {self.bound:g})"


def options(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options that all scripts have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="a minute or so, coarser figures")
    parser.add_argument("--check", action="store_true", help="exit 1 where a goal is missed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    return parser


def finish(arguments: argparse.Namespace, figures: dict[str, Any], goals: Sequence[Goal]) -> None:
    """Write the figures, print them against the goals, and exit as ``--check`` asks."""
    if arguments.json:
        content = {
            "machine": machine(),
            "quick": arguments.quick,
            "figures": figures,
            "goals": [{**asdict(goal), "met": goal.met} for goal in goals],
        }
        arguments.json.write_text(json.dumps(content, indent=2) + "\n")
    for goal in goals:
        print(goal)
    if arguments.check and not all(goal.met for goal in goals):
        sys.exit(1)


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    packages = ("ray", "hyperopt", "optuna", "pandas", "pyarrow", "numpy")
    return {
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in packages},
    }


def hardware() -> str:
    """Return how many processors there are, and their name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} x {names[0] if names else 'unknown'}"


def spread(values: Sequence[float]) -> str:
    """Return ``median (min-max)``."""
    return f"{statistics.median(values):.3g} ({min(values):.3g}-{max(values):.3g})"
