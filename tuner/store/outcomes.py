"""Which outcomes of trials count as what; `tuner.store.columns` says what each of them means."""

from __future__ import annotations

__all__ = ["BAD", "ERRORS", "FAILURES", "SUCCESSES", "UNFIT"]

SUCCESSES = ("completed", "stopped")
"""Went as it should: one such trial, and a sweep has succeeded."""

FAILURES = ("failed", "hung")
"""Accidents: a sweep that has one ends with the exit code of a partial failure."""

ERRORS = (*FAILURES, "infeasible")
"""Ends that need to be explained: the trial's row has the error."""

UNFIT = ("diverged", "infeasible")
"""The fault of the configuration, which would end so again: it is worse than any other."""

BAD = ("diverged", *ERRORS)
"""Brought nothing, whatever they reported before."""
