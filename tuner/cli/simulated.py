"""What ``tuner simulate`` says of a simulated sweep: as plain values, and for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.text import Text

from tuner.cli.tables import best_table, facts, status_text
from tuner.errors import NoResultError
from tuner.plurals import counted
from tuner.progress.wording import duration_text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tuner.simulation import Usage
    from tuner.simulation.result import SimulatedSweep

__all__ = ["simulated_parts", "simulated_summary"]

_N_BEST = 5
_NOTABLE_S = 0.5
_OTHERWISE = {
    "start_s": "starting",
    "save_s": "saving",
    "load_s": "loading",
    "lost_s": "in vain",
    "idle_s": "idle",
}


def simulated_summary(sweep: SimulatedSweep) -> dict[str, Any]:
    """Return how a simulated sweep went: what it came to, and what it would have cost."""
    state, spec = sweep.state, sweep.spec
    outcomes = Counter(sweep.trials()["outcome"].dropna())
    try:
        best = [asdict(result) for result in sweep.best(_N_BEST)]
    except NoResultError:
        best = []
    return {
        "task": sweep.task,
        "path": None if sweep.place is None else str(sweep.place),
        "arm": spec.arm,
        "seed": spec.seed,
        "status": state["status"],
        "message": state["message"],
        "best": best,
        "trials": {"total": outcomes.total(), "by_outcome": dict(outcomes.most_common())},
        "cluster": sweep.cluster,
        "seconds": sweep.seconds,
        "epochs": sweep.epochs,
        "full_epochs": sweep.full_epochs,
        "usage": _usage(sweep.usage),
        "num_events": sweep.num_events,
        "took_s": sweep.took_s,
        "remarks": list(sweep.remarks),
        "spec": spec.to_json(),
        "exit_code": sweep.exit_code,
    }


def _usage(usage: Usage) -> dict[str, Any]:
    nodes = [{**asdict(node), "utilisation": node.utilisation} for node in usage.nodes]
    return {**asdict(usage), "utilisation": usage.utilisation, "nodes": nodes}


def simulated_parts(summary: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield the same for a person."""
    status = Text.assemble((summary["task"], "bold"), f"  {summary['arm']}  ")
    status.append_text(status_text(summary["status"]))
    if summary["message"]:
        status.append(f"  {summary['message']}")
    yield status
    yield Text()
    if summary["best"]:
        yield best_table(summary["best"], summary["spec"]["metric"])
    else:
        yield Text("no trial reported a finite value", "red")
    yield Text()
    yield facts(dict(_facts(summary)))


def _facts(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    usage, trials = summary["usage"], summary["trials"]
    outcomes = ", ".join(f"{count:,} {name}" for name, count in trials["by_outcome"].items())
    yield "trials", f"{trials['total']:,}: {outcomes}" if outcomes else "none"
    yield "epochs", _epochs(summary)
    yield "time", f"{duration_text(summary['seconds'])} on {_cluster(summary['cluster'])}"
    if usage["gpu_seconds"]:
        yield "GPUs", f"{usage['gpu_seconds'] / 3600:,.2f} GPU-hours"
    yield "workers", _workers(usage)
    if len(usage["nodes"]) > 1:
        yield "nodes", _nodes(usage["nodes"])
    if usage["p95_wait_s"] >= _NOTABLE_S:
        yield (
            "queue",
            f"trials waited {duration_text(usage['mean_wait_s'])} on average for a worker, "
            f"95 % of the times at most {duration_text(usage['p95_wait_s'])}",
        )
    if usage["failures"] or usage["lost_s"]:
        yield "lost", _losses(usage)
    rate = summary["num_events"] / max(summary["took_s"], 1e-9)
    yield "simulated", f"in {summary['took_s']:.2g} s, {rate:,.0f} events/s, seed {summary['seed']}"
    yield "assumed", "\n".join(summary["remarks"])
    if summary["path"] is None:
        yield "kept", "no; --storage-path FOLDER keeps all tables"


def _cluster(spelling: str) -> str:
    workers, colon, rest = spelling.partition(":")
    if not workers.isdecimal():
        return spelling
    return f"{counted(int(workers), 'worker')}{colon}{rest}"


def _epochs(summary: Mapping[str, Any]) -> str:
    epochs, full = summary["epochs"], summary["full_epochs"]
    if not full:
        return f"{epochs:,}"
    saved = 1 - epochs / full
    told = f"{saved:.0%} saved" if saved >= 0 else f"{-saved:.0%} more"
    cut = summary["trials"]["by_outcome"].get("interrupted", 0)
    if cut:  # what was not trained for want of a budget is not saved
        told = f"at most {told}, as {counted(cut, 'trial')} had not ended"
    return f"{epochs:,} of {full:,} for full trainings: {told}"


def _workers(usage: Mapping[str, Any]) -> str:
    told = [f"training {usage['utilisation']:.0%} of the time"]
    for name, words in _OTHERWISE.items():
        share = usage[name] / usage["capacity_s"] if usage["capacity_s"] else 0.0
        if share >= 0.0005:
            told.append(f"{words} {share:.1%}")
    return ", ".join(told)


def _nodes(nodes: Sequence[Mapping[str, Any]]) -> str:
    """Return how busy the nodes were, from the busiest to the least busy one."""
    shares = sorted((each["utilisation"], -each["node"]) for each in nodes)
    (least, last), (most, first) = shares[0], shares[-1]
    told = f"busiest {most:.0%} (node {-first}), least {least:.0%} (node {-last})"
    return f"{len(nodes)}, training {told}" if least < most else f"{len(nodes)}, alike"


def _losses(usage: Mapping[str, Any]) -> str:
    causes = f"{counted(usage['failures'], 'attempt')} failed"
    if usage["losses"]:
        causes += f", {counted(usage['losses'], 'node failure')}"
    return f"{duration_text(usage['lost_s'])} of work: {causes}"
