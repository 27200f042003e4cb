"""The searchers that can be named, and how a name becomes an object.

The libraries behind them take seconds to import, so an entry names its class and loads it when
it is chosen.
"""

from __future__ import annotations

import math
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

from tuner.arms import Choice
from tuner.errors import SpecError, nearest
from tuner.objectives import Objective
from tuner.searchers.base import SearchTask, SpaceSearcher
from tuner.searchers.points import as_declared
from tuner.space import Constraint, contains, is_feasible

__all__ = [
    "SEARCHERS",
    "SearcherEntry",
    "build_searcher",
    "check_searcher",
    "default_num_samples",
    "learns",
    "takes_objectives",
    "total_trials",
]


@dataclass(frozen=True)
class SearcherEntry:
    """A searcher that can be named.

    Attributes:
        name: Its name in an arm.
        summary: What it does, in a line.
        source: Where the method is described.
        location: The class, as ``module:Class``.
        use: When to choose it.
        spaces: What of a space it cannot search.
        parallel: What it knows of trials that run at once.
    """

    name: str
    summary: str
    source: str
    location: str
    use: str
    spaces: str
    parallel: str

    def load(self) -> type[SpaceSearcher]:
        """Import the class."""
        return cast("type[SpaceSearcher]", pkgutil.resolve_name(self.location))


_NO_GRID = "no grid"

_ENTRIES = (
    SearcherEntry(
        "random",
        "independent draws, times every combination of the grids",
        "Bergstra & Bengio 2012, Random Search for Hyper-Parameter Optimization, JMLR 13 "
        "(https://jmlr.org/papers/v13/bergstra12a.html)",
        "tuner.searchers.random_search:RandomSearcher",
        use="as the yardstick, or with hundreds of workers",
        spaces="all",
        parallel="any number: results do not matter",
    ),
    SearcherEntry(
        "grid",
        "every combination of a few points per domain, once, or the first num_samples; rounds=3 "
        "refines around the best",
        "",
        "tuner.searchers.grid_search:GridSearcher",
        use="for two or three hyperparameters",
        spaces="no randn, no sample_from",
        parallel="any number; between rounds it waits for all results",
    ),
    SearcherEntry(
        "halton",
        "a scrambled Halton sequence: fewer gaps than random, for any number of trials",
        "Halton 1960, Numerische Mathematik 2; Owen 2017 (1706.02808)",
        "tuner.searchers.quasi_random:HaltonSearcher",
        use="in place of random, for any number of trials",
        spaces=_NO_GRID,
        parallel="any number: results do not matter",
    ),
    SearcherEntry(
        "sobol",
        "a scrambled Sobol sequence: the evenest, for a power of two trials",
        "Sobol 1967; Joe & Kuo 2008, SIAM Journal on Scientific Computing 30",
        "tuner.searchers.quasi_random:SobolSearcher",
        use="in place of random, for 64, 128, 256 ... trials",
        spaces=_NO_GRID,
        parallel="any number: results do not matter",
    ),
    SearcherEntry(
        "hyperopt",
        "HyperOpt's tree-structured Parzen estimator (TPE)",
        "Bergstra et al. 2011, Algorithms for Hyper-Parameter Optimization, NeurIPS 24 "
        "(https://papers.nips.cc/paper/4443-algorithms-for-hyper-parameter-optimization)",
        "tuner.searchers.hyperopt_tpe:HyperOptSearcher",
        use="by default, with asha and the like",
        spaces=_NO_GRID,
        parallel="pending trials count as poor, so workers spread out",
    ),
    SearcherEntry(
        "optuna",
        "Optuna's samplers: sampler=tpe, gp, cmaes, nsga2, qmc or random",
        "Akiba et al. 2019, Optuna (1907.10902)",
        "tuner.searchers.optuna_samplers:OptunaSearcher",
        use="gp for a few dozen costly trials (needs torch); cmaes for many trials over numbers; "
        "nsga2 for several objectives",
        spaces="no grid; cmaes: two or more numbers",
        parallel="tpe, gp: pending trials are taken into account; cmaes, nsga2: a generation at "
        "a time",
    ),
    SearcherEntry(
        "mfgp",
        "a Gaussian process over configurations and training time, which learns from every rung; "
        "every eighth configuration is drawn at random",
        "kernels over inputs and times: Swersky et al. 2013, Multi-Task Bayesian Optimization, "
        "NeurIPS 26 (https://papers.nips.cc/paper/5086-multi-task-bayesian-optimization)",
        "tuner.searchers.multi_fidelity:MultiFidelitySearcher",
        use="by default, with freeze_thaw",
        spaces=_NO_GRID,
        parallel="pending trials count as if they had reached what is expected of them",
    ),
    SearcherEntry(
        "evolution",
        "regularised evolution: mutants of the best of the latest configurations, or of two",
        "Real et al. 2019, Regularized Evolution (1802.01548)",
        "tuner.searchers.evolution:EvolutionSearcher",
        use="from some fifty trials on, also thousands, and in large conditional spaces",
        spaces=_NO_GRID,
        parallel="nothing waits",
    ),
    SearcherEntry(
        "bohb",
        "kernel densities of the largest budget with enough results",
        "Falkner et al. 2018, BOHB (1807.01774); needs requirements/bohb.txt",
        "tuner.searchers.bohb_kde:BOHBSearcher",
        use="with the scheduler bohb",
        spaces=_NO_GRID,
        parallel="as its scheduler",
    ),
)

