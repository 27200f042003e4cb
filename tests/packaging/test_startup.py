"""What is slow to import is imported when it is needed: ``tuner --help`` answers at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("ray", "torch", "pandas", "pyarrow", "sklearn", "scipy", "hyperopt", "optuna", "numpy")

HELP = """
from tuner.cli import main
sys.argv = ["tuner", "--help"]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
"""


@pytest.mark.parametrize("code", ["import tuner", HELP], ids=["import", "help"])
def test_starting_imports_nothing_heavy(code: str) -> None:
    assert _imported_by(code, HEAVY) == []


def test_reading_a_sweep_imports_no_ray() -> None:
    assert _imported_by("from tuner import Sweep, load", ("ray", "torch", "hyperopt")) == []


def _imported_by(code: str, suspects: tuple[str, ...]) -> list[str]:
    """Return those of ``suspects`` that a new process has imported after running ``code``."""
    report = f"import sys\n{code}\nprint('IMPORTED', *(set({suspects!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", report], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    marker, *imported = done.stdout.splitlines()[-1].split()
    assert marker == "IMPORTED"
    return imported
