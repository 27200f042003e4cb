"""Makes what a scenario file defines reach Ray's workers, which cannot import the file.

Ray pickles a function or class of an importable module as its name. A scenario file is not
importable elsewhere, so cloudpickle is told to send its modules *by value*. It cannot do that
with a function under ``functools.cache``, which pickles as its name whatever its module: here
such a function travels as the function it wraps, and each worker has a cache of its own.
"""

from __future__ import annotations

import copyreg
import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ray import cloudpickle

__all__ = ["is_sent_by_value", "send_by_value"]


def send_by_value(module: ModuleType) -> None:
    """Have Ray send what ``module`` defines as code instead of as a name.

    Args:
        module: An imported module, present in ``sys.modules``.
    """
    cloudpickle.register_pickle_by_value(module)
    copyreg.pickle(functools._lru_cache_wrapper, _reduce_cached)


def is_sent_by_value(module: ModuleType) -> bool:
    """Return whether Ray sends what ``module`` defines as code."""
    return module.__name__ in cloudpickle.list_registry_pickle_by_value()


def _reduce_cached(cached: Any) -> Any:
    if cached.__module__ in cloudpickle.list_registry_pickle_by_value():
        return _cached_again, (cached.__wrapped__, cached.cache_parameters())
    return cached.__reduce__()


def _cached_again(function: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    return functools.lru_cache(**parameters)(function)