SEARCHERS: Mapping[str, SearcherEntry] = MappingProxyType({e.name: e for e in _ENTRIES})
"""Every searcher by name."""


def build_searcher(
    choice: Choice,
    space: Mapping[str, Any],
    *,
    metric: str,
    mode: str,
    seed: int,
    time_attr: str = "training_iteration",
    max_t: float = math.inf,
    points_to_evaluate: Sequence[Mapping[str, Any]] | None = None,
    num_samples: int | None = None,
    constraint: Constraint | None = None,
    objectives: Sequence[Objective] = (),
) -> SpaceSearcher:
    """Return the searcher that ``choice`` names, over ``space``.

    Args:
        choice: Name and keywords.
        space: A valid space.
        metric: The reported value to optimise.
        mode: ``"min"`` or ``"max"``.
        seed: Decides every draw; 0 <= seed < 2**31.
        time_attr: The reported value that measures progress.
        max_t: Where a full training ends, in units of ``time_attr``; inf if nobody says.
        points_to_evaluate: Complete configurations to suggest first.
        num_samples: How often ``random`` samples the space, each time with every combination of
            its grids; None for without end. The other searchers go on while they are asked.
        constraint: Says which configurations are feasible; None for all.
        objectives: All that is optimised, the metric first; a searcher that takes one only
            (`takes_objectives`) gets the metric.

    Raises:
        SpecError: As `check_searcher`; or a point does not lie in the space or is infeasible, or
            the seed is out of range.
        MissingDependencyError: The searcher needs a package that is not installed.
    """
    check_searcher(choice, space)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
        raise SpecError(f"a searcher's seed is a whole number from 0 to 2**31 - 1, got {seed!r}")
    points = tuple(points_to_evaluate or ())
    for number, point in enumerate(points):
        problems = contains(space, point)
        if problems:
            raise SpecError(
                f"points_to_evaluate[{number}] must be a complete configuration of the space: "
                f"{'; '.join(problems)}"
            )
        if not is_feasible(constraint, point):
            raise SpecError(
                f"points_to_evaluate[{number}] must satisfy the scenario's constraint, but "
                f"{dict(point)!r} does not; change it, or leave it out"
            )
    task = SearchTask(
        space=space,
        metric=metric,
        mode=mode,
        seed=seed,
        time_attr=time_attr,
        max_t=max_t,
        points=tuple(as_declared(space, point) for point in points),
        num_samples=num_samples,
        constraint=constraint,
        objectives=tuple(objectives) if takes_objectives(choice) else (),
    )
    return _entry(choice).load()(task, **choice.options)


def check_searcher(choice: Choice, space: Mapping[str, Any]) -> None:
    """Check everything about a choice that can be checked without building it.

    Raises:
        SpecError: An unknown name or keyword, a value of another type, or a space that this
            searcher cannot search.
        MissingDependencyError: The searcher needs a package that is not installed.
    """
    searcher = _entry(choice).load()
    searcher.check_options(choice.options)
    searcher.check_space(space, choice.options)


def learns(choice: Choice) -> bool:
    """Return whether a (checked) choice learns from trials, also from those of other sweeps."""
    return _entry(choice).load().learns(choice.options)


def takes_objectives(choice: Choice) -> bool:
    """Return whether a (checked) choice optimises several objectives at once."""
    return _entry(choice).load().takes_objectives(choice.options)


def default_num_samples(choice: Choice, space: Mapping[str, Any]) -> int | None:
    """Return how often to sample ``space`` when nobody says.

    Returns:
        None for ``grid`` (the whole grid once), 1 for ``random`` with a grid inside (every
        combination once), 32 otherwise.
    """
    return _entry(choice).load().default_num_samples(space)


def total_trials(
    choice: Choice,
    space: Mapping[str, Any],
    num_samples: int | None,
    points: Sequence[Mapping[str, Any]] = (),
) -> int | None:
    """Return how many trials ``num_samples`` make, at most; None for without end.

    Those are as many for most searchers; for ``random``, times the combinations of the grids;
    for ``grid``, no more than the grid has.
    """
    return _entry(choice).load().total_trials(space, choice.options, num_samples, points)


def _entry(choice: Choice) -> SearcherEntry:
    if choice.name not in SEARCHERS:
        raise SpecError(f"unknown searcher {choice.name!r}{nearest(choice.name, SEARCHERS)}")
    return SEARCHERS[choice.name]
