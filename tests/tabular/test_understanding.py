"""What a table asks for: the task, its targets, and what is said of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tuner.errors import SpecError
from tuner.tabular.tasks import as_targets, find_task
from tuner.tabular.understanding import understand


@pytest.mark.parametrize(
    ("target", "task"),
    [
        (["a", "b", None], "classification"),
        ([True, False], "classification"),
        ([0, 1, 2], "classification"),
        ([0.0, 1.0, None], "classification"),  # whole numbers with a gap
        ([0.5, 1.0], "regression"),
        (list(range(21)), "regression"),
    ],
)
def test_the_task_follows_from_the_target(target: list[object], task: str) -> None:
    assert find_task(pd.Series(target, name="y"))[0] == task


def test_what_is_found_and_left_out_is_said(flowers: pd.DataFrame) -> None:
    flowers.loc[[1, 2], "kind"] = None
    found = understand(flowers, "kind")
    assert found.task == "classification"
    assert list(found.columns) == ["length", "petals", "wild", "seen", "place"]
    assert found.remarks == (
        "classification: 'kind' is no number",
        "2 rows without 'kind' left out",
        "column 'row' left out: it tells rows apart, like an id",
        "column 'country' left out: its only value is here",
    )
    assert understand(flowers, "petals", "regression").remarks[0] == "regression: as asked"


def test_labels_are_kept_as_they_stand() -> None:
    targets = as_targets(pd.Series([2.0, 1.0, 2.0, 1.0]), "classification", at_least=2)
    assert targets.classes == (1, 2)
    assert targets.numbers.tolist() == [1, 0, 1, 0]
    texts = as_targets(pd.Series(["no", "yes", "no"]), "classification", at_least=1)
    assert (texts.classes, texts.numbers.tolist()) == (("no", "yes"), [0, 1, 0])
    values = as_targets(pd.Series([1, 5]), "regression", at_least=2)
    assert (values.classes, values.numbers.tolist()) == ((), [1.0, 5.0])


def test_a_target_that_cannot_be_learned_is_refused(flowers: pd.DataFrame) -> None:
    with pytest.raises(SpecError, match=r"a column of the table, got 'kinds'.*mean 'kind'"):
        understand(flowers, "kinds")
    with pytest.raises(SpecError, match=r"unknown task 'classify'.*mean 'classification'"):
        understand(flowers, "kind", "classify")
    with pytest.raises(SpecError, match="'y' is missing in all 2"):
        understand(pd.DataFrame({"x": [1, 2], "y": [np.nan, np.nan]}), "y")
    with pytest.raises(SpecError, match="at least 2 classes, and 'y' has only 'a'"):
        as_targets(pd.Series(["a", "a"], name="y"), "classification", at_least=1)
    with pytest.raises(SpecError, match=r"at least 3, and 'b' has 2; .*--folds"):
        as_targets(pd.Series(["a"] * 3 + ["b"] * 2, name="y"), "classification", at_least=3)
    with pytest.raises(SpecError, match="is a number, and 'y' is not"):
        as_targets(pd.Series(["a", "b"], name="y"), "regression", at_least=1)
    with pytest.raises(SpecError, match="'y' has an infinite value"):
        as_targets(pd.Series([1.0, np.inf], name="y"), "regression", at_least=1)
    with pytest.raises(SpecError, match="'y' has 2 rows and 1 value"):
        as_targets(pd.Series([1.0, 1.0], name="y"), "regression", at_least=1)
