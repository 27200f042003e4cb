from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ray._private import state
from ray.core.generated import common_pb2
from ray.exceptions import (
    ActorDiedError,
    ActorUnavailableError,
    RayActorError,
    RayTaskError,
)
from ray.tune.experiment import Trial

from tuner.errors import RankFailedError
from tuner.runtime.losses import NodeLeavingError, node_loss
from tuner.runtime.storage import Checkpoints, TrialStorage
from tuner.runtime.trial import SweepTrial

ACTOR = bytes(16)


def died_of(reason: str, monkeypatch: pytest.MonkeyPatch) -> ActorDiedError:
    """Return what Ray raises, and have its head node know the reason."""
    cause = common_pb2.ActorDeathCause()  # type: ignore[attr-defined]
    context = cause.actor_died_error_context
    context.actor_id = ACTOR
    context.reason = context.Reason.Value(reason)
    table = {"DeathCause": cause}
    monkeypatch.setattr(state.state, "actor_table", lambda actor_id: table)
    return ActorDiedError(context)


@pytest.mark.parametrize(
    ("reason", "lost"),
    [("NODE_DIED", "its node was lost"), ("WORKER_DIED", None), ("RAY_KILL", None)],
)
def test_the_head_node_knows_what_an_actor_died_of(
    reason: str, lost: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert node_loss(died_of(reason, monkeypatch)) == lost


def test_an_actor_that_the_head_node_has_forgotten_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    error = died_of("NODE_DIED", monkeypatch)
    monkeypatch.setattr(state.state, "actor_table", lambda actor_id: {})
    assert node_loss(error) is None


@pytest.mark.parametrize(
    ("reason", "lost"), [("NODE_DIED", "its node was lost"), ("WORKER_DIED", None)]
)
def test_a_rank_that_went_with_its_node_takes_its_trial_along(
    reason: str, lost: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = RankFailedError("rank 1 of 2 failed: ActorDiedError")
    failure.death = RayActorError(died_of(reason, monkeypatch).actor_id)

    assert node_loss(RayTaskError("train", "its traceback", failure)) == lost
    assert node_loss(RayTaskError("train", "its traceback", RankFailedError("it raised"))) is None


def test_what_needs_no_asking() -> None:
    assert node_loss(RayActorError(preempted=True)) == "its node was taken away"
    assert node_loss(ActorUnavailableError("connection reset", ACTOR)) is not None
    assert node_loss(NodeLeavingError()) == "its node is to be taken away"
    assert node_loss(RayActorError()) is None
    assert node_loss(ValueError("its node was lost")) is None


@pytest.fixture
def trial(tmp_path: Path) -> SweepTrial:
    storage = TrialStorage(Checkpoints.local(tmp_path), tmp_path, "sweep")
    trial = SweepTrial("none", stub=True, max_failures=0, storage=storage)
    trial.init_local_path()
    return trial


def fail(trial: SweepTrial, lost: bool, reached: int) -> bool:
    """Have it fail, and return whether it is tried again."""
    trial.run_metadata.last_result = {"training_iteration": reached}
    trial.excuse = None
    if lost:
        trial.lost("its node was lost")
    trial.handle_error(RayActorError() if lost else ValueError("bad"))  # type: ignore[arg-type]
    return trial.should_recover()


def test_a_lost_node_is_no_failure_and_a_failure_still_is(trial: Any) -> None:
    assert [fail(trial, lost=True, reached=step) for step in range(1, 20)] == [True] * 19
    assert trial.run_metadata.num_failures == 0
    assert not fail(trial, lost=False, reached=20)
    assert trial.run_metadata.num_failures == 1
    assert trial.status == Trial.PENDING


def test_a_trial_that_brings_every_node_down_fails_in_the_end(trial: Any) -> None:
    tried_again = [fail(trial, lost=True, reached=3) for _ in range(6)]
    assert tried_again == [True] * 5 + [False]
