"""A library in an environment of its own, which asks for curves; see ``../peers``.

The other side writes a line of JSON for each curve that it wants, and one with what it found at
the end. So each library has its own dependencies, and all see the same curves.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from quality.curves import curve, described

__all__ = ["search_with"]

_PEERS = Path(__file__).parents[1] / "peers"


def search_with(python: str, script: str, task: str, epochs: int, **settings: Any) -> Any:
    """Run a peer's search and return what it found.

    Args:
        python: Of the environment that has the library.
        script: Its file in ``../peers``.
        task: What to search.
        epochs: Of a full training.
        **settings: What else it is told: method, seed, budget.

    Raises:
        RuntimeError: It ended without a result; its last words follow.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with (
        tempfile.TemporaryFile("w+") as noise,
        subprocess.Popen(
            [python, str(_PEERS / script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=noise,
            text=True,
            env=environment,
        ) as peer,
    ):
        assert peer.stdin is not None
        assert peer.stdout is not None
        asked = {"space": described(task), "epochs": epochs, **settings}
        print(json.dumps(asked), file=peer.stdin, flush=True)
        for line in peer.stdout:
            said = json.loads(line)
            if "found" in said:
                return said["found"]
            values, seconds = curve(task, epochs, said["config"])
            print(json.dumps({"values": values, "seconds": seconds}), file=peer.stdin, flush=True)
        noise.seek(0)
        raise RuntimeError(f"{script} ended without a result: {noise.read()[-2000:]}")
