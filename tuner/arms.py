"""How a scheduler, a searcher and the pair of them are spelled: the same text everywhere.

A *choice* is a name with keywords, ``asha:grace_period=1,reduction_factor=3``; an *arm* is a
scheduler and a searcher, ``asha:reduction_factor=3+hyperopt``. The command line, TOML files,
``sweep.json`` and comparisons all use this spelling, and it round-trips: parsing ``str(arm)``
gives the arm back.

```
arm     = choice [ "+" choice ]           the searcher may be left to the scheduler's default
choice  = name [ ":" keyword "=" value { "," keyword "=" value } ]
value   = number | true | false | none | "quoted" | 'quoted' | bare | list
list    = "[" [ value { "," value } ] "]"
```

A ``+`` that is followed by a digit or a point belongs to a number (``1e+3``), any other one
outside quotes and brackets separates scheduler and searcher.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

from tuner.errors import SpecError

__all__ = ["JSON", "Arm", "Choice", "parse_arm", "parse_choice"]

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | None"
"""What a keyword's value can be: what TOML, JSON and the command line can all spell."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_KEYWORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|inf|nan)")
_BARE = re.compile(r"""[^\s,=+\[\]'"\\]+""")
_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)
_ESCAPED_OR_QUOTE = re.compile(r"""\\(.)|(")""", re.DOTALL)
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "none": None}


@dataclass(frozen=True, eq=False)
class Choice:
    """A scheduler or a searcher by name, with its keywords.

    Two choices are equal when they are spelled alike, so ``1`` and ``1.0`` differ.

    Attributes:
        name: What the registry calls it, such as ``"asha"``.
        options: Keyword to value; a copy, sorted by keyword.

    Raises:
        SpecError: The name or a keyword cannot be spelled, or a value is no number, text,
            boolean, none or list of these.
    """

    name: str
    options: Mapping[str, JSON] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise SpecError(
                f"a name is a letter followed by letters, digits, '_', '-' or '.'; "
                f"got {self.name!r}: write for instance 'asha' or 'hyperopt'"
            )
        for keyword, value in self.options.items():
            _check_keyword(keyword, f"the options of {self.name!r}")
            _check_value(keyword, value)
        object.__setattr__(self, "options", dict(sorted(self.options.items())))

    def __str__(self) -> str:
        """Spell the choice so that ``parse_choice`` gives it back."""
        if not self.options:
            return self.name
        spelled = (f"{keyword}={_spell(value)}" for keyword, value in self.options.items())
        return f"{self.name}:{','.join(spelled)}"

    def __eq__(self, other: object) -> bool:
        """Compare by spelling."""
        return str(self) == str(other) if isinstance(other, Choice) else NotImplemented

    def __hash__(self) -> int:
        """Hash the spelling, so that choices can be keys."""
        return hash(str(self))


@dataclass(frozen=True)
class Arm:
    """A scheduler together with a searcher: one contestant of a comparison.

    Attributes:
        scheduler: What stops, pauses or mutates trials.
        searcher: What proposes configurations; None leaves it to the scheduler's default.
    """

    scheduler: Choice
    searcher: Choice | None = None

    def __str__(self) -> str:
        """Spell the arm so that ``parse_arm`` gives it back."""
        return str(self.scheduler) if self.searcher is None else f"{self.scheduler}+{self.searcher}"


def parse_choice(text: str) -> Choice:
    """Read ``"asha:grace_period=1,reduction_factor=3"``.

    Raises:
        SpecError: An empty name, a keyword without ``=`` or given twice, an unbalanced bracket
            or quote, or a value that has to be quoted.
    """
    name, colon, rest = text.partition(":")
    options: dict[str, JSON] = {}
    for part in _split(rest, ",", text) if colon else ():
        keyword, equals, value = part.partition("=")
        keyword = keyword.strip()
        if not equals:
            _refuse(
                text,
                f"every option is keyword=value, got {part.strip()!r}",
                "add '=value'",
            )
        _check_keyword(keyword, repr(text))
        if keyword in options:
            _refuse(text, f"the keyword {keyword!r} is given twice", "leave one of them out")
        options[keyword] = _parse_value(value.strip(), text)
    if not name.strip():
        _refuse(text, "the name is empty", "begin with a name, such as 'asha' or 'hyperopt'")
    return Choice(name.strip(), options)


