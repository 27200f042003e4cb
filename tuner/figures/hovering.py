"""What a pointer shows of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tuner.figures.frames import Places, values_of
from tuner.figures.labels import plain, short
from tuner.objectives import Objective
from tuner.plurals import counted

__all__ = ["HOVER", "trial_texts"]

HOVER = "%{text}<extra></extra>"
"""The pattern of traces whose ``text`` says it all."""

_MOST_VALUES = 12


def trial_texts(
    trials: pd.DataFrame,
    places: Places,
    *objectives: Objective,
    at: str = "best",
    brief: bool = False,
) -> list[str]:
    """Return a text for each of the trials at these places: its id, values and configuration.

    Args:
        trials: As `tuner.Sweep.trials` gives them.
        places: Of which.
        *objectives: Whose values.
        at: ``"best"`` or ``"last"``: which report of each trial the values are of.
        brief: Whether to leave the configuration out, where a figure has each text many times.
    """
    rows = trials.iloc[places]
    values = {each.metric: values_of(rows, each, at) for each in objectives}
    return [
        "<br>".join(
            [
                f"<b>{plain(row['trial_id'])}</b> {plain(row.get('outcome') or 'running')}",
                *(
                    f"{plain(name)}: {short(float(found[number]))}"
                    for name, found in values.items()
                ),
                *_spent(row),
                *([] if brief else _config_lines(row.get("config"))),
            ]
        )
        for number, row in enumerate(rows.to_dict("records"))
    ]


def _spent(row: Mapping[Any, Any]) -> list[str]:
    """Return how long a trial trained, as far as that is known."""
    iterations, seconds = row.get("iterations"), row.get("seconds")
    found = []
    if iterations is not None and pd.notna(iterations):
        found.append(counted(int(iterations), "iteration"))
    if seconds is not None and pd.notna(seconds):
        found.append(f"{float(seconds):.3g} s")
    return [", ".join(found)] if found else []


def _config_lines(config: object, prefix: str = "") -> list[str]:
    if not isinstance(config, Mapping):
        return []
    lines: list[str] = []
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            lines += _config_lines(value, f"{prefix}{key}/")
        else:
            shown = short(value) if isinstance(value, float) else plain(_clipped(str(value)))
            lines.append(f"{plain(prefix)}{plain(key)} = {shown}")
    if not prefix and len(lines) > _MOST_VALUES:
        lines = [*lines[:_MOST_VALUES], f"and {len(lines) - _MOST_VALUES} more"]
    return lines


def _clipped(text: str) -> str:
    return text if len(text) <= 48 else f"{text[:47]}…"
