"""The tests of reports plant sweeps as those of the playbook do."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "playbook"))
sys.path.insert(0, str(Path(__file__).parent))
