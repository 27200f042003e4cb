"""The verbs ``audit`` and ``isolate``: exit codes, JSON, figures, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ray import tune

from tuner.cli.app import main
from tuner.space import to_json
from tuner.store import SweepLayout, SweepWriter, write_spec

SPACE = {"kind": tune.choice(["plain", "better"]), "x": tune.uniform(0, 1)}


@pytest.fixture
def swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A sweep of 40 trials; what is better is so by 0.5."""
    monkeypatch.chdir(tmp_path)
    layout = SweepLayout.create(tmp_path / "results" / "swept")
    writer = SweepWriter(layout, metric="loss", mode="min", time_attr="epoch")
    random = np.random.default_rng(0)
    for number in range(40):
        trial, kind = f"t{number:06d}", ["plain", "better"][number % 2]
        writer.trial(trial, config={"kind": kind, "x": random.random()}, attempts=1)
        base = 0.5 * (kind == "plain") + 0.3 * random.random()
        for epoch, loss in enumerate((base + 1, base + 0.5, base, base), 1):
            writer.report(
                {
                    "trial_id": trial, "attempt": 1, "training_iteration": epoch, "epoch": epoch,
                    "time_total_s": float(epoch), "timestamp": 100.0 + epoch, "loss": loss,
                }
            )  # fmt: skip
        writer.trial(trial, status="TERMINATED", outcome="completed")
    writer.close()
    spec = {
        "name": "swept", "storage_path": str(tmp_path / "results"), "scenario": "s", "source": None,
        "space": to_json(SPACE), "metric": "loss", "mode": "min", "time_attr": "epoch", "max_t": 4,
        "grace_period": 1, "scheduler": "fifo", "searcher": "random", "seed": 0,
        "resources": {"cpu": 1},
    }  # fmt: skip
    write_spec(layout, {"spec": spec})
    return "swept"


def test_an_audit_is_printed_with_its_remedies(
    swept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", swept, "--check", "duplicates", "--check", "seed_variance"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("results/swept: 40 trials, loss (min), best 0.0")
    assert lines[1].split(maxsplit=2)[:2] == ["pass", "duplicates"]
    assert lines[2].startswith("cannot tell  seed_variance")
    assert lines[3].strip() == "-> tuner adopt results/swept"
    assert lines[4] == "0 failed, 0 warned, 1 passed, 1 cannot tell"


def test_exit_codes_tell_fails_and_with_strict_warnings(swept: str) -> None:
    one = ["audit", swept, "--check", "saturated", "--limit"]
    assert main([*one, "saturated=0.9,0.1"]) == 0
    assert main([*one, "saturated=0.9,0.1", "--strict"]) == 1
    assert main([*one, "saturated=0.9,0.8"]) == 1


def test_json_and_figures(swept: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", swept, "--json", "--figures", "drawn", "--check", "boundary"]) == 0
    told = capsys.readouterr()
    assert told.err == "drawn/boundary.html\n"
    content = json.loads(told.out)
    assert content["ok"] is True
    assert [finding["check"] for finding in content["findings"]] == ["boundary"]
    assert Path("drawn/boundary.html").is_file()


def test_isolate_prints_a_table_json_and_a_figure(
    swept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = ["--figures", "drawn", "--format", "json"]
    assert main(["isolate", swept, "--scientific", "kind", *drawn]) == 0
    out, err = capsys.readouterr()
    assert err == "drawn/isolation.json\n"
    assert "kind = better is better than every other value" in out
    assert out.index("better ") < out.index("plain ")
    assert Path("drawn/isolation.json").is_file()
    assert main(["isolate", swept, "--scientific", "kind", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["winner"] == "better"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["audit", "swept", "--limit", "boundary"], "CHECK=WARN,FAIL"),
        (["audit", "swept", "--limit", "boundary=high,low"], "CHECK=WARN,FAIL"),
        (["audit", "swept", "--check", "bounds"], "no check 'bounds'"),
        (["audit", "swept", "--pair", "train_loss"], "--pair takes two metrics"),
        (["audit", "nothing"], "no sweep in"),
        (["isolate", "swept", "--scientific", "knd"], "did you mean 'kind'"),
        (["isolate", "swept"], "scientific"),
    ],
)
def test_nonsense_is_refused(
    swept: str, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err
