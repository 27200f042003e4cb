"""How a budget is divided among the steps of a study: one rule, for every unit of budgets.

A *training* is one trial that trains to ``max_t``; what some of them take in the budget's unit is
all that the rule knows of a scenario. The rule:

1. **finalize** gets what it takes: a training for a refit, one per member and fold of an ensemble.
2. **adopt** gets its weight's share of the rest, in whole seeds (each trains winner and baseline,
   on every fold), at least `FEWEST_SEEDS` and at most `MOST_SEEDS` unless their number is given.
3. **explore** and **refine** share what is left by their weights. There are as many rounds, up to
   `MOST_ROUNDS`, as `TRIALS_OF_A_ROUND` trainings fit into; they share equally. Where none fits,
   all is explored.

Rounds that stop trials early fit more of them into their part than trainings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tuner.budgets import Budget, Unit
from tuner.errors import SpecError, nearest
from tuner.option_values import whole
from tuner.pipeline.steps import StepName
from tuner.plurals import counted
from tuner.progress.wording import duration_text

__all__ = [
    "FEWEST_SEEDS",
    "FEWEST_TRIALS",
    "MOST_ROUNDS",
    "MOST_SEEDS",
    "TRIALS_OF_A_ROUND",
    "WEIGHTS",
    "Division",
    "Wanted",
    "amount_text",
    "divide",
    "spent_text",
]

WEIGHTS: Mapping[str, float] = {"explore": 45, "refine": 45, "adopt": 10}
"""How the budget is shared, unless it is said otherwise; what finalize takes is not weighed."""

FEWEST_SEEDS, MOST_SEEDS = 3, 10
FEWEST_TRIALS = 10
"""An exploration, or a round that was asked for, is no smaller."""
TRIALS_OF_A_ROUND = 25
"""Of so many trials the best fifth are the five from which refine concludes."""
MOST_ROUNDS = 3

CostOf: TypeAlias = Callable[[int], float]
"""What so many trainings take, in the unit of the budget; it grows with their number."""


@dataclass(frozen=True)
class Wanted:
    """What is asked of a division.

    Attributes:
        rounds: Of refine; None for as many as pay. 0 leaves it out.
        seeds: Of adopt; None for as many as its share pays for.
        folds: Of adopt, for each seed; None for none.
        final: How many trainings finalize takes.
        weights: In place of some of `WEIGHTS`; 0 leaves refine or adopt out.
    """

    rounds: int | None = None
    seeds: int | None = None
    folds: int | None = None
    final: int = 1
    weights: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Division:
    """Who gets how much of a budget, in its unit.

    Attributes:
        budget: All of it.
        explore: For the exploration.
        rounds: For each round of refine; empty for none.
        adopt: For the repeats of winner and baseline.
        seeds: With how many seeds these are trained; 0 where nobody asks whether to adopt.
        finalize: For the model.
        for_a_round: Of which budget there would be a round; 0 where there are some, or none is
            wanted.
    """

    budget: Budget
    explore: float
    rounds: tuple[float, ...]
    adopt: float
    seeds: int
    finalize: float
    for_a_round: float = 0.0

    @property
    def why_no_rounds(self) -> str:
        """Why refine is left out; empty where it is not."""
        if self.rounds:
            return ""
        if not self.for_a_round:
            return "no rounds are wanted"
        return (
            f"its share pays for no round of {TRIALS_OF_A_ROUND} full trainings; a budget of "
            f"{amount_text(self.for_a_round, self.budget.unit)} would, or ask for smaller rounds "
            "(--rounds 1, rounds=1)"
        )

    def planned(self, step: StepName) -> float:
        """Return what a step may spend."""
        parts = {"explore": self.explore, "refine": sum(self.rounds), "adopt": self.adopt}
        return {**parts, "finalize": self.finalize}.get(step, 0.0)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "budget": {"amount": self.budget.amount, "unit": self.budget.unit},
            "explore": self.explore,
            "rounds": list(self.rounds),
            "adopt": self.adopt,
            "seeds": self.seeds,
            "finalize": self.finalize,
            "for_a_round": self.for_a_round,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Division:
        """Return what `to_json` gave."""
        changed = {"budget": Budget(**content["budget"]), "rounds": tuple(content["rounds"])}
        return cls(**{**content, **changed})


def divide(budget: Budget, cost_of: CostOf, wanted: Wanted) -> Division:
    """Divide a budget among the steps, as the module says.

    Raises:
        SpecError: It is too small for what is asked, or what is asked is nothing that can be.
    """
    weights = _checked(wanted)
    final = cost_of(wanted.final) if wanted.final else 0.0
    pair = 2 * (wanted.folds or 1)
    seeds = _fewest_seeds(wanted, weights)
    rounds = 0 if not weights["refine"] else wanted.rounds
    least = cost_of(FEWEST_TRIALS)
    repeats = cost_of(pair * seeds) if seeds else 0.0
    smallest = final + repeats + least * (1 + (rounds or 0))
    if budget.amount < smallest:
        raise SpecError(
            f"{_told(wanted, seeds, rounds or 0)} take at least "
            f"{amount_text(math.ceil(smallest), budget.unit)}, got a budget of "
            f"{amount_text(budget.amount, budget.unit)}; raise it, or ask for less (rounds, seeds, "
            "folds, ensemble)"
        )
    part = weights["adopt"] / sum(weights.values()) if wanted.seeds is None else 0.0
    if wanted.seeds is None and seeds:
        share = (budget.amount - final) * part
        most = min(share, budget.amount - smallest + repeats)
        while seeds < MOST_SEEDS and cost_of(pair * (seeds + 1)) <= most:
            seeds += 1
    adopt = cost_of(pair * seeds) if seeds else 0.0
    search = budget.amount - final - adopt
    each = _rounds(search, cost_of, rounds, weights, whole_numbers=budget.unit == "trials")
    enough = 0.0
    if rounds is None and not each:
        paid = _search_of_a_round(cost_of, weights)  # adopt gets its part, or the fewest repeats
        enough = float(math.ceil(final + max(paid + repeats, paid / (1 - part))))
    return Division(budget, search - sum(each), each, adopt, seeds, final, enough)


def amount_text(amount: float, unit: Unit) -> str:
    """Return an amount of a budget's unit as a person would say it."""
    if unit in ("trials", "epochs"):
        return counted(round(amount), unit.removesuffix("s"))
    return f"{duration_text(amount)}{' on GPUs' if unit == 'gpu_seconds' else ''}"


