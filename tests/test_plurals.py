"""Numbers with their nouns."""

from __future__ import annotations

import pytest

from tuner.plurals import counted


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 epochs"), (1, "1 epoch"), (1.0, "1 epoch"), (1.5, "1.5 epochs"), (2, "2 epochs"),
     (10_000, "10,000 epochs"), (123_456_789, "123,456,789 epochs")],
)  # fmt: skip
def test_one_has_no_plural(number: float, text: str) -> None:
    assert counted(number, "epoch") == text
