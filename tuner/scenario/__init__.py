"""What is tuned, and where it comes from.

- `definition`: `Scenario`, a trainable with its search space and what to look at.
- `objectives`: one metric, or several of which the first is the primary.
- `resources`, `varying_resources`: what a trial takes; by configuration, or to be measured.
- `callables`: checks what it has of code, before anything calls it.
- `loading`: `load_scenario`, from a bundled name, a module or a file.
- `references`: how a scenario is named.
- `transport`: makes what a file defines reach Ray's workers, which cannot import it.
- `late_imports`: modules beside it that it imports while it trains, which workers need as files.
- `bundled`: `bundled_scenarios`, the names that come with tuner.

The names are loaded on first use: listing the bundled scenarios must not import Ray.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner.scenario.bundled import bundled_scenarios
    from tuner.scenario.definition import MUTABLE_NAMES, DivergenceRule, Scenario
    from tuner.scenario.loading import load_scenario

__all__ = ["MUTABLE_NAMES", "DivergenceRule", "Scenario", "bundled_scenarios", "load_scenario"]

_HOMES = {
    "DivergenceRule": "definition",
    "MUTABLE_NAMES": "definition",
    "Scenario": "definition",
    "bundled_scenarios": "bundled",
    "load_scenario": "loading",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
