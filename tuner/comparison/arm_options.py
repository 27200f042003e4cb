"""Which keywords of `tuner.run` a comparison leaves to its arms and to its caller."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tuner.errors import SpecError
from tuner.options import check_option_names

__all__ = ["check_run_options"]

_GOVERNED = {
    "scheduler": "an arm names it",
    "searcher": "an arm names it",
    "seed": "all arms run with the same seeds; give seeds",
    "storage_path": "runs lie in the comparison's folder",
    "name": "runs lie in the comparison's folder",
    "time_budget_s": "all arms have the same budget; give budget, such as 2h",
    "metric": "all arms tune the task's own",
    "mode": "all arms tune the task's own",
    "warm_start": "a run that knows other runs cannot be compared with those that do not",
    "callbacks": "it is no plain value that can be compared when the comparison goes on",
    "progress": "the comparison shows its own",
    "notes": "the comparison has none",
    "tags": "the comparison has none",
}


def check_run_options(options: Mapping[str, Any], where: str) -> None:
    """Refuse what is no keyword of `tuner.run`, or what a comparison decides for all.

    Args:
        options: Keyword to value.
        where: Who sets them, to say so in an error.

    Raises:
        SpecError: With the reason.
    """
    for name in options:
        if name in _GOVERNED:
            raise SpecError(f"{where} cannot set {name}: {_GOVERNED[name]}")
    check_option_names(options)
    try:
        json.dumps(dict(options), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise SpecError(
            f"the options of {where} are plain values, got {options}: {error}"
        ) from error
