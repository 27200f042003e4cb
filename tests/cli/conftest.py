"""A small stored sweep, and the command line called in this process."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tuner.cli import main
from tuner.store import SweepLayout, SweepWriter, load, write_spec
from tuner.store.lock import SweepLock

STARTED = 1_700_000_000.0
TRACEBACK = """Traceback (most recent call last):
  File "train.py", line 3, in train
    raise ValueError("no [red]luck[/red]")
ValueError: no [red]luck[/red]
a second line
"""


class Result(NamedTuple):
    """What a command printed and returned."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output as strict JSON: a bare NaN or Infinity is an error."""
        return json.loads(self.out, parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise ValueError(f"not JSON: {constant}")


@pytest.fixture
def tuner_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Result]:
    """Call the command line in an empty current folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "COLUMNS", "TUNER_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> Result:
        capsys.readouterr()
        code = main(arguments)
        printed = capsys.readouterr()
        return Result(code, printed.out, printed.err)

    return call


@pytest.fixture
def sweep_folder(tmp_path: Path) -> Path:
    """Return the folder of a finished sweep of five trials, below ``./results``.

    t1 completed with the best value, t2 was stopped at rung 1, t3 failed at once, t4 diverged
    at its third report, t5 reported nothing but NaN.
    """
    return _make_sweep(tmp_path / "results" / "digits")


@pytest.fixture
def make_sweep() -> Callable[..., Path]:
    """Make the same sweep at another place, or with another status."""
    return _make_sweep


class RunningSweep:
    """A sweep that this process drives, step by step."""

    def __init__(self, folder: Path) -> None:
        _make_sweep(folder, status="running")
        self.layout = SweepLayout(folder)
        self.lock = SweepLock.acquire(self.layout)
        self.writer = SweepWriter.reopen(
            self.layout, metric="loss", mode="min", time_attr="epoch", flush_every_s=1e9
        )
        self.writer.trial("t6", status="RUNNING", config={"lr": 0.5}, attempts=1)
        self.set_status("running")

    def set_status(self, status: str) -> None:
        ended = None if status == "running" else STARTED + 90
        spec = load(self.layout.root).spec.to_json()
        state = {"status": status, "started": STARTED, "ended": ended, "message": ""}
        write_spec(self.layout, {"spec": spec, **state})

    def report(self, trial: str, epoch: int, loss: float) -> None:
        self.writer.report(
            {
                "trial_id": trial, "attempt": 1, "training_iteration": epoch, "epoch": epoch,
                "time_total_s": 0.5 * epoch, "timestamp": STARTED + 80 + epoch, "loss": loss,
            }
        )  # fmt: skip

    def event(self, trial: str | None, name: str, **details: Any) -> None:
        row = {"trial_id": trial, "attempt": 1, "event": name, "timestamp": STARTED + 80}
        self.writer.event(row | {"details": details or None})

    def end_trial(self, trial: str, outcome: str, error: str | None = None) -> None:
        status = "ERROR" if error else "TERMINATED"
        self.writer.trial(trial, status=status, outcome=outcome, error=error)
        self.event(trial, "ended", status=status, outcome=outcome)

    def end(self, status: str = "finished") -> None:
        self.writer.close()
        self.set_status(status)
        self.lock.release()

    def die(self) -> None:
        """Leave everything as a killed driver does: its lock names a process that is gone."""
        path = self.layout.lock(self.lock.number)
        path.write_text(json.dumps({**json.loads(path.read_text()), "started": 1}))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningSweep]:
    """A sweep below ``./results`` that is driven while the test lasts; t6 runs."""
    sweep = RunningSweep(tmp_path / "results" / "live")
    yield sweep
    sweep.lock.release()


def _make_sweep(folder: Path, *, status: str = "finished") -> Path:
    layout = SweepLayout.create(folder)
    writer = SweepWriter(layout, metric="loss", mode="min", time_attr="epoch")
    curves = {
        "t1": [0.9, 0.5, 0.25],
        "t2": [0.95],
        "t3": [],
        "t4": [0.8, 0.7, math.inf],
        "t5": [math.nan],
    }
    ends: dict[str, dict[str, Any]] = {
        "t1": {"status": "TERMINATED", "outcome": "completed"},
        "t2": {"status": "TERMINATED", "outcome": "stopped"},
        "t3": {"status": "ERROR", "outcome": "failed", "error": TRACEBACK},
        "t4": {"status": "TERMINATED", "outcome": "diverged"},
        "t5": {"status": "TERMINATED", "outcome": "diverged"},
    }
    for number, (trial, losses) in enumerate(curves.items()):
        config = {"lr": 10.0**-number, "net": {"units": [8, number], "norm": None}}
        writer.trial(trial, config=config, seed=number, started=STARTED, attempts=1)
        for epoch, loss in enumerate(losses, 1):
            writer.report(
                {
                    "trial_id": trial, "attempt": 1, "training_iteration": epoch, "epoch": epoch,
                    "time_total_s": 0.5 * epoch, "timestamp": STARTED + epoch, "loss": loss,
                }
            )  # fmt: skip
        writer.trial(trial, **ends[trial])
    for trial, epoch, reason in (
        ("t1", 3, "reached max_t=3"),
        ("t2", 1, "rung 1: 0.95 is above the cut 0.9 of 2 trials"),
        ("t4", 3, "loss is inf"),
        ("t5", 1, "loss is nan"),
    ):
        writer.decision(
            {
                "trial_id": trial, "attempt": 1, "training_iteration": epoch, "time": float(epoch),
                "decision": "STOP", "reason": reason, "details": {"cutoff": math.nan},
                "timestamp": STARTED,
            }
        )  # fmt: skip
    writer.close()
    spec = {
        "name": folder.name, "storage_path": str(folder.parent), "scenario": "digits_mlp",
        "source": "digits_mlp", "space": {"lr": {"type": "loguniform", "lower": 1e-4, "upper": 1}},
        "metric": "loss", "mode": "min", "time_attr": "epoch", "max_t": 3, "grace_period": 1,
        "scheduler": "asha:reduction_factor=3", "searcher": "hyperopt", "seed": 7,
        "resources": {"cpu": 1}, "num_samples": 5, "tags": ["nightly"], "notes": "a note",
        "time_budget_s": 600.0,
    }  # fmt: skip
    write_spec(
        layout,
        {
            "schema_version": 1, "spec": spec, "status": status, "started": STARTED,
            "ended": STARTED + 65, "message": None,
        },
    )  # fmt: skip
    return folder
