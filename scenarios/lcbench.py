"""A perceptron on one of LCBench's tables, trained by looking its learning curve up.

The curves are those of YAHPO Gym's surrogate of LCBench (`tuner data fetch lcbench_surrogate`,
extra ``surrogates``): 50 epochs on a real table take no time, so what a sweep on Ray costs besides
training, and what schedulers and searchers make of real landscapes, can be seen at once. The same
curves in virtual time: ``tuner simulate lcbench:189873``.

The table is the constant ``task`` of the space, an OpenML id; `tuner data list lcbench` has all.
"""

from __future__ import annotations

from typing import Any

from ray import tune

from tuner import EpochTrainable, Scenario, find_task

EPOCHS = 50  # without the surrogate's first epoch, the untrained network, and its last


class LCBench(EpochTrainable):
    """Reports what the surrogate says that an epoch of the configuration would show."""

    def setup(self, config: dict[str, Any]) -> None:
        task = find_task(f"lcbench:{config['task']}")
        self.metric = task.scenario.metric
        self.curve = task.curves.curve(config, number=0)  # the same for every trial: no noise

    def train_epoch(self) -> dict[str, float]:
        at = self.epochs_done
        return {
            self.metric: self.curve.metrics[self.metric][at],
            "training_seconds": self.curve.seconds[at],
        }

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: a trial's state is how many epochs it has done."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take nothing over; a trial with another configuration goes on along its own curve."""


SCENARIO = Scenario(
    name="lcbench",
    description="A perceptron on a table of LCBench, by the surrogate of its learning curves",
    trainable=LCBench,
    space={
        "task": "189873",
        "batch_size": tune.lograndint(16, 513),
        "learning_rate": tune.loguniform(1e-4, 1e-1),
        "momentum": tune.uniform(0.1, 0.99),
        "weight_decay": tune.uniform(1e-5, 1e-1),
        "num_layers": tune.randint(1, 6),
        "max_units": tune.lograndint(64, 1025),
        "max_dropout": tune.uniform(0, 1),
    },
    metric="val_accuracy",  # in percent
    mode="max",
    time_attr="epoch",
    max_t=EPOCHS,
    data=("lcbench_surrogate",),
    tags=("simulated", "tabular", "classification"),
)
