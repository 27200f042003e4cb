"""What the character language models share: real English, windows of it, and how they train.

The text is Python's own reference manual as ``pydoc`` has it (`pydoc_data.topics`, about 370,000
characters without what occurs twice), which comes with every Python. Another version of Python has
a slightly other text, and slightly other losses: a sweep is reproduced with the version that its
``sweep.json`` names. The alphabet is fixed, so that models fit whatever the text.
"""

from __future__ import annotations

import math
from pydoc_data.topics import topics
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tuner import Examples, cached
from tuner.bundled._torch import TorchTrainable

ALPHABET = "\n" + "".join(map(chr, range(ord(" "), ord("~") + 1)))
"""Newline and printable ASCII; whatever else the text has is read as ``?``."""

WINDOW = 64  # characters that a model sees
WINDOWS = 1000  # of the text: an epoch shall take no more than a second
_RUN = 10  # neighbouring windows that are all to train, to validate or to test on


@cached
def load_examples() -> Examples:
    """Return windows, int64 ``[WINDOWS, WINDOW]``, and the character after each, ``[WINDOWS]``.

    Characters are their places in `ALPHABET`. Windows do not overlap. Of ten runs of neighbouring
    ones eight train, one validates and one tests.
    """
    characters = encode(load_text()[: WINDOWS * WINDOW + 1])
    rows = np.arange(WINDOWS)
    run = rows // _RUN % 10
    return Examples(
        inputs=characters[:-1].reshape(WINDOWS, WINDOW),
        targets=characters[WINDOW::WINDOW],
        validation=rows[run == 8],
        test=rows[run == 9],
        classification=True,
    )


def load_text() -> str:
    """Return the topics in the order of their names; each paragraph once, where it comes first."""
    paragraphs = "\n\n".join(topics[name] for name in sorted(topics)).split("\n\n")
    return "\n\n".join(dict.fromkeys(paragraphs))


def encode(text: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the places of a text's characters in `ALPHABET`."""
    places = {character: place for place, character in enumerate(ALPHABET)}
    return np.array([places.get(character, places["?"]) for character in text])


class TextTrainable(TorchTrainable):
    """Trains a model to predict each next character; a subclass says which, in `build_model`.

    ``self.model`` returns logits ``[n, t, len(ALPHABET)]`` of the characters that follow each of
    ``[n, t]`` characters, and must not look ahead.
    """

    @classmethod
    def examples(cls) -> Examples:
        return load_examples()

    def build_model(self, config: dict[str, Any]) -> nn.Module:
        raise NotImplementedError(f"{type(self).__name__} must define build_model()")

    def setup(self, config: dict[str, Any]) -> None:
        super().setup(config)
        self.train_windows = self.windows(self.split.train)
        self.validation_windows = self.windows(self.split.validation)
        self.model = self.build_model(config).to(self.device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=config["lr"])

    def windows(self, rows: np.ndarray[Any, np.dtype[np.int64]]) -> Tensor:
        """Return some of the windows, each with the character that follows, ``[n, WINDOW + 1]``."""
        inputs, targets = self.examples().at(rows)
        return torch.as_tensor(np.column_stack([inputs, targets])).to(self.device)

    def train_epoch(self) -> dict[str, float]:
        self.apply_hyperparameters()
        self.model.train()
        total = torch.zeros((), device=self.device)
        windows = self.train_windows
        for batch in torch.randperm(len(windows)).split(self.config["batch_size"]):
            loss = self.loss(windows[batch.to(self.device)])
            self.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), self.config["clip_norm"])
            self.optimizer.step()
            total += loss.detach() * len(batch)
        return {"train_bits": bits(total.item() / len(windows)), **self.validate()}

    def loss(self, windows: Tensor) -> Tensor:
        """Return the mean cross-entropy of all characters but the first of each window, in nats."""
        logits = self.model(windows[:, :-1])
        return functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        self.model.eval()
        return {"val_bits": bits(self.loss(self.validation_windows).item())}

    @torch.no_grad()
    def predict(self, inputs: Any) -> Tensor:
        """Return the probabilities of the character after each window, ``[n, len(ALPHABET)]``.

        Args:
            inputs: Windows, ``[n, t]``.
        """
        self.model.eval()
        logits = self.model(torch.as_tensor(inputs).to(self.device))
        return logits[:, -1].softmax(dim=1).cpu()


def bits(nats: float) -> float:
    """Return a cross-entropy in bits instead of nats."""
    return nats / math.log(2)
