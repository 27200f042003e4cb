"""Sweeps without Ray: the same plan, each trial trained to its end in this process."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import tuner
from tuner.planning import Plan, resolve_plan
from tuner.store import SweepLayout, SweepWriter, load, write_spec
from tuner.store.layout import SCHEMA_VERSION

SCENARIO_FILE = '''
"""Softmax regression on three clouds of points, or the mean of their heights."""

from __future__ import annotations

from typing import Any

import numpy as np
from ray import tune

import tuner

ROWS = 120


@tuner.cached
def load_examples():
    random = np.random.default_rng(0)
    labels = np.arange(ROWS) % 3
    inputs = random.normal(size=(ROWS, 2)) + 1.5 * np.array([[0, 1], [1, -1], [-1, -1]])[labels]
    rows = np.arange(ROWS)
    return tuner.Examples(inputs, labels, rows[90:], rows[60:90], classification=True)


class Softmax(tuner.EpochTrainable):
    @classmethod
    def examples(cls):
        return load_examples()

    def setup(self, config):
        self.weights = np.random.normal(size=(3, 3)) * config["spread"]
        self.train, self.validation = (self.examples().at(rows) for rows in self.split)

    def train_epoch(self):
        inputs, labels = self.train
        wrong = self.predict(inputs) - np.eye(3)[labels]
        self.weights = self.weights - self.config["rate"] * wrong.T @ _wide(inputs) / len(labels)
        inputs, labels = self.validation
        return {"error": np.mean(self.predict(inputs).argmax(axis=1) != labels)}

    def should_stop(self):
        return self.config["patience"] == self.epochs_done

    def predict(self, inputs):
        logits = _wide(np.asarray(inputs)) @ self.weights.T
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def state_dict(self):
        return {"weights": self.weights}

    def load_state_dict(self, state):
        self.weights = state["weights"]


def _wide(inputs):
    return np.column_stack([inputs, np.ones(len(inputs))])


SCENARIO = tuner.Scenario(
    name="clouds",
    trainable=Softmax,
    space={
        "rate": tune.loguniform(1e-3, 10),
        "spread": tune.uniform(0, 2),
        "patience": tune.choice([0, 3]),
    },
    metric="error",
    mode="min",
    time_attr="epoch",
    max_t=6,
)
'''

DEFAULTS: dict[str, Any] = {
    "scheduler": "fifo",
    "searcher": "random",
    "num_samples": 6,
    "seed": 0,
    "keep_final": True,
    "name": "sweep",
}


class InProcess:
    """Runs sweeps in place of `tuner.run` and `tuner.resume`.

    Attributes:
        stops_after: After so many trials the next sweep is interrupted; None for never.
        trained: How many trials were trained.
    """

    def __init__(self) -> None:
        self.stops_after: int | None = None
        self.trained = 0

    def run(self, scenario: str | tuner.Scenario, **options: Any) -> tuner.Sweep:
        return self.run_plan(resolve_plan(scenario, {**DEFAULTS, **options}))

    def run_plan(self, plan: Plan, **_: Any) -> tuner.Sweep:
        root = Path(str(plan.storage)) / plan.spec.name
        SweepLayout.create(root)
        return self._go_on(plan, root)

    def resume(self, root: Path, *, scenario: tuner.Scenario, **changes: Any) -> tuner.Sweep:
        from tuner.replanning import replan

        return self._go_on(replan(load(root).spec, root, scenario, {}), root)

    def _go_on(self, plan: Plan, root: Path) -> tuner.Sweep:
        layout = SweepLayout(root)
        keys = {"metric": plan.spec.metric, "mode": plan.spec.mode, "time_attr": "epoch"}
        fresh = not layout.spec_file.exists()
        state = {"started": time.time(), "message": None}
        content = {"schema_version": SCHEMA_VERSION, "spec": plan.spec.to_json(), **state}
        write_spec(layout, {**content, "status": "running"})
        writer = SweepWriter(layout, **keys) if fresh else SweepWriter.reopen(layout, **keys)
        done = 0 if fresh else len(load(root).trials())
        status = "finished"
        for number in range(plan.num_trials or 0):
            trial_id = f"t{number:06d}"
            config = plan.searcher.suggest(trial_id)
            if number >= done:
                if self.stops_after == number:
                    status = "interrupted"
                    break
                self._train(plan, layout, writer, trial_id, config)
        self.stops_after = None
        writer.close()
        write_spec(layout, {**content, "status": status, "ended": time.time()})
        return load(root)

    def _train(
        self, plan: Plan, layout: SweepLayout, writer: SweepWriter, trial_id: str, config: Any
    ) -> None:
        self.trained += 1
        writer.trial(trial_id, config=config, seed=0, started=0.0, attempts=1, status="RUNNING")
        base: Any = plan.scenario.trainable
        trainable = type(base.__name__, (base,), {"_setup_logdir": _no_folder})(dict(config))
        for _ in range(plan.spec.max_t):
            result = trainable.step()
            row = {"trial_id": trial_id, "attempt": 1, "training_iteration": result["epoch"]}
            row |= {"time_total_s": 0.0, "timestamp": 0.0}
            writer.report(row | {name: result[name] for name in result if name != "done"})
            if result.get("done"):
                break
        if plan.spec.keep_final:
            folder = layout.checkpoints_dir / trial_id / "checkpoint_000000"
            folder.mkdir(parents=True)
            trainable.save_checkpoint(str(folder))
        writer.trial(trial_id, status="TERMINATED", outcome="completed")


def _no_folder(self: Any) -> None:
    self._logdir = None
