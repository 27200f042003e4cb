"""From Ray Tune's events to the sweep's store, and to what a progress view shows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ray.tune import Callback
from ray.tune.experiment import Trial

from tuner.bundles import total
from tuner.errors import ReportError
from tuner.resources import Bundle
from tuner.runtime.failures import cause_of, error_text
from tuner.runtime.ledger import Ledger, Tally, TrialNote
from tuner.runtime.measuring import PEAK_MEMORY
from tuner.runtime.serving import look_up
from tuner.runtime.shapes import takes_of
from tuner.runtime.whereabouts import PLACE, Place
from tuner.schedulers import Decision, Reason, as_number
from tuner.seeds import trial_seed
from tuner.spec import SweepSpec
from tuner.store import SweepWriter

__all__ = ["Recorder"]

_RAY_KEYS = frozenset(
    {
        "trial_id",
        "date",
        "timestamp",
        "time_this_iter_s",
        "timesteps_total",
        "episodes_total",
        "pid",
        "hostname",
        "node_ip",
        "config",
        "time_since_restore",
        "timesteps_since_restore",
        "iterations_since_restore",
        "done",
        "should_checkpoint",
        "checkpoint_dir_name",
        "experiment_tag",
        "hyperband_info",
    }
)


class Recorder(Callback):
    """Writes each report, decision and event of a trial to the store, and keeps the ledger.

    Args:
        writer: The sweep's store.
        spec: The sweep.
        say: Shows a line to the user.
        clock: Returns unix seconds.

    Attributes:
        ledger: What it keeps in mind.
        say: As above.
        refusal: Set when a report cannot be stored, or when no trial reports at all; whoever
            drives the sweep ends it then.
    """

    def __init__(
        self,
        writer: SweepWriter,
        spec: SweepSpec,
        *,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.ledger = Ledger(spec.mode)
        self.refusal: ReportError | None = None
        self._writer = writer
        self._spec = spec
        self.say = say
        self._clock = clock
        self._metrics = [objective.metric for objective in spec.objectives]
        self._dropped = _RAY_KEYS - {spec.time_attr, *self._metrics}
        self._told_of_lacking = False

    @property
    def tally(self) -> Tally:
        """Running totals."""
        return self.ledger.tally

    def note(self, trial_id: str) -> TrialNote | None:
        """Return what is known of an open trial, or None once it ended."""
        return self.ledger.get(trial_id)

    def condemn(self, trial_id: str, outcome: str, verdict: str) -> None:
        """Say in advance how a trial that is about to be killed shall be recorded."""
        note = self.ledger[trial_id]
        note.ending, note.verdict = outcome, verdict

    def on_trial_created(self, trial: Trial) -> None:
        """A trial was suggested."""
        self.ledger.created(trial.trial_id, trial.config)
        self._writer.trial(
            trial.trial_id,
            status=Trial.PENDING,
            config=trial.config,
            attempts=1,
            seed=trial_seed(self._spec.seed, trial.trial_id),
            **_shares(takes_of(trial)),
        )
        # After its row, so that each trial on record has one, whenever the process dies.
        self._event(trial.trial_id, "suggested", {"config": trial.config})

    def on_decision(self, decision: Decision, trial_config: Mapping[str, Any] | None) -> None:
        """A scheduler decided something other than to go on.

        Args:
            decision: What and why.
            trial_config: The trial's new configuration, if it changed.
        """
        note = self.ledger[decision.trial_id]
        self._writer.decision(
            {
                "trial_id": decision.trial_id,
                "attempt": note.attempt,
                "training_iteration": decision.training_iteration,
                "time": decision.time,
                "decision": decision.kind,
                "reason": decision.reason.text,
                "details": dict(decision.reason.details),
                "timestamp": self._clock(),
            }
        )
        if decision.kind == "STOP":
            note.ending = decision.outcome
        elif decision.kind in ("PAUSE", "EXPLOIT"):
            self._set_status(decision.trial_id, Trial.PAUSED)
        changed = decision.reason.details.get("config")
        if decision.kind == "PAUSE" and changed is not None:  # by a policy, when it goes on
            self.ledger.reconfigured(decision.trial_id, changed)
            self._writer.trial(decision.trial_id, config=changed)
        if decision.kind == "EXPLOIT" and trial_config is not None:
            source = decision.reason.details["source"]
            self.ledger.copied(decision.trial_id, source, trial_config)
            self._writer.trial(decision.trial_id, config=trial_config)

    def on_queued(self, trial: Trial) -> None:
        """A paused trial shall go on, and waits for a worker."""
        self._event(trial.trial_id, "queued")

    def on_nodes(self, nodes: Sequence[Mapping[str, Any]]) -> None:
        """These nodes are there now, and no others."""
        self._event(None, "nodes", {"nodes": list(nodes)})

    def on_worker_started(self, life: Mapping[str, Any]) -> None:
        """A worker took up its first trial."""
        self._event(None, "worker_started", life)

    def on_worker_ended(self, life: Mapping[str, Any]) -> None:
        """A worker ended: what it served, for how long, and why it ended."""
        self._event(None, "worker", life)

    def on_trial_start(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """A worker took up a trial, for the first time or again."""
        note = self.ledger[trial.trial_id]
        if note.status == Trial.PAUSED:
            self.on_decision(_resumed(trial, note), None)
        self._event(trial.trial_id, "started")
        when = {} if note.started else {"started": self._clock()}
        note.place = None
        self.ledger.set_status(trial.trial_id, Trial.RUNNING)
        self._writer.trial(trial.trial_id, status=Trial.RUNNING, **when)

    def on_report(self, trial: Trial, result: dict[str, Any]) -> bool:
        """A report arrived; one that the store cannot hold ends the sweep, through `refusal`.

        Returns:
            Whether it is new to the scheduler.
        """
        new = self.ledger.reported(
            trial.trial_id,
            iteration=int(result["training_iteration"]),
            time=as_number(look_up(result, self._spec.time_attr)),
            value=as_number(look_up(result, self._spec.metric)),
        )
        note = self.ledger[trial.trial_id]
        peak = result.pop(PEAK_MEMORY, None)
        if peak is not None:
            note.peak_memory = max(peak, note.peak_memory or 0)
        self._place(trial.trial_id, note, result.pop(PLACE, None))
        if result.get("done"):
            self.on_last(trial)
        row = {key: value for key, value in result.items() if key not in self._dropped}
        row |= {"trial_id": trial.trial_id, "attempt": note.attempt, "timestamp": self._clock()}
        try:
            self._writer.report(row)
        except ReportError as refusal:
            self.refusal = refusal
        return new

    def _place(self, trial_id: str, note: TrialNote, place: Place | None) -> None:
        """Take note of where a trial runs, if that is news."""
        if place is None or place == note.place:
            return
        note.place = place
        self._writer.trial(trial_id, node=place.node)
        self._event(trial_id, "placed", {**place._asdict(), "gpus": list(place.gpus)})

    def has_caught_up(self, trial: Trial) -> bool:
        """Return whether the trial's next report will be a new one."""
        note = self.ledger[trial.trial_id]
        return note.iteration >= note.repeats_until

    def on_saving(self, trial: Trial) -> None:
        """A trial's worker was asked to save."""
        self._event(trial.trial_id, "saving")

    def on_trial_save(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        """A trial's worker has saved."""
        self._event(trial.trial_id, "saved", self._checkpoint_of(trial))

    def on_last(self, trial: Trial) -> None:
        """A trial ends by itself: with its next report, or with the one before."""
        self._event(trial.trial_id, "last")

    def on_failing(self, trial: Trial) -> None:
        """A trial failed; nobody has been told yet."""
        excuse, larger = getattr(trial, "excuse", None), getattr(trial, "larger", None)
        if larger is not None:
            self._on_enlarged(trial, str(excuse), larger)
        self._event(trial.trial_id, "failing", {"excuse": excuse} if excuse else None)

    def _on_enlarged(self, trial: Trial, why: str, bundles: Sequence[Bundle]) -> None:
        note, takes = self.ledger[trial.trial_id], total(bundles)
        reason = Reason(why, {"bundles": [dict(bundle) for bundle in bundles]})
        retry = Decision(
            trial.trial_id,
            "RETRY",
            reason,
            training_iteration=note.iteration,
            time=note.time,
        )
        self.on_decision(retry, None)
        self._writer.trial(trial.trial_id, **_shares(takes))

    def on_ending(self, trial: Trial) -> None:
        """A trial is about to end without an error; nobody has been told yet."""
        self._event(trial.trial_id, "ending")

    def on_trial_complete(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """A trial ended without an error."""
        note = self.ledger[trial.trial_id]
        if note.iteration == 0 and note.attempt == 1 and note.ending is None:
            self._end(trial, Trial.ERROR, "failed", self._silent_end(trial))
        else:
            self._tell_of_lacking(trial)
            self._end(trial, Trial.TERMINATED, note.ending or "completed", note.verdict)

    def on_trial_recover(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """A trial failed and will be tried again."""
        error = error_text(trial)
        self.ledger.restarts(trial.trial_id)
        attempt = self.ledger[trial.trial_id].attempt
        cause = getattr(trial, "excuse", None) or cause_of(error)
        self.say(f"trial {trial.trial_id} failed, attempt {attempt} follows: {cause}")
        self._writer.trial(trial.trial_id, attempts=attempt, error=error)
        self._set_status(trial.trial_id, trial.status)

    def on_trial_error(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """A trial failed for good."""
        note = self.ledger[trial.trial_id]
        error = note.verdict or error_text(trial)
        self._end(trial, Trial.ERROR, note.ending or "failed", error)
        self.say(f"trial {trial.trial_id} {note.ending or 'failed'}: {cause_of(error)}")

    def on_resumed(self, changes: Mapping[str, Any]) -> None:
        """The sweep goes on, with ``changes``; whatever ran when it ended has lost its worker."""
        self._event(None, "resumed", changes)

    def on_restored(self, trial: Trial) -> None:
        """A trial of a sweep that is resumed stands as it shall go on, or has ended."""
        note = self.ledger.get(trial.trial_id)
        if note is None:
            return
        if trial.is_finished():
            ended = "failed" if trial.status == Trial.ERROR else "completed"
            self._end(trial, trial.status, note.ending or ended, note.verdict)
            return
        self._writer.trial(
            trial.trial_id,
            status=note.status,
            outcome=None,
            ended=None,
            attempts=note.attempt,
            config=note.config,
            **_shares(takes_of(trial)),
        )

    def close_open_trials(self) -> None:
        """Record every trial that has not ended as interrupted; the sweep is over, or stops."""
        for trial_id in self.ledger.open():
            self._writer.trial(
                trial_id, status=Trial.TERMINATED, outcome="interrupted", ended=self._clock()
            )
            self.ledger.ended(trial_id, Trial.TERMINATED, "interrupted")

    def _event(
        self, trial_id: str | None, event: str, details: Mapping[str, Any] | None = None
    ) -> None:
        note = self.ledger.get(trial_id) if trial_id is not None else None
        self._writer.event(
            {
                "trial_id": trial_id,
                "attempt": note.attempt if note else None,
                "event": event,
                "details": details,
                "timestamp": self._clock(),
            }
        )

    def _checkpoint_of(self, trial: Trial) -> dict[str, Any]:
        saved = trial.latest_checkpoint_result
        if saved is None or saved.checkpoint is None:
            return {}
        folder, name = Path(saved.checkpoint.path).parts[-2:]
        kept = {key: saved.metrics.get(key) for key in ("training_iteration", "time_total_s")}
        return {"checkpoint": f"{folder}/{name}", **kept}

    def _end(self, trial: Trial, status: str, outcome: str, error: str | None) -> None:
        peak = self.ledger[trial.trial_id].peak_memory
        self._writer.trial(
            trial.trial_id,
            status=status,
            outcome=outcome,
            ended=self._clock(),
            error=error,
            **({} if peak is None else {"peak_memory": peak}),
        )
        self._event(trial.trial_id, "ended", {"status": status, "outcome": outcome})
        self.ledger.ended(trial.trial_id, status, outcome)

    def _set_status(self, trial_id: str, status: str) -> None:
        self.ledger.set_status(trial_id, status)
        self._writer.trial(trial_id, status=status)

    def _tell_of_lacking(self, trial: Trial) -> None:
        """Say, for the first trial that ends without one of several objectives, what that means."""
        last = trial.last_result or {}
        lacking = [name for name in self._metrics[1:] if as_number(look_up(last, name)) is None]
        if lacking and not self._told_of_lacking:
            self._told_of_lacking = True
            self.say(
                f"trial {trial.trial_id} ended without {', '.join(lacking)}: such a trial is in no "
                "Pareto front, and has failed for a searcher of all objectives"
            )

    def _silent_end(self, trial: Trial) -> str:
        text = (
            f"trial {trial.trial_id} ended without a single report; report "
            f"{self._spec.metric!r} with tune.report({{...}}) or return it"
        )
        if not self.tally.reports:
            self.refusal = ReportError(text)
        return text


def _shares(takes: Mapping[str, float]) -> dict[str, float]:
    """Return what of a trial's request has columns of its own."""
    return {"cpu": float(takes.get("CPU", 0)), "gpu": float(takes.get("GPU", 0))}


def _resumed(trial: Trial, note: TrialNote) -> Decision:
    return Decision(
        trial_id=trial.trial_id,
        kind="RESUME",
        reason=Reason("gets a slot again"),
        training_iteration=note.iteration,
        time=note.time,
    )
