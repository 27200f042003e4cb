"""HTML from values: whatever is not markup already becomes text. Pure.

Names, notes and errors come from people and from programs. There is no way to put them into a page
but through `element`, which escapes them, and `data_block`, which no text in it can leave.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from html import escape
from typing import Any, TypeAlias

from tuner.store.values import text

__all__ = ["Content", "Markup", "data_block", "element", "joined", "json_text"]

# Written out where HTML allows no end tag.
_VOID = frozenset({"br", "hr", "input", "link", "meta", "wbr"})
# What XML and HTML have no place for; a page with one of them is no valid page.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Markup(str):
    """HTML that may go into a page as it is."""

    __slots__ = ()


Content: TypeAlias = "str | int | float | Iterable[Content] | None"
"""What an element holds: text, which is escaped; `Markup`; None for nothing; or several of them."""


def joined(*content: Content) -> Markup:
    """Return content one after the other; text is escaped."""
    return Markup("".join(map(_of, content)))


def element(name: str, /, *content: Content, **attributes: str | float | bool | None) -> Markup:
    """Return an element.

    Args:
        name: Of the element, such as ``"p"``.
        *content: What it holds.
        **attributes: By name, ``_`` for ``-`` and none at the end (``class_``, ``data_kind``).
            True is an attribute without a value; False and None leave it out.
    """
    given = "".join(
        f" {_attribute(key)}" if value is True else f' {_attribute(key)}="{_plain(value)}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{joined(*content)}</{name}>")


def data_block(identifier: str, value: Any) -> Markup:
    """Return a value as JSON in a script element, for the page's own script."""
    # Within JSON these characters stand in strings only, where an escape means the same.
    inert = json_text(value).replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return element("script", Markup(inert), type="application/json", id=identifier)


def json_text(value: Any) -> str:
    """Return a value as JSON; NaN and infinities become null, as JSON has no others."""
    return json.dumps(_finite(value), separators=(",", ":"))


def _of(content: Content) -> str:
    if content is None:
        return ""
    if isinstance(content, Markup):
        return content
    if isinstance(content, str | int | float):
        return _plain(content)
    return "".join(map(_of, content))


def _plain(value: object) -> str:
    return escape(_CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text(value)))


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value
