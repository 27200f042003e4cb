"""Numbers with their nouns, for every line that a person reads."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: float, noun: str) -> str:
    """Return a number with its noun: ``1 trial``, ``2,000 trials``, ``1.5 epochs``.

    Args:
        number: How many.
        noun: Of one of them; its plural ends in ``s``.
    """
    return f"{number:,.15g} {noun}{'' if number == 1 else 's'}"
