"""PBT built from a scenario's space, with exploration kept inside it.

Ray's PBT multiplies a value by 0.8 or 1.2 whatever its domain, so it leaves the bounds
(ray-project/ray #5035) and turns ``tune.choice([16, 32])`` into 19. Here categories move to a
neighbour or are drawn anew, and numbers are clipped to their domain.

Jaderberg et al. 2017, "Population Based Training of Neural Networks", arXiv 1711.09846.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ray.tune.schedulers import PopulationBasedTraining
from ray.tune.search.sample import Categorical, Domain, Float, Integer, Quantized

from tuner.errors import SpecError
from tuner.scenario import Scenario
from tuner.space import flatten, unflatten

__all__ = ["build_pbt", "clip_to", "default_interval", "largest", "mutable_domains"]


def build_pbt(scenario: Scenario, options: Mapping[str, Any]) -> PopulationBasedTraining:
    """Return Ray's PBT over the scenario's mutable hyperparameters.

    Args:
        scenario: Says which hyperparameters may change mid-training.
        options: Keywords of ``PopulationBasedTraining``; ``perturbation_interval`` defaults to a
            tenth of ``max_t``, at least 1.

    Raises:
        SpecError: No hyperparameter may change mid-training.
    """
    domains = mutable_domains(scenario, "pbt")
    mutations = {
        name: list(domain.categories) if isinstance(domain, Categorical) else domain
        for name, domain in domains.items()
    }
    defaults = {"perturbation_interval": default_interval(scenario)}
    return PopulationBasedTraining(
        time_attr=scenario.time_attr,
        metric=scenario.metric,
        mode=scenario.mode,
        hyperparam_mutations=unflatten(mutations),
        custom_explore_fn=clip_to(domains),
        log_config=False,
        **{**defaults, **options},
    )


def clip_to(domains: Mapping[str, Domain]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return a function that puts an explored configuration back inside ``domains``.

    Args:
        domains: By flat name. Bounded numbers are clipped and, where the domain is quantised,
            rounded to its grid; integers stay integers. Other domains are left alone.
    """

    def clip(config: dict[str, Any]) -> dict[str, Any]:
        flat = flatten(config)
        for name, domain in domains.items():
            if name in flat and isinstance(domain, Float | Integer):
                flat[name] = _clip(flat[name], domain)
        return unflatten(flat)

    return clip


def _clip(value: float, domain: Float | Integer) -> float | int:
    sampler: Any = domain.get_sampler()  # type: ignore[no-untyped-call]
    if isinstance(sampler, Quantized):
        value = round(value / sampler.q) * sampler.q
    value = min(max(value, domain.lower), largest(domain))
    return round(value) if isinstance(domain, Integer) else float(value)


def largest(domain: Float | Integer) -> float:
    """The largest value drawn: an integer domain's upper bound is exclusive unless quantised."""
    exclusive = isinstance(domain, Integer) and not isinstance(domain.get_sampler(), Quantized)
    return float(domain.upper - 1 if exclusive else domain.upper)


def mutable_domains(scenario: Scenario, scheduler: str) -> Mapping[str, Domain]:
    """Return the domains of the hyperparameters that may change mid-training, by flat name.

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
