"""Does something once a library has been imported, without importing it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, TypeAlias

__all__ = ["after_import"]

Then: TypeAlias = Callable[[ModuleType], object]


def after_import(name: str, then: Then) -> None:
    """Call ``then`` with a module: now, if it has been imported, or as soon as it is.

    Args:
        name: Of a module that is not part of a package.
        then: Called once, in the thread that imports the module.
    """
    module = sys.modules.get(name)
    if module is not None:
        then(module)
    else:
        sys.meta_path.insert(0, _Watch(name, then))


class _Watch(MetaPathFinder):
    """Finds nothing itself: has whoever finds a module tell when it has been executed."""

    def __init__(self, name: str, then: Then) -> None:
        self._name = name
        self._then = then

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the module's spec, as the finders after this one have it."""
        if fullname != self._name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return spec
        loader: Any = spec.loader
        execute = loader.exec_module

        def execute_and_tell(module: ModuleType) -> None:
            loader.exec_module = execute
            execute(module)
            self._then(module)

        loader.exec_module = execute_and_tell
        return spec
