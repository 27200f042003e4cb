"""`reproduce`: one trial of a sweep again, with its own seed, and what came out otherwise.

The trial is run as the only one of a sweep of its own, with the same seed and the same trial id,
from which a trial's random numbers follow, and up to the same time. One of a population that
copied others is run with its lineage: each trial that led to its weights trains its stretch, with
the configuration it had then, and the next goes on from its checkpoint.
"""

from __future__ import annotations

import dataclasses
import heapq
import math
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from typing import Any

from ray.tune.search import Searcher

from tuner.differences import MetricDifference, compare, versions_apart
from tuner.display import Display, Displayed, Grid, facts
from tuner.errors import SpecError
from tuner.options import SweepOptions
from tuner.places import Uri
from tuner.planning import resolve_plan
from tuner.plurals import counted
from tuner.provenance import provenance
from tuner.scenario import Scenario
from tuner.schedulers.succession import Succession
from tuner.short_text import value_text
from tuner.spec import SweepSpec
from tuner.store import Sweep, SweepLayout, TrialResult, load
from tuner.store.following import Follower
from tuner.store.lineage import Segment, changes_config, lineage, reports_along
from tuner.stored_scenarios import scenario_again
from tuner.sweep import run_plan

__all__ = ["Reproduction", "reproduce"]

_TRIAL_ID = re.compile(r"t(\d{6,})")


@dataclass(frozen=True)
class Reproduction(Displayed):
    """What running a trial again came to.

    Attributes:
        trial_id: The trial.
        config: Its configuration at the end.
        lineage: The trials that led to its weights, the first one first and itself last.
        seed: Its own seed, which follows from the sweep's and its id.
        until: The time up to which it ran, in the scenario's ``time_attr``.
        iterations: How many reports it made, then and now.
        metrics: How far each metric lies apart.
        versions: What it ran with where that differs, as (then, now) by name.
    """

    trial_id: str
    config: Mapping[str, Any]
    lineage: tuple[str, ...]
    seed: int | None
    until: float
    iterations: tuple[int, int]
    metrics: tuple[MetricDifference, ...]
    versions: Mapping[str, tuple[Any, Any]]

    @property
    def identical(self) -> bool:
        """Whether every metric is the same at every iteration."""
        return self.within(0.0)

    def within(self, tolerance: float) -> bool:
        """Return whether each metric's absolute or relative difference is at most so large."""
        return all(metric.within(tolerance) for metric in self.metrics)

    def _display(self) -> Display:
        then, now = self.iterations
        count = counted(then, "report") + ("" if then == now else f" then, {now} now")
        rows = tuple(
            (
                *(each.metric, value_text(each.max_abs), value_text(each.max_rel)),
                "identical"
                if each.first_iteration is None
                else f"iteration {each.first_iteration}",
            )
            for each in self.metrics
        )
        heads = ("metric", "max abs", "max rel", "first difference")
        versions = ((name, f"{then} -> {now}") for name, (then, now) in self.versions.items())
        return Display(
            f"{self.trial_id}: {'identical' if self.identical else 'differs'} over {count}",
            (Grid(rows, heads), replace(facts(versions), title="versions that differ")),
        )


def reproduce(
    path: str | Path | Uri,
    trial_id: str,
    *,
    scenario: str | Scenario | None = None,
    storage_path: str | Path | None = None,
    address: str | None = None,
    progress: str = "none",
) -> Reproduction:
    """Run a trial again to the time that it reached, and compare what it reports.

    It runs alone; one that copied others runs with those that led to its weights.

    Args:
        path: The sweep's folder or URI. It is only read.
        trial_id: The trial.
        scenario: Where to get the scenario from, if it is not stored (it was built in Python) or
            has moved.
        storage_path: A folder or URI, which all nodes reach, in which to keep the new run as a
            sweep; None for a temporary one on this machine.
        address: Of a running Ray cluster; None for a local Ray.
        progress: How the run is shown; see `tuner.SweepOptions`.

    Raises:
        UsageError: There is no such trial, it has reported nothing, its seed is unknown, or the
            scenario cannot be loaded.
        SweepFailedError: It could not be run.
    """
    sweep = load(path)
    trial = sweep.trial(trial_id)
    segments = _segments(sweep, trial)
    reports = _reports(sweep, segments)
    until = _reached(sweep, trial_id, reports)
    numbers = {segment.trial_id: _number(sweep, segment.trial_id) for segment in segments}
    chosen = scenario_again(
        sweep.spec,
        scenario,
        remedy="call tuner.reproduce(path, trial_id, scenario=...)",
        rule="a trial is run again as it was",
    )
    options = _options(sweep.spec, trial, segments, until)
    if address is not None:
        options["address"] = address
    with _folder(storage_path) as folder:
        options["storage_path"] = folder
        plan = resolve_plan(chosen, options)
        plan = dataclasses.replace(plan, numbers=tuple(numbers.values()))
        again = run_plan(plan, progress=progress)
        repeated = _reports(again, [_anywhere(segment) for segment in segments])
    return Reproduction(
        trial_id=trial_id,
        config=trial.config,
        lineage=tuple(segment.trial_id for segment in segments),
        seed=trial.seed,
        until=until,
        iterations=(len(reports), len(repeated)),
        metrics=tuple(compare(reports, repeated)),
        versions=versions_apart(sweep.state, provenance()),
    )


