"""ASHA, the form that promotes: trials pause at rungs, and the best of each rung go on.

Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", arXiv 1810.05934,
algorithm 2 (``get_job``). Ray Tune has none (ray-project/ray #32634). Unlike in the form that stops
(`asha`), nobody goes on for being among the first at a rung, and nobody ends there for good: who
waits may still be promoted when those who come later turn out to be worse.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial
from ray.tune.schedulers import TrialScheduler

from tuner.schedulers.checks import check_goal
from tuner.schedulers.divergence import why_diverged
from tuner.schedulers.judges import Comparing
from tuner.schedulers.ladder import BracketDraw, Ladder, check_ladder, milestones
from tuner.schedulers.promotion_rungs import PromotionRung, PromotionRungs
from tuner.schedulers.reasons import Reason
from tuner.schedulers.standing import RungStanding
from tuner.schedulers.waiting import trial_of

__all__ = ["PromotionASHA"]


class PromotionASHA(Comparing):
    """Pauses each trial at each rung; free slots promote before they start what is new.

    A free slot goes to the best trial that waits at the highest rung with one in its top
    1/reduction_factor, or else to a new trial. The paper's loop has no end; here, once no trial
    will come any more, and nothing runs or can be promoted, those that wait end. But the best at
    the highest rung goes on all the same while no trial has come to its end, since few trials
    fill no high rung; and where a searcher withholds suggestions while nothing runs (it may count
    paused trials as running). A trial counts as promoted once it reports again. Equal values rank
    in the order of suggestion. Trials must save checkpoints.

    Args:
        time_attr: What counts as time in a report.
        metric: What is tuned.
        mode: ``"min"`` or ``"max"``.
        max_t: Trials end there, in units of ``time_attr``.
        grace_period: Where the lowest rung is.
        reduction_factor: One in so many is promoted; also the ratio of rungs. Above 1.
        brackets: Bracket s leaves out the s lowest rungs; each trial draws its own.
        seed: Seeds the draw of brackets; ``0 <= seed < 2**32``, or None.

    Attributes:
        ladders: Its brackets.

    Raises:
        SpecError: A value is out of its range.
    """

    def __init__(
        self,
        time_attr: str = "training_iteration",
        metric: str | None = None,
        mode: Literal["min", "max"] | None = None,
        max_t: float = 100,
        grace_period: float = 1,
        reduction_factor: float = 4,
        brackets: int = 1,
        seed: int | None = None,
    ) -> None:
        super().__init__(time_attr, metric, mode)
        ladder: dict[str, Any] = {
            "max_t": max_t,
            "grace_period": grace_period,
            "reduction_factor": reduction_factor,
        }
        check_ladder(**ladder, brackets=brackets)
        self._max_t = max_t
        rows = [milestones(**ladder, bracket=index) for index in range(brackets)]
        self._rungs = PromotionRungs(rows, reduction_factor)
        self._draw = BracketDraw([len(row) for row in rows], seed)
        odds = self._draw.odds
        self.ladders = [
            Ladder(*each, reduction_factor) for each in zip(odds, map(tuple, rows), strict=True)
        ]
        self._trials: dict[str, Trial] = {}
        self._any_complete = False

    def on_trial_add(self, tune_controller: TuneController, trial: Trial) -> None:
        """Draw the bracket of a new trial.

        Raises:
            SpecError: Metric or mode are not known yet.
        """
        check_goal("PromotionASHA", self._metric, self._mode)
        self._trials[trial.trial_id] = trial
        if trial.trial_id not in self._rungs.members:  # else it failed, and starts again
            self._rungs.enter(trial.trial_id, self._draw.draw())

    def on_trial_result(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> str:
        """Pause a trial that reaches a rung; stop one at ``max_t``."""
        time, value = self._read(result)
        known = trial.trial_id in self._rungs.members
        if not known or value is None or time is None:
            return str(TrialScheduler.CONTINUE)
        self._trials[trial.trial_id] = trial
        if not self._rungs.train(trial.trial_id, time):
            return str(TrialScheduler.CONTINUE)
        reason = why_diverged(result, {}, str(self._metric), None)
        if reason is None and time >= self._max_t:
            self._any_complete = True
            reason = Reason(f"reached max_t={self._max_t:g}", {"value": value})
        if reason is not None:
            self._reasons[trial.trial_id] = reason
            return str(TrialScheduler.STOP)
        rung = self._rungs.arrive(trial.trial_id, -self._turned(value))
        if rung is None:
            return str(TrialScheduler.CONTINUE)
        bracket = self._rungs.members[trial.trial_id].bracket
        self._reasons[trial.trial_id] = self._reason(rung, bracket, value, "waits")
        return str(TrialScheduler.PAUSE)

    def on_trial_complete(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> None:
        """A running trial ended: by a decision, or by itself, which is as good as ``max_t``."""
        _, value = self._read(result)
        if result.get("done") and value is not None and math.isfinite(value):
            self._any_complete = True
        self.on_trial_remove(tune_controller, trial)

    def on_trial_remove(self, tune_controller: TuneController, trial: Trial) -> None:
        """A trial ended; if it waited for a promotion, its place is for the next best."""
        self._rungs.leave(trial.trial_id)
        self._trials.pop(trial.trial_id, None)
        self._reasons.pop(trial.trial_id, None)

    def choose_trial_to_run(self, tune_controller: TuneController) -> Trial | None:
        """Return the trial to promote, or else a new one.

        Where nothing runs and nothing will, those that wait end, all but the winner of a sweep in
        which no trial has come to its end.
        """
        chosen = self._first_of(tune_controller, self._rungs.promotable())
        chosen = chosen or self._first_of(tune_controller, self._rungs.training)
        if chosen is not None or self._anything_moves(tune_controller):
            return chosen
        source: Any = tune_controller.search_alg
        if source is None or not source.is_finished() or not self._any_complete:
            chosen = self._first_of(tune_controller, self._rungs.waiting())
        if chosen is None:
            self._end_waiting(tune_controller)
        return chosen

    def rungs(self) -> list[RungStanding]:
        """Return how the rungs stand, bracket by bracket, the lowest rung first."""
        return [
            self._standing(index, rung)
            for index, bracket in enumerate(self._rungs.brackets)
            for rung in bracket
        ]

    def debug_string(self) -> str:
        """Return a summary, a line per rung."""
        lines = [f"PromotionASHA: {len(self._rungs.members)} trials have not ended"]
        lines += [
            f"rung {rung.label}: {rung.trials} trials, cut {rung.cutoff}" for rung in self.rungs()
        ]
        return "\n".join(lines)

    def save(self, checkpoint_path: str) -> None:
        """Write what decides all that comes next to a file, as JSON."""
        state = {
            "draw": self._draw.to_json(),
            "rungs": self._rungs.to_json(),
            "any_complete": self._any_complete,
        }
        Path(checkpoint_path).write_text(json.dumps(state, allow_nan=False))

    def restore(self, checkpoint_path: str) -> None:
        """Take over what `save` wrote; the object must be fresh and built in the same way."""
        state = json.loads(Path(checkpoint_path).read_text())
        self._draw.load_json(state["draw"])
        self._rungs.load_json(state["rungs"])
        self._any_complete = state["any_complete"]

    def _first_of(self, tune_controller: TuneController, trial_ids: Iterable[str]) -> Trial | None:
        """Return the first trial that can be given a slot: others run, or save at their rung."""
        for trial_id in trial_ids:
            trial = trial_of(self._trials, tune_controller, trial_id)
            if trial is not None and trial.status in (Trial.PENDING, Trial.PAUSED):
                return trial
        return None

    def _anything_moves(self, tune_controller: TuneController) -> bool:
        """Whether a trial runs, saves, starts or waits to start."""
        training = (self._trials.get(trial_id) for trial_id in self._rungs.training)
        if any(trial is not None and trial.status == Trial.RUNNING for trial in training):
            return True  # which spares a look at all those that wait
        live = tune_controller.get_live_trials()  # in Ray's controller also those that failed
        return any(trial.status in (Trial.RUNNING, Trial.PENDING) for trial in live)

    def _end_waiting(self, tune_controller: TuneController) -> None:
        for trial_id, member in self._rungs.members.items():
            if member.entry is not None:
                rung, value = self._rungs.rung_of(member), -self._turned(member.entry.loss)
                self._reasons[trial_id] = self._reason(rung, member.bracket, value, "ends")
        live = tune_controller.get_live_trials()
        paused = [trial for trial in live if trial.status == Trial.PAUSED]
        for trial in sorted(paused, key=lambda trial: trial.trial_id):
            tune_controller.stop_trial(trial)

    def _reason(self, rung: PromotionRung, bracket: int, value: float, verdict: str) -> Reason:
        places, trials = rung.places, rung.arrived
        place = f"rung {self._label(bracket, rung)}"
        text = f"{place}: {value:.4g} {verdict}, the best {places} of {trials} go on"
        details = {"rung": float(rung.milestone), "bracket": bracket, "value": value}
        return Reason(text, {**details, "places": places, "trials": trials})

    def _label(self, bracket: int, rung: PromotionRung) -> str:
        several = len(self._rungs.brackets) > 1
        return f"b{bracket} @ {rung.milestone:g}" if several else f"{rung.milestone:g}"

    def _standing(self, bracket: int, rung: PromotionRung) -> RungStanding:
        best = rung.ranking[0].loss if rung.ranking else None
        return RungStanding(
            label=self._label(bracket, rung),
            trials=rung.arrived,
            cutoff=None if rung.cutoff is None else -self._turned(rung.cutoff),
            best=None if best is None else -self._turned(best),
            passed=len(rung.ranking) - len(rung.waiting),
            waiting=len(rung.waiting),
        )
