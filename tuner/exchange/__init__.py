"""From and to others: Ray Tune's experiment folders in, TensorBoard and Optuna out.

    Ray's folder ──► ray_folder, ray_logs ──► ray_import ──► a sweep
    a sweep      ──► histories ─┬─► tensorboard_export                a folder of event files
                                └─► distributions, optuna_export      a study in SQLite or a journal

| module               | what it does                                                       |
|----------------------|--------------------------------------------------------------------|
| `ray_folder`         | the trials of an experiment folder, and what became of them        |
| `ray_logs`           | the reports in ``result.json`` or ``progress.csv``, line by line   |
| `ray_import`         | a folder as a sweep of ours                                        |
| `histories`          | a sweep's trials with the numbers that they reported               |
| `tensorboard_export` | a run per trial, with scalars and hyperparameters                  |
| `distributions`      | a space and its values in Optuna's terms                           |
| `optuna_export`      | a study that Optuna and its dashboard open                         |
| `optuna_tables`      | its trials in Optuna's own tables, all at once                     |

No pickle is ever loaded. The exports import TensorBoard's writer and Optuna, so they are imported
from their modules; CSV, JSON and Parquet are tables as they are stored, and belong to the command
line.
"""

from __future__ import annotations

from tuner.exchange.ray_import import import_ray

__all__ = ["import_ray"]
