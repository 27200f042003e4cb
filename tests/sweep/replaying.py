"""Sweeps in virtual time, kept record by record, so that a driver may die after any of them."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ray import tune
from ray.exceptions import RayActorError
from sweeping import make_scenario
from virtual import Needs, VirtualActors

from tuner.planning import resolve_plan
from tuner.runtime.execution import Execution
from tuner.runtime.recorder import Recorder
from tuner.runtime.serving import Halts
from tuner.runtime.stopping import Stop
from tuner.runtime.storage import Checkpoints, TrialStorage
from tuner.schedulers.policy import PolicyReplay, PolicyStep
from tuner.store.past import PastTrial
from tuner.warm_start import teach


class KilledError(BaseException):
    """The process dies here."""


@dataclass(frozen=True)
class Record:
    kind: str
    row: Mapping[str, Any]
    seq: int = 0


@dataclass
class Writer:
    """Keeps what a sweep writes, and dies after so many records."""

    records: list[Record] = field(default_factory=list)
    dies_after: float = math.inf

    def _take(self, kind: str, row: Mapping[str, Any]) -> None:
        if len(self.records) >= self.dies_after:
            raise KilledError
        self.records.append(Record(kind, {k: v for k, v in row.items() if v is not None}))
        if len(self.records) >= self.dies_after:
            raise KilledError

    def report(self, row: Mapping[str, Any]) -> None:
        self._take("report", row)

    def decision(self, row: Mapping[str, Any]) -> None:
        self._take("decision", row)

    def event(self, row: Mapping[str, Any]) -> None:
        self._take("event", row)

    def trial(self, trial_id: str, **changes: Any) -> None:
        pass


class Death(NamedTuple):
    """What a driver leaves behind that dies right after a record: a folder, and all records."""

    folder: Path
    records: list[Record]

    def __repr__(self) -> str:
        return f"death after record {len(self.records)}: {self.records[-1]}"


class DyingWriter(Writer):
    """Keeps what a sweep would leave behind if its driver died now, again and again.

    Args:
        folder: Where the sweep lies; copies of it go beside it.
        first: After how many records it dies first.
        every: It dies after every so many.
        records: Those that were there before.
    """

    def __init__(
        self, folder: Path, first: int = 1, every: int = 1, records: Iterable[Record] = ()
    ) -> None:
        super().__init__(list(records))
        self._folder = folder
        self._numbers = range(first, 10**6, every)
        self._copies: dict[int, Path] = {}

    def _take(self, kind: str, row: Mapping[str, Any]) -> None:
        super()._take(kind, row)
        number = len(self.records)
        if number in self._numbers:
            copy = self._copies[number] = self._folder.with_name(f"{self._folder.name}-{number}")
            # No file is written again once it is there, so that copies may share them.
            shutil.copytree(self._folder, copy, copy_function=os.link)

    @property
    def deaths(self) -> Iterator[Death]:
        """What is left each time, but for the end of the sweep."""
        for number, copy in self._copies.items():
            if number < len(self.records):
                yield Death(copy, self.records[:number])


def resumed(death: Death, dies_after: float = math.inf, **options: Any) -> Writer:
    """Go on where a driver died, and return all that was written by then."""
    writer = Writer(list(death.records), dies_after)
    carry_out(death.folder, writer, records=death.records, **options)
    return writer


def curve(config: Mapping[str, Any], weight: float, epoch: int) -> float:
    return abs(weight - 0.3) + config["lr"] / 10 + 1 / epoch


def carry_out(
    folder: Path, writer: Writer, records: Iterable[Record] | None = None, slots: int = 1,
    fails: Callable[[str, int], bool | RayActorError] = lambda *_: False,
    tick: Callable[[Execution], None] = lambda _: None, past: Sequence[PastTrial] = (),
    before: Mapping[str, Any] | None = None, halts: Halts | None = None,
    needs: Needs = lambda _: 0.0, **options: Any,
) -> Execution:  # fmt: skip
    """Run a sweep, a new one or one that goes on from ``records``, until it ends or dies."""
    if callable(make := options.get("scheduler")):
        options["scheduler"] = make()  # an object serves one sweep
    plan = resolve_plan(
        make_scenario(**options.pop("scenario", {})),
        {"storage_path": str(folder), "name": "s", "seed": 3, "resources": {"cpu": 1}, **options},
    )
    checkpoints = folder / "s" / "checkpoints"
    checkpoints.mkdir(parents=True, exist_ok=True)
    recorder = Recorder(writer, plan.spec, say=lambda _: None, clock=lambda: 0.0)  # type: ignore[arg-type]
    kept = Checkpoints.local(checkpoints)
    storage = TrialStorage(kept, folder.parent / "files", folder.name)
    execution = Execution(
        plan, storage=storage, remove_checkpoint=kept.remove, recorder=recorder, callbacks=[]
    )
    actors = VirtualActors(checkpoints, curve, slots, fails, halts, needs)
    controller: Any = execution._controller
    controller._actor_manager = actors
    controller._slots = slots
    execution._source.limit = None if plan.population or plan.bracket else slots
    # Nor does it look at the cluster again after some seconds, which would resize it.
    execution.following.look = lambda: None  # type: ignore[method-assign]
    teach(plan.searcher, past, plan.spec.objectives, plan.spec.time_attr)
    try:
        if records is not None:
            execution.restore(records, kept, **(before or {}))
        execution.run(Stop(), lambda: tick(execution))
    finally:
        writer.dies_after = math.inf
    return execution


def rows_of(writer: Writer, event: str) -> list[Mapping[str, Any]]:
    return [record.row for record in writer.records if record.row.get("event") == event]


def story(records: Iterable[Record]) -> tuple[list[tuple[Any, ...]], dict[str, str]]:
    """What was suggested, reported and decided, without what a restart repeats; and all ends.

    A death in the middle of a decision that ends several trials changes the order of their ends.
    """
    outcomes: dict[str, str] = {}
    told: list[tuple[Any, ...]] = []
    furthest: dict[str, int] = {}
    for record in records:
        row = record.row
        if record.kind == "decision" and row["decision"] != "RESUME":
            told.append((row["decision"], row["trial_id"], row.get("time"), row["reason"]))
            if row["decision"] == "EXPLOIT":
                furthest[row["trial_id"]] = 0
        elif record.kind == "report":
            step = row["training_iteration"]
            if step > furthest.get(row["trial_id"], 0):
                told.append(("report", row["trial_id"], step, row["loss"]))
            furthest[row["trial_id"]] = max(step, furthest.get(row["trial_id"], 0))
        elif row.get("event") == "suggested":
            told.append(("suggested", row["trial_id"], str(row["details"]["config"])))
        elif row.get("event") == "ended":
            assert row["trial_id"] not in outcomes
            outcomes[row["trial_id"]] = row["details"]["outcome"]
    return told, outcomes


def written_once(records: Iterable[Record]) -> bool:
    """Say whether no attempt of a trial has reported an iteration twice."""
    rows = [record.row for record in records if record.kind == "report"]
    keys = [(row["trial_id"], row["attempt"], row["training_iteration"]) for row in rows]
    return len(set(keys)) == len(keys)


def too_high(first: Mapping[str, Any], report: Mapping[str, Any]) -> str | None:
    return "too high" if report["epoch"] > 1 and report["loss"] > 0.85 else None


POLICY = [
    PolicyStep(0, {"x": 0.9, "lr": 0.1}),
    PolicyStep(2, {"x": 0.1, "lr": 0.1}),
    PolicyStep(4, {"x": 0.5, "lr": 0.2}),
]

ARMS = {
    "fifo": {"scheduler": "fifo", "searcher": "random", "num_samples": 3, "max_t": 3},
    "asha": {"scheduler": "asha:reduction_factor=2", "searcher": "random", "num_samples": 6,
             "max_t": 4},
    "brackets": {"scheduler": "asha:brackets=2", "searcher": "random", "num_samples": 6},
    "promotion": {"scheduler": "asha_promotion:reduction_factor=2", "searcher": "random",
                  "num_samples": 4, "max_t": 4},
    "freeze_thaw": {"scheduler": "freeze_thaw:reduction_factor=2", "searcher":
                    "mfgp:n_initial_points=3", "num_samples": 4, "max_t": 3},
    "hyperband": {"scheduler": "hyperband", "searcher": "random", "num_samples": 6, "max_t": 4},
    "ray_hyperband": {"scheduler": "ray_hyperband", "searcher": "random", "num_samples": 6,
                      "max_t": 4},
    "median": {"scheduler": "median:min_samples_required=1", "searcher": "random",
               "num_samples": 5, "max_t": 4},
    "pbt": {"scheduler": "pbt:perturbation_interval=2", "searcher": "random", "num_samples": 4,
            "max_t": 6},
    "pbt-synch": {"scheduler": "pbt:perturbation_interval=2,synch=true", "searcher": "random",
                  "num_samples": 4, "max_t": 6},
    "pb2": {"scheduler": "pb2:perturbation_interval=2", "searcher": "random", "num_samples": 3,
            "max_t": 4},
    "cold": {"scheduler": "hyperband", "searcher": "random", "num_samples": 6, "max_t": 4,
             "worker_mode": "cold"},
    "bohb": {"scheduler": "bohb", "searcher": "bohb", "num_samples": 5, "max_t": 4},
    "hyperopt": {"scheduler": "asha", "searcher": "hyperopt:n_initial_points=2",
                 "num_samples": 5, "max_t": 3},
    "optuna": {"scheduler": "fifo", "searcher": "optuna:n_startup_trials=2", "num_samples": 5,
               "max_t": 2},
    "sobol": {"scheduler": "asha", "searcher": "sobol", "num_samples": 4, "max_t": 3,
              "scenario": {"constraint": lambda config: config["x"] + config["lr"] < 0.5}},
    "strata": {"scheduler": "fifo", "searcher": "halton:over=kind", "num_samples": 4, "max_t": 2,
               "scenario": {"space": {"x": tune.uniform(0.0, 1.0), "lr": tune.uniform(0.0, 1.0),
                                      "kind": tune.choice(["a", "b"])}}},
    "evolution": {"scheduler": "asha", "searcher": "evolution:population_size=2,sample_size=1",
                  "num_samples": 6, "max_t": 3,
                  "scenario": {"constraint": lambda config: config["x"] < 0.5}},
    "grid": {"scheduler": "asha", "searcher": "grid:points=2,rounds=2", "num_samples": 6,
             "max_t": 2},
    "pareto": {"scheduler": "asha", "searcher": "optuna:sampler=nsga2,population_size=2",
               "metric": ["loss", "time_total_s"], "mode": ["min", "max"], "num_samples": 5,
               "max_t": 3},
    "diverging": {"scheduler": "asha", "searcher": "hyperopt:n_initial_points=2",
                  "num_samples": 5, "max_t": 3, "scenario": {"diverges": too_high}},
    "policy": {"scheduler": lambda: PolicyReplay(POLICY, time_attr="epoch"), "searcher": "random",
               "num_samples": 2, "max_t": 5, "points_to_evaluate": [POLICY[0].config] * 2},
    "saving": {"scheduler": "asha:reduction_factor=2", "searcher": "random", "num_samples": 5,
               "max_t": 4, "checkpoint_frequency": 1},
    "cramped": {"scheduler": "asha:reduction_factor=2", "searcher": "random", "num_samples": 2,
                "max_t": 3, "resources": {"cpu": 1, "gpu": 0.5},
                "needs": lambda config: 0.8 if config["lr"] < 0.05 else 2.0},
}  # fmt: skip
