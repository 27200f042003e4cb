"""Records the learning curves of `digits_mlp` that come with tuner.

    python benchmarks/record_digits.py [--trials 200] [--output FILE]

Trains random configurations to their end, one after the other, and writes what simulations of the
task `digits_mlp` report: a row per epoch, with the configuration and the seconds of the epoch.
The file's metadata say what it was made with.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from harness import hardware

import tuner
from tuner.simulation.sources.sweeps import recorded_reports
from tuner.simulation.sources.tables import BUNDLED

KEPT = ("val_error", "val_loss", "train_loss", "epoch_seconds")
PROVENANCE = ("git_commit", "git_dirty", "python", "versions")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--output", type=Path, default=BUNDLED / "digits_mlp.parquet")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sweep = tuner.run(
            "digits_mlp",
            scheduler="fifo",
            searcher="random",
            num_samples=arguments.trials,
            max_concurrent_trials=1,
            seed=0,
            storage_path=folder,
            name="digits",
        )
        write(sweep, arguments.output)


def write(sweep: tuner.Sweep, path: Path) -> None:
    frame = recorded_reports(sweep)
    configs = [name for name in frame.columns if name.startswith("config/")]
    frame = frame[["trial_id", "epoch", *KEPT, "complete", *configs]]
    frame = frame.astype(dict.fromkeys(KEPT, "float32") | {"epoch": "int16"})
    table = pa.Table.from_pandas(frame, preserve_index=False)
    made = {name: sweep.state[name] for name in PROVENANCE}
    notes = {
        "scenario": sweep.spec.scenario,
        "seed": sweep.spec.seed,
        "hardware": hardware(),
        **made,
    }
    table = table.replace_schema_metadata({"recording": json.dumps(notes)})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd")
    print(f"{path}: {table.num_rows} epochs, {path.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
