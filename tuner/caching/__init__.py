"""`tuner.cached`: data that every trial needs are loaded once, not once per trial.

- `loading`: the decorator, and what it makes of a function.
- `once`: computes a value once, whichever thread asks for it first.
- `sharing`: one process that loads for all workers of a driver, through Ray's object store.

Imports no Ray until data are shared, so that it works, and is quick to import, without it.
"""

from __future__ import annotations

from tuner.caching.loading import Cached, cached
from tuner.caching.once import loads_so_far

__all__ = ["Cached", "cached", "loads_so_far"]
