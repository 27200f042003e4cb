"""AlgoPerf's published logs, a CSV file per training in a git repository, as two tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from tuner.errors import DataError

__all__ = ["CURVES", "LOGS", "TRIALS", "convert"]

CURVES = "curves.parquet"
TRIALS = "trials.parquet"
LOGS = "previous_leaderboards/*/logs/*/*/study_*/*/trial_*/eval_measurements.csv"

_TRAININGS = 4359
"""How many logs the pinned commit has. 18 others say not of which workload they are."""

_METRICS = {
    "criteo1tb": ("loss", "min"),
    "fastmri": ("ssim", "max"),
    "imagenet": ("accuracy", "max"),
    "librispeech": ("wer", "min"),
    "ogbg": ("mean_average_precision", "max"),
    "wmt": ("bleu", "max"),
}
"""By a workload's first word what its target is measured by."""

_GPUS = 8
_PATH = re.compile(
    r"previous_leaderboards/(?P<version>\w+)/logs/(?P<track>\w+)/(?P<submission>\w+)/"
    r"study_(?P<study>\d+)/(?P<workload>\w+)_(?P<framework>jax|pytorch)/trial_(?P<trial_no>\d+)/"
)


@dataclass(frozen=True)
class _Training:
    """A log: what it is of, and its evaluations."""

    about: Mapping[str, Any]
    curve: pa.Table


def convert(clone: Path, folder: Path) -> None:
    """Make ``trials.parquet`` and ``curves.parquet`` in a folder of a clone's logs.

    Raises:
        DataError: The clone does not have the logs of the commit.
    """
    trainings = list(_trainings(clone))
    if len(trainings) != _TRAININGS:
        raise DataError(
            f"{clone} has the logs of {len(trainings)} trainings, not of {_TRAININGS}: check out "
            "the commit that tuner data list --json names"
        )
    tables = {
        TRIALS: pa.Table.from_pylist([dict(each.about) for each in trainings]),
        CURVES: pa.concat_tables([each.curve for each in trainings]),
    }
    for name, table in tables.items():
        part = folder / f"{name}.part"
        pq.write_table(table, part, compression="zstd")
        part.replace(folder / name)


def _trainings(clone: Path) -> Iterator[_Training]:
    logs = sorted(clone.glob(LOGS))
    matches = ((log, _PATH.match(log.relative_to(clone).as_posix())) for log in logs)
    for trial_id, (log, about) in enumerate((log, match) for log, match in matches if match):
        named = {name: int(v) if v.isdigit() else v for name, v in about.groupdict().items()}
        metric, mode = _METRICS[about["workload"].partition("_")[0]]
        own = {"trial_id": trial_id, "metric": metric, "mode": mode, "gpu_count": _GPUS}
        yield _Training({**named, **own}, _curve(log, trial_id, f"validation/{metric}"))


def _curve(log: Path, trial_id: int, metric: str) -> pa.Table:
    types = {"total_duration": pa.float64(), metric: pa.float64()}
    options = pc.ConvertOptions(column_types=types, include_columns=list(types))
    table = pc.read_csv(log, convert_options=options)
    rows = table.num_rows
    return pa.table(
        {
            "trial_id": pa.array([trial_id] * rows, pa.int32()),
            "epoch": pa.array(range(1, rows + 1), pa.int32()),
            "elapsed_total_incl_eval": table["total_duration"].cast(pa.float32()),
            "metric_value": table[metric].cast(pa.float32()),
        }
    )
