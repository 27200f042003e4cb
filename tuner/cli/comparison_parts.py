"""What ``tuner compare`` prints of a comparison: for a person, and as plain values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from tuner.cli.grid import empty_table
from tuner.cli.tables import shown_path

if TYPE_CHECKING:
    from tuner.comparison import Comparison
    from tuner.comparison.answers import Answers, AnswerTable

__all__ = ["comparison_content", "comparison_parts"]


def comparison_parts(answers: Answers, path: str) -> Iterator[RenderableType]:
    """Yield what a comparison says: the answer first, then its figures, then what limits it."""
    first, *others = answers.headline
    yield Text(first, "bold green")
    yield from map(Text, others)
    for table in answers.tables:
        yield Text()
        yield Text(table.title, "dim")
        yield _table(table)
    yield Text()
    for line in answers.remarks:
        yield Text(f"- {line}", "dim")
    place = shown_path(path)
    yield Text.assemble(("Parquet  ", "dim"), f"{place}/runs.parquet, {place}/incumbents.parquet")


def comparison_content(comparison: Comparison) -> dict[str, Any]:
    """Return what a comparison says as plain values."""
    answers, findings = comparison.answers(), comparison.findings()
    content = {
        "path": str(comparison.path),
        "status": comparison.state["status"],
        "headline": answers.headline,
        "remarks": answers.remarks,
        "baseline": findings.baseline,
        "terms": comparison.terms.to_json(),
        "failures": findings.outcomes.failures().to_dict("records"),
    }
    if not findings.outcomes.tasks:
        return content
    return content | {
        "arms": comparison.summary().reset_index().to_dict("records"),
        "regret": findings.regret.to_dict("records"),
        "time_to_target": findings.waiting_times.to_dict("records"),
        "speedups": findings.speedups.to_dict("records"),
        "win_rates": findings.win_rates.to_dict("records"),
        "usage": findings.usage.to_dict("records"),
    }


def _table(content: AnswerTable) -> Table:
    headings = [
        heading if place < content.names else f">{heading}"
        for place, heading in enumerate(content.headings)
    ]
    table = empty_table(*headings)
    for row in content.rows:
        table.add_row(*map(Text, row))
    return table
