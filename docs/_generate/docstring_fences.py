"""Docstrings as Sphinx's autodoc is to have them."""

from __future__ import annotations

import textwrap
from typing import Any

__all__ = ["fences_to_blocks"]


def fences_to_blocks(
    app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Turn fenced blocks of code, which docstrings have as Markdown, into those of reST."""
    text = "\n".join(lines)
    plain, *rest = text.split("```")
    for block, after in zip(rest[::2], rest[1::2], strict=True):
        language, _, code = textwrap.dedent(block).partition("\n")
        directive = f".. code-block:: {language.strip() or 'text'}"
        plain += f"{directive}\n\n{textwrap.indent(textwrap.dedent(code), '   ')}\n{after}"
    lines[:] = plain.splitlines()
