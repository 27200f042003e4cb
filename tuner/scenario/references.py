"""How a scenario is named: a place, and perhaps which of its attributes; imports nothing heavy."""

from __future__ import annotations

__all__ = ["split_reference"]


def split_reference(reference: str) -> tuple[str, str | None]:
    """Return the place and the attribute of ``place:ATTRIBUTE``; None where none is named.

    Args:
        reference: ``path/to/file.py``, ``package.module`` or a bundled name, perhaps with a name
            after a colon. A path may hold colons of its own.
    """
    place, colon, attribute = reference.rpartition(":")
    return (place, attribute) if colon and attribute.isidentifier() else (reference, None)
