"""What our PBT and PB2 have in common, on top of Ray's.

Draws come from a generator of their own; members copy only what has a checkpoint, and say so
where none has; a synchronous population never waits for a member that has ended; each decision
has its reason; and the state can be saved as JSON.
"""

from __future__ import annotations

import copy
import json
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ray.train._internal.session import _FutureTrainingResult, _TrainingResult
from ray.tune import Checkpoint
from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial
from ray.tune.schedulers import PopulationBasedTraining, TrialScheduler
from ray.tune.schedulers.pbt import _PBTTrialState

from tuner.schedulers.checks import check_mode, check_number, check_range
from tuner.schedulers.explore import Explorer
from tuner.schedulers.judges import Reasoned
from tuner.schedulers.populations import continue_from, describe_exploit, pass_barrier
from tuner.schedulers.reasons import Reason
from tuner.schedulers.reports import as_number
from tuner.schedulers.waiting import is_in_line

__all__ = ["SeededPopulation"]

_log = logging.getLogger(__name__)
_YIELDS = "yields its slot at {:g}: other trials of the population wait"
_REMEMBERED = ("last_score", "last_perturbation_time", "last_train_time", "last_result")


class SeededPopulation(Reasoned, PopulationBasedTraining):
    """Ray's PBT, put right; `PBT` and `PB2` say how it explores.

    Args:
        explorer: The space of the hyperparameters that move, for what a configuration lacks.
        seed: Seeds the draws; None for fresh ones.
        **options: Those of Ray's class.

    Raises:
        SpecError: A keyword has a bad value.
    """

    def __init__(self, *, explorer: Explorer, seed: int | None, **options: Any) -> None:
        _check_options(options)
        super().__init__(**options)
        self._hyperparam_mutations = {}  # the explorer knows them
        self._explorer = explorer
        self._rng = np.random.default_rng(seed)
        self._unbound: dict[str, dict[str, Any]] = {}  # of a saved state, by trial
        self._turns: dict[str, int] = {}  # when each member was compared last, counted
        self._turn = 0
        self._saves_nothing = False
        self._warned = False

    def on_trial_add(self, tune_controller: TuneController, trial: Trial) -> None:
        """A member was suggested; what its configuration lacks is drawn."""
        self._bind(tune_controller)
        if trial in self._trial_state:
            return
        PopulationBasedTraining.on_trial_add(self, tune_controller, trial)
        filled = self._explorer.fill(trial.config, self._rng)
        trial.evaluated_params.update(
            {key: value for key, value in filled.items() if key not in trial.config}
        )
        trial.config.update(filled)

    def on_trial_result(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> str:
        """Decide about a report; one that is late, repeated or a stranger's changes nothing."""
        self._bind(tune_controller)
        state, time = self._trial_state.get(trial), as_number(result.get(self._time_attr))
        if state is None or trial.is_finished():
            return str(TrialScheduler.CONTINUE)
        if time is not None and time <= state.last_train_time:
            return str(TrialScheduler.CONTINUE)
        self._reasons.pop(trial.trial_id, None)
        answer = str(super().on_trial_result(tune_controller, trial, result))
        if answer == TrialScheduler.PAUSE and trial.trial_id not in self._reasons:
            why = "waits at {:g} for the others" if self._synch else _YIELDS
            details = {"value": result[str(self._metric)]}
            self._reasons[trial.trial_id] = Reason(why.format(time), details)
        return answer

    def on_trial_complete(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> None:
        """A member ended."""
        self._reasons.pop(trial.trial_id, None)
        super().on_trial_complete(tune_controller, trial, result)

    def choose_trial_to_run(self, tune_controller: TuneController) -> Trial | None:
        """Return the waiting member that has trained least; compare a population that is ready."""
        self._bind(tune_controller)
        chosen = self._least_trained(tune_controller)
        if chosen is None and pass_barrier(self, tune_controller, super().on_trial_result):
            return self._least_trained(tune_controller)
        return chosen

    def save(self, checkpoint_path: str) -> None:
        """Write all that decides what comes next to a file, as JSON.

        A checkpoint is kept by its path, which `restore` has to find again.
        """
        members = {
            trial.trial_id: {name: getattr(state, name) for name in _REMEMBERED}
            | {"checkpoint": getattr(_settled(state.last_checkpoint), "path", None)}
            for trial, state in self._trial_state.items()
        }
        document = {
            "members": {**self._unbound, **members},
            "next_perturbation": self._next_perturbation_sync,
            "random": self._rng.bit_generator.state,
            "turns": self._turns,
            **self._own_state(),
        }
        Path(checkpoint_path).write_text(json.dumps(document, default=str))

    def restore(self, checkpoint_path: str) -> None:
        """Go on from a file that `save` wrote; members are found by their ids when they come."""
        document = json.loads(Path(checkpoint_path).read_text())
        self._unbound = document.pop("members")
        self._next_perturbation_sync = document.pop("next_perturbation")
        self._rng.bit_generator.state = document.pop("random")
        self._turns = document.pop("turns")
        self._turn = max(self._turns.values(), default=0)
        self._set_own_state(document)

    def _own_state(self) -> dict[str, Any]:
        """Return what a subclass has to save besides, as JSON."""
        return {}

    def _set_own_state(self, state: Mapping[str, Any]) -> None:
        """Take what `_own_state` returned."""

    def _bind(self, tune_controller: TuneController) -> None:
        """Give the members of a restored population their trials, in the order of before."""
        if not self._unbound:
            return
        trials = {trial.trial_id: trial for trial in tune_controller.get_trials()}
        for trial_id in [known for known in self._unbound if known in trials]:
            saved = self._unbound.pop(trial_id)
            state = self._trial_state[trials[trial_id]] = _PBTTrialState(trials[trial_id])
            for name in _REMEMBERED:
                setattr(state, name, saved[name])
            path = saved["checkpoint"]
            state.last_checkpoint = None if path is None else Checkpoint(path)

    def _least_trained(self, tune_controller: TuneController) -> Trial | None:
        times = {
            trial: self._trial_state[trial].last_train_time
            for trial in tune_controller.get_live_trials()
            if trial in self._trial_state and is_in_line(tune_controller, trial)
        }
        due = [t for t in times if not self._synch or times[t] < self._next_perturbation_sync]
        # Of equals the one that had its turn longest ago: one that keeps copying a checkpoint of
        # the same time would otherwise keep its source from ever getting beyond that.
        return min(
            due,
            key=lambda trial: (times[trial], self._turns.get(trial.trial_id, 0), trial.trial_id),
            default=None,
        )

    def _quantiles(self) -> tuple[list[Trial], list[Trial]]:
        """Return the worst and the best members, in ascending order of their scores.

        Ray's words a line for its log about each member, which takes most of a decision's time.
        """
        scores = {
            trial: state.last_score
            for trial, state in self._trial_state.items()
            if state.last_score is not None
            and not math.isnan(state.last_score)
            and not trial.is_finished()
        }
        ranked = sorted(scores, key=scores.__getitem__)
        share = math.ceil(len(ranked) * self._quantile_fraction)
        number = min(share, len(ranked) // 2)
        return ranked[:number], ranked[len(ranked) - number :]

    def _save_trial_state(
        self, state: Any, time: int, result: dict[str, Any], trial: Trial
    ) -> None:
        self._turn += 1
        self._turns[trial.trial_id] = self._turn
        super()._save_trial_state(state, time, result, trial)

    def _checkpoint_or_exploit(
        self,
        trial: Trial,
        tune_controller: TuneController,
        upper_quantile: list[Trial],
        lower_quantile: list[Trial],
    ) -> None:
        """Have one of the best save, or one of the worst copy one of them."""
        best = trial in upper_quantile
        self._trial_state[trial].last_checkpoint = (
            self._save_member(tune_controller, trial) if best else None
        )
        if trial not in lower_quantile:
            return
        source = self._draw_source(upper_quantile)
        if source is None:
            self._say_that_none_saved(trial, upper_quantile)
        else:
            self._exploit(tune_controller, trial, source)

    def _exploit(
        self, tune_controller: TuneController, trial: Trial, trial_to_clone: Trial
    ) -> None:
        """Have ``trial`` go on from a neighbour of the other, whose checkpoint is there."""
        own, source = self._trial_state[trial], self._trial_state[trial_to_clone]
        config, _ = self._get_new_config(trial, trial_to_clone)
        if self._log_config:
            self._log_config_on_step(own, source, trial, trial_to_clone, config)
        if trial.status != Trial.PAUSED:
            tune_controller.pause_trial(trial, should_checkpoint=False)
        trial.set_config(config)
        checkpoint: Any = copy.copy(source.last_checkpoint)
        continue_from(trial, _TrainingResult(checkpoint, source.last_result or {}))
        own.last_perturbation_time = source.last_perturbation_time
        own.last_train_time = source.last_train_time
        self._num_perturbations += 1
        reason = self._reasons[trial.trial_id] = describe_exploit(self, trial, trial_to_clone)
        _log.info("%s: %s", trial.trial_id, reason.text)

    def _save_member(self, tune_controller: TuneController, trial: Trial) -> Any:
        self._num_checkpoints += 1
        if trial.status != Trial.PAUSED:
            result = self._trial_state[trial].last_result
            return tune_controller._schedule_trial_save(trial, result=result)
        under_way = trial.temporary_state.saving_to
        if isinstance(under_way, _FutureTrainingResult):
            return under_way
        self._saves_nothing |= trial.checkpoint is None
        return trial.checkpoint

    def _draw_source(self, best: list[Trial]) -> Trial | None:
        """Draw one of the best that has a checkpoint; None where none has."""
        able = [trial for trial in best if self._trial_state[trial].last_checkpoint]
        while able:
            source = able.pop(int(self._rng.integers(len(able))))
            state = self._trial_state[source]
            if isinstance(state.last_checkpoint, _FutureTrainingResult):
                saved = state.last_checkpoint.resolve()
                state.last_checkpoint = saved.checkpoint if saved else None
                state.last_result = saved.metrics if saved else state.last_result
                self._saves_nothing |= saved is None
            if state.last_checkpoint:
                return source
        return None

    def _say_that_none_saved(self, trial: Trial, best: list[Trial]) -> None:
        names = ", ".join(sorted(source.trial_id for source in best))
        text = f"is in the worst quantile and goes on as it is: no checkpoint of {names} to copy"
        self._reasons[trial.trial_id] = Reason(text)
        if self._saves_nothing and not self._warned:
            self._warned = True
            _log.warning("%s %s; does the trainable save its state?", trial.trial_id, text)


def _settled(checkpoint: Any) -> Any:
    if not isinstance(checkpoint, _FutureTrainingResult):
        return checkpoint
    saved = checkpoint.resolve()
    return saved.checkpoint if saved else None


def _check_options(options: Mapping[str, Any]) -> None:
    check_mode(options["mode"])
    check_number("perturbation_interval", options["perturbation_interval"], above=0)
    check_range("quantile_fraction", options["quantile_fraction"], 0, 0.5)
