"""Parallel coordinates: where lines pass, what is absent, and which way is better."""

from __future__ import annotations

import html
import math

import numpy as np
import pytest
from drawn_sweeps import trials_of
from hypothesis import given
from hypothesis import strategies as st

from tuner import figures
from tuner.figures.rails import ABSENT, round_ticks, value_rail
from tuner.objectives import Objective

LOSS = Objective("loss", "min")
TRIALS = trials_of(
    [1.0, 0.5, 3.0, 2.0, math.nan],
    **{
        "config/lr": [1e-4, 1e-2, 1.0, 1e-3, 1e-1],
        "config/kind": ["sgd", "adam", None, "sgd", "adam"],
        "config/same": 1,
    },
)


def lines(figure: object, role: str = "lines") -> list[list[float]]:
    """Return the heights of all lines of traces with a role, the best one last."""
    found = []
    for trace in figure.data:  # type: ignore[attr-defined]
        if trace.meta["role"] == role:
            count = int(np.nanmax(trace.x)) + 1 if len(trace.x) else 1
            found += np.reshape(trace.y, (-1, count + 1))[:, :-1].tolist()
    return found


def test_a_line_passes_its_values_and_the_best_one_is_on_top() -> None:
    figure = figures.parallel(TRIALS, objective=LOSS, log={"lr"})
    every = lines(figure)
    assert len(every) == 4 + 1  # each with a value, and the best once more
    best = every[-1]
    assert best[0] == pytest.approx(0.5)  # 1e-2 between 1e-4 and 1
    assert best[-1] == 1  # the better end is up
    assert figure.data[-2].name == "the best: t000001"
    worst = min(every, key=lambda line: line[-1])
    assert worst[-1] == 0
    assert worst[1] == ABSENT


def test_axes_say_what_they_are_and_which_end_is_better() -> None:
    notes = figures.parallel(TRIALS, objective=LOSS, log={"lr"}).layout.annotations
    assert [n.text for n in notes if n.name == "title"] == [
        "<b>lr</b>", "<b>kind</b>", "<b>loss ▲<br>(lower is better)</b>",
    ]  # fmt: skip
    ticks = [(n.x, n.text) for n in notes if n.name == "tick"]
    assert [text for x, text in ticks if x == 0] == ["0.0001", "0.001", "0.01", "0.1", "1"]
    assert [text for x, text in ticks if x == 1] == ["absent", "adam", "sgd"]
    of_loss = [(n.y, float(n.text)) for n in notes if n.name == "tick" and n.x == 2]
    assert of_loss == sorted(of_loss, key=lambda each: each[1])
    assert of_loss == sorted(of_loss, reverse=True)  # upward, values fall


def test_long_options_are_shortened_without_breaking_what_stands_for_a_character() -> None:
    options = [f"{letter}<<<<<<<<<<<<<<<<<<<<<<<{letter}" for letter in "ab"]
    trials = trials_of([1.0, 2.0, 3.0], **{"config/kind": [options[0], options[1], options[0]]})
    notes = figures.parallel(trials, objective=LOSS).layout.annotations
    (first, second) = [html.unescape(note.text) for note in notes if "&lt;" in note.text]
    assert len(first) <= 22
    assert (first[0], first[-1], second[0], second[-1]) == ("a", "a", "b", "b")
    assert set(first) == {"a", "<", "…"}


def test_each_of_several_objectives_has_an_axis_and_the_first_one_judges() -> None:
    trials = TRIALS.assign(**{"best/size": [5.0, 9.0, math.nan, 1.0, 2.0]})
    size, unknown = Objective("size", "max"), Objective("unknown", "min")
    figure = figures.parallel(trials, objective=LOSS, others=[size, unknown], log={"lr"})
    titles = [note.text for note in figure.layout.annotations if note.name == "title"]
    assert titles[-2:] == [
        "<b>size ▲<br>(higher is better)</b>", "<b>unknown ▲<br>(lower is better)</b>",
    ]  # fmt: skip
    best = lines(figure)[-1]
    assert best[2:] == [1, 1, ABSENT]  # of losses the lowest, of sizes the highest
    absent = min(lines(figure), key=lambda line: line[2])
    assert absent[3] == ABSENT
    assert "the best trials are those by loss" in figure.layout.title.subtitle.text
    ticks = [note.text for note in figure.layout.annotations if note.x == 3 and note.name == "tick"]
    assert ticks[0] == "absent"