def spent_text(spent: float, planned: float, unit: Unit) -> str:
    """Return how much was spent of what was planned, as a person would say it."""
    whole_text = amount_text(planned, unit)
    short = f"{round(spent):,}" if unit in ("trials", "epochs") else duration_text(spent)
    return f"{short} of {whole_text}"


def _rounds(
    search: float,
    cost_of: CostOf,
    rounds: int | None,
    weights: Mapping[str, float],
    *,
    whole_numbers: bool,
) -> tuple[float, ...]:
    """Return what each round gets of what is searched with; the rest is explored.

    Args:
        search: For explore and refine together.
        cost_of: What trainings take.
        rounds: How many; None for as many as pay.
        weights: Of the steps.
        whole_numbers: Whether amounts are.
    """
    part = search * weights["refine"] / (weights["explore"] + weights["refine"])
    if rounds is None:
        rounds = min(MOST_ROUNDS, int(part // cost_of(TRIALS_OF_A_ROUND)))
    if not rounds:
        return ()
    least = cost_of(FEWEST_TRIALS)
    each = min(max(part / rounds, least), (search - least) / rounds)
    return (float(math.floor(each)) if whole_numbers else each,) * rounds


def _search_of_a_round(cost_of: CostOf, weights: Mapping[str, float]) -> float:
    """Return what explore and refine need together for the part of refine to pay for a round."""
    searching = weights["explore"] + weights["refine"]
    return cost_of(TRIALS_OF_A_ROUND) * searching / weights["refine"]


def _fewest_seeds(wanted: Wanted, weights: Mapping[str, float]) -> int:
    """Return with how few seeds adopt can do; folds are repeats, too."""
    if wanted.seeds is not None:
        return wanted.seeds
    if not weights["adopt"]:
        return 0
    return FEWEST_SEEDS if wanted.folds is None else 1


def _told(wanted: Wanted, seeds: int, rounds: int) -> str:
    folds = f" on {counted(wanted.folds, 'fold')}" if wanted.folds else ""
    parts = [f"an exploration of {FEWEST_TRIALS} trials"]
    parts += [f"{counted(rounds, 'round')} of as many"] * bool(rounds)
    parts += [f"two configurations with {counted(seeds, 'seed')}{folds}"] * bool(seeds)
    parts += [f"{counted(wanted.final, 'training')} of the model"] * bool(wanted.final)
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


def _checked(wanted: Wanted) -> dict[str, float]:
    """Return the weights of all steps.

    Raises:
        SpecError: A step has none, a weight is none, or a number is none.
    """
    for name, at_least in (("rounds", 0), ("seeds", 1), ("folds", 2)):
        if (given := getattr(wanted, name)) is not None:
            whole(name, given, at_least=at_least)
    for step, weight in (wanted.weights or {}).items():
        if step not in WEIGHTS:
            raise SpecError(f"weights are of steps, got {step!r}{nearest(step, WEIGHTS)}")
        if not (math.isfinite(weight) and weight >= 0) or (step == "explore" and not weight):
            least = "above 0" if step == "explore" else "at least 0"
            raise SpecError(f"the weight of {step} is a number {least}, got {weight:g}")
    weights = {**WEIGHTS, **(wanted.weights or {})}
    for step, name in (("refine", "rounds"), ("adopt", "seeds")):
        if not weights[step] and getattr(wanted, name):
            raise SpecError(
                f"a weight of 0 leaves {step} out, got {name}={getattr(wanted, name)} as well; "
                "leave one of them out"
            )
    return weights
