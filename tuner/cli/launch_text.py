"""Writes what `launch_file` reads: the options of a sweep as TOML."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from tuner.errors import SpecError

__all__ = ["launch_text"]


def launch_text(options: Mapping[str, Any]) -> str:
    """Return a launch file that says what ``options`` say.

    Args:
        options: ``scenario`` and keywords of `tuner.run`: text, numbers, truth values, lists and
            tables of these.

    Raises:
        SpecError: A value has no form in TOML.
    """
    return "".join(f"{key} = {_value(value, key)}\n" for key, value in options.items())


def _value(value: Any, key: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(each, key) for each in value)}]"
    if isinstance(value, Mapping):
        pairs = (f"{_text(name)} = {_value(each, key)}" for name, each in value.items())
        return f"{{{', '.join(pairs)}}}"
    raise SpecError(f"a launch file holds text, numbers, lists and tables; {key} has {value!r}")


def _text(value: str) -> str:
    # A basic string of TOML is one of JSON, but for surrogate pairs and DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
