"""Ray Tune's controller as schedulers see it, driven by a random stream of events."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any

from ray.train import Checkpoint
from ray.train._internal.session import _FutureTrainingResult, _TrainingResult
from ray.tune.experiment import Trial
from ray.tune.schedulers import TrialScheduler

from tuner.schedulers import Supervisor

CONTINUE, STOP, PAUSE = TrialScheduler.CONTINUE, TrialScheduler.STOP, TrialScheduler.PAUSE
_CHECKPOINT = Checkpoint("/nowhere")
_STEPS = 5000  # many times what any stream needs


@dataclass(frozen=True)
class Stream:
    """What happens, as far as no scheduler has a say in it.

    Attributes:
        seed: Draws all the rest.
        trials: How many there will be.
        slots: How many run at once.
        max_t: Where they end.
        ahead: Whether all are suggested at once, and not each when a slot is free for it.
        mishaps: The share of events that are none of a scheduler's business: a trial fails for
            good or starts again, ends by itself, is stopped by somebody, or diverges.
        strides: By how many epochs a report may be later than the one before.
    """

    seed: int
    trials: int
    slots: int
    max_t: int
    ahead: bool
    mishaps: float = 0.12
    strides: tuple[int, ...] = (1, 1, 2, 4)

    @classmethod
    def drawn(cls, seed: int, *, max_t: int, ahead: bool | None = None) -> Stream:
        """Return a small random stream."""
        rng = random.Random(seed)
        trials, slots, early = (
            rng.choice((1, 2, 3, 5, 6, 11)),
            rng.randint(1, 4),
            rng.random() < 0.3,
        )
        mishaps = rng.choice((0.0, 0.12))
        return cls(seed, trials, slots, max_t, early if ahead is None else ahead, mishaps)


class _Saved(_FutureTrainingResult):
    """A save that is done as soon as it is asked for."""

    def __init__(self, metrics: dict[str, Any]) -> None:
        self._metrics = metrics

    def resolve(self, block: bool = True) -> _TrainingResult:
        return _TrainingResult(_CHECKPOINT, dict(self._metrics))


class FakeSweep:
    """A sweep without workers, files or clocks.

    Args:
        scheduler: What decides.
        stream: What happens.
        noise: Draws reports that must change nothing: late, doubled and of unknown trials, and
            the order of each report's keys; None for none of it.
        divergence: What a trial that diverges does: ``"reports"`` NaN, or ``"fails"``.

    Attributes:
        log: All that the scheduler decided, in order.
    """

    def __init__(
        self,
        scheduler: TrialScheduler,
        stream: Stream,
        *,
        noise: random.Random | None = None,
        divergence: str = "fails",
    ) -> None:
        self.scheduler, self.stream = scheduler, stream
        self.trials: list[Trial] = []
        self.log: list[tuple[Any, ...]] = []
        self.total_samples = stream.trials
        self.search_alg = self.searcher = self
        self._rng, self._noise, self._divergence = random.Random(stream.seed), noise, divergence
        self._holds_max_t = isinstance(scheduler, Supervisor)  # else as stop={"epoch": max_t} does

    # What schedulers ask of a controller and of its searcher -----------------------------------

    def get_trials(self) -> list[Trial]:
        return self.trials

    def get_live_trials(self) -> set[Trial]:
        return {trial for trial in self.trials if not trial.is_finished()}

    def stop_trial(self, trial: Trial) -> None:
        if trial.is_finished():
            return
        self.log.append(("ends", trial.trial_id))
        if trial.status == Trial.RUNNING:
            self.scheduler.on_trial_complete(self, trial, dict(trial.last_result))
        else:
            self.scheduler.on_trial_remove(self, trial)
        trial.status = Trial.TERMINATED

    def pause_trial(self, trial: Trial, should_checkpoint: bool = True) -> None:
        self.log.append(("pauses", trial.trial_id, dict(trial.config)))
        trial.status = Trial.PAUSED

    def _schedule_trial_save(self, trial: Trial, result: dict[str, Any] | None = None) -> _Saved:
        saved = _Saved(result or trial.last_result)
        trial.run_metadata.checkpoint_manager._latest_checkpoint_result = saved.resolve()
        return saved

    def is_finished(self) -> bool:
        return len(self.trials) >= self.stream.trials

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        self.log.append(("learns", trial_id, result["epoch"]))

    def on_pause(self, trial_id: str) -> None: ...

    def on_unpause(self, trial_id: str) -> None: ...

    # What happens -------------------------------------------------------------------------------

    def run(self, steps: int = _STEPS) -> FakeSweep:
        """Go on for so many steps, or until every trial has ended."""
        for _ in range(steps):
            if self.ended:
                break
            self.step()
        return self

    @property
    def ended(self) -> bool:
        """Whether every trial has ended."""
        return self.is_finished() and not self.get_live_trials()

    def step(self) -> None:
        """Suggest, start and handle one event, as Ray Tune's controller does."""
        while not self.is_finished() and (self.stream.ahead or self._active() < self.stream.slots):
            self._suggest()
        self._start()
        running = [trial for trial in self.trials if trial.status == Trial.RUNNING]
        if running:
            self._event(self._rng.choice(running))
        elif not any(trial.status == Trial.PENDING for trial in self.trials) and not self.ended:
            left = sorted(trial.trial_id for trial in self.get_live_trials())
            assert not left or self._can_start(), f"left paused for ever: {left}"

    def replace_scheduler(self, fresh: TrialScheduler) -> None:
        """Go on with another scheduler, and with new objects for the same trials."""
        self.scheduler = fresh
        self.trials = [_clone(trial) for trial in self.trials]

    def _active(self) -> int:
        return sum(trial.status in (Trial.PENDING, Trial.RUNNING) for trial in self.trials)

    def _suggest(self) -> None:
        config = {"lr": self._rng.uniform(0.001, 1.0), "batch": self._rng.choice([16, 32, 64])}
        trial_id = f"t{len(self.trials):06d}"
        trial = Trial("stub", stub=True, trial_id=trial_id, config=config, evaluated_params={})
        self.trials.append(trial)
        self.scheduler.on_trial_add(self, trial)

    def _can_start(self) -> bool:
        return self.scheduler.choose_trial_to_run(self) is not None

    def _start(self) -> None:
        for _ in range(self.stream.slots):
            if sum(trial.status == Trial.RUNNING for trial in self.trials) >= self.stream.slots:
                return
            pending = [trial for trial in self.trials if trial.status == Trial.PENDING]
            chosen = self.scheduler.choose_trial_to_run(self)
            trial = chosen or next(iter(pending), None)
            if trial is None:
                return
            assert trial.status in (Trial.PENDING, Trial.PAUSED)
            self.log.append(("starts", trial.trial_id))
            trial.status = Trial.RUNNING

    def _event(self, trial: Trial) -> None:
        kind = "report"
        if self._rng.random() < self.stream.mishaps:
            kind = self._rng.choice(("fails", "restarts", "ends", "stopped", "diverges"))
        last = {"epoch": 0, "training_iteration": 0, **trial.last_result}
        epoch = last["epoch"] + self._rng.choice(self.stream.strides)
        value = self._rng.choice((0.25, 0.5, self._rng.random(), self._rng.random())) + 1 / epoch
        other = self._rng.random()
        result = {"epoch": epoch, "training_iteration": last["training_iteration"] + 1}
        if kind == "report":
            self._report(trial, {**result, "loss": value})
        elif kind == "diverges":
            self._diverge(trial, {**result, "loss": self._rng.choice((math.nan, math.inf))})
        elif kind == "fails":
            self._fail(trial)
        elif kind == "restarts":
            self._restart(trial)
        elif kind == "ends":
            trial.run_metadata.last_result = {**last, "done": True}
            self.stop_trial(trial)
        else:
            live = sorted(self.get_live_trials(), key=lambda t: t.trial_id)
            asked = live[int(other * len(live))]
            asked.run_metadata.last_result = {**asked.last_result, "done": True}
            self.stop_trial(asked)

    def _report(self, trial: Trial, result: dict[str, Any]) -> None:
        result = self._in_any_order(result)
        last = result["epoch"] >= self.stream.max_t
        answer = STOP if last and not self._holds_max_t else self._ask(trial, result)
        assert answer == STOP or not last
        self.log.append((answer, trial.trial_id, result["epoch"]))
        trial.run_metadata.last_result = result
        if answer == STOP:
            result["done"] = True
            self.stop_trial(trial)
        elif answer == PAUSE:
            self._schedule_trial_save(trial)
            trial.status = Trial.PAUSED
        self._report_what_changes_nothing(trial, dict(result))

    def _diverge(self, trial: Trial, result: dict[str, Any]) -> None:
        if self._divergence == "fails":
            self._fail(trial)
            return
        self.log.append(("is lost", trial.trial_id))
        assert self._ask(trial, self._in_any_order(result)) == STOP
        trial.run_metadata.last_result = {**result, "done": True}
        self.scheduler.on_trial_complete(self, trial, dict(trial.last_result))
        trial.status = Trial.TERMINATED

    def _in_any_order(self, result: dict[str, Any]) -> dict[str, Any]:
        if self._noise is None:
            return result
        return {key: result[key] for key in self._noise.sample(list(result), len(result))}

    def _ask(self, trial: Trial, result: dict[str, Any]) -> str:
        return str(self.scheduler.on_trial_result(self, trial, dict(result)))

    def _report_what_changes_nothing(self, trial: Trial, result: dict[str, Any]) -> None:
        if self._noise is None or self._noise.random() < 0.7:
            return
        length = len(self.log)
        reports = []
        if trial.status == Trial.RUNNING:
            reports.append((trial, result))
        ended = [t for t in self.trials if t.is_finished() and "epoch" in t.last_result]
        if ended:
            late = self._noise.choice(ended)
            reports.append((late, {**late.last_result, "epoch": late.last_result["epoch"] + 1}))
        unknown = Trial("stub", stub=True, trial_id="nobody", config={})
        reports.append((unknown, {"epoch": 1, "training_iteration": 1, "loss": 0.01}))
        for who, what in reports:
            assert self._ask(who, what) in (CONTINUE, STOP)
        assert len(self.log) == length

    def _fail(self, trial: Trial) -> None:
        self.log.append(("is lost", trial.trial_id))
        self.scheduler.on_trial_error(self, trial)
        trial.status = Trial.ERROR

    def _restart(self, trial: Trial) -> None:
        """Lose a worker and start again from the last checkpoint, as with ``max_failures``."""
        self.log.append(("restarts", trial.trial_id))
        saved = trial.latest_checkpoint_result
        trial.run_metadata.last_result = dict(saved.metrics) if saved is not None else {}
        trial.status = Trial.ERROR
        self.scheduler.on_trial_error(self, trial)
        trial.status = Trial.PENDING
        self.scheduler.on_trial_add(self, trial)


def _clone(trial: Trial) -> Trial:
    """Return another object for the same trial, as another process would have."""
    twin = Trial(
        "stub",
        stub=True,
        trial_id=trial.trial_id,
        config=dict(trial.config),
        evaluated_params={},
        experiment_tag=trial.experiment_tag,
    )
    twin.status = trial.status
    twin.run_metadata.last_result = dict(trial.last_result or {})
    saved = trial.latest_checkpoint_result
    twin.run_metadata.checkpoint_manager._latest_checkpoint_result = saved
    return twin
