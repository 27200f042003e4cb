"""Runs the sweep that a command asks for, or shows its spec, and prints how it ended."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import typer

from tuner.cli.strict_json import dumps
from tuner.places import Place

if TYPE_CHECKING:
    from rich.console import Console

    from tuner.options import SweepOptions
    from tuner.store import Sweep

__all__ = ["carry_out", "conclude", "go_on", "preview", "stdout_kept_clean"]

_N_BEST = 5
_CURVES_HEIGHT = 14
_CURVES_WIDTH = 100


def preview(scenario: str, options: dict[str, Any], *, as_json: bool) -> None:
    """Print the resolved spec of a sweep; run nothing."""
    from tuner.cli.tables import spec_facts
    from tuner.cli.terminal import stdout_console
    from tuner.planning import resolve_plan

    with stdout_kept_clean(as_json):
        plan = resolve_plan(scenario, cast("SweepOptions", options))
    for remark in plan.remarks:
        typer.echo(remark, err=True)
    spec = plan.spec.to_json()
    if as_json:
        typer.echo(dumps(spec))
    else:
        stdout_console().print(spec_facts(spec))


def carry_out(scenario: str, options: dict[str, Any], *, as_json: bool) -> int:
    """Run a sweep, print how it ended, and return the exit code."""
    from tuner.sweep import run

    with stdout_kept_clean(as_json):
        sweep = run(scenario, **_shown(options, as_json))
    return conclude(sweep, as_json)


def go_on(folder: Place, scenario: str | None, changes: dict[str, Any], *, as_json: bool) -> int:
    """Resume a sweep, print how it ended, and return the exit code."""
    from tuner.sweep import resume

    with stdout_kept_clean(as_json):
        sweep = resume(folder, scenario=scenario, **_shown(changes, as_json))
    return conclude(sweep, as_json)


def _shown(options: dict[str, Any], as_json: bool) -> dict[str, Any]:
    """Return ``options`` with plain lines where nobody watches."""
    if as_json and options.get("progress", "auto") == "auto":
        return options | {"progress": "lines"}
    return options


def conclude(sweep: Sweep, as_json: bool) -> int:
    """Print how a sweep ended, and return the exit code."""
    from tuner.cli.terminal import stdout_console

    if as_json:
        typer.echo(dumps(_result(sweep)))
    else:
        _print_conclusion(sweep, stdout_console())
    return sweep.exit_code


@contextlib.contextmanager
def stdout_kept_clean(as_json: bool) -> Iterator[None]:
    """Send to stderr what scenarios and workers print, where stdout is to hold JSON only."""
    with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
        yield


def _result(sweep: Sweep) -> dict[str, Any]:
    from tuner.cli.contents import summary

    return {**summary(sweep, n_best=_N_BEST), "exit_code": sweep.exit_code}


def _print_conclusion(sweep: Sweep, console: Console) -> None:
    """Print the best configurations, the learning curves, how trials ended, and where it all is."""
    from tuner.cli.contents import learning_curves, stopped_trials, summary
    from tuner.cli.tables import best_table, outcome_parts, pareto_table, reading_hints
    from tuner.progress import draw_curves

    ended = summary(sweep, n_best=_N_BEST)
    console.print()
    if ended["best"]:
        console.print(best_table(ended["best"], sweep.metric))
        console.print()
    if ended["pareto"]:
        console.print("Pareto front, by the last report of each trial:")
        console.print(pareto_table(ended["pareto"], sweep.objectives))
        console.print()
    curves = draw_curves(
        learning_curves(sweep),
        metric=sweep.metric,
        mode=sweep.mode,
        time_attr=ended["spec"]["time_attr"],
        stopped=stopped_trials(sweep),
        width=min(console.width, _CURVES_WIDTH),
        height=_CURVES_HEIGHT,
    )
    console.print(curves)
    console.print()
    message = sweep.state.get("message")
    if message or ended["status"] != "finished":
        why = f" ({message})" if message else ""
        console.print(f"{ended['status']}{why}; what was done is saved")
        if ended["status"] == "interrupted":
            console.print(f"to go on: tuner resume {shlex.quote(str(sweep.place))}", soft_wrap=True)
    for part in outcome_parts(ended):
        console.print(part)
    console.print()
    console.print(reading_hints(str(sweep.place)), soft_wrap=True)
