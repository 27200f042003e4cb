"""`tuner.replay`: what other schedulers would have done on a finished sweep."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ray import tune

from tuner.arms import parse_arm
from tuner.errors import SpecError
from tuner.hindsight.recorded import RecordedSweep, recorded_sweep
from tuner.hindsight.replaying import Outcome, replay_in_order
from tuner.hindsight.results import ArmInHindsight, Bounds, Chance, Hindsight
from tuner.option_values import whole
from tuner.places import Uri
from tuner.planning import resolve_plan
from tuner.scenario import Scenario
from tuner.schedulers import check_scheduler
from tuner.simulation import Known
from tuner.store import load
from tuner.store.record import SweepRecord

__all__ = ["replay"]

_HOUR = 3600.0


def replay(
    path: str | Path | Uri | SweepRecord,
    *,
    arms: Sequence[str],
    orderings: int = 100,
    max_concurrent_trials: int | None = None,
    max_unknown: float = 0.5,
    seed: int = 0,
) -> Hindsight:
    """Say what other schedulers would have done on the trials of a finished sweep.

    The recorded learning curves are replayed in many random orders, the same for each arm, in
    virtual time. Where a scheduler lets a trial go on beyond the end of what was recorded, the
    answer is bounded from there on, not guessed.

    Args:
        path: The sweep, real or simulated, or where it lies.
        arms: Schedulers, such as ``"asha:reduction_factor=4"``.
        orderings: In how many orders.
        max_concurrent_trials: How many trials train at once; None for as many as did.
        max_unknown: An arm of whose epochs a larger share is uncertain gets no figures.
        seed: Decides the orders, and what schedulers draw.

    Raises:
        StorageError: There is no sweep.
        NoResultError: It holds no trial that can be replayed.
        SpecError: Trials of the sweep copied one another, an arm has a searcher, is a population
            or comes twice, or a value is out of its range.
    """
    whole("orderings", orderings, at_least=1)
    if not 0 <= max_unknown <= 1:
        raise SpecError(f"max_unknown is a share from 0 to 1, got {max_unknown!r}")
    if isinstance(arms, str) or not all(isinstance(arm, str) for arm in arms):
        raise SpecError(f"arms are a list of schedulers as text, such as ['asha'], got {arms!r}")
    spelled = [_checked(arm) for arm in arms]
    if not spelled:
        raise SpecError("a replay needs a scheduler to try, got none; name one, such as asha")
    for arm in spelled:
        if (times := spelled.count(arm)) > 1:
            raise SpecError(f"every arm differs, got {arm!r} {times} times; name it once")
    sweep = path if isinstance(path, SweepRecord) else load(path)
    recording = recorded_sweep(sweep)
    if max_concurrent_trials is not None:
        count = whole("max_concurrent_trials", max_concurrent_trials, at_least=1)
        recording = dataclasses.replace(recording, concurrency=count)
    outcomes = pd.DataFrame(_outcomes(recording, spelled, orderings, seed))
    return Hindsight(
        sweep=sweep.spec.name,
        scheduler=sweep.spec.scheduler,
        metric=sweep.metric,
        trials=len(recording.trials),
        epochs=sum(trial.known for trial in recording.trials),
        best=recording.best,
        concurrency=recording.concurrency,
        orderings=orderings,
        arms=tuple(_summary(outcomes, recording, arm, max_unknown) for arm in spelled),
        remarks=recording.remarks,
        outcomes=outcomes,
    )


def _checked(arm: str) -> str:
    """Return an arm as it is spelled, if it can be replayed."""
    chosen = parse_arm(arm)
    if chosen.searcher is not None:
        raise SpecError(
            f"a replay tries recorded configurations, and {arm!r} has a searcher; name the "
            f"scheduler alone: {chosen.scheduler}"
        )
    entry = check_scheduler(chosen.scheduler)
    if entry.population or entry.name == "pbt_replay":
        raise SpecError(
            f"{entry.name} changes configurations in the middle of training, of which nothing is "
            "recorded; simulate it (tuner simulate)"
        )
    if entry.searcher is not None:
        raise SpecError(
            f"{entry.name} goes by a searcher that learns, and a replay tries recorded "
            "configurations; replay hyperband or asha_promotion, whose rungs are the same"
        )
    return str(chosen.scheduler)


def _outcomes(
    recording: RecordedSweep, arms: Sequence[str], orderings: int, seed: int
) -> Iterator[dict[str, Any]]:
    """Yield a row per arm and ordering."""
    recorded = recording.as_it_was()
    for ordering in range(orderings):
        order = np.random.default_rng((seed, ordering)).permutation(len(recording.trials)).tolist()
        was = _replayed("fifo", recorded, order, seed + ordering)
        for arm in arms:
            found = _replayed(arm, recording, order, seed + ordering)
            yield {"arm": arm, "ordering": ordering, **_row(found, was, recording)}


def _replayed(arm: str, recording: RecordedSweep, order: Sequence[int], seed: int) -> Outcome:
    objective = recording.objective
    scenario = Scenario(
        name="replay",
        trainable=Known,
        space={"place": tune.uniform(0, 1)},  # nobody looks at it
        metric=objective.metric,
        mode=objective.mode,
        time_attr=recording.time_attr,
        max_t=recording.max_t,
        grace_period=recording.grace_period,
    )
    plan = resolve_plan(
        scenario,
        {
            "scheduler": arm,
            "searcher": "random",
            "num_samples": len(order),
            "max_concurrent_trials": recording.concurrency,
            "seed": seed,
        },
    )
    return replay_in_order(plan, recording, order)


def _row(found: Outcome, was: Outcome, recording: RecordedSweep) -> dict[str, Any]:
    cost = recording.objective.cost
    return {
        "epochs_low": found.epochs[0],
        "epochs_high": found.epochs[1],
        "training_s_low": found.training_s[0],
        "training_s_high": found.training_s[1],
        "wall_s": math.nan if found.wall_s is None else found.wall_s,
        "value": found.value,
        "regret": cost(found.value) - cost(was.value),
        "recorded_wall_s": was.wall_s,
    }


def _summary(
    outcomes: pd.DataFrame, recording: RecordedSweep, arm: str, max_unknown: float
) -> ArmInHindsight:
    """Return what an arm did over all orderings."""
    rows = outcomes[outcomes["arm"] == arm]
    known = rows["wall_s"].notna()
    epochs = Bounds.of(rows["epochs_low"].tolist(), rows["epochs_high"].tolist())
    unknown = 1 - epochs.low / epochs.high
    share = float(known.mean())
    if unknown > max_unknown:
        refusal = (
            f"more than {max_unknown:.0%} of the epochs that it may train were not recorded; "
            "record a sweep with --scheduler fifo, or accept wider bounds with max_unknown"
        )
        return ArmInHindsight(arm=arm, known=share, unknown=unknown, refusal=refusal)
    training = Bounds.of(rows["training_s_low"].tolist(), rows["training_s_high"].tolist())
    wall, was = rows["wall_s"].tolist(), rows["recorded_wall_s"].tolist()
    recorded_s = math.fsum(trial.seconds(trial.known) for trial in recording.trials)
    faster = [1 - new / old for new, old in zip(wall, was, strict=True)]
    keeps = rows["regret"] <= 0
    return ArmInHindsight(
        arm=arm,
        known=share,
        unknown=unknown,
        epochs=epochs,
        training_s=training,
        gpu_hours=training * (recording.gpus / _HOUR) if recording.gpus else None,
        wall_s=Bounds.of(wall, wall) if known.all() else None,
        saved=epochs.saved_of(sum(trial.known for trial in recording.trials)),
        saved_training_s=training.saved_of(recorded_s),
        saved_wall_s=Bounds.of(faster, faster) if known.all() else None,
        keeps_winner=Chance.of(int(keeps.sum()), int((keeps | ~known).sum()), len(rows)),
        regret=Bounds.of(rows["regret"].where(known, 0.0).tolist(), rows["regret"].tolist()),
    )
