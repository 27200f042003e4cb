"""The whole chain on a real cluster: sweep, adopt, finalize, and predict in another process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tuner
from tuner.planning import resolve_plan
from tuner.playbook import studied
from tuner.sweep import run_plan

POINT = {
    "lr": 0.01,
    "lr_schedule": "constant",
    "batch_size": 64,
    "num_layers": 1,
    "hidden_size": 32,
    "activation": "relu",
    "optimizer": "adam",
    "momentum": 0.9,
    "l1": 1e-6,
    "l2": 1e-6,
    "dropout": 0.1,
    "patience": 0,
}


def one_at_a_time(**options: Any) -> dict[str, Any]:
    """Return options that start one worker."""
    return {"max_concurrent_trials": 1, "progress": "none", **options}


def test_from_a_sweep_to_predictions(
    ray_cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = tuner.run(
        "digits_mlp",
        **one_at_a_time(scheduler="fifo", searcher="random", num_samples=2, max_t=2, seed=0),
        points_to_evaluate=[{**POINT, "lr": 1e-4}, POINT],
        storage_path=str(tmp_path),
        name="digits",
    )
    assert sweep.best().config == POINT

    def interrupted(scenario: Any, **options: Any) -> tuner.Sweep:
        return run_plan(
            resolve_plan(scenario, options),
            progress="none",
            enough=lambda tally: tally.reports >= 2,
        )

    with monkeypatch.context() as patch:  # the driver ends after the first of four repeats
        patch.setattr(studied, "run", interrupted)
        with pytest.raises(tuner.TunerError, match="give the same command again"):
            tuner.adopt(sweep.path, seeds=2, **one_at_a_time())
    adoption = tuner.adopt(sweep.path, seeds=2, **one_at_a_time())
    assert (adoption.winner.config, adoption.baseline.config["lr"]) == (POINT, 1e-4)
    assert adoption.difference.gain > 0.2
    assert len(set(adoption.winner.values)) == 2  # other seeds, other values

    made = tuner.finalize(sweep.path, **one_at_a_time())
    assert made.parts[0].config == POINT
    assert made.test is not None
    assert made.test["error"].value < 0.2

    examples = tuner.load_scenario("digits_mlp").trainable.examples()
    inputs, _ = examples.at(examples.test)
    np.save(tmp_path / "inputs.npy", inputs)
    command = "import sys; from tuner.cli import main; sys.exit(main(sys.argv[1:]))"
    arguments = ("predict", made.folder, "inputs.npy", "-o", "out.npy")
    subprocess.run([sys.executable, "-c", command, *arguments], cwd=tmp_path, check=True)
    predicted = tuner.load_model(made.folder).predict(inputs)
    assert np.load(tmp_path / "out.npy").tolist() == predicted.tolist()
    assert tuner.finalize(sweep.path) == made
