"""The tests of the documentation share what reads and runs its pages."""

from __future__ import annotations

import sys
from pathlib import Path

# importlib mode adds no folder
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "sweep"))
sys.path.insert(0, str(Path(__file__).parents[1] / "simulation"))
