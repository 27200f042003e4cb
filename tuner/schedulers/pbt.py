"""Population based training whose exploration stays inside the space.

Jaderberg et al. 2017, "Population Based Training of Neural Networks", arXiv 1711.09846: every
`perturbation_interval` a member among the worst takes over the weights and hyperparameters of one
of the best (exploit, truncation selection) and moves the hyperparameters (explore, perturb).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from ray.tune import choice
from ray.tune.experiment import Trial
from ray.tune.search.sample import Domain, Function

from tuner.errors import SpecError
from tuner.scenario import Scenario
from tuner.schedulers.checks import check_number, check_range
from tuner.schedulers.explore import Explorer
from tuner.schedulers.seeded_population import SeededPopulation
from tuner.space import Constraint

__all__ = ["PBT", "as_space", "build_pbt", "default_interval", "mutable_domains"]


class PBT(SeededPopulation):
    """Ray's PBT with bounds, types, a seed and reasons; see `tuner.schedulers.explore`.

    Args:
        hyperparam_mutations: Nested names to ``ray.tune`` domains or lists of values. What a
            trial's configuration lacks of them is drawn.
        mutable: Paths of those that may move; None for all.
        constraint: What explored configurations have to satisfy; None for nothing.
        metric: What is tuned; None for what ``Tuner`` is given.
        mode: ``"min"`` or ``"max"``; likewise.
        time_attr: What counts as time.
        perturbation_interval: How often a member is compared with the others, in units of time.
        burn_in_period: Before this time it is not.
        quantile_fraction: Which share counts as the best, and which as the worst; up to 0.5.
        resample_probability: How often a hyperparameter is drawn anew instead of moved.
        perturbation_factors: A number is multiplied by one of them.
        synch: Whether members wait for each other before they are compared.
        seed: Seeds the draws; None for fresh ones.
        **options: Others of Ray's ``PopulationBasedTraining``.

    Raises:
        SpecError: A keyword has a bad value.
    """

    def __init__(
        self,
        *,
        hyperparam_mutations: Mapping[str, Any],
        mutable: Collection[str] | None = None,
        constraint: Constraint | None = None,
        metric: str | None = None,
        mode: Literal["min", "max"] | None = None,
        time_attr: str = "training_iteration",
        perturbation_interval: float = 10,
        burn_in_period: float = 0,
        quantile_fraction: float = 0.25,
        resample_probability: float = 0.25,
        perturbation_factors: Sequence[float] = (1.2, 0.8),
        synch: bool = False,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        _check_moves(burn_in_period, resample_probability, perturbation_factors)
        self._explore_further = options.pop("custom_explore_fn", _unchanged)
        super().__init__(
            explorer=Explorer(
                space=as_space(hyperparam_mutations),
                mutable=mutable,
                resample_probability=resample_probability,
                factors=tuple(perturbation_factors),
                constraint=constraint,
            ),
            seed=seed,
            metric=metric,
            mode=mode,
            time_attr=time_attr,
            perturbation_interval=perturbation_interval,
            burn_in_period=burn_in_period,
            quantile_fraction=quantile_fraction,
            synch=synch,
            custom_explore_fn=self._explore_further,
            **{"log_config": False, **options},
        )

    def _get_new_config(
        self, trial: Trial, trial_to_clone: Trial
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        neighbour = self._explorer.explore(trial_to_clone.config, self._rng)
        return self._explore_further(neighbour), {}


def build_pbt(scenario: Scenario, options: Mapping[str, Any], seed: int) -> PBT:
    """Return PBT over the scenario's mutable hyperparameters.

    Args:
        scenario: Says which hyperparameters may change mid-training.
        options: Keywords of `PBT`; ``perturbation_interval`` defaults to a tenth of ``max_t``, at
            least 1.
        seed: Seeds its draws.

    Raises:
        SpecError: No hyperparameter may change mid-training, or a keyword has a bad value.
    """
    defaults = {"perturbation_interval": default_interval(scenario)}
    return PBT(
        hyperparam_mutations=scenario.space,
        mutable=frozenset(mutable_domains(scenario, "pbt")),
        constraint=scenario.constraint,
        metric=scenario.metric,
        mode=scenario.mode,
        time_attr=scenario.time_attr,
        seed=seed,
        **{**defaults, **options},
    )


def as_space(mutations: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``hyperparam_mutations`` as a space: a list of values is a choice between them.

    Raises:
        SpecError: A value is a function, of which nobody knows the bounds.
    """
    space: dict[str, Any] = {}
    for name, declared in mutations.items():
        if isinstance(declared, Mapping) and set(declared) != {"grid_search"}:
            space[name] = as_space(declared)
        elif isinstance(declared, list | tuple) and declared:
            space[name] = choice(list(declared))
        elif callable(declared) and not isinstance(declared, Domain | Function):
            raise SpecError(
                "hyperparameters stay inside their domains, and a function has no bounds, got "
                f"{name}={declared!r}; name a domain, such as tune.uniform(0, 1)"
            )
        else:
            space[name] = declared
    return space


def mutable_domains(scenario: Scenario, scheduler: str) -> Mapping[str, Domain]:
    """Return the domains of the hyperparameters that may change mid-training, by path.

    Raises:
        SpecError: There are none.
    """
    domains = scenario.mutable_space
    if not domains:
        raise SpecError(
            f"{scheduler} changes hyperparameters mid-training, and scenario {scenario.name!r} "
            "has none that may change; name them in Scenario(mutable=('lr', ...))"
        )
    return domains


def default_interval(scenario: Scenario) -> int:
    """Return how often a population is compared: a tenth of ``max_t``, at least 1."""
    return max(1, round(scenario.max_t / 10))


def _unchanged(config: dict[str, Any]) -> dict[str, Any]:
    return config


def _check_moves(burn_in_period: Any, resample_probability: Any, factors: Sequence[Any]) -> None:
    check_range("burn_in_period", burn_in_period, 0, math.inf)
    check_range("resample_probability", resample_probability, 0, 1)
    if not isinstance(factors, list | tuple) or not factors:
        raise SpecError(
            f"perturbation_factors must list numbers, such as (1.2, 0.8), got {factors!r}"
        )
    for factor in factors:
        check_number("each of perturbation_factors", factor, above=0)