@pytest.mark.parametrize(("mode", "top"), [("min", 1.0), ("max", 9.0)])
def test_the_better_end_is_up_and_outliers_are_at_the_other(mode: str, top: float) -> None:
    values = np.array([*np.linspace(1, 9, 40), 1e9 if mode == "min" else -1e9])
    rail, note = value_rail(values, Objective("loss", mode))  # type: ignore[arg-type]
    assert values[rail.heights.argmax()] == top
    assert rail.heights[-1] == 0
    assert note is not None
    assert "1 trial" in note
    assert note.endswith("at the end of the axis")


def test_of_many_hyperparameters_the_strongest_are_drawn() -> None:
    random = np.random.default_rng(0)
    noise = {f"config/h{n:02d}": random.random(60) for n in range(15)}
    signal = random.random(60)
    trials = trials_of(signal.tolist(), **noise, **{"config/zz": signal})
    figure = figures.parallel(trials, objective=LOSS)
    titles = [note.text for note in figure.layout.annotations if note.name == "title"]
    assert len(titles) == 13
    assert "<b>zz</b>" in titles
    assert "the 12 of 16 hyperparameters" in figure.layout.title.subtitle.text
    named = figures.contours(trials, objective=LOSS, names=["h03", "h01"])
    assert named.layout.xaxis.title.text == "h03"
    of_four = figures.contours(trials, objective=LOSS).to_json()
    assert '"zz against ' in of_four


def test_what_hangs_on_a_choice_gets_no_credit_for_it() -> None:
    random = np.random.default_rng(0)
    sgd = np.arange(80) % 2 == 0
    noise = random.random((5, 80))
    trials = trials_of(
        (sgd + 0.01 * random.random(80)).tolist(),
        **{"config/kind": np.where(sgd, "sgd", "adam"),
           "config/momentum": np.where(sgd, noise[0], np.nan)},
        **{f"config/n{at}": noise[at] for at in range(1, 5)},
    )  # fmt: skip
    from tuner.figures.hyperparameters import hyperparameters
    from tuner.figures.strength import strength

    costs = trials["best/loss"].to_numpy(float)
    found = {each.name: strength(each, costs) for each in hyperparameters(trials)}
    assert found["kind"] > 0.7
    assert all(value < 0.2 for name, value in found.items() if name != "kind")


@given(
    st.floats(-1e9, 1e9).filter(lambda each: abs(each) > 1e-6 or each == 0),
    st.floats(1e-6, 1e9),
)
def test_ticks_are_few_ordered_and_inside(low: float, width: float) -> None:
    high = low + width
    if not high > low + 1e-9 * abs(low):
        return
    found = round_ticks(low, high, log=False)
    assert 1 <= len(found) <= 7
    assert found == sorted(found)
    assert all(low <= each <= high for each in found)


@given(st.floats(-300, 290), st.floats(0.01, 600))
def test_ticks_of_log_axes_are_powers_of_ten_where_these_are_two(low: float, width: float) -> None:
    high = min(low + width, 300)
    found = round_ticks(10.0**low, 10.0**high, log=True)
    assert len(found) <= 7
    assert all(10.0**low * 0.999 <= each <= 10.0**high * 1.001 for each in found)
    if math.floor(high) - math.ceil(low) >= 2:
        assert all(math.log10(each) == pytest.approx(round(math.log10(each))) for each in found)
