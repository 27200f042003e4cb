"""The parts of the live panel that are lines: title, bar, legend, best, gauges, footer. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from tuner.plurals import counted
from tuner.progress.pace import time_left
from tuner.progress.snapshot import Gauge, Snapshot
from tuner.progress.sparkline import sparkline
from tuner.progress.wording import (
    config_text,
    duration_text,
    ended_text,
    resources_text,
    value_text,
)
from tuner.resources import amount_text

__all__ = ["apportion", "bar", "best", "footer", "gauge_lines", "legend", "title"]

_STATES = (  # name, its source, how it is drawn; in the order of a trial's life read backwards
    ("completed", "outcomes", "green"),
    ("stopped", "outcomes", "yellow"),
    ("diverged", "outcomes", "bright_yellow"),
    ("failed", "outcomes", "red"),
    ("hung", "outcomes", "magenta"),
    ("infeasible", "outcomes", "bright_magenta"),
    ("interrupted", "outcomes", "bright_black"),
    ("RUNNING", "counts", "cyan"),
    ("PAUSED", "counts", "blue"),
    ("PENDING", "counts", "white"),
)
_FULL = 0.995  # what is said to be 100 %


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


def title(snapshot: Snapshot, width: int) -> Text:
    """Return name, arm and time in one line; of a long name and arm the ends are left out."""
    elapsed = duration_text(snapshot.elapsed_s)
    room = max(2, width - len(elapsed) - 4)
    name = _cut(snapshot.name, max(room // 2, room - len(snapshot.arm)))
    arm = _cut(snapshot.arm, room - len(name))
    return Text.assemble((name, "bold"), "  ", (arm, "cyan"), "  ", (elapsed, "dim"))


def bar(snapshot: Snapshot, width: int) -> Text:
    """Return how the trials stand as a bar of ``width`` cells."""
    states = list(_states(snapshot))
    to_come = max(0, snapshot.expected - sum(count for _, count, _ in states))
    cells = apportion([*(count for _, count, _ in states), to_come], width)
    drawn = Text(no_wrap=True, overflow="crop")
    for (_, _, style), length in zip(states, cells, strict=False):
        drawn.append("━" * length, style)
    return drawn.append("─" * cells[-1], "dim")


def legend(snapshot: Snapshot) -> Text:
    """Return the same in words."""
    told = Text(ended_text(snapshot.ended, snapshot.num_samples), "bold")
    for name, count, style in _states(snapshot):
        if count:
            told.append("   ", "none").append(f"● {count:,} {name}", f"not bold {style}")
    return told


def best(snapshot: Snapshot) -> list[Text]:
    """Return the best value and its configuration, a line each; none before the first."""
    if snapshot.best_value is None:
        return []
    value = Text.assemble(
        ("best ", "dim"),
        (f"{snapshot.metric}={value_text(snapshot.best_value)}", "bold green"),
        (f" ({snapshot.mode})  ", "dim"),
        f"{snapshot.best_trial} at iteration {snapshot.best_iteration}",
    )
    return [value, Text(config_text(snapshot.best_config))]


def gauge_lines(gauges: Sequence[Gauge], width: int) -> list[Text]:
    """Return how busy each is, a line each: now, the last minutes, and on average."""
    names = max((len(_label(gauge)) for gauge in gauges), default=0)
    levels = max((len(_level(gauge)) for gauge in gauges), default=0)
    means = max((len(_mean(gauge)) for gauge in gauges), default=0)
    lines = []
    for number, gauge in enumerate(gauges):
        when = f"last {duration_text(gauge.recent_s)}" if gauge.recent and not number else ""
        room = width - names - levels - means - len("  " * 4) - len("last 10m 00s")
        top = max(gauge.recent, default=0.0) if gauge.total is None else 1.0
        course = sparkline(gauge.recent, min(room, 40), top)
        lines.append(
            Text.assemble(
                (f"{_label(gauge):<{names}}  ", "dim"),
                f"{_level(gauge):<{levels}}  ",
                f"{_mean(gauge):<{means}}  ",
                (course, "cyan"),
                (f"  {when}" if course else "", "dim"),
            )
        )
    return lines


def footer(snapshot: Snapshot, reports_per_s: float | None) -> Text:
    """Return reports, pace, what of the cluster has no gauge, and where it all lies."""
    parts = [counted(snapshot.reports, "report")]
    if reports_per_s is not None:
        parts[0] += f", {reports_per_s:.3g}/s"
    left = time_left(snapshot)
    if left:
        parts.append(f"about {duration_text(left)} left")
    shown = {gauge.name for gauge in snapshot.gauges}
    others = {name: each for name, each in snapshot.resources.items() if name not in shown}
    if others:
        parts.append(resources_text(others))
    parts.append(snapshot.path)
    return Text(" · ".join(parts), "dim")


def _states(snapshot: Snapshot) -> Iterator[tuple[str, int, str]]:
    for name, source, style in _STATES:
        counts = snapshot.outcomes if source == "outcomes" else snapshot.counts
        yield name.lower(), counts.get(name, 0), style


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(0, width - 1)]}…"


def _label(gauge: Gauge) -> str:
    return "workers busy" if gauge.name == "workers" else f"{gauge.name} held"


def _level(gauge: Gauge) -> str:
    used = amount_text(gauge.name, gauge.used)
    return used if gauge.total is None else f"{used}/{amount_text(gauge.name, gauge.total)}"


def _mean(gauge: Gauge) -> str:
    if gauge.mean is None:
        return ""
    if gauge.total is None:
        return f"mean {gauge.mean:.3g}"
    return f"mean {1 if gauge.mean >= _FULL else gauge.mean:.0%}"
