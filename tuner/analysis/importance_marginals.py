"""Functional ANOVA of one regression tree over a grid of cells: main and pairwise effects.

Follows Hutter, Hoos and Leyton-Brown (2014), "An Efficient Approach for Assessing Hyperparameter
Importance", ICML, algorithm 2. Each input is divided into cells of equal weight before the tree is
grown, so that every split lies between two cells and all trees share one grid; the marginals are
then products of small matrices, and exact for the tree.

Notation: L leaves, d inputs, k_p cells of input p.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["leaf_boxes", "variance_shares"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def leaf_boxes(tree: Any, cells: Sequence[int]) -> tuple[Ints, Ints, Floats]:
    """Return the boxes of cells that a tree's leaves cover, and what each of them predicts.

    Args:
        tree: The ``tree_`` of a fitted scikit-learn regressor whose inputs are numbers of cells.
        cells: How many cells each input has, (d,).

    Returns:
        The first cell of each leaf (L, d), the first beyond it (L, d), and its value (L,).
    """
    lows = np.zeros((tree.node_count, len(cells)), dtype=np.int64)
    highs = np.tile(np.asarray(cells, dtype=np.int64), (tree.node_count, 1))
    inner = np.flatnonzero(tree.children_left >= 0)
    splits = np.floor(tree.threshold).astype(np.int64) + 1  # the first cell at the right
    for node in inner:  # a parent stands before its children
        left, right = tree.children_left[node], tree.children_right[node]
        feature = tree.feature[node]
        lows[[left, right]], highs[[left, right]] = lows[node], highs[node]
        highs[left, feature] = lows[right, feature] = splits[node]
    leaves = np.flatnonzero(tree.children_left < 0)
    return lows[leaves], highs[leaves], tree.value[leaves].reshape(-1)


def variance_shares(
    lows: Ints, highs: Ints, values: Floats, cells: Sequence[int]
) -> tuple[Floats, Floats] | None:
    """Return the shares of a tree's variance that inputs explain alone and in pairs.

    Args:
        lows: As `leaf_boxes` returns them, and so are ``highs`` and ``values``.
        highs: The first cells beyond.
        values: Of the leaves.
        cells: How many cells each input has, (d,).

    Returns:
        Main effects, (d,), and interactions of pairs, symmetric with zeros on the diagonal,
        (d, d), as shares of the variance over the whole grid; None of a tree that is constant.
    """
    coverage = (highs - lows) / np.asarray(cells)  # c_p of each leaf, (L, d)
    volumes = coverage.prod(axis=1)
    mean = float(values @ volumes)
    weighted = (values - mean) * volumes
    total = float(weighted @ (values - mean))
    if not total > 1e-12 * (1 + mean * mean):
        return None
    inside = [
        ((lows[:, [p]] <= np.arange(count)) & (np.arange(count) < highs[:, [p]])).astype(float)
        for p, count in enumerate(cells)
    ]
    main = np.array(
        [
            np.mean((inside[p].T @ (weighted / coverage[:, p])) ** 2) / total
            for p in range(len(cells))
        ]
    )
    pairs = np.zeros((len(cells), len(cells)))
    for p, q in combinations(range(len(cells)), 2):
        scaled = (weighted / (coverage[:, p] * coverage[:, q]))[:, None]
        both = np.mean((inside[p].T @ (scaled * inside[q])) ** 2) / total
        pairs[p, q] = pairs[q, p] = max(0.0, both - main[p] - main[q])
    return main, pairs
