from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tuner.runtime import connect
from tuner.runtime.gpus import devices_in, divided_devices

MIXED = """\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77)
  MIG 3g.20gb     Device  0: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)
  MIG 1g.5gb      Device  1: (UUID: MIG-cba663e8-9bed-5b25-b243-5985ef7c9beb)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-0c7c7ff2-9d5a-4d4e-9a58-3e8f3c0a5b1d)
"""
WHOLE = "GPU 0: Tesla T4 (UUID: GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77)\n"


def test_each_instance_counts_and_its_gpu_does_not() -> None:
    assert devices_in(MIXED) == [
        "MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f",
        "MIG-cba663e8-9bed-5b25-b243-5985ef7c9beb",
        "GPU-0c7c7ff2-9d5a-4d4e-9a58-3e8f3c0a5b1d",
    ]
    assert devices_in(WHOLE) == ["GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77"]
    assert devices_in("No devices were found\n") == []


@pytest.mark.parametrize(("listing", "number"), [(MIXED, 3), (WHOLE, 0)])
def test_only_divided_gpus_are_named_to_ray(
    listing: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{listing}END\n")
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert connect._divided_gpus({}) == {}  # somebody chose already
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert len(divided_devices()) == number
    assert connect._divided_gpus({"num_gpus": 1}) == {}
    assert "CUDA_VISIBLE_DEVICES" not in os.environ
    monkeypatch.setattr(os, "environ", dict(os.environ))
    assert connect._divided_gpus({}) == ({"num_gpus": number} if number else {})
    named = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    assert [uuid for uuid in named.split(",") if uuid] == (devices_in(listing) if number else [])
