"""How an arm is spelled, with a label and options of its own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.arms import Arm, Choice, parse_choice
from tuner.comparison.contestants import Contestant, parse_contestant, parse_contestants
from tuner.errors import SpecError


@pytest.mark.parametrize(
    ("given", "label", "arm", "options"),
    [
        ("fifo+random", "fifo+random", "fifo+random", {}),
        ("asha:reduction_factor=3+random", "asha:reduction_factor=3+random",
         "asha:reduction_factor=3+random", {}),
        ("fast=asha:reduction_factor=3+random", "fast", "asha:reduction_factor=3+random", {}),
        ("two words = fifo", "two words", "fifo", {}),
        ("pop=pbt+random@num_samples=16,max_t=9", "pop", "pbt+random",
         {"num_samples": 16, "max_t": 9}),
        ("pbt+random@num_samples=16", "pbt+random@num_samples=16", "pbt+random",
         {"num_samples": 16}),
        ('fifo:note="a@b"', "fifo:note=a@b", "fifo:note=a@b", {}),
        ('fifo:note="a@b=c"', 'fifo:note="a@b=c"', 'fifo:note="a@b=c"', {}),
        ({"arm": "pbt+random", "num_samples": 4}, "pbt+random@num_samples=4", "pbt+random",
         {"num_samples": 4}),
        ({"arm": "fifo", "label": "plain"}, "plain", "fifo", {}),
    ],
)  # fmt: skip
def test_it_reads(given: Any, label: str, arm: str, options: dict[str, Any]) -> None:
    read = parse_contestant(given)
    assert (read.label, str(read.arm), read.options) == (label, arm, options)
    assert parse_contestant(read.to_json()) == read


@given(
    st.sampled_from(["fifo", "asha:reduction_factor=3", 'fifo:a="x@y=z"']),
    st.sampled_from([None, "random", "optuna:sampler=tpe"]),
    st.dictionaries(st.sampled_from(["num_samples", "max_t"]), st.integers(1, 99)),
)
def test_its_spelling_gives_it_back(scheduler: str, searcher: str | None, options: Any) -> None:
    arm = Arm(parse_choice(scheduler), None if searcher is None else parse_choice(searcher))
    contestant = Contestant("a", arm, options)
    again = parse_contestant(f"a={contestant}")
    assert again == contestant


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("fifo+random@seed=3", "cannot set seed: all arms run with the same seeds"),
        ("fifo+random@num_sample=3", "no option 'num_sample'; did you mean 'num_samples'"),
        ({"label": "x"}, "has the key 'arm'"),
        ("fifo+random@", "a name is a letter"),
        (7, "an arm is spelled like"),
        ({"arm": "fifo", "resources": {"cpu": float("inf")}}, "are plain values"),
    ],
)
def test_what_cannot_be_read_is_refused(given: Any, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        parse_contestant(given)


def test_labels_are_unique() -> None:
    with pytest.raises(SpecError, match="got 'fifo' 2 times; write label=arm"):
        parse_contestants(["fifo", {"arm": "asha", "label": "fifo"}])
    assert [each.label for each in parse_contestants(["a=fifo", "b=fifo"])] == ["a", "b"]


def test_there_is_at_least_one() -> None:
    with pytest.raises(SpecError, match="at least one arm, got none"):
        parse_contestants([])
    assert parse_contestants("fifo+random") == (
        Contestant("fifo+random", Arm(Choice("fifo"), Choice("random"))),
    )
