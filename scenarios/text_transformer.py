"""A small transformer as a character language model on real English: Python's reference manual.

Layers normalise their inputs (pre-norm), so that they train without a warm-up; with one, which
``warmup`` epochs are, higher rates work. A trial reports the validation loss in bits per character.
"""

from __future__ import annotations

from typing import Any

import torch
from ray import tune
from torch import Tensor, nn

from tuner import Scenario
from tuner.bundled._text import ALPHABET, WINDOW, TextTrainable

MAX_EPOCHS = 9


class Transformer(nn.Module):
    """Characters ``[n, t]``, ``t <= WINDOW``, to logits ``[n, t, len(ALPHABET)]``."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        size = config["heads"] * config["head_size"]
        self.embedding = nn.Embedding(len(ALPHABET), size)
        self.positions = nn.Parameter(torch.randn(WINDOW, size) * 0.02)
        self.dropout = nn.Dropout(config["dropout"])
        self.blocks = nn.ModuleList(
            Block(size, config["heads"], config["dropout"]) for _ in range(config["num_layers"])
        )
        self.output = nn.Sequential(nn.LayerNorm(size), nn.Linear(size, len(ALPHABET)))

    def forward(self, characters: Tensor) -> Tensor:
        states = self.embedding(characters) + self.positions[: characters.shape[1]]
        states = self.dropout(states)
        for block in self.blocks:
            states = block(states)
        return self.output(states)


class Block(nn.Module):
    """Attention to what came before, then a perceptron at each place: ``[n, t, size]`` to same."""

    def __init__(self, size: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.mixing = nn.Sequential(nn.LayerNorm(size), nn.Linear(size, 3 * size))
        self.mixed = nn.Sequential(nn.Linear(size, size), nn.Dropout(dropout))
        self.perceptron = nn.Sequential(
            nn.LayerNorm(size),
            nn.Linear(size, 4 * size),
            nn.GELU(),
            nn.Linear(4 * size, size),
            nn.Dropout(dropout),
        )

    def forward(self, states: Tensor) -> Tensor:
        parts = self.mixing(states).chunk(3, dim=-1)
        queries, keys, values = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts
        )
        attended = nn.functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        states = states + self.mixed(attended.transpose(1, 2).flatten(2))
        return states + self.perceptron(states)


class TextTransformer(TextTrainable):
    """Trains one transformer."""

    def build_model(self, config: dict[str, Any]) -> nn.Module:
        return Transformer(config)

    def apply_hyperparameters(self) -> None:
        super().apply_hyperparameters()
        factor = min(1.0, (self.epochs_done + 1) / (self.config["warmup"] + 1))
        for group in self.optimizer.param_groups:
            group["lr"] = self.config["lr"] * factor


SCENARIO = Scenario(
    name="text_transformer",
    description="A small transformer as a character language model on Python's reference manual",
    trainable=TextTransformer,
    space={
        "lr": tune.loguniform(1e-4, 3e-2),
        "warmup": tune.randint(0, 4),  # epochs until the whole rate is taken
        "batch_size": tune.choice([16, 32, 64]),
        "num_layers": tune.randint(1, 4),
        "heads": tune.choice([1, 2, 4]),
        "head_size": tune.choice([8, 16, 32]),
        "dropout": tune.uniform(0, 0.5),
        "weight_decay": tune.loguniform(1e-5, 1e-1),
        "clip_norm": tune.loguniform(0.1, 10),
    },
    metric="val_bits",
    mode="min",
    time_attr="epoch",
    max_t=MAX_EPOCHS,
    tags=("torch", "text", "language model"),
)
