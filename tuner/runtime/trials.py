"""Ray Tune trials of one sweep: how they are made, and which are still open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ray
from ray.tune import CheckpointConfig, PlacementGroupFactory
from ray.tune.experiment import Trial
from ray.tune.trainable import wrap_function

from tuner.bundles import check_shape_fits
from tuner.planning import Plan
from tuner.resources import Bundle, check_fits
from tuner.runtime.placing import placement_of
from tuner.runtime.seeding import seeded
from tuner.runtime.serving import Halts, served
from tuner.runtime.storage import TrialStorage
from tuner.runtime.trial import SweepTrial
from tuner.scenario.late_imports import code_beside
from tuner.trainable import EpochTrainable

__all__ = ["Trials"]

_FORGET_EVERY = 64


class Trials:
    """Makes a sweep's trials, and finds open ones by their id.

    Args:
        plan: The sweep.
        storage: Where its checkpoints go.
        on_created: Told of each trial.
        keeps_files: Whether callbacks write files of trials on the driver.
    """

    def __init__(
        self,
        plan: Plan,
        storage: TrialStorage,
        on_created: Callable[[Trial], None],
        *,
        keeps_files: bool = False,
    ) -> None:
        self._plan = plan
        self._storage = storage
        self._on_created = on_created
        self._keeps_files = keeps_files
        self._open: dict[str, Trial] = {}
        self._forget_at = _FORGET_EVERY
        self._name = f"{plan.spec.scenario}@{plan.spec.name}"
        beside = {module.parent for module in code_beside(plan.scenario).values()}
        self._trainable = seeded(plan.scenario.trainable, plan.spec.seed, sorted(beside))
        kind = self._trainable
        self._class = served(
            kind if isinstance(kind, type) else wrap_function(kind),
            Halts(plan.spec.metric, plan.spec.time_attr, plan.spec.checkpoint_frequency),
            plan.spec.max_trials_per_worker,
        )
        self._default_placement = placement_of(plan.spec.shape) if plan.spec.resources else None
        self.checkpoint_config = CheckpointConfig(
            checkpoint_frequency=plan.spec.checkpoint_frequency,
            checkpoint_at_end=plan.spec.keep_final,
        )

        self._nodes: Sequence[Bundle] | None = None

    def refuse_beyond(self, nodes: Sequence[Bundle]) -> None:
        """Refuse to make trials that none of ``nodes`` can hold, from now on."""
        self._nodes = nodes

    def __getitem__(self, trial_id: str) -> Trial:
        """Return an open trial."""
        return self._open[trial_id]

    def open(self) -> Mapping[str, Trial]:
        """Return the trials that have not ended, and perhaps some that have."""
        return dict(self._open)

    @property
    def kind(self) -> type[ray.tune.Trainable]:
        """The class that workers are made of."""
        return self._class

    @property
    def lanes(self) -> Mapping[PlacementGroupFactory, int]:
        """How many trials a process trains at once, by what each takes; none for one."""
        fuse, placement = self._plan.spec.fuse, self._default_placement
        return {} if fuse == 1 or placement is None else {placement: fuse}

    @property
    def set_up_with_worker(self) -> bool:
        """Whether a trial's own set-up runs while its worker starts, as Ray's classes do."""
        kind = self._trainable
        return isinstance(kind, type) and not issubclass(kind, EpochTrainable)

    @property
    def request_resources(self) -> bool:
        """Whether the trainable itself says what a trial takes, by configuration."""
        trainable = self._plan.scenario.trainable
        if getattr(trainable, "_resources", None) is not None:  # tune.with_resources
            return True
        own = getattr(trainable, "default_resource_request", None)
        inherited: Any = ray.tune.Trainable.default_resource_request
        return own is not None and own.__func__ is not inherited.__func__

    def make(self, trial_id: str, config: dict[str, Any], announce: bool = True) -> Trial:
        """Return a trial, a new one or one of a sweep that is resumed.

        Args:
            trial_id: Its id.
            config: Its configuration.
            announce: Tell of it.

        Raises:
            ResourcesError: It takes more than any node has.
            ScenarioError: The function of resources raises, or answers with nonsense.
        """
        trial = SweepTrial(
            self._name,
            config=config,
            trial_id=trial_id,
            storage=self._storage,
            evaluated_params=config,
            placement_group_factory=self._placement(config),
            checkpoint_config=self.checkpoint_config,
            max_failures=self._plan.spec.max_failures,
            trial_dirname_creator=_dirname,
            stub=True,  # nothing is looked up
        )
        trial.trainable_class = self._class
        trial.keeps_files = self._keeps_files
        trial.create_placement_group_factory()
        if len(self._open) >= self._forget_at:
            self._open = {key: open_ for key, open_ in self._open.items() if not _ended(open_)}
            self._forget_at = 2 * len(self._open) + _FORGET_EVERY
        self._open[trial_id] = trial
        if announce:
            self._on_created(trial)
        return trial

    def _placement(self, config: dict[str, Any]) -> PlacementGroupFactory | None:
        if self._plan.scenario.resources_of is not None:
            shape = self._plan.scenario.shape_for(config)
            if self._nodes is not None:
                check_shape_fits(shape, self._nodes)
            return placement_of(shape)
        own = getattr(self._trainable, "default_resource_request", None)
        if not self.request_resources:
            return self._default_placement
        if own is None:
            return None  # tune.with_resources: Ray finds it
        request = own(config)
        if request is None:
            return self._default_placement
        for bundle in request.bundles if self._nodes is not None else ():
            check_fits(bundle, self._nodes or ())
        return None


def _dirname(trial: Trial) -> str:
    return str(trial.trial_id)


def _ended(trial: Trial) -> bool:
    return trial.status in (Trial.TERMINATED, Trial.ERROR)
