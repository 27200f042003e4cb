"""What the trials of a sweep take, in words of Ray's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ray.tune.experiment import Trial

from tuner.bundles import Shape
from tuner.planning import Plan
from tuner.searchers.sampling import draw_configs

__all__ = ["shapes_of", "takes_of"]

_DRAWS = 256


def shapes_of(plan: Plan) -> tuple[Shape, ...]:
    """Return what trials will take: one shape, or those of drawn configurations if they differ.

    Raises:
        ScenarioError: The function of resources raises, or answers with what Ray cannot grant.
    """
    scenario = plan.scenario
    if scenario.resources_of is None:
        return (plan.spec.shape,)
    drawn = draw_configs(scenario.space, scenario.constraint, _DRAWS, plan.spec.seed)
    shapes = {str(shape): shape for shape in map(scenario.shape_for, drawn)}
    return tuple(shapes.values())


def takes_of(trial: Trial) -> Mapping[str, float]:
    """Return what a trial takes altogether, in Ray's spelling."""
    shape: Any = trial.placement_group_factory
    return dict(shape.required_resources)
