"""Random streams of events, right and wrong ones: every searcher takes them, and repeats itself."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ray import tune
from ray.tune.search import Searcher

from tuner.arms import parse_choice
from tuner.searchers import SEARCHERS, build_searcher
from tuner.space import contains

SPACE: dict[str, Any] = {
    "lr": tune.loguniform(1e-4, 1),
    "kind": tune.choice([{"n": tune.randint(1, 9)}, {"n": tune.uniform(0, 1)}, None]),
    "q": tune.quniform(0, 1, 0.25),
    "fixed": [1],
}
POINT = {"lr": 0.1, "kind": {"n": 3}, "q": 0.5, "fixed": [1]}
VALUES = (0.1, 0.5, 2, -1.0, math.nan, math.inf, -math.inf, None, "diverged", [1])
STREAMS = {"hyperopt": 100, "optuna": 60, "bohb": 20}
"""How many streams; 1,000 where it costs little."""
KEYWORDS = {
    "grid": "points=2,rounds=2",
    "hyperopt": "n_initial_points=2",
    "optuna": "n_startup_trials=2",
    "evolution": "population_size=2,sample_size=1",
    "bohb": "min_points_in_model=5",
}

Event = tuple[str, str, Any]


def events(rng: random.Random) -> Iterator[Event]:
    """Yield what may happen to a searcher: suggestions, results and ends, of any trial."""
    asked = 0
    for _ in range(rng.randrange(4, 12)):
        kind = rng.choice(("suggest", "suggest", "result", "complete", "complete", "error"))
        trial = f"t{asked}" if kind == "suggest" else f"t{rng.randrange(-1, asked + 1)}"
        asked += kind == "suggest"
        result: dict[str, Any] = {"training_iteration": rng.choice((1, 1, 2, 3))}
        if rng.random() < 0.9:
            result["loss"] = rng.choice(VALUES)
        if rng.random() < 0.5:
            result["hyperband_info"] = {"budget": rng.choice((1.0, 3.0))}
        yield kind, trial, rng.choice((result, result, result, None))


def tell(searcher: Searcher, event: Event) -> Any:
    """Make an event happen; return what is suggested, if anything is."""
    kind, trial, result = event
    if kind == "suggest":
        return searcher.suggest(trial)
    if kind == "result" and result is not None:
        searcher.on_trial_result(trial, result)
    elif kind != "result":
        searcher.on_trial_complete(trial, result=result, error=kind == "error")
    return None


def build(name: str, seed: int) -> Searcher:
    if name == "bohb":
        pytest.importorskip("hpbandster", reason="needs requirements/bohb.txt")
    return build_searcher(
        parse_choice(f"{name}:{KEYWORDS[name]}" if name in KEYWORDS else name),
        SPACE,
        metric="loss",
        mode="min" if seed % 2 else "max",
        seed=seed,
        points_to_evaluate=[POINT] if seed % 3 == 0 else None,
    )


@pytest.mark.parametrize("name", SEARCHERS)
def test_a_stream_of_events_does_no_harm_and_repeats(name: str, tmp_path: Path) -> None:
    for seed in range(STREAMS.get(name, 1000)):
        rng = random.Random(seed)
        stream = list(events(rng))
        searcher = build(name, seed)
        suggested = [tell(searcher, event) for event in stream]
        for config in suggested:
            if isinstance(config, dict):
                assert contains(SPACE, config) == [], f"stream {seed}"
        if seed % 5 == 0:
            again = told_with_a_restart(name, seed, stream, rng.randrange(len(stream)), tmp_path)
            assert again == suggested, f"stream {seed}"


def told_with_a_restart(
    name: str, seed: int, stream: list[Event], stop: int, folder: Path
) -> list[Any]:
    """Return what is suggested if the searcher dies at an event, and another one goes on."""
    searcher, heir = build(name, seed), build(name, seed + 1)
    suggested = [tell(searcher, event) for event in stream[:stop]]
    searcher.save(str(folder / "state"))
    heir.restore(str(folder / "state"))
    return suggested + [tell(heir, event) for event in stream[stop:]]
