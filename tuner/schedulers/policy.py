"""Replays the policy that a population found: the schedule of hyperparameters of one of its trials.

What PBT finds is a schedule, not a configuration (Jaderberg et al. 2017, section 4.4). Ray's
``PopulationBasedTrainingReplay`` ends the trial at the first change of the configuration.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from tuner.errors import SpecError
from tuner.places import Place, place_of
from tuner.scenario import Scenario
from tuner.schedulers.judges import Reasoned
from tuner.schedulers.reasons import Reason
from tuner.schedulers.reports import as_number
from tuner.schedulers.waiting import first_waiting

__all__ = ["PolicyReplay", "PolicyStep", "build_policy_replay", "locate_sweep", "read_policy"]


@dataclass(frozen=True)
class PolicyStep:
    """A configuration and when it begins.

    Attributes:
        time: From this time on; 0 for the first step.
        config: The whole configuration.
    """

    time: float
    config: Mapping[str, Any]


class PolicyReplay(Reasoned, FIFOScheduler):
    """Changes each trial's configuration at given times, and stops none.

    A trial that comes to a change pauses, which saves it, and goes on from its checkpoint with
    the next configuration. It has to begin with the first one: name that in
    ``points_to_evaluate``, or leave the space of a plain ``Tuner`` empty.

    Args:
        policy: The steps, in the order of their times, the first one at 0.
        time_attr: What counts as time.

    Raises:
        SpecError: The policy does not begin at 0 or its times do not grow.
    """

    def __init__(
        self, policy: Sequence[PolicyStep], *, time_attr: str = "training_iteration"
    ) -> None:
        super().__init__()
        times = [step.time for step in policy]
        if not times or times[0] != 0 or any(a >= b for a, b in pairwise(times)):
            raise SpecError(f"a policy's times begin at 0 and grow, got {times}")
        self._policy = tuple(policy)
        self._time_attr = time_attr
        self._step: dict[str, int] = {}
        self._due: set[str] = set()  # paused for their next step

    def on_trial_add(self, tune_controller: TuneController, trial: Trial) -> None:
        """A trial begins with the first configuration."""
        if trial.trial_id not in self._step:
            self._step[trial.trial_id] = 0
            if trial.config != self._policy[0].config:
                trial.set_config(dict(self._policy[0].config))

    def on_trial_result(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> str:
        """Pause a trial that has come to a change."""
        step, time = self._step.get(trial.trial_id), as_number(result.get(self._time_attr))
        if step is None or time is None or trial.is_finished() or trial.trial_id in self._due:
            return str(TrialScheduler.CONTINUE)
        following = self._policy[step + 1 : step + 2]
        if not following or time < following[0].time:
            return str(TrialScheduler.CONTINUE)
        self._due.add(trial.trial_id)
        self._step[trial.trial_id] = step + 1
        config = dict(following[0].config)
        text = f"step {step + 1} of {len(self._policy) - 1} of the policy, at {time:g}"
        self._reasons[trial.trial_id] = Reason(text, {"config": config})
        return str(TrialScheduler.PAUSE)

    def choose_trial_to_run(self, tune_controller: TuneController) -> Trial | None:
        """Return the oldest waiting trial; one that paused gets its next configuration."""
        for trial in tune_controller.get_live_trials():
            if trial.status == Trial.PAUSED and trial.trial_id in self._due:
                self._due.remove(trial.trial_id)
                trial.set_config(dict(self._policy[self._step[trial.trial_id]].config))
        return first_waiting(tune_controller)

    def on_trial_complete(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> None:
        """A trial ended."""
        self._forget(trial)

    def on_trial_remove(self, tune_controller: TuneController, trial: Trial) -> None:
        """A waiting trial ended."""
        self._forget(trial)

    def save(self, checkpoint_path: str) -> None:
        """Write how far each trial is to a file, as JSON."""
        state = {"step": self._step, "due": sorted(self._due)}
        Path(checkpoint_path).write_text(json.dumps(state))

    def restore(self, checkpoint_path: str) -> None:
        """Go on from a file that `save` wrote."""
        state = json.loads(Path(checkpoint_path).read_text())
        self._step, self._due = state["step"], set(state["due"])

    def _forget(self, trial: Trial) -> None:
        self._step.pop(trial.trial_id, None)
        self._due.discard(trial.trial_id)
        self._reasons.pop(trial.trial_id, None)


def read_policy(sweep: str, trial: str) -> tuple[PolicyStep, ...]:
    """Return the policy that led to the final weights of a trial of a stored sweep.

    Args:
        sweep: The sweep's folder or URI.
        trial: The trial's id.

    Raises:
        StorageError: There is no sweep.
        SpecError: There is no such trial, or its lineage is not on record.
    """
    from tuner.store import SweepLayout, load
    from tuner.store.lineage import read_lineage

    stored = load(place_of(sweep))
    stored.trial(trial)  # names the nearest where there is none
    segments = read_lineage(SweepLayout(stored.path), trial)
    return tuple(PolicyStep(segment.time, segment.config) for segment in segments)


def locate_sweep(sweep: str, storage: Place) -> str:
    """Return where a sweep lies that was named by its place, or by its name alone.

    Args:
        sweep: A folder, a URI, or the name of a sweep in ``storage``.
        storage: Where sweeps are looked for.
    """
    place = place_of(sweep)
    if isinstance(place, Path) and not place.exists() and len(place.parts) == 1:
        return str(storage / sweep)
    return str(place.absolute() if isinstance(place, Path) else place)


def build_policy_replay(scenario: Scenario, options: Mapping[str, Any], seed: int) -> PolicyReplay:
    """Return the replay of a trial of another sweep.

    Args:
        scenario: What is trained.
        options: ``sweep``, a folder or URI, and ``trial``, an id.
        seed: Not used: nothing is drawn.

    Raises:
        UsageError: As `read_policy`.
    """
    policy = read_policy(str(options["sweep"]), str(options["trial"]))
    return PolicyReplay(policy, time_attr=scenario.time_attr)
