"""What a trial reports of predictions; each better where it is lower. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tuner.errors import SpecError, nearest
from tuner.tabular.tasks import Task

__all__ = ["METRICS", "check_metric", "scores_of"]

METRICS: Mapping[Task, tuple[str, ...]] = {
    "classification": ("log_loss", "error"),
    "regression": ("rmse", "mae"),
}
"""By task; the first is what is tuned unless another is named."""

_SMALLEST = 1e-7  # probability, before its logarithm is taken


def check_metric(metric: str | None, task: Task) -> str:
    """Return the metric that is tuned.

    Raises:
        SpecError: The task has none of that name.
    """
    known = METRICS[task]
    if metric is None:
        return known[0]
    if metric not in known:
        raise SpecError(f"unknown metric {metric!r} of a {task}{nearest(metric, known)}")
    return metric


def scores_of(
    predictions: npt.NDArray[np.float64], targets: npt.NDArray[Any]
) -> Mapping[str, float]:
    """Return the scores of one model.

    Args:
        predictions: Probabilities ``[n, classes]``, or values ``[n]``.
        targets: Classes or values, ``[n]``.

    Returns:
        ``log_loss`` in nats and the share of wrong classes as ``error``; or ``rmse`` and ``mae`` in
        the units of the target.
    """
    if predictions.ndim == 2:
        told = predictions[np.arange(len(targets)), targets]
        wrong = predictions.argmax(axis=1) != targets
        # Of NaN the maximum is NaN: a model that diverged says so.
        log_loss = -np.log(np.maximum(told, _SMALLEST)).mean()
        return {"log_loss": float(log_loss), "error": float(wrong.mean())}
    errors = predictions - targets
    rmse = float(np.sqrt(np.square(errors).mean()))
    return {"rmse": rmse, "mae": float(np.abs(errors).mean())}
