"""A Keras model on scikit-learn's handwritten digits, with PyTorch beneath it or TensorFlow.

Keras 3 (extra ``keras``) takes the backend that ``KERAS_BACKEND`` names: here ``torch`` unless it
is set, for instance ``KERAS_BACKEND=tensorflow tuner run digits_keras`` where TensorFlow is
installed. Batches are drawn with NumPy's generator, so that a trial that was resumed goes on the
same with either.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from ray import tune

from tuner import EpochTrainable, Examples, Scenario
from tuner.bundled._digits import CLASSES, load_examples, scaled, validation_metrics

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras  # looks at the variable when it is imported

PIXELS = 64
OPTIMIZERS = {
    "sgd": keras.optimizers.SGD,
    "adam": keras.optimizers.Adam,
    "rmsprop": keras.optimizers.RMSprop,
}


class DigitsKeras(EpochTrainable):
    """Trains one perceptron."""

    @classmethod
    def examples(cls) -> Examples:
        return load_examples()

    def setup(self, config: dict[str, Any]) -> None:
        keras.utils.set_random_seed(self.trial_seed)
        self.images = scaled(load_examples().inputs).numpy()
        self.labels = load_examples().targets
        self.train_rows, self.validation_rows = self.split
        self.model = build_model(config)
        optimizer = OPTIMIZERS[config["optimizer"]](learning_rate=config["lr"])
        self.model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        optimizer.build(self.model.trainable_variables)

    def train_epoch(self) -> dict[str, float]:
        self.model.optimizer.learning_rate.assign(self.config["lr"])
        rows = np.random.permutation(self.train_rows)
        losses = []
        for begin in range(0, len(rows), self.config["batch_size"]):
            batch = rows[begin : begin + self.config["batch_size"]]
            self.model.reset_metrics()  # else the loss is the mean since the epoch began
            losses.append(self.model.train_on_batch(self.images[batch], self.labels[batch]))
        return {"train_loss": float(np.mean(losses)), **self.validate()}

    def validate(self) -> dict[str, float]:
        rows = self.validation_rows
        logits = keras.ops.convert_to_numpy(self.model(self.images[rows], training=False))
        return validation_metrics(torch.tensor(logits), torch.tensor(self.labels[rows]))

    def predict(self, inputs: Any) -> np.ndarray[Any, Any]:
        """Return the probabilities of the digits, ``[n, 10]``.

        Args:
            inputs: Images ``[n, 64]``, pixels from 0 to 16.
        """
        logits = self.model(scaled(inputs).numpy(), training=False)
        return keras.ops.convert_to_numpy(keras.ops.softmax(logits))

    def state_dict(self) -> dict[str, Any]:
        """Return every variable: weights, the optimizer's, and the seeds of what drops out."""
        return {"variables": [keras.ops.convert_to_numpy(each) for each in self.variables()]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for variable, value in zip(self.variables(), state["variables"], strict=True):
            variable.assign(value)

    def variables(self) -> list[Any]:
        return [*self.model.variables, *self.model.optimizer.variables]


def build_model(config: dict[str, Any]) -> keras.Model:
    """Return the network: ``[n, 64]`` to logits ``[n, 10]``."""
    layers: list[Any] = [keras.Input((PIXELS,))]
    for _ in range(config["num_layers"]):
        layers += [
            keras.layers.Dense(
                config["hidden_size"],
                activation=config["activation"],
                kernel_regularizer=keras.regularizers.L2(config["l2"]),
            ),
            keras.layers.Dropout(config["dropout"]),
        ]
    return keras.Sequential([*layers, keras.layers.Dense(CLASSES)])


SCENARIO = Scenario(
    name="digits_keras",
    description="A Keras 3 perceptron on scikit-learn's handwritten digits",
    trainable=DigitsKeras,
    space={
        "lr": tune.loguniform(1e-4, 1e-1),
        "batch_size": tune.choice([32, 64, 128]),
        "optimizer": tune.choice(list(OPTIMIZERS)),
        "num_layers": tune.randint(0, 4),
        "hidden_size": tune.lograndint(16, 257),
        "activation": tune.choice(["relu", "tanh", "sigmoid"]),
        "l2": tune.loguniform(1e-7, 1e-2),
        "dropout": tune.uniform(0, 0.5),
    },
    metric="val_error",
    mode="min",
    time_attr="epoch",
    max_t=27,
    mutable=("lr",),  # the others are built into the model
    tags=("keras", "image", "classification"),
)
