"""Brings fresh scheduler and searcher objects to where a sweep's record ends.

A `Replay` stands in for Ray Tune's controller (`stand_in`). It reads the record of a sweep in the
order in which things happened, makes the calls that the controller made then, and leaves
scheduler, searcher and trials as they were at the last record: rungs, brackets, populations,
medians, observations and random states, whatever objects hold them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from ray.train._internal.session import _TrainingResult
from ray.tune.experiment import Trial
from ray.tune.schedulers import TrialScheduler

from tuner.errors import StorageError, SweepFailedError
from tuner.runtime.controller import Overdue
from tuner.runtime.ledger import Ledger
from tuner.runtime.source import TrialSource
from tuner.runtime.stand_in import StandIn
from tuner.runtime.storage import Checkpoints
from tuner.runtime.tape import Record, Tape
from tuner.runtime.trial import SweepTrial
from tuner.schedulers import Decision, Supervisor, as_number

__all__ = ["Replay"]


class Replay(StandIn):
    """Replays the record of a sweep; see the module's docstring.

    Args:
        supervisor: Around a fresh scheduler; its decisions go to `on_decision` meanwhile.
        source: Around a fresh searcher.
        ledger: Empty; brought up to date as well.
        metric: Flat name of what is tuned.
        time_attr: Flat name of what counts as time.
        copies: Whether trials take over each other's checkpoints.
        checkpoints: Where they are.
        max_t: Where trials end from now on.
        first_max_t: Where they ended when the sweep began; ``max_t`` may have grown since.
        first_num_trials: How many trials there were to be then, at most; None for no bound.
        learns_until: Up to this place the searcher only learns from the trials on record: they
            were suggested in another space.

    Attributes:
        revived: Ids of trials that ended at the old ``max_t`` and go on to the new one.
        differences: How many decisions and suggestions came out otherwise than recorded. The
            record holds: a searcher or scheduler that goes by the clock cannot repeat itself.
        spent_s: Seconds that the sweep has run.
    """

    def __init__(
        self,
        *,
        supervisor: Supervisor,
        source: TrialSource,
        ledger: Ledger,
        metric: str,
        time_attr: str,
        copies: bool,
        checkpoints: Checkpoints,
        max_t: float,
        first_max_t: float | None = None,
        first_num_trials: int | None = None,
        learns_until: float = -1,
    ) -> None:
        super().__init__(supervisor, source, ledger, copies=copies)
        self.revived: set[str] = set()
        self.differences = 0
        self.spent_s = 0.0
        self._metric = metric
        self._time_attr = time_attr
        self._checkpoints = checkpoints
        self._max_t = max_t
        self._max_t_then = max_t if first_max_t is None else first_max_t
        self._learns_until = learns_until
        source.num_samples = first_num_trials  # which HyperBand's brackets depend on
        self._produced: deque[Decision] = deque()
        self._tape = Tape()
        self._began: float | None = None
        self._at = 0.0

    def run(self, records: Iterable[Record]) -> None:
        """Replay ``records``, in the order in which they were made.

        Raises:
            SweepFailedError: The record tells of a trial that has ended in the replay.
        """
        self._tape = Tape(records)
        handlers: Mapping[str, Callable[[Record], None]] = {
            "report": self._report,
            "decision": self._decision,
            "event": self._event,
        }
        while (record := self._next()) is not None:
            handlers[record.kind](record)

    @property
    def unrecorded(self) -> list[Decision]:
        """Decisions about the last report that the record does not hold."""
        return [made for made in self._produced if self._ledger.get(made.trial_id) is not None]

    def lose_workers(self, *, max_t: float) -> None:
        """Take its worker from every trial that has one: the sweep's process was gone.

        Args:
            max_t: Where trials end from here on; those that ended earlier go on if it has grown.
        """
        grown = max_t > self._max_t_then
        self._max_t_then = max_t
        self._supervisor.explains = True
        for trial in list(self._live):
            if self._decided.get(trial.trial_id) == TrialScheduler.STOP:
                self.stop_trial(trial)
            elif trial.status == Trial.RUNNING and (grown or trial.trial_id not in self.revived):
                self.revived.discard(trial.trial_id)
                self._lose_worker(trial)
        self.spent_s += self._at - (self._at if self._began is None else self._began)
        self._began = None

    def on_decision(self, decision: Decision) -> None:
        """The supervisor tells of a decision."""
        self._produced.append(decision)

    # What happened ---------------------------------------------------------------------------

    def _report(self, record: Record) -> None:
        trial = self._open_trial(record)
        if self._copies and trial.trial_id not in self._last and self._tape.ends_undecided:
            # It reports again: what is decided may need the checkpoint that it saves then.
            self._ledger.withheld(trial.trial_id, int(record.row["attempt"]))
            return
        result = self._result(record.row)
        number = as_number(result.get(self._metric))
        new = self._ledger.reported(
            trial.trial_id,
            iteration=int(result["training_iteration"]),
            time=as_number(result.get(self._time_attr)),
            value=number,
        )
        ends = trial.trial_id in self._last
        if new and not ends:
            self._decide(trial, result)
        elif ends:
            self._decided[trial.trial_id] = TrialScheduler.STOP
        elif self._has_caught_up(trial.trial_id):
            self._decided[trial.trial_id] = self.overdue.pop(trial, Overdue()).decision
        trial.run_metadata.last_result = result
        if self._decided.get(trial.trial_id) == TrialScheduler.STOP:
            result["done"] = True
        elif new:
            self._source.on_trial_result(trial.trial_id, result)

    def _has_caught_up(self, trial_id: str) -> bool:
        note = self._ledger[trial_id]
        return note.iteration >= note.repeats_until

    def _decide(self, trial: Trial, result: dict[str, Any]) -> None:
        recorded = self._tape.answer(trial.trial_id)
        self._supervisor.explains = recorded is None
        replayed = self._supervisor.on_trial_result(self, trial, result)
        if self._max_t_then < self._max_t and result[self._time_attr] >= self._max_t_then:
            if recorded == TrialScheduler.STOP != replayed:
                self.revived.add(trial.trial_id)
            recorded = None
        answer = replayed if recorded is None else recorded
        if answer not in (replayed, TrialScheduler.CONTINUE) or (
            answer != replayed and replayed in (TrialScheduler.STOP, TrialScheduler.PAUSE)
        ):
            self.differences += 1
        if answer in (TrialScheduler.STOP, TrialScheduler.PAUSE):
            self._decided[trial.trial_id] = answer
        else:
            self._decided.pop(trial.trial_id, None)

    def _decision(self, record: Record) -> None:
        row = record.row
        if row["decision"] == "RETRY":
            cast(SweepTrial, self._trial(record)).enlarge_as(row["details"]["bundles"])
            return
        if row["decision"] == "RESUME" or row["trial_id"] in self.revived:
            return
        note = self._ledger[self._trial(record).trial_id]
        if "asked_by" in row["details"]:  # by a person
            note.ending = "stopped"
            return
        same = next((d for d in self._produced if _is_same(d, row)), None)
        if same is not None:
            while self._produced.popleft() is not same:
                self.differences += 1
            note.ending = same.outcome or note.ending
        else:
            self.differences += 1
            note.ending = "stopped" if row["decision"] == "STOP" else note.ending
        if row["decision"] == "EXPLOIT":
            trial, details = self._trial(record), row["details"]
            if trial.config != details["config"]:
                trial.set_config(details["config"])
            self._ledger.copied(trial.trial_id, details["source"], trial.config)
        elif "config" in row["details"]:
            self._ledger.reconfigured(row["trial_id"], row["details"]["config"])
        if row["decision"] in ("PAUSE", "EXPLOIT"):
            self._ledger.set_status(row["trial_id"], Trial.PAUSED)

    def _event(self, record: Record) -> None:
        handlers: Mapping[str, Callable[[Record], None]] = {
            "suggested": self._on_suggested,
            "queued": self._on_queued,
            "started": self._on_started,
            "last": lambda r: self._last.add(r.row["trial_id"]),
            "saving": lambda r: _ignore(self._schedule_trial_save(self._open_trial(r))),
            "saved": self._on_saved,
            "failing": self._on_failing,
            "ending": self._on_ending,
            "ended": self._on_ended,
            "resumed": self._on_resumed,
        }
        handler = handlers.get(record.row["event"])
        if handler is not None:
            handler(record)

    def _on_resumed(self, record: Record) -> None:
        details = record.row.get("details") or {}
        self._source.num_samples = details.get("num_trials", self._source.num_samples)
        self.lose_workers(max_t=details.get("max_t", self._max_t_then))

    def _on_suggested(self, record: Record) -> None:
        self._source.learns_only = record.seq <= self._learns_until
        trial, same = self._source.again(record.row["trial_id"], record.row["details"]["config"])
        self.differences += not same
        self._add(trial)

    def _on_queued(self, record: Record) -> None:
        trial = self._open_trial(record)
        self._supervisor.choose_trial_to_run(self)  # which chose it
        trial.set_status(Trial.PENDING)

    def _on_started(self, record: Record) -> None:
        trial = self._open_trial(record)
        trial.set_status(Trial.RUNNING)
        self._ledger.set_status(trial.trial_id, Trial.RUNNING)

    def _on_saved(self, record: Record) -> None:
        trial = self._open_trial(record)
        result = self._checkpoint(record.row)
        save = self._saves.get(trial.trial_id)
        if save is not None:
            save.result = result
        self._forget_save(trial)
        if result is not None:
            trial.on_checkpoint(result)
        if self._decided.get(trial.trial_id) == TrialScheduler.PAUSE:
            del self._decided[trial.trial_id]
            trial.set_status(Trial.PAUSED)

    def _on_failing(self, record: Record) -> None:
        trial = self._open_trial(record)
        if self._tape.find("ended", trial.trial_id, before="started") is None:
            trial.run_metadata.num_failures += "excuse" not in (record.row.get("details") or {})
            self._lose_worker(trial)
            return
        self._supervisor.on_trial_error(self, trial)
        self._source.on_trial_complete(trial.trial_id, error=True)
        self._end(trial, Trial.ERROR)

    def _on_ending(self, record: Record) -> None:
        if record.row["trial_id"] not in self.revived:
            self.stop_trial(self._trial(record))

    def _on_ended(self, record: Record) -> None:
        trial, details = self._trial(record), record.row["details"]
        if trial.trial_id in self.revived:
            return
        self._ledger.ended(trial.trial_id, details["status"], details["outcome"])
        if not trial.is_finished():
            raise self._contradiction(trial.trial_id)

    # How -------------------------------------------------------------------------------------

    def _next(self) -> Record | None:
        record = self._tape.next()
        if record is not None:
            self._choose_where_nothing_runs(record)
            self._at = record.row.get("timestamp", self._at)
            self._began = self._at if self._began is None else self._began
        return record

    def _choose_where_nothing_runs(self, record: Record) -> None:
        """Ask for a choice as the controller does; some schedulers decide only then."""
        if record.kind == "event":
            if record.row["event"] in ("ended", "last", "suggested"):
                return  # the controller was in the middle of a step
            if record.row.get("trial_id") is None:  # of workers, of nodes, of a resume
                return
        if self._live and not any(t.status == Trial.RUNNING for t in self._live):
            self._supervisor.choose_trial_to_run(self)

    def _open_trial(self, record: Record) -> Trial:
        trial = self._trial(record)
        if trial.is_finished():
            raise self._contradiction(trial.trial_id)
        return trial

    def _trial(self, record: Record) -> Trial:
        trial_id = record.row["trial_id"]
        if trial_id not in self._by_id:
            raise StorageError(
                f"the sweep's record is not whole: it tells of trial {trial_id} and not of its "
                "beginning; bring back the files of events/ and journal/ that are missing"
            )
        return self._by_id[trial_id]

    def _contradiction(self, trial_id: str) -> SweepFailedError:
        return SweepFailedError(
            f"the sweep's record cannot be replayed: the scheduler decides otherwise about trial "
            f"{trial_id} than it did before; resume with the scheduler and the versions that the "
            "sweep was started with"
        )

    def _result(self, row: Mapping[str, Any]) -> dict[str, Any]:
        result = {name: value for name, value in row.items() if name not in ("seq", "attempt")}
        time = result.get(self._time_attr)
        if isinstance(time, float) and time.is_integer():
            result[self._time_attr] = int(time)
        return result

    def _checkpoint(self, row: Mapping[str, Any]) -> _TrainingResult | None:
        details = dict(row.get("details") or {})
        name = details.pop("checkpoint", None)
        if name is None:
            return None
        return _TrainingResult(self._checkpoints.named(name), details)

    def _saved_later(self, trial: Trial) -> _TrainingResult | None:
        """Return what a save that is under way led to, as the record tells further on."""
        found = self._tape.find("saved", trial.trial_id, before="started")
        if found is not None:
            return self._checkpoint(found.row)
        copied = self._tape.copy_of(trial.trial_id) or {}  # which waited for it, if none was told
        name = copied.get("source_checkpoint")
        if name is None:
            return None
        metrics = {
            "training_iteration": copied["source_iteration"],
            "time_total_s": copied["source_seconds"],
        }
        return _TrainingResult(self._checkpoints.named(name), metrics)


def _is_same(decision: Decision, row: Mapping[str, Any]) -> bool:
    return (decision.trial_id, decision.kind) == (row["trial_id"], row["decision"])


def _ignore(_: object) -> None:
    """Take what is returned, for a handler that returns nothing."""
