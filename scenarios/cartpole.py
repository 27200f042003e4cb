"""An actor and a critic that learn to balance a pole: reinforcement learning on CartPole-v1.

Advantage actor-critic (Mnih et al. 2016, 1602.01783, synchronously) with generalised advantage
estimation (Schulman et al. 2016, 1506.02438), on several environments at once. What works at first
is not what works later on, so population-based training is at home here: all but the network is
read from ``self.config`` anew in every epoch. Needs gymnasium (extra ``rl``).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import gymnasium
import numpy as np
import torch
from ray import tune
from torch import Tensor, nn
from torch.distributions import Categorical
from torch.nn import functional

from tuner import EpochTrainable, Scenario

ENVIRONMENT = "CartPole-v1"  # a reward of 1 for each step that the pole stays up, at most 500
OBSERVED, ACTIONS = 4, 2  # position, angle and their speeds; left or right
ENVIRONMENTS = 8
STEPS = 512  # in each of them, an epoch
EPISODES = 16  # to judge a policy by


class Rollout(NamedTuple):
    """What n environments did in t steps; 0 or 1 as floats."""

    observations: Tensor  # before each step and after the last, [t + 1, n, OBSERVED]
    actions: Tensor  # [t, n]
    rewards: Tensor  # [t, n]
    fell: Tensor  # [t, n]: there is nothing more to gain
    ended: Tensor  # [t, n]: it fell, or its time was over
    counts: Tensor  # [t, n]: 0 where the step only began the next episode


class CartPole(EpochTrainable):
    """Trains one policy, ``ENVIRONMENTS * STEPS`` steps an epoch, from new episodes on."""

    def setup(self, config: dict[str, Any]) -> None:
        self.actor = build_network(config["hidden_size"], ACTIONS)
        self.critic = build_network(config["hidden_size"], 1)
        self.optimizer = torch.optim.Adam(self.parameters(), lr=config["lr"])

    def parameters(self) -> list[nn.Parameter]:
        return [*self.actor.parameters(), *self.critic.parameters()]

    def train_epoch(self) -> dict[str, float]:
        for group in self.optimizer.param_groups:
            group["lr"] = self.config["lr"]
        environments = make_environments(ENVIRONMENTS)
        observations, begins = restart(environments), torch.zeros(ENVIRONMENTS)
        losses = []
        for _ in range(STEPS // self.config["rollout"]):
            rollout = self.roll_out(environments, observations, begins)
            observations, begins = rollout.observations[-1], rollout.ended[-1]
            losses.append(self.learn(rollout))
        steps = (self.epochs_done + 1) * ENVIRONMENTS * STEPS
        return {
            "mean_return": self.mean_return(),
            "loss": float(np.mean(losses)),
            "environment_steps": steps,
        }

    @torch.no_grad()
    def roll_out(
        self, environments: gymnasium.vector.VectorEnv, observations: Tensor, begins: Tensor
    ) -> Rollout:
        """Act for a few steps, from ``observations`` on; some environments begin an episode."""
        seen, counts, steps = [observations], [], []
        for _ in range(self.config["rollout"]):
            action = Categorical(logits=self.actor(seen[-1])).sample()
            following, reward, fell, over, _ = environments.step(action.numpy())
            seen.append(torch.as_tensor(following))
            counts.append(1 - begins)
            begins = torch.as_tensor(fell | over).float()
            steps.append((action, torch.as_tensor(reward), torch.as_tensor(fell).float(), begins))
        columns = (torch.stack(column) for column in zip(*steps, strict=True))
        return Rollout(torch.stack(seen), *columns, torch.stack(counts))

    def learn(self, rollout: Rollout) -> float:
        """Take one step of the optimizer, and return the loss."""
        config, counts = self.config, rollout.counts > 0
        values = self.critic(rollout.observations).squeeze(-1)
        advantages = estimate_advantages(
            rollout, values.detach(), config["gamma"], config["gae_lambda"]
        )
        returns = (advantages + values.detach()[:-1])[counts]
        advantages = advantages[counts]
        advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        policy = Categorical(logits=self.actor(rollout.observations[:-1][counts]))
        loss = (
            config["value_coeff"] * functional.smooth_l1_loss(values[:-1][counts], returns)
            - (policy.log_prob(rollout.actions[counts]) * advantages).mean()
            - config["entropy_coeff"] * policy.entropy().mean()
        )
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters(), config["clip_norm"])
        self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def mean_return(self) -> float:
        """Return the mean length of new episodes, in which the likelier action is taken."""
        environments = make_environments(EPISODES)
        observations, standing = restart(environments), np.ones(EPISODES, dtype=bool)
        steps = 0
        while standing.any():
            actions = self.actor(observations).argmax(dim=1).numpy()
            following, _, fell, over, _ = environments.step(actions)
            steps += int(standing.sum())
            standing &= ~(fell | over)
            observations = torch.as_tensor(following)
        return steps / EPISODES

    @torch.no_grad()
    def predict(self, inputs: Tensor) -> Tensor:
        """Return the probabilities of the actions, ``[n, 2]``, of observations ``[n, 4]``."""
        return self.actor(inputs).softmax(dim=1)

    def state_dict(self) -> dict[str, Any]:
        parts = {"actor": self.actor, "critic": self.critic, "optimizer": self.optimizer}
        return {name: part.state_dict() for name, part in parts.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.actor.load_state_dict(state["actor"])
        self.critic.load_state_dict(state["critic"])
        self.optimizer.load_state_dict(state["optimizer"])


def build_network(hidden_size: int, outputs: int) -> nn.Sequential:
    """Return the network: ``[..., OBSERVED]`` to ``[..., outputs]``; at first it prefers none."""
    output = nn.Linear(hidden_size, outputs)
    nn.init.zeros_(output.weight)
    nn.init.zeros_(output.bias)
    return nn.Sequential(
        nn.Linear(OBSERVED, hidden_size),
        nn.Tanh(),
        nn.Linear(hidden_size, hidden_size),
        nn.Tanh(),
        output,
    )


def make_environments(count: int) -> gymnasium.vector.VectorEnv:
    """Return environments that are computed together, and each restart in the step after an end."""
    return gymnasium.make_vec(ENVIRONMENT, count, vectorization_mode="vector_entry_point")


def restart(environments: gymnasium.vector.VectorEnv) -> Tensor:
    """Begin new episodes, from torch's generator; return what is observed, ``[n, OBSERVED]``."""
    observations, _ = environments.reset(seed=int(torch.randint(2**31, ())))
    return torch.as_tensor(observations)


