"""Who has looked at the test rows of a sweep: an append-only file, a line per look.

A figure of the test rows is honest the first time. Whoever finalizes again because of it chooses
by the test rows, so that every further look says how many there were before.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from tuner.store.layout import refused

__all__ = ["LOOKS_FILE", "record_look"]

LOOKS_FILE = "test_looks.jsonl"


def record_look(base: Path, model: Path) -> int:
    """Write down that a model is about to be measured, and return how many others were before.

    The same model measured again, because the process was killed in between, is no further look.

    Args:
        base: The folder of the sweep.
        model: The folder of the model.

    Raises:
        StorageError: The file cannot be read or written.
    """
    file, name = base / LOOKS_FILE, str(model.resolve())
    try:
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        models = {json.loads(line)["model"] for line in lines if line.strip()}
        if name not in models:
            with file.open("a", encoding="utf-8") as appended:
                appended.write(json.dumps({"model": name, "at": time.time()}) + "\n")
    except (OSError, ValueError, KeyError) as error:
        raise refused(file, error if isinstance(error, OSError) else OSError(str(error))) from error
    return len(models - {name})
