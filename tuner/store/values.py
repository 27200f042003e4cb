"""Values on their way into and out of a column: plain Python, exact JSON, flat names.

Reports and configs hold whatever a trainable or a search space holds: numpy scalars, arrays,
tensors, tuples, nested dicts. `plain` turns them into Python's own values once, at the entry;
everything after it deals with ``None``, bool, int, float, str, list, tuple and dict only.

`to_json` and `from_json` are exact inverses on plain values. What JSON cannot express is tagged:

| value                                            | JSON                                |
|--------------------------------------------------|-------------------------------------|
| ``(64, 32)``                                     | ``{"$tuple": [64, 32]}``            |
| a dict with keys that are no text, or are a tag  | ``{"$dict": [[key, value], ...]}``  |
| NaN, inf, -inf                                   | ``NaN``, ``Infinity``, ``-Infinity``|
"""

from __future__ import annotations

import json
import numbers
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

__all__ = ["flatten", "from_json", "numeric", "plain", "plain_to_json", "text", "to_json"]

SEPARATOR = "/"
_TUPLE = "$tuple"
_DICT = "$dict"
_SCALARS = frozenset({type(None), bool, int, float, str})


def plain(value: Any) -> Any:
    """Return ``value`` in Python's own types, sharing no container with the original.

    Numpy and torch scalars become bool, int or float; arrays and tensors become (nested) lists;
    other real numbers and decimals become float. What has no such form (a class, a function, a
    date) becomes its text, since nothing is ever pickled.
    """
    if type(value) in _SCALARS:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if callable(getattr(value, "tolist", None)) and not isinstance(value, type):
        listed = value.tolist()
        if type(listed) is not type(value):  # numpy's longdouble answers with itself
            return plain(listed)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real | Decimal):
        return float(value)
    return _described(value)


def numeric(value: Any) -> Any:
    """Return a plain ``value`` as a metric: every int, also inside a flat list, as a float.

    Bools stay bools. An int beyond the range of float64 stays an int.
    """
    if isinstance(value, list | tuple):
        return [numeric(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return value
    return value


def flatten(nested: Mapping[Any, Any]) -> dict[str, Any]:
    """Return ``{"a": {"b": 1}}`` as ``{"a/b": 1}``; values are plain.

    Keys become text. Where two paths spell the same name, the later one wins.
    """
    return dict(_leaves(nested, ""))


def text(value: Any) -> str:
    """Return ``str(value)`` as valid UTF-8: lone surrogates are written as escapes."""
    string = str(value)
    if string.isascii():
        return string
    return string.encode("utf-8", "backslashreplace").decode()


def to_json(value: Any) -> str:
    """Return JSON text from which `from_json` restores ``plain(value)``: equal, same types."""
    return plain_to_json(plain(value))


def plain_to_json(value: Any) -> str:
    """Return what `to_json` does, of a value that is plain already."""
    return json.dumps(_tagged(value))


def from_json(encoded: str) -> Any:
    """Return the plain value that `to_json` encoded."""
    return json.loads(encoded, object_hook=_untagged)


def _leaves(nested: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in nested.items():
        name = prefix + text(key)
        if isinstance(value, Mapping):
            yield from _leaves(value, name + SEPARATOR)
        else:
            yield name, plain(value)


def _described(value: Any) -> str:
    """Return a text for what has no plain form; a class or function by where it is defined."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    return f"{module}.{name}" if module and name else repr(value)


def _tagged(value: Any) -> Any:
    if type(value) in _SCALARS:
        return value
    if isinstance(value, tuple):
        return {_TUPLE: [_tagged(item) for item in value]}
    if isinstance(value, list):
        return [_tagged(item) for item in value]
    for key in value:
        if type(key) is not str or key.startswith("$"):
            return {_DICT: [[_tagged(key), _tagged(item)] for key, item in value.items()]}
    return {key: item if type(item) in _SCALARS else _tagged(item) for key, item in value.items()}


def _untagged(decoded: dict[str, Any]) -> Any:
    if _TUPLE in decoded:
        return tuple(decoded[_TUPLE])
    if _DICT in decoded:
        return dict(decoded[_DICT])
    return decoded
