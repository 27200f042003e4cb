"""How much each hyperparameter matters, by a random forest that is fitted to the trials.

Two answers, each with intervals: functional ANOVA splits the forest's variance over the whole
space into main effects and interactions of pairs (Hutter, Hoos and Leyton-Brown 2014, ICML), and
permutation importance says how much worse the forest predicts trials that it has not seen when a
hyperparameter is shuffled (Breiman 2001, "Random Forests", section 10). The out-of-bag R^2 says
whether to believe either.

A hyperparameter that a trial does not have, since it hangs on an option that was not chosen, does
not change its value. So the trial stands for all values of it, and gets one drawn at random: the
function that is analysed is then defined on the whole product of domains, as the analysis of
variance asks, and a hyperparameter that hangs on a choice is not mistaken for the choice itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from tuner.analysis.importance_marginals import leaf_boxes, variance_shares
from tuner.errors import NoResultError, SpecError

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestRegressor

__all__ = ["FEWEST_TRIALS", "Importance", "forest_importance"]

Floats = npt.NDArray[np.float64]

FEWEST_TRIALS = 10
"""With fewer trials, a forest has nothing to learn from."""

_CELLS = 32  # of a number
_LEAF = 3  # trials: leaves of one trial would explain its noise
_FEWEST_TREES = 32  # with fewer, some trials may be in all bags
_FOLDS = 5
_SHUFFLES = 4  # per fold
_MOST_TRIALS = 2000  # beyond, a random part of them tells the same, in seconds


@dataclass(frozen=True)
class Importance:
    """What a forest says of hyperparameters.

    Attributes:
        effects: A row per hyperparameter, the most important first: ``name``; ``main`` (share of
            the variance that it explains alone), ``main_low``, ``main_high``; ``total`` (with its
            interactions with one other), ``total_low``, ``total_high``; ``drop`` (of the R^2 on
            trials not seen, when it is shuffled), ``drop_low``, ``drop_high``.
        pairs: A row per pair, the strongest first: ``name``, ``other``, ``share`` (of the variance
            that their interaction explains), ``low``, ``high``.
        r2: Out of bag: 1 where the forest predicts trials that it has not seen exactly, 0 or less
            where it knows nothing.
        trials: How many it was fitted to.
    """

    effects: pd.DataFrame
    pairs: pd.DataFrame
    r2: float
    trials: int


def forest_importance(
    inputs: pd.DataFrame,
    costs: Sequence[float] | Floats,
    *,
    options: Mapping[str, int] | None = None,
    ranks: bool = True,
    trees: int = 64,
    level: float = 0.9,
    seed: int = 0,
) -> Importance:
    """Return how much each hyperparameter matters.

    Args:
        inputs: A row per trial and a column per hyperparameter: the position of a number in its
            domain, from 0 to 1 on the declared scale, or of an option among the options; NaN where
            the trial does not have it.
        costs: What each trial reached; lower is better. Infinite for one that diverged.
        options: How many options there are, of the columns that are choices.
        ranks: Whether costs are replaced by their ranks, so that a few huge values do not decide.
            Needed where one is infinite.
        trees: Of the forest, 32 or more.
        level: Of the intervals. Those of ``main``, ``total`` and pairs hold this share of the
            trees, each of which was grown on its own resample of the trials: rather too wide.
            Those of ``drop`` hold this share of folds and shuffles.
        seed: Of the forest, the shuffles and the values of absent hyperparameters.

    Raises:
        NoResultError: There are fewer than `FEWEST_TRIALS` trials, or no hyperparameters.
        SpecError: Costs and inputs differ in number, a cost is NaN, or infinite without ranks, or
            there are too few trees.
    """
    given = np.asarray(costs, dtype=float)
    _check(inputs, given, ranks)
    if trees < _FEWEST_TREES:
        raise SpecError(f"a forest has at least {_FEWEST_TREES} trees, got {trees}")
    chance = np.random.default_rng(seed)
    if len(given) > _MOST_TRIALS:
        kept = np.sort(chance.choice(len(given), _MOST_TRIALS, replace=False))
        inputs, given = inputs.iloc[kept], given[kept]
    cells = [(options or {}).get(name, _CELLS) for name in inputs.columns]
    codes = _codes(inputs, cells, options or {}, chance)
    target = stats.rankdata(given) / len(given) if ranks else given
    forest = _forest(trees, seed)
    if np.ptp(target) > 0:
        forest.set_params(oob_score=True).fit(codes, target)
    else:
        forest.fit(codes, target)
    main, pairs = _effects(forest, cells)
    drops = _drops(codes, target, trees, seed)
    frame = _effects_frame(list(inputs.columns), main, pairs, drops, level)
    return Importance(
        effects=frame,
        pairs=_pairs_frame(list(inputs.columns), pairs, level),
        r2=float(getattr(forest, "oob_score_", math.nan)),
        trials=len(given),
    )


def _check(inputs: pd.DataFrame, costs: Floats, ranks: bool) -> None:
    if len(inputs) != len(costs):
        raise SpecError(f"there is a cost per trial, got {len(costs)} for {len(inputs)} trials")
    if np.isnan(costs).any() or not (ranks or np.isfinite(costs).all()):
        raise SpecError("a cost is a number, and finite without ranks=True; leave that trial out")
    if len(costs) < FEWEST_TRIALS or not len(inputs.columns):
        raise NoResultError(
            f"importance takes at least {FEWEST_TRIALS} trials and a hyperparameter, got "
            f"{len(costs)} and {len(inputs.columns)}"
        )


def _forest(trees: int, seed: int) -> RandomForestRegressor:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(
        n_estimators=trees, min_samples_leaf=_LEAF, random_state=seed, n_jobs=1
    )


def _codes(
    inputs: pd.DataFrame,
    cells: Sequence[int],
    options: Mapping[str, int],
    chance: np.random.Generator,
) -> Floats:
    """Return the cell of each trial in each input, (n, d); a random one where it has none."""
    columns = []
    for name, count in zip(inputs.columns, cells, strict=True):
        positions = inputs[name].to_numpy(float)
        absent = np.isnan(positions)
        anywhere = chance.integers(count, size=len(positions))
        scaled = positions if name in options else positions * count
        within = np.floor(np.where(absent, 0.0, scaled)).clip(0, count - 1)
        columns.append(np.where(absent, anywhere, within))
    return np.stack(columns, axis=1).astype(float)


def _effects(forest: RandomForestRegressor, cells: Sequence[int]) -> tuple[Floats, Floats]:
    """Return the shares of each tree that is not constant, (trees, d) and (trees, d, d)."""
    found = (variance_shares(*leaf_boxes(tree.tree_, cells), cells) for tree in forest.estimators_)
    shares = [each for each in found if each is not None]
    d = len(cells)
    if not shares:
        return np.zeros((1, d)), np.zeros((1, d, d))
    return np.stack([main for main, _ in shares]), np.stack([pairs for _, pairs in shares])


def _drops(codes: Floats, target: Floats, trees: int, seed: int) -> Floats:
    """Return how much R^2 each input was worth on trials held out, (folds * shuffles, d)."""
    from sklearn.model_selection import KFold

    if not np.ptp(target) > 0:
        return np.zeros((1, codes.shape[1]))
    found = []
    for train, test in KFold(_FOLDS, shuffle=True, random_state=seed).split(codes):
        forest = _forest(trees // 2, seed).fit(codes[train], target[train])
        shuffled = _shuffled(codes[test], seed)
        # One call for all of them: a forest takes milliseconds for a call, however few the rows.
        told = forest.predict(shuffled.reshape(-1, codes.shape[1])).reshape(shuffled.shape[:-1])
        error = np.mean((forest.predict(codes[test]) - target[test]) ** 2)
        errors = np.mean((told - target[test]) ** 2, axis=-1)
        found.append((errors - error) / np.var(target))
    return np.concatenate(found)


def _shuffled(codes: Floats, seed: int) -> Floats:
    """Return trials with one input shuffled at a time, by shuffle and input, (shuffles, d, n, d).

    The shuffles are those of scikit-learn's ``permutation_importance``.
    """
    n, d = codes.shape
    chance = np.random.RandomState(np.random.RandomState(seed).randint(2**31))
    order = drawn = np.arange(n)
    found = np.tile(codes, (_SHUFFLES, d, 1, 1))
    for each in found:
        drawn = chance.permutation(drawn)
        order = order[drawn]
        for column in range(d):
            each[column, :, column] = codes[order, column]
    return found


def _effects_frame(
    names: Sequence[str], main: Floats, pairs: Floats, drops: Floats, level: float
) -> pd.DataFrame:
    columns: dict[str, object] = {"name": list(names)}
    samples = {"main": main, "total": main + pairs.sum(axis=2), "drop": drops}
    for name, sample in samples.items():
        low, high = _ends(sample, level)
        columns |= {name: sample.mean(axis=0), f"{name}_low": low, f"{name}_high": high}
    frame = pd.DataFrame(columns)
    return frame.sort_values("total", ascending=False, kind="stable", ignore_index=True)


def _pairs_frame(names: Sequence[str], pairs: Floats, level: float) -> pd.DataFrame:
    low, high = _ends(pairs, level)
    mean = pairs.mean(axis=0)
    rows = [
        (names[p], names[q], mean[p, q], low[p, q], high[p, q])
        for p, q in combinations(range(len(names)), 2)
    ]
    frame = pd.DataFrame(rows, columns=["name", "other", "share", "low", "high"])
    return frame.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def _ends(sample: Floats, level: float) -> tuple[Floats, Floats]:
    low, high = np.quantile(sample, ((1 - level) / 2, (1 + level) / 2), axis=0)
    return low, high
