from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.store.attempts import surviving

SCHEMA = pa.schema(
    {
        "trial_id": pa.string(),
        "attempt": pa.int32(),
        "training_iteration": pa.int64(),
        "values": pa.list_(pa.float64()),
    }
)
Key = tuple[Any, Any, Any]


def survivors(keys: list[Key]) -> list[Key]:
    rows = [dict(zip(SCHEMA.names, (*key, [1.0]), strict=True)) for key in keys]
    table = surviving(pa.Table.from_pylist(rows, schema=SCHEMA))
    assert table.schema == SCHEMA
    return list(zip(*(table[name].to_pylist() for name in SCHEMA.names[:3]), strict=True))


def of(trial_id: str, attempt: int, *iterations: int) -> list[Key]:
    return [(trial_id, attempt, iteration) for iteration in iterations]


@pytest.mark.parametrize(
    ("keys", "gone"),
    [
        ([], []),
        (of("a", 1, 1, 2, 3), []),
        # from the checkpoint of iteration 2
        (of("a", 1, 1, 2, 3, 4) + of("a", 2, 3, 4, 5), of("a", 1, 3, 4)),
        # from the start, and not as far as before: what lies beyond is left behind
        (of("a", 1, 1, 2, 3) + of("a", 2, 1), of("a", 1, 1, 2, 3)),
        # nothing was lost
        (of("a", 1, 1, 2) + of("a", 2, 3), []),
        # the third goes back further than the second
        (
            of("a", 1, 1, 2, 3) + of("a", 2, 3, 4) + of("a", 3, 2),
            of("a", 1, 2, 3) + of("a", 2, 3, 4),
        ),
        # the second goes back further than the third
        (of("a", 1, 1, 2, 3) + of("a", 2, 2, 3) + of("a", 3, 3), of("a", 1, 2, 3) + of("a", 2, 3)),
        # trials do not concern each other, nor does the order of rows
        (of("b", 2, 1) + of("a", 1, 1, 2) + of("b", 1, 1, 2), of("b", 1, 1, 2)),
        # an attempt may have reported nothing
        (of("a", 1, 1, 2) + of("a", 3, 2), of("a", 1, 2)),
        ([("a", None, 1), ("a", 2, 1), ("a", 1, None), ("a", 1, 1)], of("a", 1, 1)),
        ([(None, 1, 1), (None, 2, 1)], []),
    ],
)
def test_what_a_later_attempt_repeats_or_leaves_behind_is_gone(
    keys: list[Key], gone: list[Key]
) -> None:
    assert survivors(keys) == [key for key in keys if key not in gone]


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(1, 4), st.integers(1, 5)),
        unique=True,
        max_size=20,
    )
)
def test_the_rule_as_it_is_written(keys: list[Key]) -> None:
    assert survivors(keys) == [
        (trial_id, attempt, iteration)
        for trial_id, attempt, iteration in keys
        if not any(
            other == trial_id and later > attempt and first <= iteration
            for other, later, first in keys
        )
    ]
