"""Constraints between hyperparameters: what a function may answer, and what it is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tuner.errors import SpaceError
from tuner.space import is_feasible

CONFIG = {"lr": 0.1, "model": {"layers": [1, 2]}}


def test_without_a_constraint_everything_is_feasible() -> None:
    assert is_feasible(None, CONFIG)


@pytest.mark.parametrize("answer", [True, False, np.True_, np.False_])
def test_the_answer_is_a_boolean(answer: Any) -> None:
    found = is_feasible(lambda config: answer, CONFIG)
    assert found is bool(answer)


@pytest.mark.parametrize("answer", [None, 1, 0.0, "yes", np.array([True])])
def test_any_other_answer_is_refused(answer: Any) -> None:
    with pytest.raises(SpaceError, match=r"must return True \(feasible\) or False, but it"):
        is_feasible(lambda config: answer, CONFIG)


def test_a_constraint_that_raises_is_shown_with_its_configuration() -> None:
    with pytest.raises(SpaceError, match=r"raised KeyError: 'momentum' at \{'lr': 0.1") as refusal:
        is_feasible(lambda config: config["momentum"] > 0, CONFIG)
    assert isinstance(refusal.value.__cause__, KeyError)


def test_a_constraint_is_shown_a_copy() -> None:
    def meddle(config: dict[str, Any]) -> bool:
        config["model"]["layers"].append(3)
        return True

    assert is_feasible(meddle, CONFIG)
    assert CONFIG["model"] == {"layers": [1, 2]}
