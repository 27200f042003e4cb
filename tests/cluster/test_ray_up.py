"""Ray's own validator accepts the files of ``ray up``; tokens are on, dashboards on loopback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

ROOT = Path(__file__).resolve().parents[2]
FILES = [ROOT / "cluster" / "aws.yaml", ROOT / "cluster" / "gcp.yaml"]

pytestmark = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def config_of(file: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(file.read_text()))


def test_the_validator_accepts_it(file: Path) -> None:
    prepared = prepare_config(config_of(file))
    validate_config(prepared)
    nightly = [each for each in prepared["setup_commands"] if "ray-wheels" in each]
    assert not nightly, "Ray's defaults install a nightly build"


def test_the_validator_refuses_a_typo(file: Path) -> None:
    wrong = config_of(file) | {"idle_timeout_minute": 5}
    with pytest.raises(jsonschema.ValidationError, match="idle_timeout_minute"):
        validate_config(prepare_config(wrong))


def test_nothing_is_reachable_from_outside_and_tokens_are_on(file: Path) -> None:
    prepared = prepare_config(config_of(file))
    (start,) = [each for each in prepared["head_start_ray_commands"] if "--head" in each]
    assert "--dashboard-host=127.0.0.1" in start
    assert "0.0.0.0" not in file.read_text()
    assert any("RAY_AUTH_MODE=token" in each for each in prepared["setup_commands"])
    assert prepared["file_mounts"]["/home/ubuntu/.ray/auth_token"].endswith(".ray/auth_token")


def test_the_head_runs_no_trials_and_gpu_nodes_come_and_go(file: Path) -> None:
    prepared = prepare_config(config_of(file))
    types = prepared["available_node_types"]
    assert types[prepared["head_node_type"]]["resources"]["CPU"] == 0
    assert types["gpu"]["min_workers"] == 0 < types["gpu"]["max_workers"]
    assert types["gpu"]["max_workers"] <= prepared["max_workers"]


def test_what_is_installed_is_this_checkout(file: Path) -> None:
    prepared = prepare_config(config_of(file))
    install = " ".join(prepared["setup_commands"])
    assert "$HOME/tuner[torch,jobs]" in install
    assert "--constraint ~/tuner/constraints.txt" in install
    assert ".venv" in prepared["rsync_exclude"]
