"""Comparisons in TOML: the keywords of `tuner.compare`.

```toml
tasks = ["lcbench:189873", "branin"]
budget = "500epochs"
seeds = 10
workers = 25

[[arms]]
arm = "asha:reduction_factor=3+hyperopt"
label = "fast"

[[arms]]
arm = "pbt+random"
num_samples = 16
```
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from tuner.errors import SpecError, nearest
from tuner.options import SweepOptions

__all__ = ["read_comparison_file"]

_KEYWORDS = (
    *("tasks", "arms", "budget", "seeds", "how", "workers", "cluster", "baseline", "target"),
    *("storage_path", "name", "processes", "progress"),
)


def read_comparison_file(path: Path) -> dict[str, Any]:
    """Return the keywords of `tuner.compare` that a file holds.

    Raises:
        SpecError: The file cannot be read, or a key is unknown.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpecError(f"cannot read the comparison's file {path}: {error}") from error
    known = {*_KEYWORDS, *SweepOptions.__annotations__}
    for key in content:
        if key not in known:
            raise SpecError(f"{path}: unknown key {key!r}{nearest(key, known)}")
    return content
