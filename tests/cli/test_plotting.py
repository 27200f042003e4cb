"""The verb ``plot``: files by their suffix, and what it refuses in one line."""

from __future__ import annotations

from pathlib import Path

import plotly.io
import pytest
from ray import tune

from tuner.cli.app import main
from tuner.space import to_json
from tuner.store import SweepLayout, SweepWriter, write_spec


@pytest.fixture(autouse=True)
def swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    layout = SweepLayout.create(tmp_path / "results" / "swept")
    writer = SweepWriter(layout, metric="loss", mode="min", time_attr="epoch")
    for number in range(6):
        trial = f"t{number:06d}"
        writer.trial(trial, config={"x": number / 6, "y": -number}, attempts=1)
        for epoch in (1, 2):
            writer.report(
                {"trial_id": trial, "attempt": 1, "training_iteration": epoch, "epoch": epoch,
                 "time_total_s": float(epoch), "timestamp": 100.0 + epoch, "loss": number / epoch}
            )  # fmt: skip
        writer.trial(trial, status="TERMINATED", outcome="completed")
    writer.close()
    spec = {
        "name": "swept", "storage_path": str(tmp_path / "results"), "scenario": "s", "source": None,
        "space": to_json({"x": tune.uniform(0, 1), "y": tune.uniform(-9, 0)}), "metric": "loss",
        "mode": "min", "time_attr": "epoch", "max_t": 2, "grace_period": 1, "scheduler": "fifo",
        "searcher": "random", "seed": 0, "resources": {"cpu": 1},
    }  # fmt: skip
    write_spec(layout, {"spec": spec})


def test_a_figure_is_written_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", "swept", "history", "-o", "h.json", "--theme", "dark"]) == 0
    assert capsys.readouterr().out == "h.json\n"
    figure = plotly.io.read_json("h.json")
    assert figure.layout.template.layout.paper_bgcolor == "#14171B"
    assert main(["plot", "swept", "slices", "y"]) == 0
    assert capsys.readouterr().out == "slices.html\n"
    assert "slices" in Path("slices.html").read_text().lower()


def test_a_missing_folder_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", "swept", "history", "-o", "new/plots/h.json"]) == 0
    assert Path("new/plots/h.json").is_file()
    assert main(["plot", "swept", "history", "-o", "new/plots/h.json/h.json"]) == 2
    assert "cannot be made: " in capsys.readouterr().err
    Path("taken.json").mkdir()
    assert main(["plot", "swept", "history", "-o", "taken.json"]) == 2
    assert "taken.json cannot be written: Is a directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["swept", "curvs"], 2, "unknown kind of figure 'curvs'; did you mean 'curves'"),
        (["swept", "regret"], 2, "'regret' is a figure of a comparison, and this is a sweep"),
        (["swept", "slices", "z"], 2, "no hyperparameter 'z'"),
        (["swept", "curves", "-o", "c.pgn"], 2, "unknown format of figures 'pgn'"),
        (["swept", "curves", "--theme", "drak"], 2, "unknown theme 'drak'; did you mean 'dark'"),
        (["swept", "curves", "--width", "9"], 2, "--width is a whole number >= 200"),
        (["nothing", "curves"], 2, "no sweep in"),
        (["swept", "lineage"], 1, "no trial copied another"),
    ],
)
def test_nonsense_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
) -> None:
    assert main(["plot", *arguments]) == code
    assert message in capsys.readouterr().err
    assert not list(Path().glob("*.*"))
