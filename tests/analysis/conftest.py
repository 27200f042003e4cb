"""The tests of this folder can import its helpers (importlib adds no folder)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
