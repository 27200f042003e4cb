"""The text is what it is said to be, and no model sees what it shall predict."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tuner.bundled import _text
from tuner.bundled._text import ALPHABET, WINDOW, TextTrainable, encode, load_examples, load_text
from tuner.bundled.text_rnn import RecurrentModel
from tuner.bundled.text_transformer import TextTransformer, Transformer

MODELS = [
    RecurrentModel(
        {"cell": cell, "hidden_size": 8, "embedding_size": 4, "num_layers": 2, "dropout": 0.0}
    )
    for cell in ("gru", "lstm")
]
MODELS.append(Transformer({"heads": 2, "head_size": 4, "num_layers": 2, "dropout": 0.0}))


def test_the_text_is_english_and_says_nothing_twice() -> None:
    text = load_text()
    paragraphs = [paragraph for paragraph in text.split("\n\n") if paragraph.strip()]

    assert len(text) > 250_000
    assert text.count(" the ") > 2000
    assert len(set(paragraphs)) == len(paragraphs)
    assert load_text() == text


def test_characters_are_places_in_the_alphabet() -> None:
    assert len(ALPHABET) == 96
    assert encode("\n ~é").tolist() == [0, 1, 95, ALPHABET.index("?")]
    assert "".join(ALPHABET[place] for place in encode("Hello, World!")) == "Hello, World!"


def test_the_target_of_a_window_is_the_character_after_it() -> None:
    examples = load_examples()
    following = np.column_stack([examples.inputs, examples.targets])

    assert following.shape == (_text.WINDOWS, WINDOW + 1)
    assert (following[:-1, -1] == following[1:, 0]).all()  # which begins the next window
    assert [len(rows) for rows in (*examples.split(), examples.test)] == [800, 100, 100]


@pytest.mark.parametrize("model", MODELS, ids=["gru", "lstm", "transformer"])
def test_no_model_looks_ahead(model: nn.Module) -> None:
    model.eval()
    characters = torch.randint(len(ALPHABET), (3, 20))
    changed = characters.clone()
    changed[:, 12:] = (changed[:, 12:] + 1) % len(ALPHABET)

    with torch.no_grad():
        one, other = model(characters), model(changed)

    assert one.shape == (3, 20, len(ALPHABET))
    torch.testing.assert_close(one[:, :12], other[:, :12])
    assert bool((one[:, 12:] != other[:, 12:]).any(dim=-1).all())


def test_a_model_that_knows_the_alphabet_only_needs_its_bits() -> None:
    class Uniform(TextTrainable):
        def build_model(self, config: dict[str, Any]) -> nn.Module:
            model = nn.Sequential(nn.Embedding(len(ALPHABET), len(ALPHABET)))
            nn.init.zeros_(model[0].weight)
            return model

    trainable = Uniform({"lr": 0.0})
    trainable.ensure_setup()

    assert trainable.validate() == {"val_bits": pytest.approx(math.log2(96))}


def test_the_rate_warms_up() -> None:
    config = {
        "lr": 1.0, "weight_decay": 0.0, "dropout": 0.0, "warmup": 3, "heads": 1, "head_size": 8,
        "num_layers": 1, "batch_size": 64, "clip_norm": 1.0,
    }  # fmt: skip
    trainable = TextTransformer(config)
    trainable.ensure_setup()
    trainable.train_windows = trainable.train_windows[:1]
    rates = []
    for _ in range(5):
        trainable.train()
        rates.append(trainable.optimizer.param_groups[0]["lr"])

    assert rates == [0.25, 0.5, 0.75, 1, 1]
