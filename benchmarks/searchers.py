"""What a suggestion costs and is worth: Ray's HyperOptSearch and OptunaSearch against tuner's.

Cost: both sides get as many random trials with results, then suggest in turns; CPU milliseconds of
one suggestion and the telling of its result. Worth: the regret after as many trials, one after the
other, on functions whose optimum is known; and under ASHA, on learning curves whose early values
mislead, which Ray's searchers take for final ones.
"""

from __future__ import annotations

import logging
import math
import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import harness
import numpy as np

Config = Mapping[str, float]
Objective = Callable[[np.ndarray], float]

GOAL_RATIO, GOAL_OBSERVATIONS = 3, 5000
MOST_ERRORS = 2  # how many standard errors worse counts as noise
LIBRARIES = ("hyperopt", "optuna")
MAX_T, RUNGS, REDUCTION = 81, (1, 3, 9, 27), 3


@dataclass(frozen=True)
class Problem:
    """A function over the unit cube to minimise.

    Attributes:
        name: What the literature calls it.
        dimensions: Of the cube.
        trials: How many evaluations are granted.
        function: From a point, shape (dimensions,), to a value.
        optimum: Its least value.
    """

    name: str
    dimensions: int
    trials: int
    function: Objective
    optimum: float


def branin(point: np.ndarray) -> float:
    x, y = 15 * point[0] - 5, 15 * point[1]
    bowl = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return float(bowl**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10)


