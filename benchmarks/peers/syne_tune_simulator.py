"""Syne Tune's simulator over a table of curves, in an environment of its own; see ../simulator.py.

Reads a table that ``simulator.py`` wrote, runs ASHA with random search over it, and prints the
reports that were made and the CPU time that this took, as JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

from quiet_tuner import quiet_tuner  # noqa: E402
from syne_tune import StoppingCriterion  # noqa: E402
from syne_tune.blackbox_repository.blackbox_tabular import BlackboxTabular  # noqa: E402
from syne_tune.blackbox_repository.simulated_tabular_backend import (  # noqa: E402
    UserBlackboxBackend,
)
from syne_tune.config_space import randint  # noqa: E402
from syne_tune.optimizer.baselines import ASHA, RandomSearch  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("table", type=Path)
    parser.add_argument("--scheduler", choices=["asha", "fifo"], required=True)
    parser.add_argument("--trials", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--reduction-factor", type=float, default=3)
    asked = parser.parse_args()
    backend = table_backend(asked.table)
    epochs = len(backend.blackbox.fidelity_values)
    space = {**backend.blackbox.configuration_space, "epochs": epochs}
    if asked.scheduler == "fifo":
        scheduler = RandomSearch(space, metrics=["loss"], random_seed=asked.seed)
    else:
        scheduler = ASHA(
            space,
            metric="loss",
            time_attr="epoch",
            max_t=epochs,
            random_seed=asked.seed,
            reduction_factor=asked.reduction_factor,
        )
    stop = StoppingCriterion(max_num_trials_started=asked.trials)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        tuner = quiet_tuner(backend, scheduler, stop, asked.workers, folder)
        began = time.process_time()
        tuner.run()
        cpu_s = time.process_time() - began
    rows = tuner.callbacks[0].results
    trials = {row["trial_id"] for row in rows}
    print(json.dumps({"reports": len(rows), "trials": len(trials), "cpu_s": cpu_s}))


def table_backend(table: Path) -> UserBlackboxBackend:
    """Return a backend whose trials train a row of the table each; it finds rows by two columns."""
    arrays = np.load(table)
    loss, elapsed = arrays["loss"], np.cumsum(arrays["seconds"], axis=1)
    rows, epochs = loss.shape
    tens, ones = np.divmod(np.arange(rows), 10)
    blackbox = BlackboxTabular(
        hyperparameters=pd.DataFrame({"tens": tens, "ones": ones}),
        configuration_space={"tens": randint(0, rows // 10 - 1), "ones": randint(0, 9)},
        fidelity_space={"epoch": randint(1, epochs)},
        objectives_evaluations=np.stack([loss, elapsed], axis=-1)[:, None],
        objectives_names=["loss", "elapsed"],
    )
    return UserBlackboxBackend(blackbox, elapsed_time_attr="elapsed", seed=0)


if __name__ == "__main__":
    main()
