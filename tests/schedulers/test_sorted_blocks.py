from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.schedulers import sorted_blocks
from tuner.schedulers.sorted_blocks import SortedBlocks, doubles


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorted_blocks, "_LENGTH", 2)


@given(
    start=st.lists(st.integers(0, 9)),
    steps=st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=60),
)
@pytest.mark.parametrize("make_block", [doubles, list])
def test_it_is_a_sorted_list(
    make_block: type, start: list[int], steps: list[tuple[bool, int]]
) -> None:
    values, plain = SortedBlocks(start, make_block), sorted(start)
    for adds, value in steps:
        if adds or value not in plain:
            values.add(value)
            plain = sorted([*plain, value])
        else:
            values.remove(value)
            plain.remove(value)
        assert list(values) == plain
        assert len(values) == len(plain)
        assert [values[place] for place in range(len(plain))] == plain
        assert [values[place] for place in range(-len(plain), 0)] == plain
        assert values.index(value) == sum(other < value for other in plain)


def test_what_is_not_there_is_refused() -> None:
    values = SortedBlocks([1.0, 2.0, 2.0, 5.0, 7.0], doubles)
    for absent in (0.0, 3.0, 9.0):
        with pytest.raises(ValueError, match="is not there"):
            values.remove(absent)
    for beyond in (5, -6):
        with pytest.raises(IndexError):
            values[beyond]
    assert list(values) == [1.0, 2.0, 2.0, 5.0, 7.0]
    with pytest.raises(ValueError, match="is not there"):
        SortedBlocks[float]().remove(1.0)


def test_blocks_stay_short_and_none_is_empty() -> None:
    rng, values = random.Random(0), SortedBlocks[float](make_block=doubles)
    for _ in range(500):
        values.add(rng.random())
    assert max(map(len, values._blocks)) <= 4
    for value in list(values)[::-1]:
        values.remove(value)
        assert all(values._blocks)
    assert len(values) == 0
