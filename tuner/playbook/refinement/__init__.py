"""What the next space should be, and why: pure functions of what a sweep has shown.

- `standings`: the trials that can be compared, at one time, and which of them are good.
- `ranges`: what follows for a number: narrower, wider at a touched bound, or as it is.
- `choices`: what follows for a choice: which options stay.
- `proposing`: all of it for a whole space, branch by branch.
"""

from __future__ import annotations
