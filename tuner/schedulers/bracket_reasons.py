"""Why HyperBand paused or dropped a trial, in words and in figures."""

from __future__ import annotations

from typing import Any

from tuner.schedulers.brackets import Rung
from tuner.schedulers.halving import Halving, Verdict
from tuner.schedulers.reasons import Reason

__all__ = ["place_of", "why_dropped", "why_paused"]


def why_paused(bracket: Halving, value: float | None) -> Reason:
    """Return why a trial waits at its bracket's rung.

    Args:
        bracket: Its bracket, in which it has arrived.
        value: The metric it arrived with; None if unusable.
    """
    missing = bracket.missing
    text = f"{place_of(bracket, bracket.rung)}: waits with {_number(value)} for {missing} more"
    return Reason(text, _details(bracket, bracket.rung, value) | {"waiting_for": missing})


def why_dropped(bracket: Halving, verdict: Verdict, value: float | None) -> Reason:
    """Return why a trial goes no further.

    Args:
        bracket: Its bracket.
        verdict: What the bracket decided.
        value: The metric it arrived with; None if unusable.
    """
    kept, trials = len(verdict.kept), len(verdict.kept) + len(verdict.dropped)
    place = place_of(bracket, verdict.rung)
    text = f"{place}: {_number(value)} is not among the best {kept} of {trials}"
    details = _details(bracket, verdict.rung, value) | {"kept": kept, "trials": trials}
    return Reason(text, details)


def place_of(bracket: Halving, rung: Rung) -> str:
    """Return where a trial of ``bracket`` stands at ``rung``, in words."""
    start = bracket.plan.rungs[0]
    return f"bracket of {start.size} from {start.time:g}, rung {rung.time:g}"


def _details(bracket: Halving, rung: Rung, value: float | None) -> dict[str, Any]:
    return {"bracket": bracket.number, "rung": float(rung.time), "value": value}


def _number(value: float | None) -> str:
    return "no value" if value is None else f"{value:.4g}"
