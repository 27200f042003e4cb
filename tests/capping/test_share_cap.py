from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.capping import CONTEXT_BYTES, ShareCap, memory_fraction, mps_answers

GB = 2**30


class Cuda:
    """As much of ``torch.cuda`` as is asked for; initialised when `use` is called."""

    def __init__(self, total: int = 16 * GB, devices: int = 1) -> None:
        self.fractions: dict[int, float] = {}
        self.used = False
        self._total, self._devices = total, devices
        self._queued: list[Any] = []

    def _lazy_call(self, call: Any) -> None:
        if self.used:
            call()
        else:
            self._queued.append(call)

    def use(self) -> None:
        self.used = True
        for call in self._queued:
            call()

    def device_count(self) -> int:
        return self._devices

    def get_device_properties(self, device: int) -> Any:
        assert self.used, "asking initialises CUDA"
        return SimpleNamespace(total_memory=self._total)

    def set_per_process_memory_fraction(self, fraction: float, device: int) -> None:
        assert self.used, "setting initialises CUDA"
        self.fractions[device] = fraction


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Cuda:
    cuda = Cuda()
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    return cuda


def test_the_memory_is_bounded_once_cuda_is_used(cuda: Cuda) -> None:
    ShareCap(0.25, mps_runs=lambda: False)
    assert not cuda.fractions
    assert not cuda.used
    cuda.use()
    assert cuda.fractions == {0: 0.25 - 1 / 32}  # 512 MB of 16 GB are for the context


def test_a_trial_that_lifted_the_bound_lifts_it_for_itself_only(cuda: Cuda) -> None:
    cap = ShareCap(0.5, mps_runs=lambda: False)
    cuda.use()
    cuda.set_per_process_memory_fraction(1.0, 0)
    cap.renew()
    assert cuda.fractions[0] < 0.5


def test_a_rank_that_sees_its_neighbours_devices_is_bounded_on_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cuda = Cuda(devices=3)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    ShareCap(0.25, mps_runs=lambda: False)
    ShareCap(0.5, device=1, mps_runs=lambda: False)
    cuda.use()
    assert cuda.fractions == {0: 0.25 - 1 / 32, 1: 0.5 - 1 / 32, 2: 0.25 - 1 / 32}


def test_trials_that_do_not_use_cuda_queue_one_call_in_all(cuda: Cuda) -> None:
    cap = ShareCap(0.5, mps_runs=lambda: False)
    for _ in range(3):
        cap.renew()
    assert len(cuda._queued) == 1


@pytest.mark.parametrize("share", [0.0, 1.0, 2.0])
def test_whole_gpus_and_none_are_not_bounded(share: float, cuda: Cuda) -> None:
    environment: dict[str, str] = {}
    ShareCap(share, environment=environment, mps_runs=lambda: True).renew()
    cuda.use()
    assert not cuda.fractions
    assert not environment


@pytest.mark.parametrize(
    ("runs", "before", "after"),
    [
        (True, {}, {"CUDA_MPS_ACTIVE_THREAD_PERCENTAGE": "12"}),
        (False, {}, {}),
        (
            True,
            {"CUDA_MPS_ACTIVE_THREAD_PERCENTAGE": "80"},  # somebody knows better
            {"CUDA_MPS_ACTIVE_THREAD_PERCENTAGE": "80"},
        ),
    ],
)
def test_compute_is_bounded_where_mps_runs(
    runs: bool, before: dict[str, str], after: dict[str, str], cuda: Cuda
) -> None:
    environment = dict(before)
    ShareCap(0.125, environment=environment, mps_runs=lambda: runs)
    assert environment == after


@given(st.floats(1e-3, 0.999), st.floats(1 * GB, 200 * GB))
def test_all_shares_with_their_contexts_fit_the_device(share: float, total: float) -> None:
    fraction = memory_fraction(share, total)
    assert 0 < fraction < share
    if share * total > 2 * CONTEXT_BYTES:
        assert fraction * total + CONTEXT_BYTES == pytest.approx(share * total)


def test_torch_is_not_imported_for_it() -> None:
    code = (
        "import sys; from tuner.capping import ShareCap; "
        "ShareCap(0.5).renew(); sys.exit('torch' in sys.modules or 'ray' in sys.modules)"
    )
    assert os.spawnl(os.P_WAIT, sys.executable, sys.executable, "-c", code) == 0


def test_mps_answers_only_where_its_daemon_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-cuda-mps-control"
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("CUDA_MPS_PIPE_DIRECTORY", str(tmp_path))
    assert not mps_answers()  # not installed
    program.write_text('#!/bin/sh\nread question\n[ -n "$question" ] && exit 0\nexit 1\n')
    program.chmod(stat.S_IRWXU)
    assert not mps_answers()  # not running
    (tmp_path / "control").touch()
    assert mps_answers()
    program.write_text("#!/bin/sh\nexit 1\n")  # its pipe is left of an earlier one
    assert not mps_answers()
