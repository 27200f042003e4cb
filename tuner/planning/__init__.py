"""From the arguments of `tuner.run` to a sweep that can start: every check that needs no cluster.

Whatever is wrong with a call is found here, before Ray starts.

- `resolving`: the call as a whole.
- `choosing`: its scheduler and searcher, from names or objects.
- `counting`: how many trials it has.
- `plan`: what comes of it.
"""

from tuner.planning.choosing import DEFAULT_SCHEDULER, DEFAULT_SEARCHER
from tuner.planning.counting import total_of
from tuner.planning.plan import Plan
from tuner.planning.resolving import resolve, resolve_plan

__all__ = [
    "DEFAULT_SCHEDULER",
    "DEFAULT_SEARCHER",
    "Plan",
    "resolve",
    "resolve_plan",
    "total_of",
]