def estimate_advantages(
    rollout: Rollout, values: Tensor, gamma: float, gae_lambda: float
) -> Tensor:
    """Return generalised advantage estimates ``[t, n]`` (1506.02438, equation 16).

    Args:
        rollout: Of t steps.
        values: What the critic says of its observations, ``[t + 1, n]``.
        gamma: The discount.
        gae_lambda: 0 trusts the critic, 1 the rewards.
    """
    errors = rollout.rewards + gamma * (1 - rollout.fell) * values[1:] - values[:-1]
    decay = gamma * gae_lambda * (1 - rollout.ended)
    advantages = torch.empty_like(errors)
    later = torch.zeros_like(errors[0])
    for at in reversed(range(len(errors))):
        later = errors[at] + decay[at] * later
        advantages[at] = later
    return advantages


SCENARIO = Scenario(
    name="cartpole",
    description="An actor and a critic that learn to balance a pole (gymnasium's CartPole-v1)",
    trainable=CartPole,
    space={
        "lr": tune.loguniform(1e-4, 3e-2),
        "gamma": tune.uniform(0.9, 0.999),
        "gae_lambda": tune.uniform(0.8, 1),
        "entropy_coeff": tune.loguniform(1e-4, 1e-1),
        "value_coeff": tune.loguniform(1e-2, 1),
        "clip_norm": tune.loguniform(0.1, 10),
        "rollout": tune.choice([8, 16, 32, 64, 128]),  # steps from one update to the next
        "hidden_size": tune.lograndint(8, 129),
    },
    metric="mean_return",
    mode="max",
    time_attr="epoch",
    max_t=27,
    mutable=("lr", "gamma", "gae_lambda", "entropy_coeff", "value_coeff", "clip_norm"),
    tags=("torch", "reinforcement learning"),
)
