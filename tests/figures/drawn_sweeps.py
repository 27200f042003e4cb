"""Trials and reports as frames, for tests that need no sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["reports_of", "trials_of"]


def trials_of(values: Sequence[float], metric: str = "loss", **columns: Any) -> pd.DataFrame:
    """Return trials that reached these values."""
    ids = [f"t{number:06d}" for number in range(len(values))]
    given = {f"{at}/{metric}": list(values) for at in ("best", "last")}
    return pd.DataFrame({"trial_id": ids, **given, **columns})


def reports_of(curves: Sequence[Sequence[float]], metric: str = "loss") -> pd.DataFrame:
    """Return the reports of trials with these curves, one a second and each an epoch."""
    rows = [
        (f"t{number:06d}", 1, float(epoch), float(epoch), value)
        for number, curve in enumerate(curves)
        for epoch, value in enumerate(curve, 1)
    ]
    names = ["trial_id", "attempt", "training_iteration", "time_total_s", metric]
    return pd.DataFrame(rows, columns=names).astype({metric: np.float64})
