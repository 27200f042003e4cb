"""`explore`: a quasi-random search over declared roles, within a budget.

- `roles`: what is scientific, what is nuisance, what is fixed.
- `affording`: how many trials a budget buys.
- `exploring`: `explore`, and `plan_exploration`, which shows what it would do.
"""

from __future__ import annotations
