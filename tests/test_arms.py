"""The spelling of choices and arms: a table of spellings, what is refused, and the round trip."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.arms import Arm, Choice, parse_arm, parse_choice
from tuner.errors import SpecError

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=6)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True)
KEYWORDS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
CHOICES = st.builds(Choice, NAMES, st.dictionaries(KEYWORDS, VALUES, max_size=3))


@pytest.mark.parametrize(
    ("spelled", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("0.25", 0.25),
        ("1e-3", 0.001),
        ("1e+3", 1000.0),
        ("+2", 2),
        (".5", 0.5),
        ("inf", math.inf),
        ("-inf", -math.inf),
        ("true", True),
        ("False", False),
        ("none", None),
        ("tpe", "tpe"),
        ("500epochs", "500epochs"),
        ("model/lr", "model/lr"),
        ("'a, b'", "a, b"),
        ('"a+b"', "a+b"),
        ('"1"', "1"),
        (r"'it\'s'", "it's"),
        ("'say \"hi\"'", 'say "hi"'),
        (r'"a\nb"', "a\nb"),
        ("[]", []),
        ("[1,2]", [1, 2]),
        ("[ 1 , [a, 'b,]'] ]", [1, ["a", "b,]"]]),
    ],
)
def test_a_value_is_read_with_its_type(spelled: str, value: object) -> None:
    read = parse_choice(f"x:k={spelled}").options["k"]
    assert read == value
    assert type(read) is type(value)


def test_whitespace_is_tolerated() -> None:
    choice = parse_choice("  asha : reduction_factor = 3 ,\tgrace_period = 1 ")
    assert choice == Choice("asha", {"grace_period": 1, "reduction_factor": 3})


def test_keywords_are_spelled_in_order() -> None:
    choice = Choice("asha", {"reduction_factor": 3, "grace_period": 1})
    assert str(choice) == "asha:grace_period=1,reduction_factor=3"


def test_a_choice_without_options_is_its_name() -> None:
    assert str(Choice("fifo")) == "fifo"
    assert parse_choice("fifo").options == {}


@pytest.mark.parametrize(
    ("text", "scheduler", "searcher"),
    [
        ("pbt", Choice("pbt"), None),
        ("asha+hyperopt", Choice("asha"), Choice("hyperopt")),
        ("asha : k=3 + optuna : n=5", Choice("asha", {"k": 3}), Choice("optuna", {"n": 5})),
        ("asha:k=1e+3+random", Choice("asha", {"k": 1000.0}), Choice("random")),
        ("asha:k=+.5+random", Choice("asha", {"k": 0.5}), Choice("random")),
        ("asha:k='a+b'+random", Choice("asha", {"k": "a+b"}), Choice("random")),
        ("asha:k=[a+b]+random", None, None),
    ],
)
def test_only_a_separating_plus_splits_an_arm(
    text: str, scheduler: Choice | None, searcher: Choice | None
) -> None:
    if scheduler is None:
        with pytest.raises(SpecError, match="bare value"):
            parse_arm(text)
    else:
        assert parse_arm(text) == Arm(scheduler, searcher)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "name is empty"),
        ("  ", "name is empty"),
        (":k=1", "name is empty"),
        ("3asha", "a name is a letter"),
        ("as ha", "a name is a letter"),
        ("asha:", "keyword=value"),
        ("asha:k", "keyword=value"),
        ("asha:k=1,", "keyword=value"),
        ("asha:=1", "a keyword is a letter"),
        ("asha:k-l=1", "a keyword is a letter"),
        ("asha:k=", "value is missing"),
        ("asha:k=[1,,2]", "value is missing"),
        ("asha:k=1,k=2", "'k' is given twice"),
        ("asha:k=[1,2", "never closed"),
        ("asha:k=1]", "closes no"),
        ("asha:k='a", "never closed"),
        ("asha:k=a b", "bare value"),
        ("asha:k=a=b", "bare value"),
        (r"asha:k='\q'", "escapes"),
    ],
)
def test_a_malformed_choice_is_refused(text: str, rule: str) -> None:
    with pytest.raises(SpecError, match=rule):
        parse_choice(text)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("asha+", "name is empty"),
        ("+random", "name is empty"),
        ("a+b+c", "at most two parts"),
    ],
)
def test_a_malformed_arm_is_refused(text: str, rule: str) -> None:
    with pytest.raises(SpecError, match=rule):
        parse_arm(text)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("", {}),
        ("a:b", {}),
        ("a", {"k l": 1}),
        ("a", {"k": {}}),
        ("a", {"k": [object()]}),
    ],
)
def test_a_choice_that_cannot_be_spelled_is_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        Choice(name, options)


def test_a_choice_keeps_a_copy_of_its_options() -> None:
    options: dict[str, Any] = {"k": 1}
    choice = Choice("asha", options)
    options["k"] = 2
    assert choice.options == {"k": 1}


def test_choices_are_equal_when_they_are_spelled_alike() -> None:
    assert Choice("a", {"k": math.nan}) == Choice("a", {"k": math.nan})
    assert Choice("a", {"k": 1}) != Choice("a", {"k": 1.0})
    assert Choice("a") != "a"
    assert len({Choice("a", {"k": [1]}), Choice("a", {"k": [1]}), Choice("b")}) == 2


def test_a_number_of_numpy_is_spelled_as_a_number() -> None:
    assert str(Choice("a", {"k": np.float64(0.5)})) == "a:k=0.5"


@given(CHOICES)
def test_a_choice_round_trips(choice: Choice) -> None:
    assert parse_choice(str(choice)) == choice


@given(CHOICES, st.none() | CHOICES)
def test_an_arm_round_trips(scheduler: Choice, searcher: Choice | None) -> None:
    arm = Arm(scheduler, searcher)
    assert parse_arm(str(arm)) == arm
    assert pickle.loads(pickle.dumps(arm)) == copy.deepcopy(arm) == arm


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        arm = parse_arm(text)
    except SpecError:
        return
    assert parse_arm(str(arm)) == arm
