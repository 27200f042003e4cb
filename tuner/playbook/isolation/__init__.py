"""`isolate`: what the values of a hyperparameter bring, each at the best of the nuisance ones.

- `isolating`: `isolate`.
- `outcome`: `Isolation`, the table and what follows from it.
"""

from __future__ import annotations
