"""What TensorBoard itself reads from the exported event files."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

from tuner.errors import StorageError
from tuner.exchange.tensorboard_export import export_tensorboard
from tuner.store import Sweep

STARTED = 1_700_000_000.0
Maker = Callable[..., Sweep]


def test_a_run_per_trial_with_every_number_at_its_step_and_time(
    make_sweep: Maker, tmp_path: Path
) -> None:
    losses = [0.5, 0.25, 1 / 3]
    sweep = make_sweep([({"lr": 0.1}, losses, "completed"), ({"lr": 1.0}, [], "failed")])

    assert export_tensorboard(sweep, tmp_path / "tb") == 2

    assert sorted(path.name for path in (tmp_path / "tb").iterdir() if path.is_dir()) == [
        "t0",
        "t1",
    ]
    run = _run(tmp_path / "tb" / "t0")
    assert set(run.Tags()["scalars"]) == {"val/loss", "best/val/loss", "epoch", "time_total_s"}
    scalars = run.Scalars("val/loss")
    assert [scalar.step for scalar in scalars] == [1, 2, 3]
    assert [scalar.wall_time for scalar in scalars] == [STARTED + step for step in (1, 2, 3)]
    assert [scalar.value for scalar in scalars] == [float(np.float32(loss)) for loss in losses]
    (best,) = run.Scalars("best/val/loss")
    assert (best.step, best.value, best.wall_time) == (2, 0.25, STARTED + 2)
    assert _run(tmp_path / "tb" / "t1").Tags()["scalars"] == []


def test_infinities_are_written_and_nan_is_left_out(make_sweep: Maker, tmp_path: Path) -> None:
    sweep = make_sweep([({"lr": 0.1}, [math.nan, math.inf, 1.0], "diverged")])

    export_tensorboard(sweep, tmp_path / "tb")

    scalars = _run(tmp_path / "tb" / "t0").Scalars("val/loss")
    assert [(scalar.step, scalar.value) for scalar in scalars] == [(2, math.inf), (3, 1.0)]


def test_hyperparameters_of_all_runs_are_declared_with_the_metric(
    make_sweep: Maker, tmp_path: Path
) -> None:
    sweep = make_sweep(
        [
            ({"lr": 0.1, "net": {"act": None, "sizes": (8, 4)}, "mix": 1}, [0.5], "completed"),
            ({"lr": 1, "opt": "adam", "bias": True, "mix": "one"}, [0.5], "failed"),
            ({"lr": 2.5}, [0.5], None),
        ]
    )

    export_tensorboard(sweep, tmp_path / "tb")

    declared = _hparams(_run(tmp_path / "tb"), "experiment").experiment
    types = {info.name: info.type for info in declared.hparam_infos}
    unset, text, flag, number = 0, 1, 2, 3  # of TensorBoard's DataType
    assert types == {
        "lr": number, "net/sizes": text, "opt": text, "bias": flag, "mix": unset,
    }  # fmt: skip
    assert [info.name.tag for info in declared.metric_infos] == ["best/val/loss"]
    first, second, third = (_run(tmp_path / "tb" / name) for name in ("t0", "t1", "t2"))
    assert _values(first) == {"lr": 0.1, "net/sizes": "[8, 4]", "mix": 1.0}
    assert _values(second) == {"lr": 1.0, "opt": "adam", "bias": True, "mix": "one"}
    success, failure = 1, 2  # of TensorBoard's Status
    assert _hparams(first, "session_end_info").session_end_info.status == success
    assert _hparams(second, "session_end_info").session_end_info.status == failure
    assert "_hparams_/session_end_info" not in third.summary_metadata, "it goes on"


def test_only_an_earlier_export_gives_way(make_sweep: Maker, tmp_path: Path) -> None:
    sweep = make_sweep([({"lr": 0.1}, [0.5], "completed")])
    folder = tmp_path / "tb"
    folder.mkdir()
    export_tensorboard(sweep, folder)
    notes = folder / "t0" / "notes.txt"
    notes.write_text("mine")

    with pytest.raises(StorageError, match="is not empty"):
        export_tensorboard(sweep, folder)
    export_tensorboard(sweep, folder, replace=True)

    assert notes.read_text() == "mine"
    assert len(list(folder.glob("t0/events*"))) == 1
    assert len(_run(folder / "t0").Scalars("val/loss")) == 1


def test_a_place_that_cannot_be_written_is_one_line(make_sweep: Maker, tmp_path: Path) -> None:
    sweep = make_sweep([({"lr": 0.1}, [0.5], "completed")])
    (tmp_path / "file").touch()

    with pytest.raises(StorageError, match=r"cannot write .*; choose another folder"):
        export_tensorboard(sweep, tmp_path / "file")
    with pytest.raises(StorageError, match="cannot write"):
        export_tensorboard(sweep, tmp_path / "file" / "below")


def test_a_sweep_without_trials(make_sweep: Maker, tmp_path: Path) -> None:
    assert export_tensorboard(make_sweep([]), tmp_path / "tb") == 0


def _run(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()


def _hparams(run: EventAccumulator, tag: str) -> Any:
    content = run.SummaryMetadata(f"_hparams_/{tag}").plugin_data.content
    return plugin_data_pb2.HParamsPluginData.FromString(content)


def _values(run: EventAccumulator) -> dict[str, Any]:
    started = _hparams(run, "session_start_info").session_start_info
    return {name: getattr(v, v.WhichOneof("kind")) for name, v in started.hparams.items()}
