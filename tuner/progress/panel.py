"""What the live view draws: a snapshot as rich renderables. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tuner.plurals import counted
from tuner.progress.pace import time_left
from tuner.progress.snapshot import Member, Rung, Snapshot, ranking_key
from tuner.progress.wording import (
    config_text,
    duration_text,
    ended_text,
    resources_text,
    value_text,
)

__all__ = ["apportion", "render"]

_STATES = (  # name, its source, how it is drawn; in the order of a trial's life read backwards
    ("completed", "outcomes", "green"),
    ("stopped", "outcomes", "yellow"),
    ("diverged", "outcomes", "bright_yellow"),
    ("failed", "outcomes", "red"),
    ("hung", "outcomes", "magenta"),
    ("infeasible", "outcomes", "bright_magenta"),
    ("RUNNING", "counts", "cyan"),
    ("PAUSED", "counts", "blue"),
    ("PENDING", "counts", "white"),
)
_FIXED_LINES = 11  # of the panel without its table; what is left of the screen is the table's
_FEWEST_ROWS = 3


def render(
    snapshot: Snapshot, reports_per_s: float | None, *, width: int, height: int
) -> RenderableType:
    """Draw a sweep.

    Args:
        snapshot: What to draw.
        reports_per_s: Throughput, if known.
        width: Columns of the terminal.
        height: Its lines; long tables are cut to fit.
    """
    parts: list[RenderableType] = [_title(snapshot), _bar(snapshot, width), _legend(snapshot)]
    if snapshot.best_value is not None:
        parts += [Text(), _best(snapshot)]
    rows = max(_FEWEST_ROWS, height - _FIXED_LINES)
    if snapshot.population:
        parts += [Text(), _population_table(snapshot, rows)]
    elif snapshot.rungs:
        parts += [Text(), _rung_table(snapshot.rungs, rows)]
    parts += [Text(), _footer(snapshot, reports_per_s)]
    if snapshot.note:
        parts.append(Text(snapshot.note, style="bold yellow"))
    return Group(*parts)


def apportion(counts: Sequence[int], width: int) -> list[int]:
    """Divide ``width`` cells among ``counts``: one for each that is not 0, the rest in proportion.

    What rounding leaves over goes to the largest.
    """
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    spare = max(0, width - sum(count > 0 for count in counts))
    cells = [(count > 0) + count * spare // total for count in counts]
    cells[counts.index(max(counts))] += max(0, width - sum(cells))
    return cells


def _title(snapshot: Snapshot) -> Text:
    return Text.assemble(
        (snapshot.name, "bold"),
        "  ",
        (snapshot.arm, "cyan"),
        "  ",
        (duration_text(snapshot.elapsed_s), "dim"),
    )


def _states(snapshot: Snapshot) -> Iterator[tuple[str, int, str]]:
    for name, source, style in _STATES:
        counts = snapshot.outcomes if source == "outcomes" else snapshot.counts
        yield name.lower(), counts.get(name, 0), style


def _bar(snapshot: Snapshot, width: int) -> Text:
    states = list(_states(snapshot))
    to_come = max(0, snapshot.expected - sum(count for _, count, _ in states))
    cells = apportion([*(count for _, count, _ in states), to_come], width)
    bar = Text(no_wrap=True, overflow="crop")
    for (_, _, style), length in zip(states, cells, strict=False):
        bar.append("━" * length, style)
    return bar.append("─" * cells[-1], "dim")


def _legend(snapshot: Snapshot) -> Text:
    legend = Text(ended_text(snapshot.ended, snapshot.num_samples), "bold")
    for name, count, style in _states(snapshot):
        if count:
            legend.append("   ", "none").append(f"● {count} {name}", f"not bold {style}")
    return legend


def _best(snapshot: Snapshot) -> Text:
    return Text.assemble(
        ("best ", "dim"),
        (f"{snapshot.metric}={value_text(snapshot.best_value)}", "bold green"),
        (f" ({snapshot.mode})  ", "dim"),
        f"{snapshot.best_trial} at iteration {snapshot.best_iteration}",
        "\n",
        config_text(snapshot.best_config),
    )


def _rung_table(rungs: Sequence[Rung], rows: int) -> Table:
    table = _table("rung", "trials", "cut", "best")
    for rung in rungs[:rows]:
        table.add_row(
            Text(rung.label), str(rung.trials), value_text(rung.cutoff), value_text(rung.best)
        )
    return _with_rest(table, len(rungs) - rows)


def _population_table(snapshot: Snapshot, rows: int) -> Table:
    def rank(member: Member) -> float:
        return ranking_key(member.value, snapshot.mode)

    columns = 5 if any(member.config for member in snapshot.population) else 4
    headings = ("trial", snapshot.metric, "iteration", "from", "configuration")
    table = _table(*headings[:columns])
    for member in sorted(snapshot.population, key=rank)[:rows]:
        cells = (
            Text(member.trial_id),
            value_text(member.value),
            str(member.iteration),
            Text(member.parent or "-"),
            Text(config_text(member.config), no_wrap=True, overflow="ellipsis"),
        )
        table.add_row(*cells[:columns])
    return _with_rest(table, len(snapshot.population) - rows)


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in headings:
        number = heading not in ("rung", "trial", "from", "configuration")
        # Where room is short, rich narrows the columns that may wrap before the others.
        fixed = heading != "configuration"
        table.add_column(Text(heading), justify="right" if number else "left", no_wrap=fixed)
    return table


def _with_rest(table: Table, rest: int) -> Table:
    if rest > 0:
        table.add_row(Text(f"+ {rest} more", "dim"))
    return table


def _footer(snapshot: Snapshot, reports_per_s: float | None) -> Text:
    parts = [counted(snapshot.reports, "report")]
    if reports_per_s is not None:
        parts[0] += f", {reports_per_s:.3g}/s"
    left = time_left(snapshot)
    if left:
        parts.append(f"about {duration_text(left)} left")
    if snapshot.resources:
        parts.append(resources_text(snapshot.resources))
    parts.append(snapshot.path)
    return Text(" · ".join(parts), "dim")
