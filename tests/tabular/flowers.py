"""A table with everything that tables have, and a search of it that takes a second."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

SMALL: dict[str, Any] = {
    "target": "kind",
    "budget": "5trials",
    "families": ["dummy", "linear", "neighbours"],
    "ensemble": 2,
    "folds": 2,
    "name": "flowers",
}


def flower_table() -> pd.DataFrame:
    """Return 60 rows, of which the length and the place tell the kind of flower."""
    random = np.random.default_rng(0)
    kinds = np.arange(60) % 3
    frame = pd.DataFrame(
        {
            "row": np.arange(60),
            "length": kinds + random.normal(scale=0.3, size=60),
            "petals": random.integers(3, 9, size=60),
            "wild": np.where(kinds == 2, "true", "false"),
            "seen": pd.date_range("2024-01-30", periods=60).strftime("%Y-%m-%d"),
            "place": np.array(["hill", "shore", "wood"])[
                np.where(random.random(60) < 0.8, kinds, random.integers(3, size=60))
            ],
            "country": "here",
            "kind": np.array(["aster", "broom", "clover"])[kinds],
        }
    )
    frame.loc[[3, 17], "length"] = np.nan
    frame.loc[[5, 20], "place"] = None
    return frame
