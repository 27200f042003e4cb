"""What a column can hold, and what it widens to when values of other types arrive.

A column starts with the kind of its first value and only ever widens, along a join
(commutative, associative, idempotent), so the order in which values arrive never matters:

    NULL < BOOL, STRING         < JSON
    NULL < INT  < FLOAT or LONG < JSON
    a list of a kind widens like the kind of its items; a list beside a scalar is JSON

Widening loses nothing: INT holds only integers that float64 holds exactly (the larger ones are
LONG), and a column that becomes JSON keeps the JSON text of each value.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pyarrow as pa

__all__ = [
    "JSON",
    "NULL",
    "Kind",
    "Scalar",
    "field_of",
    "is_json",
    "join",
    "kind_of",
    "kind_of_field",
]

_EXACT_IN_FLOAT64 = 2**53
_INT64 = range(-(2**63), 2**63)
_JSON_FLAG = {b"tuner:json": b"1"}
_KIND_KEY = b"tuner:kind"


class Scalar(enum.Enum):
    """The kind of a single value."""

    NULL = "null"
    BOOL = "bool"
    INT = "int"
    LONG = "long"
    FLOAT = "float"
    STRING = "string"
    JSON = "json"


@dataclass(frozen=True)
class Kind:
    """The kind of a column: scalars, or lists of them. Lists are never of JSON or of lists."""

    scalar: Scalar
    is_list: bool = False


_SCALAR_KINDS = {scalar: Kind(scalar) for scalar in Scalar}
NULL = _SCALAR_KINDS[Scalar.NULL]
JSON = _SCALAR_KINDS[Scalar.JSON]

_ARROW = {
    Scalar.NULL: pa.float64(),  # of empty lists: a null type is not portable between readers
    Scalar.BOOL: pa.bool_(),
    Scalar.INT: pa.int64(),
    Scalar.LONG: pa.int64(),
    Scalar.FLOAT: pa.float64(),
    Scalar.STRING: pa.string(),
    Scalar.JSON: pa.string(),
}
_METADATA = {
    Scalar.JSON: _JSON_FLAG,
    Scalar.NULL: {_KIND_KEY: b"null"},
    Scalar.LONG: {_KIND_KEY: b"long"},
}
_WIDER = {
    frozenset({Scalar.INT, Scalar.LONG}): Scalar.LONG,
    frozenset({Scalar.INT, Scalar.FLOAT}): Scalar.FLOAT,
}


def kind_of(value: Any) -> Kind:
    """Return the narrowest kind that holds the plain ``value``."""
    if isinstance(value, list | tuple):
        items = reduce(join, {kind_of(item) for item in value}, NULL)
        return JSON if items.is_list or items == JSON else Kind(items.scalar, is_list=True)
    return _SCALAR_KINDS[_scalar_of(value)]


def join(left: Kind, right: Kind) -> Kind:
    """Return the narrowest kind that holds what ``left`` holds and what ``right`` holds."""
    if left is right or left == right or right == NULL:
        return left
    if left == NULL:
        return right
    if left.is_list != right.is_list:
        return JSON
    scalar = _join_scalars(left.scalar, right.scalar)
    return JSON if scalar is Scalar.JSON else Kind(scalar, left.is_list)


def field_of(name: str, kind: Kind) -> pa.Field:
    """Return the Arrow field of a column.

    Where the type alone does not tell the kind, the metadata does; those of `JSON` are flagged.
    """
    arrow_type = _ARROW[kind.scalar]
    if kind.is_list:
        arrow_type = pa.list_(arrow_type)
    return pa.field(name, arrow_type, metadata=_METADATA.get(kind.scalar))


def is_json(field: pa.Field) -> bool:
    """Return whether a column holds JSON text that stands for other values."""
    return _JSON_FLAG.items() <= (field.metadata or {}).items()


def kind_of_field(field: pa.Field) -> Kind:
    """Return the kind of a stored column, the inverse of `field_of`."""
    is_list = pa.types.is_list(field.type)
    if is_json(field):
        return JSON
    if _KIND_KEY in (field.metadata or {}):
        return Kind(Scalar(field.metadata[_KIND_KEY].decode()), is_list)
    return Kind(_scalar_of_type(field.type.value_type if is_list else field.type), is_list)


def _join_scalars(left: Scalar, right: Scalar) -> Scalar:
    if left is right or right is Scalar.NULL:
        return left
    if left is Scalar.NULL:
        return right
    return _WIDER.get(frozenset({left, right}), Scalar.JSON)


def _scalar_of_type(arrow_type: pa.DataType) -> Scalar:
    if pa.types.is_boolean(arrow_type):
        return Scalar.BOOL
    if pa.types.is_integer(arrow_type):
        return Scalar.INT
    return Scalar.FLOAT if pa.types.is_floating(arrow_type) else Scalar.STRING


def _scalar_of(value: Any) -> Scalar:
    if value is None:
        return Scalar.NULL
    if isinstance(value, bool):
        return Scalar.BOOL
    if isinstance(value, int):
        if abs(value) <= _EXACT_IN_FLOAT64:
            return Scalar.INT
        return Scalar.LONG if value in _INT64 else Scalar.JSON
    if isinstance(value, float):
        return Scalar.FLOAT
    return Scalar.STRING if isinstance(value, str) and _is_utf8(value) else Scalar.JSON


def _is_utf8(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # lone surrogates: only JSON's escapes can hold them
        return False
    return True
