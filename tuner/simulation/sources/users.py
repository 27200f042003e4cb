"""A user's own task, defined in Python."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from tuner.errors import ScenarioError
from tuner.scenario import Scenario
from tuner.scenario.loading import load_attribute
from tuner.scenario.references import split_reference
from tuner.simulation.tasks import CurveTask

__all__ = ["NO_CURVES", "is_place", "user_task"]

NO_CURVES = (
    "a scenario has no learning curves by itself: run it (tuner run), and simulate its recorded "
    "trials as sweep:FOLDER"
)
"""What to do who would simulate a scenario."""


def is_place(text: str) -> bool:
    """Say whether a text reads ``file.py:NAME``, or names something in a module that exists."""
    place, name = split_reference(text)
    if name is None:
        return False
    if place.endswith(".py"):
        return True
    parts = place.split(".")
    return all(part.isidentifier() for part in parts) and _can_be_found(parts[0])


def _can_be_found(package: str) -> bool:
    here = Path(package).is_dir() or Path(f"{package}.py").is_file()
    return here or importlib.util.find_spec(package) is not None


def user_task(text: str) -> CurveTask:
    """Return the `CurveTask` that a text names, or that the function makes which it names.

    Raises:
        ScenarioError: There is no such file, module or name, or it is something else.
    """
    found = load_attribute(text)
    if not isinstance(found, CurveTask) and callable(found):
        found = found()
    if isinstance(found, Scenario):
        raise ScenarioError(f"{text} is a tuner.Scenario; {NO_CURVES}")
    if not isinstance(found, CurveTask):
        raise ScenarioError(
            "what is simulated is a tuner.simulation.CurveTask, or a function that returns one, "
            f"but {text} is of the type {type(found).__name__}"
        )
    return found
