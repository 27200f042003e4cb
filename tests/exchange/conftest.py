"""A stored experiment of Ray Tune 2.60, and small sweeps to export."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tuner.objectives import Mode, Objective
from tuner.space import to_json
from tuner.store import Sweep, SweepLayout, SweepWriter, load, write_spec

DATA = Path(__file__).parent / "data"
STARTED = 1_700_000_000.0


@pytest.fixture
def ray_folder(tmp_path: Path) -> Path:
    """Three trials of Ray 2.60 as its loggers left them: completed, failed, ending in NaN."""
    return shutil.copytree(DATA / "ray-2.60", tmp_path / "ray_results" / "sample")


@pytest.fixture
def make_sweep(tmp_path: Path) -> Callable[..., Sweep]:
    """Make a sweep of trials ``(config, losses, outcome)``, called t0, t1 and so on."""

    def make(
        trials: Sequence[tuple[Mapping[str, Any], Sequence[float], str | None]],
        *,
        space: Mapping[str, Any] | None = None,
        mode: Mode = "min",
        name: str = "sweep",
        secondary: Sequence[tuple[str, Mode]] = (),
    ) -> Sweep:
        layout = SweepLayout.create(tmp_path / "results" / name)
        others = [Objective(metric, direction) for metric, direction in secondary]
        writer = SweepWriter(
            layout, metric="val/loss", mode=mode, time_attr="epoch", secondary=others
        )
        for number, (config, losses, outcome) in enumerate(trials):
            trial = f"t{number}"
            writer.trial(trial, config=config, seed=number, started=STARTED + number)
            for epoch, loss in enumerate(losses, 1):
                writer.report(
                    {
                        "trial_id": trial, "attempt": 1, "training_iteration": epoch,
                        "epoch": epoch, "time_total_s": 0.5 * epoch,
                        "timestamp": STARTED + epoch, "val": {"loss": loss}, "note": "text",
                    }
                )  # fmt: skip
            if outcome is not None:
                error = "Traceback\nValueError: no luck\n" if outcome == "failed" else None
                status = "ERROR" if outcome == "failed" else "TERMINATED"
                ended = STARTED + 60
                writer.trial(trial, status=status, outcome=outcome, ended=ended, error=error)
        writer.close()
        spec = {
            "name": name, "storage_path": str(tmp_path), "scenario": "s", "source": None,
            "space": to_json(space or {}), "metric": "val/loss", "mode": mode,
            "time_attr": "epoch", "max_t": 3, "grace_period": 1, "scheduler": "asha",
            "searcher": "random", "seed": 0, "resources": {"cpu": 1},
        }  # fmt: skip
        objectives = [asdict(each) for each in (Objective("val/loss", mode), *others)]
        spec["objectives"] = objectives
        write_spec(layout, {"spec": spec, "status": "finished", "started": STARTED})
        return load(layout.root)

    return make
