"""A comparison's answers as Markdown, for a report or a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from tuner.comparison.answers import Answers, AnswerTable

__all__ = ["to_markdown"]

_SPECIAL = str.maketrans({"|": "\\|", "\n": " ", "<": "&lt;", ">": "&gt;", "*": "\\*"})


def to_markdown(answers: Answers, title: str) -> str:
    """Return answers as GitHub's Markdown, under a heading."""
    return "\n".join(_lines(answers, title)) + "\n"


def _lines(answers: Answers, title: str) -> Iterator[str]:
    yield f"## {_escaped(title)}"
    yield ""
    for line in answers.headline:
        yield f"- {_escaped(line)}"
    for table in answers.tables:
        yield ""
        yield f"**{_escaped(table.title)}**"
        yield ""
        yield from _table(table)
    if answers.remarks:
        yield ""
        yield "Notes:"
        yield ""
        for line in answers.remarks:
            yield f"- {_escaped(line)}"


def _table(table: AnswerTable) -> Iterator[str]:
    yield _row(table.headings)
    sides = [":--" if place < table.names else "--:" for place in range(len(table.headings))]
    yield f"| {' | '.join(sides)} |"
    for row in table.rows:
        yield _row(row)


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(map(_escaped, cells))} |"


def _escaped(text: str) -> str:
    return text.translate(_SPECIAL)
