"""The GPUs of this machine as ``nvidia-smi`` lists them; a MIG instance counts as one.

Ray counts physical GPUs only. The instances of one that is divided (Multi-Instance GPU) have to be
named to it, by ``CUDA_VISIBLE_DEVICES``.
"""

from __future__ import annotations

import re
import shutil
import subprocess

__all__ = ["devices_in", "divided_devices"]

_GPU = re.compile(r"^GPU \d+: .*\(UUID: (GPU-[^)]+)\)")
_INSTANCE = re.compile(r"^\s+MIG .*\(UUID: (MIG-[^)]+)\)")
_ANSWERS_WITHIN_S = 20.0


def devices_in(listing: str) -> list[str]:
    """Return the UUIDs of what can be computed on: instances, and GPUs that are not divided.

    Args:
        listing: What ``nvidia-smi -L`` prints.
    """
    devices: list[str] = []
    whole: str | None = None  # the last one, until an instance of it comes
    for line in listing.splitlines():
        gpu, instance = _GPU.match(line), _INSTANCE.match(line)
        if gpu is not None:
            whole = gpu[1]
            devices.append(whole)
        elif instance is not None:
            if whole is not None:
                devices.remove(whole)
                whole = None
            devices.append(instance[1])
    return devices


def divided_devices() -> list[str]:
    """Return the UUIDs of this machine's devices if one of them is a MIG instance; else none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        listing = subprocess.run(
            [program, "-L"], capture_output=True, text=True, timeout=_ANSWERS_WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    devices = devices_in(listing.stdout)
    return devices if any(uuid.startswith("MIG-") for uuid in devices) else []
