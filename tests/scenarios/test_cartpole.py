"""The pole's estimates by hand, and what the environments' restarts must not teach."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tuner.bundled.cartpole import (
    ENVIRONMENTS,
    CartPole,
    Rollout,
    estimate_advantages,
    make_environments,
    restart,
)

CONFIG = {
    "lr": 0.01,
    "gamma": 0.5,
    "gae_lambda": 0.5,
    "entropy_coeff": 0.0,
    "value_coeff": 0.5,
    "clip_norm": 1.0,
    "rollout": 32,
    "hidden_size": 8,
}


@pytest.fixture
def trial() -> CartPole:
    trainable = CartPole(dict(CONFIG))
    trainable.ensure_setup()
    return trainable


def column(*values: float) -> Tensor:
    return torch.tensor(values)[:, None]


def rollout(fell: Tensor, ended: Tensor) -> Rollout:
    steps = len(fell)
    return Rollout(
        observations=torch.zeros(steps + 1, 1, 4),
        actions=torch.zeros(steps, 1, dtype=torch.long),
        rewards=torch.ones(steps, 1),
        fell=fell,
        ended=ended,
        counts=torch.ones(steps, 1),
    )


@pytest.mark.parametrize(
    ("fell", "ended", "expected"),
    [
        # errors 1 + V'/2 - V: 1 + 2 - 2 = 1, 1 + 4 - 4 = 1; decay 1/4
        ([0, 0], [0, 0], [1 + 1 / 4, 1]),
        # fallen in the first step: 1 - 2; the second step is another episode's
        ([1, 0], [1, 0], [-1, 1]),
        # time over in the first step: the pole would have gone on, so the critic is asked
        ([0, 0], [1, 0], [1, 1]),
    ],
)
def test_advantages_by_hand(fell: list[float], ended: list[float], expected: list[float]) -> None:
    steps = rollout(column(*fell), column(*ended))

    found = estimate_advantages(steps, column(2, 4, 8), gamma=0.5, gae_lambda=0.5)

    assert found.flatten().tolist() == expected


def test_the_step_that_begins_an_episode_does_not_count(trial: CartPole) -> None:
    environments = make_environments(ENVIRONMENTS)
    observations, begins = restart(environments), torch.zeros(ENVIRONMENTS)
    ended, counts = [], []
    for _ in range(4):
        steps = trial.roll_out(environments, observations, begins)
        observations, begins = steps.observations[-1], steps.ended[-1]
        ended.append(steps.ended)
        counts.append(steps.counts)
        assert bool((steps.rewards == steps.counts).all())  # a restart earns nothing

    before, after = torch.cat(ended)[:-1], torch.cat(counts)[1:]
    assert bool(before.any())
    assert bool((after == 1 - before).all())  # across rollouts too


def test_what_does_not_count_teaches_nothing(trial: CartPole) -> None:
    environments = make_environments(ENVIRONMENTS)
    steps = trial.roll_out(environments, restart(environments), torch.ones(ENVIRONMENTS))
    changed = steps._replace(actions=steps.actions.clone())
    changed.actions[0] = 1 - changed.actions[0]  # the first steps only began episodes
    fresh = CartPole(dict(CONFIG))
    fresh.ensure_setup()
    fresh.load_state_dict(trial.state_dict())

    assert trial.learn(steps) == fresh.learn(changed)


def test_a_policy_that_knows_nothing_prefers_nothing(trial: CartPole) -> None:
    assert trial.predict(torch.randn(5, 4)).tolist() == [[0.5, 0.5]] * 5
    assert 8 <= trial.mean_return() <= 12  # always to the left, it falls at once
