from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tuner.runtime.turns import Turns, Waiting

LARGE, SMALL = Waiting("large", 1.0), [Waiting(f"s{n}", 0.25) for n in range(40)]


def test_a_trial_is_due_once_it_was_overtaken_so_often() -> None:
    turns = Turns(patience=3)
    for small in SMALL[:3]:
        assert turns.due([LARGE, small]) is None
        turns.served(small, [LARGE, small])
    assert turns.due([LARGE, SMALL[3]]) == LARGE


def test_who_takes_the_same_or_stands_before_overtakes_nobody() -> None:
    turns = Turns(patience=1)
    turns.served(SMALL[0], [SMALL[0], LARGE])  # stood before
    turns.served(Waiting("other", 1.0), [LARGE])  # takes the same: its worker was no use to others
    assert turns.due([LARGE]) is None
    turns.served(SMALL[1], [LARGE])  # no longer in line, and behind
    assert turns.due([LARGE]) == LARGE


def test_a_trial_that_was_served_excused_or_left_begins_anew() -> None:
    for end in (
        lambda turns: turns.served(LARGE, [LARGE]),
        lambda turns: turns.excuse(LARGE),
        lambda turns: turns.keep([SMALL[0]]),
    ):
        turns = Turns(patience=1)
        turns.served(SMALL[0], [LARGE, SMALL[0]])
        end(turns)
        assert turns.due([LARGE]) is None


@given(st.integers(1, 6), st.lists(st.sampled_from([0.25, 0.5, 1.0]), min_size=1, max_size=30))
def test_nobody_is_overtaken_more_often_than_patience_allows(
    patience: int, shapes: list[float]
) -> None:
    """Serve the last of the line each time, unless somebody is due."""
    turns = Turns(patience)
    line = [Waiting(f"t{n}", shape) for n, shape in enumerate(shapes)]
    overtaken = dict.fromkeys((each.trial_id for each in line), 0)
    while line:
        due = turns.due(line)
        chosen = line[-1] if due is None else next(each for each in line if each.shape == due.shape)
        turns.served(chosen, line)
        for other in line[: line.index(chosen)]:
            overtaken[other.trial_id] += other.shape != chosen.shape
        line.remove(chosen)
    assert overtaken["t0"] <= patience  # the first in line
    # Of those behind, some may become due together; they go one shape after the other.
    assert all(count <= patience + len(shapes) - 1 for count in overtaken.values())
