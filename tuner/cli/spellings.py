"""Values as a person types them on the command line or in a launch file. Pure but for one file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tuner.errors import SpecError

__all__ = ["duration_s", "one_or_all", "read_points", "read_space", "resources_of"]

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER = r"\d+(?:\.\d*)?|\.\d+"
_PART = re.compile(rf"({_NUMBER})\s*([smhd])")
_AUTO = "auto"
_WHOLE = re.compile(rf"(?:(?:{_NUMBER})\s*[smhd]\s*)+")


def duration_s(name: str, value: object) -> float:
    """Return the seconds of ``90``, ``"90"``, ``"90s"``, ``"10m"``, ``"1h30m"`` or ``"2d"``.

    Args:
        name: What the duration is for, to say so in an error.
        value: A number of seconds or text.

    Raises:
        SpecError: It is none of these.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = value.strip() if isinstance(value, str) else ""
    if re.fullmatch(_NUMBER, text):
        return float(text)
    if not _WHOLE.fullmatch(text):
        raise SpecError(
            f"{name} is a number of seconds, or numbers with the units s, m, h or d such as 90s, "
            f"10m or 1h30m; got {value!r}"
        )
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def one_or_all(values: Sequence[str] | None) -> str | list[str] | None:
    """Return what an option says: what was said once as it is, what was repeated as a list."""
    plain = [str(value) for value in values or ()]
    return plain if len(plain) > 1 else next(iter(plain), None)


def resources_of(
    cpus: float | None, gpus: float | str | None, others: Iterable[str]
) -> dict[str, Any] | None:
    """Return what one trial takes by name; None where nothing was said.

    Args:
        cpus: From ``--cpus-per-trial``.
        gpus: From ``--gpus-per-trial``: a number, or ``auto``.
        others: ``NAME=AMOUNT``, from ``--resources``.

    Raises:
        SpecError: One is not ``NAME=AMOUNT``, or a name is given twice.
    """
    given = {"cpu": cpus, "gpu": _gpus(gpus)}
    resources: dict[str, Any] = {
        name: amount for name, amount in given.items() if amount is not None
    }
    for text in others:
        name, _, amount = (part.strip() for part in text.partition("="))
        if not name or not re.fullmatch(_NUMBER, amount):
            raise SpecError(f"a resource is NAME=AMOUNT, such as --resources tpu=1; got {text!r}")
        if name in resources:
            raise SpecError(f"the resource {name!r} is given twice; leave one of them out")
        resources[name] = float(amount)
    return resources or None


def _gpus(text: float | str | None) -> float | str | None:
    if text is None or isinstance(text, int | float) or text == _AUTO:
        return text
    if not re.fullmatch(_NUMBER, text.strip()):
        raise SpecError(f"--gpus-per-trial is a number such as 0.25, or {_AUTO}; got {text!r}")
    return float(text)


def read_points(path: Path) -> list[Any]:
    """Return the configurations in a JSON file, which holds a list of objects.

    Raises:
        SpecError: The file cannot be read, or holds something else.
    """
    try:
        points = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpecError(f"cannot read points to evaluate from {path}: {error}") from error
    if not isinstance(points, list) or not all(isinstance(point, dict) for point in points):
        raise SpecError(
            f"points to evaluate are a list of configurations, [{{...}}, ...]; {path} holds "
            f"something else"
        )
    return points


def read_space(path: Path) -> dict[str, Any]:
    """Return the space of a scenario's ``.py`` file, or one in JSON as ``sweep.json`` has it.

    Raises:
        ScenarioError: It is no such file.
        SpecError: It cannot be read, or is not JSON.
    """
    from tuner.scenario import load_scenario
    from tuner.space import from_json

    if path.suffix == ".py":
        return dict(load_scenario(str(path)).space)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpecError(
            f"--space takes a scenario's .py file, or JSON such as the space in sweep.json; "
            f"{path}: {error}"
        ) from error
    return from_json(document)
