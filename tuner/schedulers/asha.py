"""ASHA, the form that stops: Ray's decisions at a cost that hardly grows with the sweep.

Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", arXiv 1810.05934, in the
variant that Ray Tune has: no trial ever waits, and one that reaches a rung is stopped unless it is
in the best 1/eta of those that came before it. `promotion` has the paper's algorithm 2.

Ray's own looks through all scores of a rung at each arrival, which takes 0.25 ms at 10,000
trials, and draws brackets from NumPy's global generator (ray-project/ray #13616).
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Literal

from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial
from ray.tune.schedulers import AsyncHyperBandScheduler, TrialScheduler

from tuner.plurals import counted
from tuner.schedulers.asha_rungs import Arrival, Bracket, Entrant, Rung
from tuner.schedulers.checks import check_goal, check_mode
from tuner.schedulers.divergence import why_diverged
from tuner.schedulers.judges import Judge
from tuner.schedulers.ladder import BracketDraw, Ladder, check_ladder
from tuner.schedulers.reasons import Reason
from tuner.schedulers.standing import RungStanding
from tuner.schedulers.waiting import first_waiting

__all__ = ["ASHA"]


class ASHA(Judge, AsyncHyperBandScheduler):
    """Ray's ``AsyncHyperBandScheduler``, decision for decision, in O(log n) per report.

    It is one of Ray's, so that whatever asks for Ray's class finds it. It differs where Ray's
    decisions are none that anybody wants: a metric that is no finite number stops its trial and
    enters no rung; a report that comes late or twice changes nothing; a trial that fails and
    starts again stays in its bracket.

    Args:
        time_attr: What counts as time in a report.
        metric: What is tuned.
        mode: ``"min"`` or ``"max"``.
        max_t: Trials end there, in units of ``time_attr``.
        grace_period: No trial is stopped before.
        reduction_factor: A rung lets the best one in so many go on; above 1.
        brackets: Bracket s leaves out the s lowest rungs; each trial draws its own.
        stop_last_trials: Whether trials end at ``max_t``.
        seed: Seeds the draw of brackets; ``0 <= seed < 2**32``, or None.

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
        stop_last_trials: bool = True,
        seed: int | None = None,
    ) -> None:
        check_mode(mode)
        ladder: dict[str, Any] = {
            "max_t": max_t,
            "grace_period": grace_period,
            "reduction_factor": reduction_factor,
        }
        check_ladder(**ladder, brackets=brackets)
        super().__init__(
            time_attr=time_attr,
            metric=metric,
            mode=mode,
            brackets=brackets,
            stop_last_trials=stop_last_trials,
            **ladder,
        )
        share = 1 - 1 / reduction_factor
        self._stopping = [
            Bracket([Rung(at, share) for at, _ in reversed(rays._rungs)], stop_last_trials)
            for rays in self._brackets
        ]
        self._draw = BracketDraw([len(bracket.rungs) for bracket in self._stopping], seed)
        self._entrants: dict[str, Entrant] = {}
        self._below: dict[str, tuple[Arrival, float, int, float]] = {}  # reasons, yet without words

    def on_trial_add(self, tune_controller: TuneController, trial: Trial) -> None:
        """Draw the bracket of a new trial.

        Raises:
            SpecError: Metric or mode are not known yet.
        """
        check_goal("ASHA", self._metric, self._mode)
        if trial.trial_id not in self._entrants:  # else it failed, and starts again
            bracket = self._draw.draw()
            ahead = self._stopping[bracket].ahead_of(())
            self._entrants[trial.trial_id] = Entrant(bracket, ahead)

    def on_trial_result(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> str:
        """Stop a trial that is below the cut of a rung that it reaches, or at ``max_t``."""
        entrant = self._entrants.get(trial.trial_id)
        time, value = self._read(result)
        if entrant is None or time is None or value is None or time <= entrant.time:
            return str(TrialScheduler.CONTINUE)
        entrant.time = time
        reason = self._why_end(time, value, result)
        if reason is not None:
            self._reasons[trial.trial_id] = reason
        elif not self._is_below(trial.trial_id, entrant, time, value):
            return str(TrialScheduler.CONTINUE)
        self._num_stopped += 1
        return str(TrialScheduler.STOP)

    def on_trial_complete(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> None:
        """Record the last report of a trial that ended at a rung where it was not recorded yet."""
        entrant = self._entrants.get(trial.trial_id)
        time, value = self._read(result)
        if entrant is not None and time is not None and value is not None and math.isfinite(value):
            self._stopping[entrant.bracket].record(entrant, time, self._turned(value))
        self.on_trial_remove(tune_controller, trial)

    def on_trial_remove(self, tune_controller: TuneController, trial: Trial) -> None:
        """Forget a trial that ended; its scores stay in their rungs."""
        self._entrants.pop(trial.trial_id, None)
        self._reasons.pop(trial.trial_id, None)
        self._below.pop(trial.trial_id, None)

    def take_reason(self, trial_id: str) -> Reason | None:
        """Return why the trial was last stopped, once."""
        below = self._below.pop(trial_id, None)
        return super().take_reason(trial_id) if below is None else self._why_below(*below)

    def choose_trial_to_run(self, tune_controller: TuneController) -> Trial | None:
        """Return the trial that has waited longest for a slot."""
        return first_waiting(tune_controller)

    def heeds_from(self, trial_id: str) -> float:
        """Return the time before which no report of a trial changes anything."""
        entrant = self._entrants.get(trial_id)
        return math.inf if entrant is None else entrant.ahead

    @property
    def ladders(self) -> list[Ladder]:
        """Its brackets."""
        rows = [tuple(rung.milestone for rung in b.rungs) for b in self._stopping]
        factor = self._reduction_factor
        return [Ladder(*each, factor) for each in zip(self._draw.odds, rows, strict=True)]

    def rungs(self) -> list[RungStanding]:
        """Return how the rungs stand, bracket by bracket, the lowest rung first."""
        return [
            self._standing(index, rung)
            for index, bracket in enumerate(self._stopping)
            for rung in bracket.rungs
        ]

    def debug_string(self) -> str:
        """Return a summary, a line per rung."""
        lines = [f"ASHA: {self._num_stopped} trials stopped"]
        lines += [
            f"rung {rung.label}: {rung.trials} trials, cut {rung.cutoff}" for rung in self.rungs()
        ]
        return "\n".join(lines)

    def save(self, checkpoint_path: str) -> None:
        """Write what decides all that comes next to a file, as JSON."""
        state = {
            "draw": self._draw.to_json(),
            "stopped": self._num_stopped,
            "rungs": [[list(rung.scores) for rung in b.rungs] for b in self._stopping],
            "stopped_at": [[rung.stopped for rung in b.rungs] for b in self._stopping],
            "entrants": {key: entrant.to_json() for key, entrant in self._entrants.items()},
        }
        Path(checkpoint_path).write_text(json.dumps(state, allow_nan=False))

    def restore(self, checkpoint_path: str) -> None:
        """Take over what `save` wrote; the object must be fresh and built in the same way."""
        state = json.loads(Path(checkpoint_path).read_text())
        self._draw.load_json(state["draw"])
        self._num_stopped = state["stopped"]
        saved = zip(self._stopping, state["rungs"], state["stopped_at"], strict=True)
        for bracket, rows, stopped in saved:
            for rung, scores, count in zip(bracket.rungs, rows, stopped, strict=True):
                rung.stopped = count
                for score in scores:
                    rung.scores.add(score)
        self._entrants = {key: Entrant.from_json(own) for key, own in state["entrants"].items()}

    def _why_end(self, time: float, value: float, result: dict[str, Any]) -> Reason | None:
        """Return why a trial shall end whatever the others report; None where it need not."""
        if not math.isfinite(value):
            return why_diverged(result, {}, str(self._metric), None)
        if time >= self._max_t and self._stop_last_trials:
            return Reason(f"reached max_t={self._max_t:g}", {"value": value})
        return None

    def _is_below(self, trial_id: str, entrant: Entrant, time: float, value: float) -> bool:
        """Enter a report where it belongs, and return whether it is below the cut there."""
        score = self._turned(value)
        met = self._stopping[entrant.bracket].record(entrant, time, score)
        if met is None or met.cut is None or score >= met.cut:
            return False
        met.rung.stopped += 1
        self._below[trial_id] = met, met.cut, entrant.bracket, value
        return True

    def _why_below(self, met: Arrival, score: float, bracket: int, value: float) -> Reason:
        cut, rung = self._turned(score), met.rung
        side = "above" if self._mode == "min" else "below"
        place = f"rung {rung.milestone:g}"
        if len(self._stopping) > 1:
            place += f" of bracket {bracket}"
        among = counted(met.others, "trial")
        text = f"{place}: {value:.4g} is {side} the cut {cut:.4g} of {among}"
        details = {"rung": float(rung.milestone), "bracket": bracket, "value": value}
        return Reason(text, {**details, "cutoff": cut, "trials": met.others})

    def _standing(self, bracket: int, rung: Rung) -> RungStanding:
        label = f"{rung.milestone:g}"
        if len(self._stopping) > 1:
            label = f"b{bracket} @ {label}"
        cut, best = rung.scores.value, max(rung.scores, default=None)
        return RungStanding(
            label=label,
            trials=len(rung.scores),
            cutoff=None if cut is None else self._turned(cut),
            best=None if best is None else self._turned(best),
            passed=len(rung.scores) - rung.stopped,
        )
