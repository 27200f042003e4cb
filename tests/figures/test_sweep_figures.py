"""Figures of one sweep: long names and many rows fit, and nothing to draw is said so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from tuner import figures
from tuner.analysis.importance import Importance
from tuner.errors import NoResultError

LONG = ["lr", "model/encoder/attention_dropout_probability", "optimizer[0]/momentum$x$", "d" * 40]
RANDOM = np.random.default_rng(0)


def importance(names: list[str]) -> Importance:
    columns = ("main", "total", "drop")
    effects = pd.DataFrame({"name": names, **{c: RANDOM.random(len(names)) for c in columns}})
    for column in columns:
        effects[f"{column}_low"] = effects[column] / 2
        effects[f"{column}_high"] = effects[column] * 1.5
    return Importance(effects, pd.DataFrame(), 0.5, 100)


def isolation(names: list[str]) -> pd.DataFrame:
    best = RANDOM.random(len(names))
    frame = pd.DataFrame({"value": names, "trials": 12_345, "best": best, "expected": best + 0.1})
    frame = frame.assign(low=best, high=best + 0.3)
    frame.loc[len(names) - 1, ["expected", "low", "high"]] = np.nan  # too few trials
    return frame


def curves(names: list[str]) -> pd.DataFrame:
    rows = [(t, s, e, 1 / e) for t in ("a", "b") for s in names for e in range(1, 5)]
    return pd.DataFrame(rows, columns=["trial", "series", "time", "value"])


DRAWS: dict[str, Callable[[], Figure]] = {
    "importance": lambda: figures.draw_importance(importance(LONG)),
    "isolation": lambda: figures.draw_isolation(
        isolation(LONG), name="model/optimizer", metric="val_error (min)", draws=4
    ),
    "positions": lambda: figures.draw_positions(
        pd.DataFrame(RANDOM.random((50, 4)), columns=LONG), marked=[1, 2], label="good", edge=0.05
    ),
    "values": lambda: figures.draw_value_order(
        -np.sort(RANDOM.random(30)), marked=5, metric="accuracy/" * 6
    ),
    "curves": lambda: figures.draw_training_curves(
        curves(["train_loss", "val_loss"]), time="epoch", metric=""
    ),
    "agreement": lambda: figures.draw_agreement(
        RANDOM.random(20), RANDOM.random(20), x="rank at epoch 1", y="rank at epoch 27"
    ),
    "counts": lambda: figures.draw_counts({"1 x": 90, "2 x": 5}, x="how often", y="trials"),
    "repeats": lambda: figures.draw_repeats(
        pd.DataFrame({"group": LONG * 3, "value": RANDOM.random(12)}), metric="loss"
    ),
}


@pytest.mark.parametrize("name", DRAWS)
def test_no_text_is_cut_off(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    shown: list[Text] = []
    draw = Text.draw

    def noted(text: Text, *arguments: Any, **options: Any) -> None:
        shown.append(text)
        draw(text, *arguments, **options)

    figure = DRAWS[name]()
    figure.canvas.draw()  # lays out
    monkeypatch.setattr(Text, "draw", noted)
    figure.canvas.draw()
    assert shown
    for text in shown:
        box = text.get_window_extent()
        if text.get_text() and text.get_visible():
            assert min(box.x0, box.y0) >= -1, text
            assert box.x1 <= figure.bbox.x1 + 1, text
            assert box.y1 <= figure.bbox.y1 + 1, text


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.draw_importance(importance([])),
        lambda: figures.draw_positions(pd.DataFrame(index=[1]), marked=[], label="good"),
        lambda: figures.draw_training_curves(curves([]), time="epoch", metric="loss"),
        lambda: figures.draw_repeats(pd.DataFrame(columns=["group", "value"]), metric="loss"),
    ],
)
def test_nothing_to_draw(draw: Callable[[], Figure]) -> None:
    with pytest.raises(NoResultError, match="nothing to draw"):
        draw()