_HARTMANN_A = np.array(
    [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8],
     [17, 8, 0.05, 10, 0.1, 14]]
)  # fmt: skip
_HARTMANN_P = 1e-4 * np.array(
    [[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
     [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]]
)  # fmt: skip


def hartmann6(point: np.ndarray) -> float:
    exponents = (_HARTMANN_A * (point - _HARTMANN_P) ** 2).sum(axis=1)
    return float(-np.array([1.0, 1.2, 3.0, 3.2]) @ np.exp(-exponents))


def weighted_sum(point: np.ndarray) -> float:
    centre, weight = np.linspace(0.1, 0.9, len(point)), np.linspace(1, 0.1, len(point))
    return float(weight @ (point - centre) ** 2)


PROBLEMS = (
    Problem("Branin, 2-d", 2, 80, branin, 0.397887),
    Problem("Hartmann, 6-d", 6, 120, hartmann6, -3.32237),
    Problem("weighted sum, 16-d", 16, 150, weighted_sum, 0.0),
)
LONG = Problem("Hartmann, 6-d, beyond the bound", 6, 800, hartmann6, -3.32237)


def misleading(point: np.ndarray, epoch: int) -> float:
    """Return a loss that rises while training, from one that favours another place."""
    final = branin(point[:2]) / 300 + (point[2] - 0.3) ** 2 + (point[3] - 0.7) ** 2
    progress = epoch / MAX_T
    early = abs(point[2] - 0.9) * 0.5 * math.exp(-(3 + 12 * point[2]) * progress)
    return float(final + early + 0.5 * progress)


MISLEADING = 0.5 + 0.397887 / 300  # its least value at max_t, but for what is left of `early`


def rays(library: str, space: Mapping[str, Any], seed: int, initial: int | None) -> Any:
    """Return Ray's searcher; so many random draws come first, or as many as it likes."""
    from ray.tune.search.hyperopt import HyperOptSearch
    from ray.tune.search.optuna import OptunaSearch

    if library == "hyperopt":
        keywords = {} if initial is None else {"n_initial_points": initial}
        return HyperOptSearch(
            dict(space), metric="loss", mode="min", random_state_seed=seed, **keywords
        )
    import optuna

    keywords = {} if initial is None else {"n_startup_trials": initial}
    sampler = optuna.samplers.TPESampler(seed=seed, **keywords)
    return OptunaSearch(dict(space), metric="loss", mode="min", sampler=sampler)


def ours(library: str, space: Mapping[str, Any], seed: int, initial: int | None) -> Any:
    """Return tuner's searcher; so many random draws come first, or as many as it likes."""
    from tuner.arms import parse_choice
    from tuner.searchers import build_searcher

    keyword = {"hyperopt": "n_initial_points", "optuna": "n_startup_trials"}[library]
    spelling = library if initial is None else f"{library}:{keyword}={initial}"
    return build_searcher(
        parse_choice(spelling), space, metric="loss", mode="min", seed=seed, max_t=MAX_T
    )


SIDES: Mapping[str, Callable[..., Any]] = {"ray": rays, "tuner": ours}


def cube(dimensions: int) -> dict[str, Any]:
    from ray import tune

    return {f"x{index:02d}": tune.uniform(0, 1) for index in range(dimensions)}


def point_of(config: Config) -> np.ndarray:
    return np.array([config[name] for name in sorted(config)])


def evaluate(searcher: Any, trial_id: str, function: Objective) -> float:
    """Run one trial, which reports once."""
    value = function(point_of(searcher.suggest(trial_id)))
    searcher.on_trial_complete(trial_id, {"loss": value, "training_iteration": MAX_T})
    return value


def costs(library: str, dimensions: int, observations: int, times: int) -> dict[str, list[float]]:
    """Return the CPU ms of each suggestion after so many observations, by side."""
    searchers = {
        side: build(library, cube(dimensions), 0, observations) for side, build in SIDES.items()
    }
    for searcher in searchers.values():
        for number in range(observations):
            evaluate(searcher, f"t{number}", weighted_sum)
    measured: dict[str, list[float]] = {side: [] for side in searchers}
    for number in range(times):
        for side, searcher in searchers.items():
            started = time.process_time()
            evaluate(searcher, f"u{number}", weighted_sum)
            measured[side].append(1e3 * (time.process_time() - started))
    return measured


def regret(library: str, problem: Problem, side: str, seed: int) -> float:
    """Return how far the best of the trials lies above the optimum."""
    searcher = SIDES[side](library, cube(problem.dimensions), seed, None)
    values = [evaluate(searcher, f"t{n}", problem.function) for n in range(problem.trials)]
    return min(values) - problem.optimum


def regret_under_asha(library: str, side: str, seed: int, trials: int = 120) -> float:
    """Return the regret at max_t of the best configuration that ASHA has trained in full."""
    searcher = SIDES[side](library, cube(4), seed, None)
    rungs: dict[int, list[float]] = {rung: [] for rung in RUNGS}
    finished: list[float] = []

    def epochs(trial_id: str) -> Iterator[None]:
        point = point_of(searcher.suggest(trial_id))
        for epoch in range(1, MAX_T + 1):
            value = misleading(point, epoch)
            result = {"loss": value, "training_iteration": epoch}
            if epoch == MAX_T:
                finished.append(value)
            elif epoch not in rungs or passes(rungs[epoch], value):
                searcher.on_trial_result(trial_id, result)
                yield
                continue
            searcher.on_trial_complete(trial_id, result)
            return

    waiting = [epochs(f"t{number}") for number in reversed(range(trials))]
    running: list[Iterator[None]] = []
    while waiting or running:
        while waiting and len(running) < 4:
            running.append(waiting.pop())
        running = [trial for trial in running if next(trial, trial) is None]
    return min(finished) - MISLEADING


def passes(recorded: list[float], value: float) -> bool:
    """Record a value at a rung of ASHA's stopping form, and say whether its trial goes on."""
    recorded.append(value)
    return len(recorded) < REDUCTION or value <= float(np.quantile(recorded, 1 / REDUCTION))


def compare_costs(
    library: str, dimensions: int, observations: int, times: int
) -> tuple[dict[str, list[float]], harness.Goal]:
    """Return the CPU ms by side, and the goal of how much cheaper ours is."""
    name = f"{library}, {dimensions}-d, {observations} observations"
    measured = costs(library, dimensions, observations, times)
    ratio = statistics.median(measured["ray"]) / statistics.median(measured["tuner"])
    print(f"CPU ms, {name}: {described(measured)}; {ratio:.2f} times", flush=True)
    return measured, harness.Goal(f"times cheaper, {name}", ratio, GOAL_RATIO, "at least")


def compare_regrets(
    name: str, run: Callable[[str, int], float], seeds: int
) -> tuple[dict[str, list[float]], harness.Goal]:
    """Return the regrets by side, and the goal of how much worse ours may be.

    Regrets are compared by their logarithms, seed by seed.
    """
    regrets: dict[str, list[float]] = {side: [] for side in SIDES}
    for seed in range(seeds):
        for side, found in regrets.items():
            found.append(max(run(side, seed), 1e-12))
    pairs = zip(regrets["tuner"], regrets["ray"], strict=True)
    worse = [math.log(our / their) for our, their in pairs]
    errors = statistics.mean(worse) / (statistics.stdev(worse) / math.sqrt(seeds))
    print(f"regret, {name}: {described(regrets)}; {errors:+.1f} standard errors", flush=True)
    text = f"standard errors by which the regret is worse, {name}"
    return regrets, harness.Goal(text, errors, MOST_ERRORS, "at most")


def described(figures: Mapping[str, list[float]]) -> str:
    return ", ".join(f"{side} {harness.spread(values)}" for side, values in figures.items())


def main() -> None:
    parser = harness.options(__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    quick = arguments.quick
    seeds = 4 if quick else arguments.seeds
    figures: dict[str, Any] = {}
    goals: list[harness.Goal] = []
    for library in LIBRARIES:
        for dimensions, observations in product(
            (4, 16), (100, 500) if quick else (100, 1000, 5000)
        ):
            measured, goal = compare_costs(library, dimensions, observations, 7 if quick else 15)
            figures[f"CPU ms, {library}, {dimensions}-d, {observations} observations"] = measured
            goals += [goal] if observations == GOAL_OBSERVATIONS else []
        runs = [(p.name, partial(regret, library, p), seeds) for p in PROBLEMS]
        runs.append(("ASHA, misleading", partial(regret_under_asha, library), seeds))
        if not quick:
            runs.append((LONG.name, partial(regret, library, LONG), seeds // 2))
        for name, run, number in runs:
            found, goal = compare_regrets(f"{library}, {name}", run, number)
            figures[f"regret, {library}, {name}"] = found
            goals.append(goal)
    harness.finish(arguments, figures, goals)


if __name__ == "__main__":
    main()
