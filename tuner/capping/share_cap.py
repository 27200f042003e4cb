"""Holds a process to its share of a GPU: of the memory, and of the compute where MPS runs.

Ray counts shares and enforces nothing: a trial that takes more than its own lets its neighbours
run out of memory. Here it runs out itself, at its own limit, and gets a larger share.

A process's share never changes: trials with another one get other workers. Those import this
module; it imports neither Ray nor torch, and makes no process that does not train initialise CUDA.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

from tuner.capping.on_import import after_import

__all__ = ["CONTEXT_BYTES", "ShareCap", "memory_fraction", "mps_answers"]

CONTEXT_BYTES = 512 * 2**20
"""What CUDA itself takes of a device for each process, beside what torch's allocator counts: its
context, and the code of kernels; 300 to 600 MB on data-centre GPUs."""

_MPS_PERCENTAGE = "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE"
_MPS_ANSWERS_WITHIN_S = 5.0


def memory_fraction(share: float, total_bytes: float) -> float:
    """Return what fraction of a device torch's allocator may take, so that the context fits too.

    On a device so small that contexts would leave less, it is half the share.

    Args:
        share: Of the device, between 0 and 1.
        total_bytes: Its memory.
    """
    return max(share - CONTEXT_BYTES / total_bytes, share / 2)


class ShareCap:
    """The bounds of one process; made before it trains, and before CUDA is initialised.

    Does nothing for whole GPUs, and for processes without one.

    Args:
        share: Of a GPU.
        device: Which of those that the process sees; None for each of them. To bound another one
            would open a context there.
        environment: Of the process.
        mps_runs: Whether a control daemon of CUDA's Multi-Process Service answers.
    """

    def __init__(
        self,
        share: float,
        *,
        device: int | None = None,
        environment: MutableMapping[str, str] = os.environ,
        mps_runs: Callable[[], bool] | None = None,
    ) -> None:
        self._share = share
        self._device = device
        self._torch: Any = None
        self._is_due = False
        if not 0 < share < 1:
            return
        if _MPS_PERCENTAGE not in environment and (mps_runs or mps_answers)():
            environment[_MPS_PERCENTAGE] = str(max(1, round(100 * share)))
        after_import("torch", self._on_torch)

    def renew(self) -> None:
        """Set the bound of the memory again: the last trial may have changed it."""
        if self._torch is not None and not self._is_due:
            self._is_due = True
            self._torch.cuda._lazy_call(self._apply)  # at once, if CUDA is in use

    def _on_torch(self, torch: Any) -> None:
        self._torch = torch
        self.renew()

    def _apply(self) -> None:
        self._is_due = False
        cuda = self._torch.cuda
        own = range(cuda.device_count()) if self._device is None else (self._device,)
        for device in own:
            total = cuda.get_device_properties(device).total_memory
            cuda.set_per_process_memory_fraction(memory_fraction(self._share, total), device)


def mps_answers() -> bool:
    """Return whether a control daemon of CUDA's Multi-Process Service answers on this node."""
    folder = os.environ.get("CUDA_MPS_PIPE_DIRECTORY", "/tmp/nvidia-mps")
    control = shutil.which("nvidia-cuda-mps-control")
    if control is None or not (Path(folder) / "control").exists():
        return False
    try:
        asked = subprocess.run(
            [control],
            input="get_default_active_thread_percentage\n",
            capture_output=True,
            text=True,
            timeout=_MPS_ANSWERS_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0
