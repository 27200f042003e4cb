"""`refine`: what the next space should be, why, and the sweep that searches it.

- `standings`: the trials that can be compared, at one time, and which of them are good.
- `ranges`: what follows for a number: narrower, wider at a touched bound, or as it is.
- `choices`: what follows for a choice: which options stay.
- `proposing`: all of it for a whole space, branch by branch. So far pure functions.
- `refining`: `propose_refinement` of a stored sweep.
- `rounds`: `refine`, which also searches it (`round_planning`); `lineage`: where it came from.
"""

from __future__ import annotations
