"""How a scenario is named: a place, and perhaps which of its attributes; imports nothing heavy."""

from __future__ import annotations

from pathlib import Path

from tuner.scenario.bundled import bundled_scenarios

__all__ = ["ATTRIBUTE", "scenario_names", "split_reference"]

ATTRIBUTE = "SCENARIO"
"""What a module calls its scenario, unless another name is asked for."""


def scenario_names() -> list[str]:
    """Return the bundled scenarios, and the modules in the current folder that define one.

    Whether they do is told by their text: nothing is imported.
    """
    here = [file.stem for file in Path.cwd().glob("*.py") if _seems_to_define_one(file)]
    return [*bundled_scenarios(), *here]


def _seems_to_define_one(file: Path) -> bool:
    try:
        return f"\n{ATTRIBUTE}" in file.read_text(encoding="utf-8", errors="replace")
    except OSError:  # a folder, or a file of somebody else
        return False


def split_reference(reference: str) -> tuple[str, str | None]:
    """Return the place and the attribute of ``place:ATTRIBUTE``; None where none is named.

    Args:
        reference: ``path/to/file.py``, ``package.module`` or a bundled name, perhaps with a name
            after a colon. A path may hold colons of its own.
    """
    place, colon, attribute = reference.rpartition(":")
    return (place, attribute) if colon and attribute.isidentifier() else (reference, None)
