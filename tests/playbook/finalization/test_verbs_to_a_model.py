"""``adopt``, ``finalize`` and ``predict`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from in_process import InProcess

import tuner
from tuner.cli import main


def test_adopt_exits_with_what_it_says(
    ray: InProcess, sweep: tuner.Sweep, capsys: pytest.CaptureFixture[str]
) -> None:
    config = json.dumps(sweep.best(6)[-1].config)
    code = main(["adopt", str(sweep.path), "--seeds", "2", "--baseline", config, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["baseline"]["label"] == "baseline"
    assert told["seeds"] == 2
    assert code == (0 if told["verdict"] == "adopt" else 1)


def test_a_baseline_that_is_no_json_is_refused(
    sweep: tuner.Sweep, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["adopt", str(sweep.path), "--baseline", "{x}"]) == 2
    assert "a configuration is a JSON object" in capsys.readouterr().err


def test_finalize_then_predict(
    ray: InProcess,
    sweep: tuner.Sweep,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(sweep.path.parent)
    assert main(["finalize", str(sweep.path), "--trial", "t000001"]) == 0
    assert capsys.readouterr().out.startswith(f"{sweep.path.name}/final: refit of t000001\n")
    inputs, outputs = tmp_path / "inputs.csv", tmp_path / "outputs.csv"
    inputs.write_text("0.5,0.25\n-1,2\n3,1\n")
    final = sweep.path / "final"
    assert main(["predict", str(final), str(inputs), "-o", str(outputs)]) == 0
    assert "3 predictions in" in capsys.readouterr().out
    written = pd.read_csv(outputs)
    expected = tuner.load_model(final).predict(np.array([[0.5, 0.25], [-1, 2], [3, 1]]))
    assert np.allclose(written[[f"probability_{number}" for number in range(3)]], expected)

    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").symlink_to(sweep.path.parent)
    for place in (sweep.path, sweep.path.name, f"{sweep.path.name}/final"):
        assert main(["predict", str(place), str(inputs), "-o", "again.csv"]) == 0
        assert Path("again.csv").read_bytes() == outputs.read_bytes()
    assert main(["predict", "nobody", str(inputs), "-o", "again.csv"]) == 2
    assert "nobody has none; make one: tuner finalize" in capsys.readouterr().err


def test_methods_of_an_ensemble_are_named(
    ray: InProcess, sweep: tuner.Sweep, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["finalize", str(sweep.path), "--ensemble", "2", "--folds", "2"]
    assert main([*arguments, "--method", "mean"]) == 2
    assert "unknown ensemble method 'mean'" in capsys.readouterr().err
    assert main([*arguments, "--method", "average", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["method"] == "average"
