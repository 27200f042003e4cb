"""What a sweep ran with: what somebody needs who wants to do it again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from tuner.reporting.parts import Column, Facts, Fold, Part, Section, Table
from tuner.reporting.sources import OpenedSweep
from tuner.resources import amount_text
from tuner.short_text import config_text, duration_text
from tuner.store.record import SweepRecord

__all__ = ["commit_text", "moment", "provenance", "versions_text"]


def provenance(opened: OpenedSweep) -> Section:
    """Return what somebody needs who wants to do it again."""
    sweep = opened.sweep
    state = sweep.state
    told = [(name, text) for name, text in _made_with(state) if text]
    parts: list[Part] = [Facts([*([("folder", opened.place)] if opened.place else []), *told])]
    if space := list(_space_rows(sweep.spec.space, sweep.spec.roles)):
        columns = [Column("hyperparameter"), Column("domain"), Column("role")]
        parts.append(Fold("Search space", [Table("What was searched", columns, space)]))
    spec = {name: each for name, each in sweep.spec.to_json().items() if name != "space"}
    rows = [(name, _spec_text(each) or "-") for name, each in spec.items()]
    parts.append(Fold("All settings", [Facts(rows)]))
    parts += _nodes(sweep)
    return Section("Provenance", parts)


def moment(seconds: float | None) -> str:
    """Return a time of this machine's clock; empty if there is none."""
    if seconds is None:
        return ""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def commit_text(state: Mapping[str, Any]) -> str:
    """Return the git commit that something ran with; empty if none is known."""
    commit = state.get("git_commit")
    if not commit:
        return ""
    return f"{commit}{', with changes that were not committed' if state.get('git_dirty') else ''}"


def versions_text(state: Mapping[str, Any]) -> str:
    """Return the versions of Python and of packages that something ran with."""
    found = state.get("versions") or {}
    python = [f"Python {state['python']}"] if state.get("python") else []
    return ", ".join([*python, *(f"{name} {number}" for name, number in found.items() if number)])


def _made_with(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "command", str(state.get("command") or "")
    yield "working folder", str(state.get("working_dir") or "")
    yield "git commit", commit_text(state)
    yield "host", str(state.get("host") or "")
    yield "user", str(state.get("user") or "")
    yield "versions", versions_text(state)
    if nodes := state.get("nodes"):
        yield "cluster", "; ".join(map(_node_text, nodes))
    for place, each in enumerate(state.get("resumed") or (), 1):
        at = moment(each.get("at") or each.get("started"))
        yield f"resumed ({place})", " ".join(filter(None, (at, str(each.get("command") or ""))))
    simulated = state.get("simulated") or {}
    yield "simulated on", str(simulated.get("cluster") or "")
    yield "assumed", "; ".join(map(str, simulated.get("remarks") or ()))


def _node_text(resources: Mapping[str, float]) -> str:
    """Return what a node has, without Ray's own labels of it."""
    told = [
        f"{name} {amount_text(name, float(amount))}"
        for name, amount in resources.items()
        if not name.startswith("node:") and name != "object_store_memory"
    ]
    return ", ".join(told)


def _nodes(sweep: SweepRecord) -> list[Part]:
    """Return what each node was used for."""
    nodes = sweep.nodes()
    if not len(nodes):
        return []
    told: Mapping[str, Callable[[pd.Series[Any]], str]] = {
        "CPUs": lambda row: f"{row['cpu']:g}",
        "GPUs": lambda row: f"{row['gpu']:g}",
        "there for": lambda row: duration_text(row["present_s"]),
        "workers": lambda row: str(row["workers"]),
        "CPUs busy": lambda row: _share(row["cpu_busy"]),
        "GPUs busy": lambda row: _share(row["gpu_busy"]),
        "idle workers": lambda row: duration_text(row["idle_s"]),
    }
    if not nodes["gpu"].any():
        told = {name: each for name, each in told.items() if not name.startswith("GPUs")}
    rows = [
        [str(row["node"]), *(each(row) for each in told.values())] for _, row in nodes.iterrows()
    ]
    columns = [Column("node"), *(Column(name, numeric=True) for name in told)]
    return [Table("What the nodes were used for", columns, rows)]


def _share(value: Any) -> str:
    return "" if value is None or pd.isna(value) else f"{value:.0%}"


def _space_rows(
    space: Mapping[str, Any], roles: Mapping[str, str], prefix: str = ""
) -> Iterator[list[str]]:
    """Yield name, domain and role of every entry of a space that came as JSON."""
    for name, value in space.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping) and "type" not in value:
            yield from _space_rows(value, roles, f"{path}/")
        elif isinstance(value, Mapping):
            rest = ", ".join(f"{key}={_item_text(each)}" for key, each in value.items()
                             if key != "type")  # fmt: skip
            yield [path, f"{value['type']}({rest})", roles.get(path, "")]
        else:
            yield [path, _item_text(value), roles.get(path, "constant")]


def _item_text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_item_text, value))}]"
    return config_text(value) if isinstance(value, Mapping) else str(value)


def _spec_text(value: Any) -> str:
    if isinstance(value, Mapping):
        return config_text(value)
    if isinstance(value, list | tuple):
        return "; ".join(map(_spec_text, value))
    return "" if value is None else str(value)
