"""A short way into the store for rows of a shape that was seen before, as most reports are.

The *shape* of a row is the names and the types of its values. For a flat row of floats, small
ints and ASCII text the shape alone says what the long way would make of it: which ints become
floats, and what its journal record looks like. So once a row has gone the long way, those of its
shape need neither be flattened, checked and coerced, nor is room to be made for them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from typing import Any

__all__ = ["KnownShapes", "Shape", "unpacked"]

_SMALL = 2**31
"""Every column of ints holds what is closer to zero, and float64 holds it exactly."""

_MOST_SHAPES = 1000


class Shape:
    """What follows from the names and types of a row.

    Args:
        row: One that went the long way.
        stored: What became of it.
    """

    __slots__ = ("_floats", "_ints", "_pack", "_template", "_texts", "_to_float", "_values")

    def __init__(self, row: Mapping[str, Any], stored: Mapping[str, Any]) -> None:
        self._texts = [name for name in row if type(row[name]) is str]
        self._ints = [name for name in row if type(row[name]) is int]
        self._to_float = [name for name in self._ints if type(stored[name]) is float]
        whole = [name for name in self._ints if type(stored[name]) is int]
        floats = [name for name in row if type(stored[name]) is float]
        keys = [encode_basestring_ascii(name).replace("%", "%%") for name in (*self._texts, *whole)]
        names = ",".join(map(encode_basestring_ascii, floats)).replace("%", "%%")
        self._template = f'{{{",".join(f"{key}:%s" for key in keys)}}},[{names}],"%s"'
        self._values = _getter(whole)
        self._floats = _getter(floats)
        self._pack = struct.Struct(f"<{len(floats)}d").pack

    def stored(self, row: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what is stored of a row of this shape, or None where it must go the long way."""
        for name in self._texts:
            if not row[name].isascii():
                return None
        for name in self._ints:
            if not -_SMALL <= row[name] < _SMALL:
                return None
        stored = dict(row)
        for name in self._to_float:
            stored[name] = float(row[name])
        return stored

    def encoded(self, stored: Mapping[str, Any]) -> str:
        """Return a stored row of this shape for the journal: text and ints, names, floats.

        The floats are not spelled out, which would be half of the work of a report.
        """
        texts = [encode_basestring_ascii(stored[name]) for name in self._texts]
        packed = self._pack(*self._floats(stored)).hex()
        return self._template % (*texts, *self._values(stored), packed)


def unpacked(names: Sequence[str], packed: str) -> dict[str, float]:
    """Return the floats that `Shape.encoded` packed."""
    values = struct.unpack(f"<{len(names)}d", bytes.fromhex(packed))
    return dict(zip(names, values, strict=True))


class KnownShapes:
    """The shapes of the rows that went the long way."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[Any, ...], Shape] = {}

    def of(self, row: Mapping[str, Any]) -> Shape | None:
        """Return the shape of a row, or None where it is new."""
        return self._shapes.get((*row, *map(type, row.values())))

    def learn(self, row: Mapping[str, Any], stored: Mapping[str, Any]) -> None:
        """Remember the shape of a row that went the long way, and for which there is room now."""
        if (
            list(row) == list(stored)
            and len(self._shapes) < _MOST_SHAPES
            and all(_is_short(name, row[name], stored[name]) for name in row)
        ):
            self._shapes[(*row, *map(type, row.values()))] = Shape(row, stored)


def _is_short(name: Any, value: Any, stored: Any) -> bool:
    """Return whether the type of a value says what is stored of it."""
    if type(name) is not str or name.startswith("$"):  # JSON would need a tag
        return False
    if type(value) is int:
        return -_SMALL <= value < _SMALL and type(stored) in (int, float)
    if type(value) is str:
        return value.isascii() and stored == value
    return type(value) is float and type(stored) is float


def _getter(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda row: tuple(row[name] for name in names)
