"""What runs on a node to look at it. Sent by value: tuner may be missing there.

So it imports the standard library at its top, and everything else where it is used; it takes and
returns plain values.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import pickle
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["describe", "file_of", "now", "vet"]

_TORCH_TAKES_S = 120.0
_ASK_TORCH = "import torch; print(torch.__version__, torch.cuda.device_count())"


def vet(
    storage: dict[str, Any] | None, trainable: bytes, modules: dict[str, str]
) -> dict[str, Any]:
    """Say whether this node sees a folder, and can load what it would have to train.

    Args:
        storage: As `_see_storage` takes it; None for not looking.
        trainable: A pickle.
        modules: The names of modules that it imports while it trains, and where the driver has
            them; trials look there too.
    """
    seen = storage and _see_storage(**storage)
    return {"storage": seen, "load_error": _load_error(trainable, modules)}


def describe(storage: dict[str, Any] | None) -> dict[str, Any]:
    """Return everything that is worth knowing of this node, as plain values.

    Args:
        storage: As `_see_storage` takes it; None for not looking.
    """
    disk = shutil.disk_usage(_session_dir())
    shm = Path("/dev/shm")
    torch, gpus = _torch()
    return {
        "versions": {**_versions(), "torch": torch},
        "gpus_by_torch": gpus,
        "disk_free": disk.free,
        "disk_total": disk.total,
        "shared_memory": shutil.disk_usage(shm).total if shm.is_dir() else 0,
        "storage": storage and _see_storage(**storage),
        "listeners": _listeners(),
    }


def now() -> float:
    """Return this node's time, in unix seconds."""
    return time.time()


def file_of(node_id: str) -> str:
    """Return the name of the file that a node writes to show that it can."""
    return f"from-{node_id}"


def _see_storage(filesystem: bytes, folder: str, marker: str, node_id: str) -> dict[str, Any]:
    """Read what the driver has written into a folder, and write there.

    Args:
        filesystem: A pickled pyarrow file system.
        folder: The folder on it.
        marker: The name of the driver's file, which is also what it holds.
        node_id: This node's.
    """
    seen: dict[str, Any] = {"read": False, "error": ""}
    try:
        system = pickle.loads(filesystem)
        with system.open_input_stream(f"{folder}/{marker}") as stream:
            seen["read"] = stream.read() == marker.encode()
        with system.open_output_stream(f"{folder}/{file_of(node_id)}") as stream:
            stream.write(node_id.encode())
    except FileNotFoundError:
        pass  # there is no such folder: that it is not shared says it all
    except Exception as error:  # each file system has exceptions of its own
        seen["error"] = _line(error)
    return seen


def _load_error(pickled: bytes, modules: dict[str, str]) -> str:
    from ray import cloudpickle

    try:
        cloudpickle.loads(pickled)
        for name, place in modules.items():
            if importlib.util.find_spec(name) is None and not Path(place).exists():
                raise ModuleNotFoundError(f"No module named {name!r}")
    except Exception as error:  # importing the user's modules can raise anything
        return _line(error)
    return ""


def _versions() -> dict[str, Any]:
    import ray

    tuner, tuner_error = _version("tuner")
    return {
        "python": platform.python_version(),
        "ray": ray.__version__,
        "tuner": tuner,
        "tuner_error": tuner_error,
    }


def _version(package: str) -> tuple[str | None, str]:
    try:
        return str(importlib.import_module(package).__version__), ""
    except Exception as error:  # a broken installation can raise anything
        return None, _line(error)


def _torch() -> tuple[str | None, int | None]:
    """Return torch's version, and how many GPUs it can use; None where there is no torch.

    It is asked in a process that sees what the raylet sees, since this task holds no GPU.
    """
    environment = dict(os.environ)
    environment.pop("CUDA_VISIBLE_DEVICES", None)
    environment.update(_of_raylet("CUDA_VISIBLE_DEVICES"))
    try:
        told = subprocess.run(
            [sys.executable, "-c", _ASK_TORCH],
            capture_output=True, text=True, timeout=_TORCH_TAKES_S, env=environment, check=True,
        ).stdout.split()  # fmt: skip
        return told[-2], int(told[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None, None


def _of_raylet(name: str) -> dict[str, str]:
    """Return a variable that the raylet was started with, where it was."""
    try:
        lines = Path(f"/proc/{os.getppid()}/environ").read_bytes().split(b"\0")
    except OSError:
        return {}
    pairs = (line.decode(errors="replace").partition("=") for line in lines)
    return {key: value for key, _, value in pairs if key == name}


def _session_dir() -> str:
    from ray._private import worker

    node: Any = worker.global_worker.node
    return str(node.get_session_dir_path())


def _listeners() -> list[dict[str, Any]]:
    """Return what Ray's processes of this node listen on beyond loopback."""
    import psutil

    found = set()
    session = Path(_session_dir()).name
    for process in psutil.process_iter(["cmdline"]):
        words = " ".join(process.info["cmdline"] or [])
        kind = _kind(words)
        if kind is None or ("/session_" in words and session not in words):
            continue  # no part of Ray, or of another one on this machine
        try:
            connections = process.net_connections(kind="tcp")
        except psutil.Error:
            continue  # it has ended, or is another user's
        for each in connections:
            if each.status == psutil.CONN_LISTEN and not _is_loopback(each.laddr.ip):
                found.add((kind, each.laddr.ip, each.laddr.port))
    return [dict(zip(("process", "address", "port"), each, strict=True)) for each in sorted(found)]


def _kind(command: str) -> str | None:
    """Return which of Ray's processes a command line starts, if one."""
    kinds = {
        "ray.util.client.server": "client server",
        "dashboard/dashboard.py": "dashboard",
        "ray::DashboardAgent": "agent",
        "dashboard/agent.py": "agent",
        "runtime_env/agent/main.py": "agent",
        "gcs/gcs_server": "gcs_server",
        "raylet/raylet": "raylet",
    }
    return next((kind for part, kind in kinds.items() if part in command), None)


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address in ("::1", "::ffff:127.0.0.1")


def _line(error: BaseException) -> str:
    """Return what was raised, in a line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
