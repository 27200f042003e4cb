"""The dominated volume: by hand, and against counting cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.analysis.hypervolume import hypervolumes


def test_two_objectives_by_hand() -> None:
    costs = np.array([[3.0, 3.0], [1.0, 2.0], [2.0, 2.0], [np.inf, 0.0], [2.0, 1.0]])
    places, volumes = hypervolumes(costs)
    # The worst point is (3, 3): (1, 2) adds 2 x 1, (2, 1) adds 1 x 1; (2, 2) is dominated.
    assert places.tolist() == [0, 1, 4]
    assert volumes.tolist() == [0.0, 2.0, 3.0]


@given(
    st.integers(2, 4).flatmap(
        lambda m: st.lists(st.tuples(*[st.integers(0, 5)] * m), min_size=1, max_size=12)
    )
)
def test_the_volume_is_the_number_of_dominated_cells(points: list[tuple[int, ...]]) -> None:
    costs = np.array(points, dtype=float)
    cells = np.stack(np.meshgrid(*[np.arange(6)] * costs.shape[1]), axis=-1)
    dominated = (costs[:, *[None] * costs.shape[1], :] <= cells).all(axis=-1).any(axis=0)
    inside = (cells < costs.max(axis=0)).all(axis=-1)
    assert hypervolumes(costs)[1][-1] == pytest.approx((dominated & inside).sum())
