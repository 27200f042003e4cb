"""PB2, which explores by a Gaussian process bandit, inside the space.

Parker-Holder et al. 2020, "Provably Efficient Online Hyperparameter Optimization with
Population-Based Bandits", arXiv 2002.02518. Ray's code fits the time-varying process and maximises
its upper confidence bound (algorithm 1, lines 8-9). Unlike there, the process sees each
hyperparameter as its place in [0, 1] on its domain's own scale: a learning rate from 1e-4 to 1 is
searched by magnitude, integers and quantised values keep their grid, and all keep their type.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from ray.tune.experiment import Trial
from ray.tune.schedulers import pb2 as ray
from ray.tune.search.sample import Categorical, Domain
from sklearn.exceptions import ConvergenceWarning

from tuner.errors import SpecError
from tuner.randomness import PrivateRandomState
from tuner.scenario import Scenario
from tuner.schedulers.explore import Explorer
from tuner.schedulers.pbt import default_interval, mutable_domains
from tuner.schedulers.seeded_population import SeededPopulation
from tuner.searchers.parameters import Gaussian, Number, parameter
from tuner.space import Constraint, flatten, is_feasible, unflatten

__all__ = ["PB2", "build_pb2"]


class PB2(SeededPopulation, ray.PB2):
    """Ray's PB2 with scales, types, a seed and reasons.

    Args:
        domains: The hyperparameters that move: flat names (``model/lr``) to numeric domains.
        constraint: What explored configurations have to satisfy; None for nothing.
        metric: What is tuned; None for what ``Tuner`` is given.
        mode: ``"min"`` or ``"max"``; likewise.
        time_attr: What counts as time.
        perturbation_interval: How often a member is compared with the others, in units of time.
        quantile_fraction: Which share counts as the best, and which as the worst; up to 0.5.
        synch: Whether members wait for each other before they are compared.
        seed: Seeds the draws; None for fresh ones.
        **options: Others of Ray's ``PB2``.

    Raises:
        SpecError: A keyword has a bad value, or a domain is no number.
    """

    current: Any  # Ray's annotation knows None only

    def __init__(
        self,
        *,
        domains: Mapping[str, Domain],
        constraint: Constraint | None = None,
        metric: str | None = None,
        mode: Literal["min", "max"] | None = None,
        time_attr: str = "training_iteration",
        perturbation_interval: float = 10,
        quantile_fraction: float = 0.25,
        synch: bool = False,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        self._numbers: dict[str, Number | Gaussian] = {}
        for name, domain in domains.items():
            found = None if isinstance(domain, Categorical) else parameter(domain)
            if not isinstance(found, Number | Gaussian):
                raise SpecError(f"pb2 moves numbers, got {name}={domain!r}; use pbt for choices")
            self._numbers[name] = found
        self._explore_further = options.pop("custom_explore_fn", None)
        super().__init__(
            explorer=Explorer(space=unflatten(domains), constraint=constraint),
            seed=seed,
            hyperparam_bounds=unflatten({name: [0.0, 1.0] for name in domains}),
            metric=metric,
            mode=mode,
            time_attr=time_attr,
            perturbation_interval=perturbation_interval,
            quantile_fraction=quantile_fraction,
            synch=synch,
            **{"log_config": False, **options},
        )

    def _save_trial_state(
        self, state: Any, time: int, result: dict[str, Any], trial: Trial
    ) -> None:
        super()._save_trial_state(state, time, result, self._in_unit_cube(trial))

    def _get_new_config(
        self, trial: Trial, trial_to_clone: Trial
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        seed = int(self._rng.integers(2**31))  # of the starts from which the bound is maximised
        with PrivateRandomState(seed).active(), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # nobody can act upon them
            warnings.simplefilter("ignore", DeprecationWarning)  # of SciPy, for how Ray calls it
            places, operations = super()._get_new_config(
                self._in_unit_cube(trial), self._in_unit_cube(trial_to_clone)
            )
        found = flatten(places)
        moved = {name: n.from_unit(float(found[name])) for name, n in self._numbers.items()}
        config = unflatten({**flatten(trial_to_clone.config), **moved})
        if self._explore_further is not None:
            config = self._explore_further(config)
        feasible = is_feasible(self._explorer.constraint, config)
        return (config if feasible else dict(trial_to_clone.config)), operations

    def _in_unit_cube(self, trial: Trial) -> Any:
        """Return as much of ``trial`` as Ray's code reads, each value as its place in [0, 1]."""
        values = flatten(trial.config)
        return _Placed(
            trial.trial_id,
            {name: found.to_unit(values[name]) for name, found in self._numbers.items()},
        )

    def _own_state(self) -> dict[str, Any]:
        return {
            "data": self.data.to_dict("list"),
            "current": None if self.current is None else np.asarray(self.current).tolist(),
            "last_exploration_time": float(self.last_exploration_time),
        }

    def _set_own_state(self, state: Mapping[str, Any]) -> None:
        self.data = pd.DataFrame(state["data"])
        self.current = None if state["current"] is None else np.array(state["current"])
        self.last_exploration_time = state["last_exploration_time"]


class _Placed:
    """A trial as Ray's PB2 sees it: a name and numbers."""

    def __init__(self, trial_id: str, config: dict[str, float]) -> None:
        self.config = config
        self.trial_id = trial_id

    def __str__(self) -> str:
        return self.trial_id


def build_pb2(scenario: Scenario, options: Mapping[str, Any], seed: int) -> PB2:
    """Return PB2 over the mutable numbers that every configuration of the scenario has.

    Args:
        scenario: Says which hyperparameters may change mid-training.
        options: Keywords of `PB2`; ``perturbation_interval`` defaults as in `build_pbt`.
        seed: Seeds its draws.

    Raises:
        SpecError: There is none that may change mid-training, or a keyword has a bad value.
    """
    everywhere = flatten(scenario.space)
    domains = {
        name: domain
        for name, domain in mutable_domains(scenario, "pb2").items()
        if name in everywhere and not isinstance(domain, Categorical)
    }
    if not domains:
        raise SpecError(
            f"pb2 moves numbers, and no mutable hyperparameter of scenario {scenario.name!r} is "
            "one that every configuration has; use pbt, or name one in Scenario(mutable=...)"
        )
    defaults = {"perturbation_interval": default_interval(scenario)}
    return PB2(
        domains=domains,
        constraint=scenario.constraint,
        metric=scenario.metric,
        mode=scenario.mode,
        time_attr=scenario.time_attr,
        seed=seed,
        **{**defaults, **options},
    )