class _Successors(Searcher):
    """Suggests each trial of a lineage when its turn has come."""

    def __init__(self, succession: Succession, spec: SweepSpec) -> None:
        super().__init__(metric=spec.metric, mode=spec.mode)
        self._succession = succession

    def suggest(self, trial_id: str) -> Any:
        segment = self._succession.awaited()
        return None if segment is None else dict(segment.config)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """There is nothing to learn."""


def _options(
    spec: SweepSpec, trial: TrialResult, segments: Sequence[Segment], until: float
) -> SweepOptions:
    """Return the options of a sweep of those segments alone."""
    succession = Succession(segments)
    return {
        "scheduler": succession,
        "searcher": _Successors(succession, spec),
        "num_samples": len({segment.trial_id for segment in segments}),
        "seed": spec.seed,
        "max_t": max(1, math.ceil(until)),
        "resources": list(spec.bundles) or spec.resources or None,
        "name": f"{spec.name}-{trial.trial_id}",
    }


def _segments(sweep: Sweep, trial: TrialResult) -> tuple[Segment, ...]:
    """Return the lineage of a trial; a trial that copied nobody is its own."""
    records = Follower(SweepLayout(sweep.path), ["decision", "event"]).look()
    if any(changes_config(record, trial.trial_id) for record in records):
        return lineage(records, trial.trial_id)
    return (Segment(trial.trial_id, trial.config, begins=0, ends=None, time=0.0),)


def _anywhere(segment: Segment) -> Segment:
    """Return a segment wherever it stands in the record of another run."""
    return dataclasses.replace(segment, after=-1, before=math.inf)


def _reports(sweep: Sweep, segments: Sequence[Segment]) -> list[Mapping[str, Any]]:
    """Return the reports of a lineage that no later attempt repeated or left behind."""
    trials = {segment.trial_id for segment in segments}
    found = [Follower(SweepLayout(sweep.path), ["report"], each).look() for each in sorted(trials)]
    return reports_along(segments, heapq.merge(*found, key=attrgetter("seq")))


def _reached(sweep: Sweep, trial_id: str, reports: Sequence[Mapping[str, Any]]) -> float:
    """Return the time that a trial reached.

    Raises:
        SpecError: It reported nothing.
    """
    if not reports:
        raise SpecError(
            f"a trial is compared by its reports, and {trial_id} has none; see why: "
            f"tuner show {sweep.place} --trial {trial_id}"
        )
    time_attr = sweep.spec.time_attr
    return float(reports[-1].get(time_attr, reports[-1]["training_iteration"]))


def _number(sweep: Sweep, trial_id: str) -> int:
    """Return which of the sweep's trials it was, from 0: its random numbers follow from that.

    Raises:
        SpecError: The sweep was not run by tuner, so nobody knows its seed.
    """
    found = _TRIAL_ID.fullmatch(trial_id)
    seed: int | None = sweep.spec.seed
    if found is None or seed is None:
        raise SpecError(
            f"a trial is run again with its own seed, and that of {trial_id} is unknown: "
            f"{sweep.place} was imported; run its configuration with points_to_evaluate"
        )
    return int(found[1])


@contextmanager
def _folder(storage_path: str | Path | None) -> Iterator[str]:
    """Yield where the new run is kept; a temporary folder ends with it."""
    if storage_path is not None:
        yield str(storage_path)
        return
    with tempfile.TemporaryDirectory(prefix="tuner-reproduce-") as folder:
        yield folder
