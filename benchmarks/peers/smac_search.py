"""SMAC3 on full trainings or with Hyperband, in an environment of its own; see ``asking``.

It is asked for trials and told of their costs, so that a configuration that Hyperband lets go on
pays for its further epochs only.
"""

from __future__ import annotations

import logging
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import asking

warnings.simplefilter("ignore")

from ConfigSpace import ConfigurationSpace, Float, Integer  # noqa: E402
from smac import HyperparameterOptimizationFacade, MultiFidelityFacade, Scenario  # noqa: E402
from smac.runhistory.dataclasses import TrialValue  # noqa: E402

logging.disable(logging.CRITICAL)


def main() -> None:
    asked = asking.task()
    epochs, hyperband = asked["epochs"], asked["method"] == "hyperband"
    facade = MultiFidelityFacade if hyperband else HyperparameterOptimizationFacade
    seen: list[float] = []
    trained: dict[Any, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(
            space_of(asked["space"], asked["seed"]),
            deterministic=True,
            # At the least one epoch per trial: it always ends by the budget of epochs. The facade
            # makes a part of it its initial design, so it is how many full trainings there are.
            n_trials=asked["budget"] if hyperband else asked["budget"] // epochs,
            seed=asked["seed"],
            output_directory=Path(folder),
            **({"min_budget": 1, "max_budget": epochs} if hyperband else {}),
        )
        options: dict[str, Any] = {}
        if hyperband:  # else a quarter of all trials, at any budget, would be the initial design
            options["initial_design"] = facade.get_initial_design(scenario, n_configs=10)
        began = time.process_time()
        smac = facade(scenario, lambda config, seed=0, budget=0: 0.0, overwrite=True, **options)
        while len(seen) < asked["budget"]:
            trial = smac.ask()
            end = epochs if trial.budget is None else max(round(trial.budget), 1)
            values = asking.curve(plain(trial.config))["values"]
            seen += values[trained.get(trial.config, 0) : end]
            trained[trial.config] = max(end, trained.get(trial.config, 0))
            smac.tell(trial, TrialValue(cost=-values[end - 1]), save=False)
        cpu_s = time.process_time() - began
    asking.answer({"values": seen, "suggestions": len(trained), "cpu_s": cpu_s})


def space_of(described: list[dict[str, Any]], seed: int) -> ConfigurationSpace:
    space = ConfigurationSpace(seed=seed)
    for each in described:
        kind = Integer if each["integer"] else Float
        space.add(kind(each["name"], (each["lower"], each["upper"]), log=each["log"]))
    return space


def plain(config: Any) -> dict[str, int | float]:
    return {
        name: value.item() if hasattr(value, "item") else value for name, value in config.items()
    }


if __name__ == "__main__":
    main()
