"""`adopt`: winner and baseline trained again in pairs, and whether that is enough to change.

- `adopting`: `adopt`.
- `paired`: the test, and the interval of the difference.
- `outcome`: `Adoption`, what it returns.
"""

from __future__ import annotations
