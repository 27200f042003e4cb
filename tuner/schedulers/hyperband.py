"""HyperBand as its paper has it: successive halving in brackets, the most aggressive first.

Li et al. 2018, "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization",
arXiv 1603.06560, algorithm 1. The sizes are in `brackets`, one bracket at work is in `halving`.

Ray's own (``ray_hyperband``) fills the least aggressive bracket first, so that few trials mean
almost no halving, rounds its logarithms, and compares the trials that are there when those are at
the rung, whether the bracket is full or not (ray-project/ray #37605, #6780).
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Literal

from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial
from ray.tune.schedulers import TrialScheduler

from tuner.schedulers.bracket_reasons import place_of, why_dropped, why_paused
from tuner.schedulers.brackets import HyperBandPlan
from tuner.schedulers.checks import check_goal
from tuner.schedulers.halving import Arrival, Halving
from tuner.schedulers.judges import Comparing
from tuner.schedulers.reasons import Reason
from tuner.schedulers.standing import RungStanding
from tuner.schedulers.waiting import trial_of

__all__ = ["HyperBand"]

_ACTIVE = (Trial.PENDING, Trial.RUNNING)


class HyperBand(Comparing):
    """Trains brackets of trials from rung to rung, and keeps the best of each rung.

    A trial pauses at its bracket's rung until the bracket is full and all others of it are there;
    meanwhile its slot serves others: kept trials first, those of the oldest bracket before all.
    Where trials run short, a bracket is halved as one of the size that it got. Nothing waits for
    what will not come: not for a trial that failed or was stopped, and not for one that a
    searcher does not suggest while nothing else runs. (So it is with the
    ``max_concurrent_trials`` of ``TuneConfig``, which counts paused trials: brackets are no larger
    then.) Equal values rank in the order of suggestion. It draws no random numbers, and so takes
    no seed.

    Args:
        time_attr: What counts as time in a report.
        metric: What is tuned.
        mode: ``"min"`` or ``"max"``.
        max_t: The longest a trial trains, in ``time_attr``; at least 1.
        reduction_factor: A rung keeps one in so many; at least 2, need not be whole.
        grace_period: No trial is stopped before; at least 1.

    Raises:
        SpecError: A value is out of its range.
    """

    def __init__(
        self,
        time_attr: str = "training_iteration",
        metric: str | None = None,
        mode: Literal["min", "max"] | None = None,
        max_t: float = 81,
        reduction_factor: float = 3,
        grace_period: float = 1,
    ) -> None:
        super().__init__(time_attr, metric, mode)
        self._max_t = max_t
        self._plan = HyperBandPlan(max_t, reduction_factor, grace_period)
        self._added = 0
        self._opened = 0
        self._filling: Halving | None = None
        self._brackets: dict[int, Halving] = {}
        self._bracket_of: dict[str, Halving] = {}
        self._trials: dict[str, Trial] = {}

    def on_trial_add(self, tune_controller: TuneController, trial: Trial) -> None:
        """Put a new trial into the bracket that is being filled.

        Raises:
            SpecError: Metric or mode are not known yet.
        """
        check_goal("HyperBand", self._metric, self._mode)
        self._trials[trial.trial_id] = trial
        if trial.trial_id in self._bracket_of:  # it failed, and starts again where it was
            return
        bracket = self._filling = self._filling or self._open(tune_controller)
        bracket.enter(trial.trial_id)
        self._bracket_of[trial.trial_id] = bracket
        self._added += 1
        if bracket.closed:
            self._filling = None

    def on_trial_result(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> str:
        """Pause a trial at its rung; decide once it is the last that was waited for."""
        bracket = self._bracket_of.get(trial.trial_id)
        time, value = self._read(result)
        if bracket is None or time is None:
            return str(TrialScheduler.CONTINUE)
        self._trials[trial.trial_id] = trial
        if time >= self._max_t:
            bracket.leave(trial.trial_id)
            del self._bracket_of[trial.trial_id]
            self._reasons[trial.trial_id] = Reason(f"reached max_t={self._max_t:g}")
        elif trial.trial_id in bracket.training and time >= bracket.rung.time:
            bracket.arrive(trial.trial_id, time, self._score(value))
        self._settle(tune_controller, bracket, current=trial.trial_id)
        self._close_if_exhausted(tune_controller, current=trial.trial_id)
        return self._answer(trial.trial_id, bracket)

    def on_trial_complete(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> None:
        """A running trial ended: by a decision, or by itself."""
        self.on_trial_remove(tune_controller, trial)

    def on_trial_remove(self, tune_controller: TuneController, trial: Trial) -> None:
        """A trial ended: its bracket waits for it no longer."""
        self._reasons.pop(trial.trial_id, None)
        self._trials.pop(trial.trial_id, None)
        bracket = self._bracket_of.pop(trial.trial_id, None)
        if bracket is not None:
            bracket.leave(trial.trial_id)
            self._settle(tune_controller, bracket)
            self._close_if_exhausted(tune_controller)

    def choose_trial_to_run(self, tune_controller: TuneController) -> Trial | None:
        """Return a kept trial that waits for a slot, or else a new one.

        Where nothing runs and nothing can, the rungs are decided among those that are there.
        """
        chosen = self._next_in_line(tune_controller)
        if chosen is not None or not any(b.waiting for b in self._brackets.values()):
            return chosen
        if any(trial.status in _ACTIVE for trial in tune_controller.get_live_trials()):
            return None
        self._decide_without_the_missing(tune_controller)
        return self._next_in_line(tune_controller)

    @property
    def plan(self) -> HyperBandPlan:
        """The sizes and rungs of its brackets."""
        return self._plan

    def rung_ahead(self, trial_id: str) -> float | None:
        """Return the time of the rung that a trial trains towards; None if it does not train."""
        bracket = self._bracket_of.get(trial_id)
        return bracket.rung.time if bracket is not None and trial_id in bracket.training else None

    def rungs(self) -> list[RungStanding]:
        """Return the rung that each open bracket trains towards, the oldest bracket first."""
        return [self._standing(bracket) for bracket in self._brackets.values()]

    def debug_string(self) -> str:
        """Return a summary, a line per open bracket."""
        lines = [f"HyperBand: {self._added} trials in {self._opened} brackets"]
        for bracket in self._brackets.values():
            counts = f"{len(bracket.training)} on their way, {len(bracket.waiting)} there"
            lines.append(f"{place_of(bracket, bracket.rung)}: {counts}")
        return "\n".join(lines)

    def save(self, checkpoint_path: str) -> None:
        """Write what decides all that comes next to a file, as JSON."""
        state = {
            "added": self._added,
            "opened": self._opened,
            "brackets": [bracket.to_json() for bracket in self._brackets.values()],
        }
        Path(checkpoint_path).write_text(json.dumps(state, allow_nan=False))

    def restore(self, checkpoint_path: str) -> None:
        """Take over what `save` wrote; the object must be fresh and built in the same way."""
        state = json.loads(Path(checkpoint_path).read_text())
        self._added, self._opened = state["added"], state["opened"]
        for saved in state["brackets"]:
            plan = self._plan.sized(saved["aggressiveness"], saved["size"])
            bracket = Halving.from_json(saved, plan)
            self._brackets[bracket.number] = bracket
            members = [*bracket.training, *bracket.waiting]
            self._bracket_of |= dict.fromkeys(members, bracket)
            self._filling = self._filling if bracket.closed else bracket

    def _open(self, tune_controller: TuneController) -> Halving:
        source: Any = tune_controller.search_alg
        total = source.total_samples if source is not None else 0  # which stands for no bound
        remaining = total - self._added if total > self._added else None
        bracket = Halving(self._opened, self._plan.numbered(self._opened, remaining))
        self._brackets[bracket.number] = bracket
        self._opened += 1
        return bracket

    def _close_if_exhausted(
        self, tune_controller: TuneController, current: str | None = None
    ) -> None:
        """Close the bracket that is being filled, if no trial will come any more.

        Not asked while trials are added: an experiment that is restored adds all it has at once.
        """
        source: Any = tune_controller.search_alg
        if self._filling is not None and source is not None and source.is_finished():
            self._close(tune_controller, self._filling, current)

    def _close(
        self, tune_controller: TuneController, bracket: Halving, current: str | None = None
    ) -> None:
        self._filling = None
        bracket.close(self._plan.sized(bracket.plan.aggressiveness, bracket.entered))
        self._settle(tune_controller, bracket, current)

    def _settle(
        self, tune_controller: TuneController, bracket: Halving, current: str | None = None
    ) -> None:
        """Decide the bracket's rung if it is time to, and end those that are not kept.

        Args:
            tune_controller: Stops them, except for ``current``.
            bracket: The one in which something changed.
            current: The trial that reports, which learns of its end by the answer.
        """
        while (verdict := bracket.decide()) is not None:
            for trial_id, arrival in verdict.dropped.items():
                del self._bracket_of[trial_id]
                self._reasons[trial_id] = why_dropped(bracket, verdict, self._value(arrival))
            for trial_id in verdict.dropped:
                trial = trial_of(self._trials, tune_controller, trial_id)
                if trial is not None and trial_id != current:
                    tune_controller.stop_trial(trial)
        if bracket.over:
            self._brackets.pop(bracket.number, None)

    def _decide_without_the_missing(self, tune_controller: TuneController) -> None:
        """Nothing runs or waits for a slot: whoever is not at its rung by now will not come."""
        for bracket in list(self._brackets.values()):
            for trial_id in list(bracket.training):
                bracket.leave(trial_id)
                self._bracket_of.pop(trial_id, None)
            if bracket is self._filling:
                self._close(tune_controller, bracket)
            else:
                self._settle(tune_controller, bracket)

    def _answer(self, trial_id: str, bracket: Halving) -> str:
        if trial_id not in self._bracket_of:
            return str(TrialScheduler.STOP)
        if trial_id in bracket.training:
            return str(TrialScheduler.CONTINUE)
        self._reasons[trial_id] = why_paused(bracket, self._value(bracket.waiting[trial_id]))
        return str(TrialScheduler.PAUSE)

    def _next_in_line(self, tune_controller: TuneController) -> Trial | None:
        new = None
        for bracket in self._brackets.values():
            for trial_id in bracket.training:
                trial = trial_of(self._trials, tune_controller, trial_id)
                if trial is not None and trial.status == Trial.PAUSED:
                    return trial
                if new is None and trial is not None and trial.status == Trial.PENDING:
                    new = trial
        return new

    def _score(self, value: float | None) -> float | None:
        return self._turned(value) if value is not None and math.isfinite(value) else None

    def _value(self, arrival: Arrival) -> float | None:
        return None if arrival.score is None else self._turned(arrival.score)

    def _standing(self, bracket: Halving) -> RungStanding:
        scores = [at.score for at in bracket.waiting.values() if at.score is not None]
        start = bracket.plan.rungs[0]
        return RungStanding(
            label=f"{start.size} from {start.time:g} @ {bracket.rung.time:g}",
            trials=len(bracket.waiting),
            cutoff=None,
            best=self._turned(max(scores)) if scores else None,
            waiting=len(bracket.waiting),
        )
