"""What a process takes of its GPU; read by the process itself, in which torch trains."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import Any, NamedTuple

__all__ = ["DeviceReading", "read_device"]

_ANSWERS_WITHIN_S = 10.0


class DeviceReading(NamedTuple):
    """One look at a GPU.

    Attributes:
        name: Of the device.
        total_bytes: Its memory.
        peak_bytes: What torch's allocator has held at most.
        context_bytes: What is in use beside what the allocator holds now.
        utilisation: Share of the last moments in which it computed, 0 to 1; None if unknown.
    """

    name: str
    total_bytes: int
    peak_bytes: int
    context_bytes: int
    utilisation: float | None


def read_device() -> DeviceReading | None:
    """Return what this process takes of its first GPU; None where torch has used none."""
    torch: Any = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    free, total = torch.cuda.mem_get_info()
    properties = torch.cuda.get_device_properties(0)
    return DeviceReading(
        name=properties.name,
        total_bytes=total,
        peak_bytes=torch.cuda.max_memory_reserved(),
        context_bytes=max(0, total - free - torch.cuda.memory_reserved()),
        utilisation=_utilisation(str(getattr(properties, "uuid", ""))),
    )


def _utilisation(uuid: str) -> float | None:
    program = shutil.which("nvidia-smi")
    if program is None or not uuid:
        return None
    query = [program, "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
    try:
        asked = subprocess.run(
            [*query, f"--id=GPU-{uuid.removeprefix('GPU-')}"],
            capture_output=True,
            text=True,
            timeout=_ANSWERS_WITHIN_S,
            check=False,
        )
        return float(asked.stdout) / 100
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
