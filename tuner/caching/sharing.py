"""One process that loads data for all workers of a driver, through Ray's object store.

What it has put there is its own, so that it stays when workers come and go. Ray would end such a
process with the worker that was the first to ask for it; so it is detached, and ends itself once
its driver has.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

import ray
from ray._private.state import state
from ray.exceptions import RayError, RayTaskError

from tuner.caching.once import Once

__all__ = ["shared"]

T = TypeVar("T")

_NAME = "loader"
_AT_ONCE = 16
_LOOK_EVERY_S = 10.0


def shared(
    name: str, load: Callable[..., T], args: tuple[Hashable, ...], kwargs: Mapping[str, Hashable]
) -> T:
    """Return what ``load`` returns, loaded once for all workers of this driver.

    Args:
        name: What all workers know the function by.
        load: The function.
        args: Its arguments.
        kwargs: Those with names.

    Raises:
        Exception: As ``load``.
    """
    try:
        reference = ray.get(_loader().load.remote(name, load, args, dict(kwargs)))
        value: T = ray.get(reference)
    except RayError as error:
        if isinstance(error, RayTaskError) and not isinstance(error.cause, RayError):
            raise error.cause from None
        return load(*args, **kwargs)  # the process was lost, or there is no room for the data
    return value


def _loader() -> Any:
    """Return the process that loads for this driver, started if there is none."""
    job = ray.get_runtime_context().get_job_id()
    options: dict[str, Any] = {
        "name": _NAME,
        "namespace": f"tuner-{job}",
        "get_if_exists": True,
        "lifetime": "detached",
        "max_concurrency": _AT_ONCE,
        "num_cpus": 0,
    }
    return ray.remote(_Loader).options(**options).remote(job)


class _Loader:
    """Loads, and keeps references to what it has put into Ray's object store.

    Args:
        job: That of its driver.
    """

    def __init__(self, job: str) -> None:
        self._references = Once[Any]()
        threading.Thread(target=_end_with, args=(job,), daemon=True).start()

    def load(
        self,
        name: str,
        load: Callable[..., Any],
        args: tuple[Hashable, ...],
        kwargs: dict[str, Hashable],
    ) -> Any:
        key = (name, args, frozenset(kwargs.items()))
        return self._references.get(key, lambda: ray.put(load(*args, **kwargs)))


def _end_with(job: str) -> None:
    """End this process once its driver has ended."""
    own = ray.get_runtime_context().current_actor
    while not any(each["JobID"] == job and each["IsDead"] for each in state.job_table()):
        time.sleep(_LOOK_EVERY_S)
    ray.kill(own)
