"""A rule about the hyperparameters: which of them shows no effect?"""

from __future__ import annotations

import json
import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tuner.analysis.importance import FEWEST_TRIALS, Importance, forest_importance
from tuner.errors import NoResultError
from tuner.playbook.audit.checks import Check, command, more_trials, why_not_judged
from tuner.playbook.audit.findings import Finding
from tuner.playbook.evidence import Evidence
from tuner.playbook.positions import option_counts
from tuner.plurals import counted

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["importance", "importance_of"]

NO_EFFECT = 0.03
"""Less of the variance, interactions included, is what a forest gives to a random number."""

NO_DROP = 0.05
"""Shuffling costs less R^2 than this, in 19 of 20 folds and shuffles."""

TRUSTED_R2 = 0.5
"""A forest that explains less of unseen trials says nothing of what does not matter: what it does
not explain may well be an effect that it has not found."""


def importance(evidence: Evidence, check: Check) -> Finding:
    """Look for hyperparameters that show no effect at equal time."""
    refusal = why_not_judged(evidence)
    if refusal:
        return check.unknown(refusal)
    try:
        found, time = importance_of(evidence)
    except NoResultError as error:
        return check.unknown(str(error))
    picture = partial(_importance_figure, found)
    if not found.r2 >= TRUSTED_R2:
        r2 = "nothing" if math.isnan(found.r2) else f"R² {found.r2:.2f}"
        return check.unknown(
            f"a forest on {counted(found.trials, 'trial')} explains {r2} of trials that it has not "
            f"seen, and is believed from {TRUSTED_R2} on",
            remedy=more_trials(evidence),
            picture=picture,
        )
    effects = found.effects
    idle = effects[(effects["total"] < NO_EFFECT) & (effects["drop_high"] < NO_DROP)]
    certain = effects[effects["total_low"] >= NO_EFFECT]
    if not len(idle) and not len(certain):
        most = effects.iloc[0]
        return check.unknown(
            f"{counted(found.trials, 'trial')} do not tell which hyperparameter has an effect: the "
            f"largest is {most['name']} with {most['total']:.0%} [{most['total_low']:.0%}, "
            f"{most['total_high']:.0%}] of the explained variance",
            remedy=more_trials(evidence),
            picture=picture,
        )
    first = _shares(effects.head(3))
    at = f"at {evidence.time_attr} {time:g}; R² {found.r2:.2f}"
    message = f"every hyperparameter has an effect ({at})"
    if len(certain) < len(effects):
        message = f"of {_listed(certain)} an effect is certain, of the others it may be none ({at})"
    if len(idle):
        message = (
            f"less than {NO_EFFECT:.0%} of the explained variance each: {_listed(idle)} ({at})"
        )
    message += f"; most: {first}"
    return check.judged(
        len(idle) / len(effects),
        message,
        remedy=f"fix {_listed(idle)}: {command('refine', evidence.place)}",
        picture=picture,
        details={
            "r2": found.r2,
            "time": time,
            "effects": json.loads(effects.to_json(orient="records")),
            "pairs": json.loads(found.pairs.head(10).to_json(orient="records")),
        },
    )


def importance_of(evidence: Evidence, *, seed: int = 0) -> tuple[Importance, float]:
    """Return how much each hyperparameter matters, and at which time trials were compared.

    Trials are compared by their best cost up to the largest time that half of them reached; those
    that diverged before count as the worst.

    Raises:
        NoResultError: There are too few trials, or nothing was searched.
    """
    time = evidence.reached()
    costs = evidence.costs_at(time)
    inputs = evidence.positions.loc[costs.index].dropna(how="all")
    if len(inputs) < FEWEST_TRIALS or not len(inputs.columns):
        raise NoResultError(
            f"{counted(len(inputs), 'trial')} to compare at equal time, and a forest takes "
            f"{FEWEST_TRIALS}"
        )
    options = option_counts(evidence.parameters)
    found = forest_importance(
        inputs, np.asarray(costs[inputs.index], dtype=np.float64), options=options, seed=seed
    )
    return found, time


def _listed(effects: pd.DataFrame) -> str:
    return ", ".join(map(str, effects["name"]))


def _shares(effects: pd.DataFrame) -> str:
    pairs = zip(effects["name"], effects["total"], strict=True)
    return ", ".join(f"{name} {total:.0%}" for name, total in pairs)


def _importance_figure(found: Importance) -> Figure:
    from tuner import figures

    return figures.importance(found)
