"""How a peer asks ``search_quality.py`` for curves: a line of JSON each way."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

__all__ = ["answer", "curve", "task"]

# Libraries print; the lines are for the other side alone.
_out, sys.stdout = sys.stdout, sys.stderr


def task() -> dict[str, Any]:
    """Return what to search: ``space``, ``epochs``, and what the method is told besides."""
    asked: dict[str, Any] = json.loads(sys.stdin.readline())
    return asked


def curve(config: Mapping[str, Any]) -> dict[str, list[float]]:
    """Return ``values`` (higher is better) and ``seconds`` of a configuration, by epoch."""
    print(json.dumps({"config": dict(config)}), file=_out, flush=True)
    told: dict[str, list[float]] = json.loads(sys.stdin.readline())
    return told


def answer(found: Mapping[str, Any]) -> None:
    """Say what was found, as the last thing."""
    print(json.dumps({"found": found}), file=_out, flush=True)
