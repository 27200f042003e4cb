"""The winner of a chain of sweeps, and the baseline that it has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tuner.errors import NoResultError
from tuner.objectives import Objective
from tuner.playbook.adoption.adopting import default_baseline
from tuner.plurals import counted
from tuner.store import Sweep, TrialResult

__all__ = ["Chosen", "choose_baseline", "choose_winner", "selection"]


@dataclass(frozen=True)
class Chosen:
    """A trial, the sweep that holds it, and why it was chosen.

    Attributes:
        sweep: Which.
        trial: At its best report.
        why: As part of a sentence.
    """

    sweep: Sweep
    trial: TrialResult
    why: str

    def __str__(self) -> str:
        return f"{self.trial.trial_id} of {self.sweep.name}"


def choose_winner(sweeps: Sequence[Sweep]) -> Chosen:
    """Return the best trial of all sweeps; of equals, that of the earlier sweep.

    The last round need not hold it: rounds search where the good trials were, not where the best
    one was alone.

    Raises:
        NoResultError: No trial has a finite value.
    """
    objective = Objective(sweeps[0].metric, sweeps[0].mode)
    best = [(sweep, trial) for sweep in sweeps if (trial := _best(sweep)) is not None]
    if not best:
        sweeps[0].best()  # says why there is none
    sweep, trial = min(best, key=lambda each: objective.cost(each[1].value))
    trials = counted(sum(len(each.trials()) for each in sweeps), "trial")
    return Chosen(sweep, trial, f"the best of {trials} in {counted(len(sweeps), 'sweep')}")


def selection(sweeps: Sequence[Sweep]) -> str:
    """Return from how many trials of which sweeps the winner was chosen, as a sentence."""
    told = (f"{counted(len(s.trials()), 'trial')} of {s.name} with {s.spec.arm}" for s in sweeps)
    return f"the winner is {choose_winner(sweeps).why}: {', '.join(told)}"


def choose_baseline(exploration: Sweep) -> Chosen:
    """Return what a winner has to beat: the user's default, or what chance would have brought.

    Args:
        exploration: Its first trial is the first of ``points_to_evaluate``, if there are any.
    """
    trial, is_named = default_baseline(exploration)
    median = "the median trial of the exploration, since no default is named (points_to_evaluate)"
    return Chosen(exploration, trial, "the first of points_to_evaluate" if is_named else median)


def _best(sweep: Sweep) -> TrialResult | None:
    try:
        return sweep.best()
    except NoResultError:
        return None
