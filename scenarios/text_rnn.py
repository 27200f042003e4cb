"""A recurrent character language model (GRU or LSTM) on real English: Python's reference manual.

A trial reports the validation loss in bits per character: 6.6 for a model that knows nothing
but the alphabet, and less than 3 for one that is good at what there is of it.
"""

from __future__ import annotations

from typing import Any

from ray import tune
from torch import Tensor, nn

from tuner import Scenario
from tuner.bundled._text import ALPHABET, TextTrainable

CELLS = {"gru": nn.GRU, "lstm": nn.LSTM}


class RecurrentModel(nn.Module):
    """Characters ``[n, t]`` to logits ``[n, t, len(ALPHABET)]``."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        size = config["hidden_size"]
        self.embedding = nn.Embedding(len(ALPHABET), config["embedding_size"])
        self.layers = nn.ModuleList(
            CELLS[config["cell"]](width, size, batch_first=True)
            for width in [config["embedding_size"], *[size] * (config["num_layers"] - 1)]
        )
        self.dropout = nn.Dropout(config["dropout"])
        self.output = nn.Linear(size, len(ALPHABET))

    def forward(self, characters: Tensor) -> Tensor:
        states = self.embedding(characters)
        for layer in self.layers:
            states, _ = layer(self.dropout(states))
        return self.output(self.dropout(states))


class TextRNN(TextTrainable):
    """Trains one recurrent network."""

    def build_model(self, config: dict[str, Any]) -> nn.Module:
        return RecurrentModel(config)


SCENARIO = Scenario(
    name="text_rnn",
    description="A recurrent character language model (GRU, LSTM) on Python's reference manual",
    trainable=TextRNN,
    space={
        "cell": tune.choice(["gru", "lstm"]),
        "lr": tune.loguniform(1e-4, 3e-2),
        "batch_size": tune.choice([16, 32, 64]),
        "embedding_size": tune.lograndint(8, 65),
        "hidden_size": tune.lograndint(32, 129),
        "num_layers": tune.randint(1, 3),
        "dropout": tune.uniform(0, 0.5),
        "weight_decay": tune.loguniform(1e-5, 1e-1),
        "clip_norm": tune.loguniform(0.1, 10),
    },
    metric="val_bits",
    mode="min",
    time_attr="epoch",
    max_t=9,
    tags=("torch", "text", "language model"),
)
