"""What docstrings in Google's style say, as plain values."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from itertools import pairwise

__all__ = ["constant_summary", "first_sentence", "sections", "summary"]

_ENTRY = re.compile(r"^(?:\*\*)?(\w+)(?: \([^)]*\))?: +(.*)", re.DOTALL)


def summary(thing: object) -> str:
    """Return the first paragraph of a docstring, on one line."""
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())


def sections(thing: object, title: str) -> dict[str, str]:
    """Return the entries of a section such as ``Args``, each on one line."""
    found: dict[str, str] = {}
    for entry in _entries(inspect.getdoc(thing) or "", title):
        matched = _ENTRY.match(entry)
        if matched:
            found[matched[1]] = " ".join(matched[2].split())
    return found


def constant_summary(package: str, name: str) -> str:
    """Return the first paragraph of the string below a constant; "" where there is none.

    Args:
        package: The package whose modules, as far as they are imported, are looked at.
        name: The constant.
    """
    for module in [each for path, each in sys.modules.items() if path.startswith(package)]:
        if name in vars(module):
            for above, below in pairwise(ast.parse(inspect.getsource(module)).body):
                if _assigns(above, name) and isinstance(below, ast.Expr):
                    text = inspect.cleandoc(str(getattr(below.value, "value", "")))
                    return " ".join(text.partition("\n\n")[0].split())
    return ""


def _assigns(statement: ast.stmt, name: str) -> bool:
    targets: list[ast.expr] = []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    elif isinstance(statement, ast.Assign):
        targets = statement.targets
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def first_sentence(text: str) -> str:
    """Return a text up to its first full stop, which it keeps."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z`])", text.strip(), maxsplit=1)[0]


def _entries(documentation: str, title: str) -> list[str]:
    _, _, rest = f"\n{documentation}".partition(f"\n{title}:\n")
    lines = []
    for line in rest.splitlines():
        if line.strip() and not line.startswith(" "):
            break
        lines.append(line)
    return re.split(r"\n(?=\S)", textwrap.dedent("\n".join(lines)).strip())
