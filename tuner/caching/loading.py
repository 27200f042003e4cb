"""The decorator `cached`, and what it makes of a function that loads data."""

from __future__ import annotations

import functools
import inspect
import sys
import uuid
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Generic, ParamSpec, TypeVar, overload

from tuner.caching.once import Once
from tuner.errors import SpecError

__all__ = ["Cached", "cached"]

P = ParamSpec("P")
T = TypeVar("T")


@overload
def cached(load: Callable[P, T], /) -> Cached[P, T]: ...
@overload
def cached(*, shared: bool = False) -> Callable[[Callable[P, T]], Cached[P, T]]: ...
def cached(load: Any = None, /, *, shared: bool = False) -> Any:
    """Have a module-level function load its data once per process and arguments.

    ```python
    @tuner.cached
    def load(name): ...


    @tuner.cached(shared=True)
    def load_table(name): ...
    ```

    A warm worker serves many trials, and all of them get what the first one has loaded: they must
    not change it. It counts as no growth of the worker, on devices neither. A load that raises
    raises, and is tried again at the next call. It works anywhere, in a test or a notebook too.

    Args:
        load: Any function; its arguments must be hashable.
        shared: Load once for all workers of a driver (`tuner.run`, `tuner.compare`, ...), in a
            process of its own that takes no resources, and hand the data to the workers through
            Ray's object store; the process ends with the driver. NumPy arrays take memory once
            per node, and are read-only; everything else is copied into each worker, torch's
            tensors too (share an array, and use ``torch.from_numpy(array.copy())`` or
            ``torch.from_numpy`` on what is only read). Load onto devices without it. Outside of
            Ray's workers, or where that process was lost, each process loads for itself.

    Raises:
        SpecError: ``load`` is no function whose result can be kept.
    """
    if load is None:
        return functools.partial(Cached, shared=shared)
    return Cached(load, shared=shared)


class Cached(Generic[P, T]):
    """A function that loads data, and keeps what it has loaded.

    Args:
        load: The function.
        shared: Whether one process loads for all workers.
        token: What tells it from others of the same name; None for its module and name alone.
    """

    def __init__(self, load: Callable[P, T], shared: bool, token: str | None = None) -> None:
        _check_loads(load)
        functools.update_wrapper(self, load)
        self.__qualname__ = load.__qualname__
        self._load = load
        self._shared = shared
        self._token = token
        self._values = Once[T]()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the function returns for these arguments, loaded once.

        Raises:
            SpecError: An argument is not hashable.
            Exception: As the function.
        """
        key = self._key(args, kwargs)
        return self._values.get(key, lambda: self._fetch(*args, **kwargs))

    def load_again(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function itself, whatever it has loaded before."""
        return self._load(*args, **kwargs)

    def clear(self) -> None:
        """Forget what this process has loaded."""
        self._values.clear()

    def _key(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Hashable:
        try:
            key = (args, frozenset(kwargs.items()))
            hash(key)
        except TypeError as error:
            raise SpecError(
                "what is loaded once is known by its arguments, which must be hashable, but "
                f"{self.__qualname__} got one that is not ({error}); pass a name, or a tuple"
            ) from error
        return key

    def _fetch(self, *args: P.args, **kwargs: P.kwargs) -> T:
        if not (self._shared and _in_worker()):
            return self._load(*args, **kwargs)
        from tuner.caching.sharing import shared

        name = f"{self.__module__}.{self.__qualname__}:{self._token}"
        return shared(name, self.load_again, args, kwargs)

    def __reduce__(self) -> Any:
        """Travel as a name where the module can be imported elsewhere, as the function if not."""
        if _can_be_imported(self):
            return self.__qualname__
        self._token = self._token or uuid.uuid4().hex
        return Cached, (self._load, self._shared, self._token)


def _check_loads(load: Any) -> None:
    made_anew = (
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
    )
    if not inspect.isfunction(load) or any(kind(load) for kind in made_anew):
        raise SpecError(
            "tuner.cached takes a plain function that returns its data, but got "
            f"{load!r}; write one around it"
        )


def _in_worker() -> bool:
    """Say whether this process is a worker of Ray's, and no driver."""
    ray = sys.modules.get("ray")
    if ray is None or not ray.is_initialized():
        return False
    return bool(ray._private.worker.global_worker.mode == ray.WORKER_MODE)


def _can_be_imported(function: Cached[..., Any]) -> bool:
    from ray import cloudpickle

    module = function.__module__
    if module == "__main__" or module in cloudpickle.list_registry_pickle_by_value():
        return False
    return getattr(sys.modules.get(module), function.__qualname__, None) is function
