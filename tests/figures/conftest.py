"""The tests of figures draw the comparisons that those of the statistics are made of."""

from __future__ import annotations

import sys
from pathlib import Path

for folder in ("analysis", "playbook", "figures"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))
