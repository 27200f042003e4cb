"""What a sweep will take, as short texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tuner.short_text import duration_text

if TYPE_CHECKING:
    from tuner.forecast.estimates import Estimate
    from tuner.forecast.results import Forecast

__all__ = ["figures", "rungs_cells"]

_KIB = 1024


def figures(found: Forecast) -> Iterator[tuple[str, str]]:
    """Yield what a person pays for, the whole before the parts."""
    full = f"{1 - found.saved:.0%} of full training ({found.full_epochs:,})"
    yield "epochs", f"{_count(found.epochs.expected)}  {full}{_sureness(found)}"
    places = f"  {found.slots} at a time on {found.cluster}, {_share(found.utilisation)} in use"
    if found.wall_s is None:
        yield "wall", f"{_between(found.rounds, _count)} epochs long{places}"
    else:
        yield "wall", f"{_between(found.wall_s, duration_text)}{places}"
    if found.gpu_hours is not None:
        yield "GPU-hours", _between(found.gpu_hours, _amount)
    elif found.cpu_hours is not None:
        yield "CPU-hours", _between(found.cpu_hours, _amount)
    if found.cost is not None and found.cluster_cost is not None:
        held, whole = _between(found.cost, _amount), _between(found.cluster_cost, _amount)
        yield "cost", f"{held} for what trials hold; {whole} for the whole cluster meanwhile"
    if found.checkpoints.high:
        kept = f"{_between(found.checkpoints, _count)} at once"
        if found.disk_mb is not None:
            kept += f", {_size(found.disk_mb.high)} at most"
        yield "checkpoints", kept


def rungs_cells(found: Forecast) -> Iterator[tuple[str, ...]]:
    """Yield the rungs as rows of texts, the headings first."""
    several = len({rung.bracket for rung in found.rungs}) > 1
    sure = found.basis == "exact"
    bounds = () if sure else ("at least", "at most")
    yield (
        *(("bracket",) if several else ()),
        *(f"to {found.time_attr}", "trials", *bounds, "epochs"),
    )
    for rung in found.rungs:
        trials = rung.trials
        between = () if sure else (_count(trials.low), _count(trials.high))
        bracket = str(rung.bracket) if rung.start == 0 else ""
        yield (
            *((bracket,) if several else ()),
            *(f"{rung.time:g}", _count(trials.expected), *between, _count(rung.epochs.expected)),
        )


def _sureness(found: Forecast) -> str:
    """Return how far the number of epochs is to be trusted."""
    if found.basis == "exact":
        return ", unless trials fail or diverge"
    times = f"{found.simulations} simulated sweeps" if found.simulations > 1 else "a simulation"
    low, high = _count(found.simulated_epochs.low), _count(found.simulated_epochs.high)
    told = f"; {low} to {high} in {times}"
    if found.basis == "simulated":
        return told
    low, high = _count(found.epochs.low), _count(found.epochs.high)
    again = ", besides what is lost and trained again" if found.lost else ""
    return f"{told}; never less than {low} or more than {high}{again}"


def _between(estimate: Estimate, text: Callable[[float], str]) -> str:
    low, expected, high = text(estimate.low), text(estimate.expected), text(estimate.high)
    return expected if low == high else f"{expected} ({low} to {high})"


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == round(value) else f"{value:.1f}"


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _share(estimate: Estimate) -> str:
    return f"{estimate.expected:.0%}"


def _size(mib: float) -> str:
    return f"{mib / _KIB:.1f} GiB" if mib >= _KIB else f"{mib:.0f} MiB"
