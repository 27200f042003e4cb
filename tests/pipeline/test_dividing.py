"""The rule that divides a budget: by hand, by law, and what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tuner.budgets import Budget, parse_budget
from tuner.errors import SpecError
from tuner.pipeline.dividing import (
    FEWEST_TRIALS,
    MOST_ROUNDS,
    TRIALS_OF_A_ROUND,
    Division,
    Wanted,
    amount_text,
    divide,
)

MAX_T = 9


def trials(text: str, **wanted: object) -> Division:
    return divide(parse_budget(text), float, Wanted(**wanted))  # type: ignore[arg-type]


def epochs(text: str, **wanted: object) -> Division:
    cost = lambda trainings: float(MAX_T * trainings)  # noqa: E731
    return divide(parse_budget(text), cost, Wanted(**wanted))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "explore", "rounds", "seeds"),
    [
        # 200 - 1 (refit) = 199; a tenth of it, 19.9, pays for 9 seeds of 2 trainings = 18;
        # of the other 181 refine gets half, 90.5: 3 rounds of 30, and explore the other 91.
        ("200trials", 91, (30, 30, 30), 9),
        # 99 - 2 x 4 = 91; half of it is 45.5: one round of at least 25.
        ("100trials", 46, (45,), 4),
        # 39 - 2 x 3 = 33; no round of 25 fits into 16.5.
        ("40trials", 33, (), 3),
        # The smallest: 10 to explore, 3 pairs, a refit.
        ("17trials", 10, (), 3),
        # No more than 10 seeds and 3 rounds.
        ("1000trials", 490, (163, 163, 163), 10),
    ],
)
def test_by_hand(text: str, explore: int, rounds: tuple[int, ...], seeds: int) -> None:
    found = trials(text)

    assert (found.explore, found.rounds) == (explore, rounds)
    assert (found.seeds, found.adopt) == (seeds, 2 * seeds)
    assert found.finalize == 1


def test_the_same_rule_in_epochs() -> None:
    """1800 - 9 = 1791; 179.1 of it pays for 9 seeds of 18 = 162; 814.5 each, rounds of 271.5."""
    found = epochs("1800epochs")

    assert (found.finalize, found.adopt, found.seeds) == (9, 162, 9)
    assert found.rounds == (271.5,) * 3
    assert found.explore == 814.5


def test_what_is_asked_for_is_given() -> None:
    found = trials("100trials", rounds=2, seeds=5, folds=2, final=6)

    assert (found.adopt, found.finalize) == (20, 6)  # 2 configurations x 5 seeds x 2 folds
    assert found.rounds == (18, 18)  # half of 74 is 37
    assert found.explore == 38


def test_weights_share_what_is_left() -> None:
    """99 - 6 = 93, of which refine gets three quarters."""
    found = trials("100trials", rounds=1, weights={"explore": 1, "refine": 3, "adopt": 0.1})

    assert (found.seeds, found.explore, found.rounds) == (3, 24, (69,))


def test_a_weight_of_0_leaves_a_step_out() -> None:
    found = trials("50trials", weights={"refine": 0, "adopt": 0})

    assert (found.explore, found.rounds, found.seeds, found.adopt) == (49, (), 0, 0)


def test_a_small_budget_keeps_the_exploration_whole() -> None:
    found = trials("37trials", rounds=2, seeds=3, weights={"refine": 1000})

    assert (found.explore, found.rounds) == (10, (10, 10))


@pytest.mark.parametrize(
    ("text", "wanted", "smallest"),
    [
        ("16 trials", {}, "17 trials"),
        ("26 trials", {"rounds": 1}, "27 trials"),
        ("30 trials", {"folds": 5, "final": 15}, "35 trials"),
        ("12 trials", {"weights": {"adopt": 0}, "rounds": 1, "final": 0}, "20 trials"),
    ],
)
def test_too_small_a_budget_says_what_is_enough(
    text: str, wanted: dict[str, object], smallest: str
) -> None:
    with pytest.raises(SpecError, match=f"at least {smallest}, got a budget of {text}"):
        trials(text, **wanted)
    assert trials(smallest, **wanted).explore >= FEWEST_TRIALS


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"weights": {"audit": 1}}, "weights are of steps, got 'audit'"),
        ({"weights": {"explore": 0}}, "the weight of explore is a number above 0"),
        ({"weights": {"adopt": -1}}, "the weight of adopt is a number at least 0"),
        ({"weights": {"adopt": 0}, "seeds": 3}, "leaves adopt out, got seeds=3"),
        ({"weights": {"refine": 0}, "rounds": 1}, "leaves refine out, got rounds=1"),
        ({"rounds": -1}, "rounds must be a whole number >= 0"),
        ({"seeds": 0}, "seeds must be a whole number >= 1"),
        ({"folds": 1}, "folds must be a whole number >= 2"),
    ],
)
def test_what_is_refused(wanted: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        trials("200trials", **wanted)


@pytest.mark.parametrize(
    ("text", "wanted", "enough"),
    [
        # A round of 25 is half of the 50 that are searched with, beside 3 pairs and a refit.
        ("22trials", {}, 57),
        ("56trials", {}, 57),
        ("40trials", {"weights": {"refine": 90}}, 45),  # 25 x 135 / 90 = 37.5
        ("40trials", {"seeds": 5, "final": 0}, 60),
        ("40trials", {"rounds": 0}, 0),
        ("40trials", {"weights": {"refine": 0}}, 0),
    ],
)
def test_without_a_round_it_says_what_pays_for_one(
    text: str, wanted: dict[str, object], enough: float
) -> None:
    found = trials(text, **wanted)

    assert (found.rounds, found.for_a_round) == ((), enough)
    if enough:
        assert f"a budget of {enough} trials would" in found.why_no_rounds
        assert len(trials(f"{enough}trials", **wanted).rounds) == 1
    else:
        assert found.why_no_rounds == "no rounds are wanted"


@given(
    amount=st.integers(1, 5000),
    unit=st.sampled_from(["trials", "epochs"]),
    rounds=st.none() | st.integers(0, 5),
    seeds=st.none() | st.integers(1, 12),
    folds=st.none() | st.integers(2, 6),
    final=st.integers(0, 20),
    refine=st.floats(0.01, 100),
    adopt=st.floats(0.01, 100),
)
def test_the_laws(
    amount: int,
    unit: str,
    rounds: int | None,
    seeds: int | None,
    folds: int | None,
    final: int,
    refine: float,
    adopt: float,
) -> None:
    """Nothing is lost or spent twice, and no sweep is too small to be of use."""
    per = 1 if unit == "trials" else MAX_T
    wanted = Wanted(rounds, seeds, folds, final, {"refine": refine, "adopt": adopt})
    try:
        found = divide(Budget(amount, unit), lambda n: float(per * n), wanted)  # type: ignore[arg-type]
    except SpecError:
        pairs = 2 * (folds or 1) * (seeds or (1 if folds else 3))
        assert amount < per * (final + pairs + FEWEST_TRIALS * (1 + (rounds or 0)))
        assume(False)
    parts = [found.explore, *found.rounds, found.adopt, found.finalize]
    assert sum(parts) == pytest.approx(amount)
    assert found.explore >= FEWEST_TRIALS * per - 1e-9
    assert all(part >= FEWEST_TRIALS * per - 1e-9 for part in found.rounds)
    assert found.adopt == per * 2 * (folds or 1) * found.seeds
    if rounds is None:
        assert len(found.rounds) <= MOST_ROUNDS
        assert all(part >= TRIALS_OF_A_ROUND * per - 1e-9 for part in found.rounds)
    else:
        assert len(found.rounds) == rounds
    if unit == "trials":
        assert all(part == int(part) for part in parts)
    assert Division.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("amount", "unit", "told"),
    [(1, "trials", "1 trial"), (30.4, "epochs", "30 epochs"), (90, "seconds", "1m 30s"),
     (7200, "gpu_seconds", "2h 00m on GPUs")],
)  # fmt: skip
def test_an_amount_as_a_person_says_it(amount: float, unit: str, told: str) -> None:
    assert amount_text(amount, unit) == told  # type: ignore[arg-type]
