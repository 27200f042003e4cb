"""Reaching a Ray runtime: an embedded local one, or a cluster by address.

Ray's own log lines are kept off the terminal, and tuner never stops a Ray that it did not start.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import ray
from ray._private import ray_constants
from ray._private import worker as ray_worker
from ray.experimental.internal_kv import _internal_kv_get
from ray.tune.execution.cluster_info import _is_ray_cluster

from tuner.errors import SpecError, SweepFailedError
from tuner.runtime.gpus import divided_devices

__all__ = ["connect", "nodes", "quiet_ray", "scales"]

_NOISY = ("ray", "ray.tune", "ray.train", "ray.air", "ray._private.worker", "optuna", "hyperopt")

_KNOCK_S = 10.0

_connecting = threading.Lock()

_ENVIRONMENT = {
    # A trial with gpu=0 sees no GPU, instead of all of them.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",
    # A reused worker waits this long for the last trial's thread to end.
    "TUNE_FUNCTION_THREAD_TIMEOUT_S": "30",
    "RAY_AIR_NEW_OUTPUT": "0",
}


def connect(
    address: str | None,
    *,
    num_cpus: int | None = None,
    num_gpus: int | None = None,
    code: Collection[Path] = (),
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Connect this process to Ray, unless it is connected already.

    Args:
        address: ``"auto"`` or ``"HOST:PORT"`` of a running cluster; None for a local Ray, which
            ends with this process.
        num_cpus: Logical CPUs of the local Ray; None for what the machine has.
        num_gpus: Logical GPUs of the local Ray; None for what the machine has.
        code: Files and packages that workers on other machines are to find as modules.
        say: Shows a line to the user, since this takes some seconds.

    Raises:
        SpecError: ``num_cpus`` or ``num_gpus`` beside an ``address`` or a Ray that runs already.
        SweepFailedError: No Ray answers at ``address``, or none could be started.
    """
    _check_address(address)
    given = {"num_cpus": num_cpus, "num_gpus": num_gpus}
    sized = {name: amount for name, amount in given.items() if amount is not None}
    if sized and (address is not None or ray.is_initialized()):
        where = f"address={address!r}" if address is not None else "a Ray that runs already"
        raise SpecError(
            f"{', '.join(sized)} size a local Ray that tuner starts; with {where} leave them out"
        )
    with _connecting:
        if not ray.is_initialized():
            _start_or_join(address, sized, code, say)


def _check_address(address: object) -> None:
    """Refuse what is no address; Ray's own words for it come late, and say less."""
    if address is None or address == "auto":
        return
    named = isinstance(address, str) and (":" in address or "/" in address)
    if not named:
        raise SpecError(
            f"address is 'auto' or HOST:PORT, such as 'localhost:6379', got {address!r}"
        )


def _start_or_join(
    address: str | None,
    sized: Mapping[str, int],
    code: Collection[Path],
    say: Callable[[str], None],
) -> None:
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    options |= {"address": address} if address else {"address": "local", **sized}
    if not address:
        options["include_dashboard"] = False
        options |= _divided_gpus(sized)
    elif code:
        options["runtime_env"] = {"py_modules": [str(place) for place in code]}
    say(f"joining Ray at {address}" if address else "starting a local Ray")
    answers = False
    try:
        if address:
            answers = _knock(address)
        _init_ray(options)
    except (ConnectionError, RuntimeError, ValueError, OSError) as failure:
        place = f"join Ray at {address!r}" if address else "start a local Ray"
        line = str(failure).strip().splitlines()[0] if str(failure).strip() else repr(failure)
        remedy = "start one with `ray start --head`, or leave the address out for a local Ray"
        if answers or (address and not isinstance(failure, OSError)):
            remedy = (
                "where it asks for a token: RAY_AUTH_MODE=token, and the same ~/.ray/auth_token"
            )
        raise SweepFailedError(f"could not {place}: {line} ({remedy})") from failure


def _divided_gpus(sized: Mapping[str, int]) -> dict[str, int]:
    """Make the MIG instances of this machine known to a Ray that is about to start here."""
    if "CUDA_VISIBLE_DEVICES" in os.environ or "num_gpus" in sized:
        return {}
    devices = divided_devices()
    if not devices:
        return {}
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(devices)
    return {"num_gpus": len(devices)}


def _init_ray(options: Mapping[str, Any]) -> None:
    """Start or join Ray from a thread that lasts as long as this process.

    The processes of a local Ray end with the thread that started them, and others may use it.
    """
    if threading.current_thread() is threading.main_thread():
        ray.init(**options)
        return
    done: Future[None] = Future()

    def keep() -> None:
        try:
            ray.init(**options)
        except BaseException as failure:
            done.set_exception(failure)
            return
        done.set_result(None)
        threading.Event().wait()

    threading.Thread(target=keep, name="keeps-ray", daemon=True).start()
    done.result()


def _knock(address: str) -> bool:
    """Raise OSError if nobody listens there; Ray itself takes minutes to find that out.

    Returns:
        Whether somebody does; of ``auto`` and the like that is not known.
    """
    host, _, port = address.rpartition(":")
    if "/" in host or not port.isdigit():
        return False
    socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK_S).close()
    return True


def nodes() -> list[dict[str, float]]:
    """Return each live node's total resources, in Ray's spelling."""
    return [dict(node["Resources"]) for node in ray.nodes() if node["Alive"]]


def scales() -> bool:
    """Return whether an autoscaler may add nodes to this cluster."""
    if _is_ray_cluster():
        return True
    status = _internal_kv_get(ray_constants.DEBUG_AUTOSCALING_STATUS)
    if not status:
        return False
    try:
        report = json.loads(status)["autoscaler_report"]
    except (ValueError, KeyError, TypeError):
        return False
    # A cluster without an autoscaler reports each node as a type of its own, node_<id>.
    types = {*report.get("active_nodes", {}), *report.get("pending_launches", {})}
    return any(not name.startswith(("node_", "local.cluster.node")) for name in types)


@contextlib.contextmanager
def quiet_ray() -> Iterator[None]:
    """Keep Ray's and the searchers' log lines below an error off the terminal.

    Ray prints the death of a worker to stdout, between the lines of a program's own output and
    whatever ``log_to_driver`` says; a trial's row has the reason.
    """
    printed = ray_worker.print_to_stdstream
    loggers = [logging.getLogger(name) for name in _NOISY]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    ray_worker.print_to_stdstream = lambda *_, **__: None
    try:
        yield
    finally:
        ray_worker.print_to_stdstream = printed
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