def parse_arm(text: str) -> Arm:
    """Read ``"asha:reduction_factor=3+hyperopt"``, or a scheduler alone, such as ``"pbt"``.

    Raises:
        SpecError: As ``parse_choice``, and where there are more than two parts.
    """
    parts = list(_split(text, "+", text))
    if len(parts) > 2:
        remedy = "write scheduler+searcher, and quote a value that holds a '+'"
        _refuse(text, f"an arm has at most two parts, got {len(parts)}", remedy)
    scheduler, *searcher = (parse_choice(part) for part in parts)
    return Arm(scheduler, searcher[0] if searcher else None)


def _split(text: str, separator: str, whole: str) -> Iterator[str]:
    """Yield the parts of ``text`` between separators that stand outside quotes and brackets."""
    depth = start = position = 0
    while position < len(text):
        character = text[position]
        if character in "'\"":
            quoted = _QUOTED.match(text, position)
            if quoted is None:
                _refuse(whole, f"the quote {character} is never closed", f"add {character}")
            position = quoted.end()
            continue
        if character in "[]":
            depth += 1 if character == "[" else -1
            if depth < 0:
                _refuse(whole, "a ']' closes no '['", "balance the brackets")
        elif character == separator and depth == 0 and not _is_sign(text, position):
            yield text[start:position]
            start = position + 1
        position += 1
    if depth:
        _refuse(whole, "a '[' is never closed", "balance the brackets")
    yield text[start:]


def _is_sign(text: str, position: int) -> bool:
    """Say whether the separator at ``position`` is the ``+`` of a number, as in ``1e+3``."""
    following = text[position + 1 : position + 2]
    return text[position] == "+" and following in tuple("0123456789.")


def _parse_value(text: str, whole: str) -> JSON:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _QUOTED.fullmatch(text):
        return _unquote(text)
    if text.startswith("[") and text.endswith("]"):
        inner = text[1:-1]
        return [_parse_value(p.strip(), whole) for p in _split(inner, ",", whole) if inner.strip()]
    if _BARE.fullmatch(text):
        return text
    rule = "a value is missing" if not text else f"{text!r} cannot stand as a bare value"
    return _refuse(whole, rule, 'write a number, true, false, none, [a,b] or "quoted text"')


def _unquote(text: str) -> str:
    """Turn either kind of quoted text into a JSON string and let ``json`` read its escapes."""
    inner = text[1:-1]
    if text[0] == "'":
        inner = _ESCAPED_OR_QUOTE.sub(_to_json_escape, inner)
    try:
        return str(json.loads(f'"{inner}"', strict=False))
    except json.JSONDecodeError as error:
        raise SpecError(
            f"quoted text uses JSON's escapes (\\n, \\\\, \\u00e9); got {text}: {error.msg}"
        ) from error


def _to_json_escape(match: re.Match[str]) -> str:
    escaped, quote = match.groups()
    if quote:
        return '\\"'
    return "'" if escaped == "'" else f"\\{escaped}"


def _spell(value: JSON) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value)  # not repr: numpy's floats would name their class
    if not isinstance(value, str):
        return f"[{','.join(_spell(item) for item in value)}]"
    needs_quotes = (
        not _BARE.fullmatch(value)
        or value.lower() in _WORDS
        or _INTEGER.fullmatch(value)
        or _FLOAT.fullmatch(value)
    )
    return json.dumps(value) if needs_quotes else value


def _check_keyword(keyword: object, where: str) -> None:
    if not isinstance(keyword, str) or not _KEYWORD.fullmatch(keyword):
        raise SpecError(
            f"a keyword is a letter followed by letters, digits or '_'; got {keyword!r} in {where}"
        )


def _check_value(keyword: str, value: object) -> None:
    if isinstance(value, list | tuple):
        for item in value:
            _check_value(keyword, item)
    elif value is not None and not isinstance(value, bool | int | float | str):
        raise SpecError(
            f"a keyword's value is a number, text, true, false, none or a list of these; got "
            f"{keyword}={value!r} ({type(value).__name__}): pass such an object to the "
            f"constructor and hand over the instance"
        )


def _refuse(text: str, rule: str, remedy: str) -> NoReturn:
    raise SpecError(f"{rule} in {text!r}: {remedy}")
