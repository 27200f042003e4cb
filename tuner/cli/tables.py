"""What the verbs print of sweeps for a person: renderables made of plain values."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from tuner.bundles import Shape
from tuner.cli.cluster_tables import nodes_parts, workers_text
from tuner.cli.grid import GAP, empty_table
from tuner.objectives import Objective
from tuner.plurals import counted
from tuner.progress.wording import config_text, duration_text, value_text

__all__ = [
    "best_table",
    "facts",
    "headings_parts",
    "notes_table",
    "pareto_table",
    "reading_hints",
    "shown_path",
    "spec_facts",
    "status_text",
    "summary_parts",
    "with_shown_path",
]

_MOST_FAILURES = 10
_STATUS_STYLES = {
    "running": "cyan",
    "finished": "green",
    "interrupted": "yellow",
    "killed": "red",
    "failed": "red",
    "unreadable": "red",
}


def headings_parts(headings: Iterable[Mapping[str, Any]]) -> Iterator[RenderableType]:
    """Yield a list of sweeps, and then what could not be read."""
    table = empty_table("#name", "#status", ">trials", ">best", ">took", "arm")
    unreadable = []
    for sweep in headings:
        if "error" in sweep:
            unreadable.append(Text.assemble((sweep["name"], "red"), f"  {sweep['error']}"))
            continue
        best = "-" if sweep["best"] is None else f"{sweep['metric']}={value_text(sweep['best'])}"
        table.add_row(
            Text(sweep["name"]),
            status_text(sweep["status"]),
            str(sweep["trials"]),
            Text(best),
            _took(sweep),
            Text(sweep["arm"]),
        )
    if table.row_count:
        yield table
    yield from unreadable


def best_table(results: Sequence[Mapping[str, Any]], metric: str) -> Table:
    """Return trials, best first, with their configurations in full.

    How they ended is told where one of them did not end well, such as one that diverged after its
    best report.
    """
    from tuner.store.outcomes import BAD  # which imports pyarrow

    is_told = any(result["outcome"] in BAD for result in results)
    table = empty_table(
        "#trial", f">{metric}", ">iteration", *(["#outcome"] if is_told else []), "configuration"
    )
    for place, result in enumerate(results):
        table.add_row(
            Text(result["trial_id"]),
            value_text(result["value"]),
            value_text(result["iteration"]),
            *([value_text(result["outcome"])] if is_told else []),
            Text(config_text(result["config"])),
            style="bold green" if place == 0 else None,
        )
    return table


def pareto_table(rows: Sequence[Mapping[str, Any]], objectives: Sequence[Objective]) -> Table:
    """Return the trials of a Pareto front, with their configurations in full."""
    headings = [f">{objective}" for objective in objectives]
    table = empty_table("#trial", *headings, ">iteration", "configuration")
    for row in rows:
        table.add_row(
            Text(row["trial_id"]),
            *(value_text(row["values"][objective.metric]) for objective in objectives),
            value_text(row["iteration"]),
            Text(config_text(row["config"])),
        )
    return table


def summary_parts(summary: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield what ``tuner show`` says of a sweep."""
    spec = summary["spec"]
    status = Text.assemble((summary["name"], "bold"), "  ", status_text(summary.get("status")))
    if summary.get("message"):
        status.append(f"  {summary['message']}")
    if summary.get("status") in ("killed", "interrupted"):
        status.append(f"  go on with: tuner resume {shown_path(summary['path'])}")
    yield status
    told = {"folder": shown_path(summary["path"]), **_when(summary)}
    kept = summary["checkpoints"]
    if kept["number"]:
        told["checkpoints"] = f"{kept['number']} kept, {kept['bytes'] / 2**20:.1f} MiB"
    yield facts(told | {"arm": summary["arm"], **_essentials(spec)})
    yield Text()
    yield from outcome_parts(summary)
    if summary["workers"]["started"]:
        yield workers_text(summary["workers"])
    yield from nodes_parts(summary["nodes"])
    if summary.get("probe"):
        yield _probe_text(summary["probe"])
    if summary["best"]:
        yield Text()
        yield best_table(summary["best"], spec["metric"])
    if summary["pareto"]:
        yield Text()
        yield pareto_table(summary["pareto"], _objectives(spec))
    if summary["decisions"]:
        yield Text()
        yield _decisions_table(summary["decisions"])
    if summary["notes"]:
        yield Text()
        yield notes_table(summary["notes"])


def notes_table(notes: Sequence[Mapping[str, Any]]) -> Table:
    """Return notes in the order of writing."""
    table = empty_table("#written", "#by", "#trial", "note")
    for note in notes:
        labels = [f"#{tag}" for tag in note["tags"]]
        text = " ".join(filter(None, (note["text"], *labels)))
        table.add_row(
            _moment(note["at"]), Text(note["by"]), Text(note["trial_id"] or "-"), Text(text)
        )
    return table


def outcome_parts(summary: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield how many trials ended how, and the first line of what made some fail."""
    trials = summary["trials"]
    outcomes = sum(trials["by_outcome"].values())
    open_trials = {} if outcomes == trials["total"] else trials["by_status"]
    counts = {k: n for k, n in open_trials.items() if k not in ("TERMINATED", "ERROR")}
    told = [f"{count} {name.lower()}" for name, count in (trials["by_outcome"] | counts).items()]
    line = counted(trials["total"], "trial") + (f": {', '.join(told)}" if told else "")
    yield Text(f"{line}; {counted(summary['reports'], 'report')}")
    failures = summary["failures"]
    for failure in failures[:_MOST_FAILURES]:
        yield Text.assemble(
            (f"  {failure['trial_id']} {failure['outcome'] or 'failed'}", "red"),
            f"  {failure['error']}",
        )
    if len(failures) > _MOST_FAILURES:
        yield Text(f"  + {len(failures) - _MOST_FAILURES} more", "dim")


def spec_facts(spec: Mapping[str, Any]) -> Table:
    """Return a resolved spec in full, for ``--dry-run``."""
    told = {name: value for name, value in spec.items() if name != "space"}
    told |= {"resources": _takes_text(spec), "bundles": _bundles_text(spec) or "-"}
    space = {f"space  {path}": text for path, text in _space_leaves(spec["space"])}
    return facts(told | space)


def facts(values: Mapping[str, Any]) -> Table:
    """Return names and values in two columns."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, GAP, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in values.items():
        table.add_row(Text(name), Text(_fact_text(value)))
    return table


def reading_hints(path: str) -> Text:
    """Return where the Parquet lies, and a line for each way to read it."""
    place = shown_path(path)
    reports = f"{place}/reports/*.parquet".replace("'", "''")
    return Text.assemble(
        ("Parquet  ", "dim"),
        f"{place}\n",
        ("pandas   ", "dim"),
        f"pd.read_parquet({f'{place}/trials.parquet'!r})\n",
        ("DuckDB   ", "dim"),
        f"SELECT * FROM '{reports}'\n",
        ("more     ", "dim"),
        f"tuner show {shlex.quote(place)}",
    )


def shown_path(path: str) -> str:
    """Return ``path`` relative to the current folder where it lies below it."""
    here = Path.cwd()
    absolute = Path(path).absolute()
    return os.path.relpath(absolute, here) if absolute.is_relative_to(here) else path


def with_shown_path(text: str, path: str) -> str:
    """Return ``text``, which names the folder ``path``, with that named by its `shown_path`."""
    return text.replace(path, shown_path(path))


def status_text(status: str | None) -> Text:
    """Return the status of a sweep in its colour."""
    return Text(status or "unknown", _STATUS_STYLES.get(status or "", ""))


def _probe_text(stored: Mapping[str, Any]) -> Text:
    from tuner.gpu_sharing import Probe  # which imports Ray

    return Text("\n".join(Probe.from_json(stored).lines()), style="dim")


def _objectives(spec: Mapping[str, Any]) -> list[Objective]:
    return [Objective(**each) for each in spec["objectives"]]


def _essentials(spec: Mapping[str, Any]) -> dict[str, Any]:
    number = spec.get("num_samples")
    trials = "trials" if number is None else counted(number, "trial")
    budget = f"{trials} of at most {spec.get('max_t')} {spec['time_attr']}"
    if spec.get("time_budget_s") is not None:
        budget += f", {duration_text(spec['time_budget_s'])} in all"
    told = {
        "scenario": spec.get("scenario"),
        "metric": ", ".join(map(str, _objectives(spec))),
        "budget": budget,
        "resources": _bundles_text(spec) or _takes_text(spec),
        "seed": spec.get("seed"),
    }
    told |= {name: spec[name] for name in ("warm_start", "roles") if spec.get(name)}
    if spec.get("lineage"):
        told["lineage"] = _lineage_text(spec["lineage"])
    return told | {name: spec[name] for name in ("tags", "notes") if spec.get(name)}


def _lineage_text(lineage: Mapping[str, Any]) -> str:
    """Return of which sweep this is a refinement, and what was changed."""
    told = [
        f"{change['name']} ({', '.join(change['kinds'])}): {change['new']}"
        for change in lineage["changes"]
    ]
    return "\n".join(
        [f"round {lineage['round']} of {lineage['root']}, after {lineage['parent']}", *told]
    )


def _takes_text(spec: Mapping[str, Any]) -> str:
    """Return what a trial takes in all."""
    resources = spec.get("resources")
    return str(Shape.of(resources)) if resources else "by configuration"


def _bundles_text(spec: Mapping[str, Any]) -> str:
    """Return what a trial takes where that is several bundles; empty where it is one."""
    bundles = spec.get("bundles")
    return str(Shape.of({}, bundles)) if bundles else ""


def _decisions_table(decisions: Sequence[Mapping[str, Any]]) -> Table:
    table = empty_table("#decision", "reason", ">count")
    for kind in decisions:
        table.add_row(Text(str(kind["decision"])), Text(kind["reason"]), str(kind["count"]))
    return table


def _when(summary: Mapping[str, Any]) -> dict[str, str]:
    """Return when a sweep ran, and for how long; a simulated one only seemed to."""
    simulated = summary.get("simulated")
    if simulated:
        moment = _moment(simulated["at"])
        return {"simulated": f"{moment}, {_took(summary)} of virtual time: {simulated['task']}"}
    return {"started": f"{_moment(summary.get('started'))}, took {_took(summary)}"}


def _moment(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def _took(state: Mapping[str, Any]) -> str:
    started, ended = state.get("started"), state.get("ended")
    if started is None:
        return "-"
    return duration_text((time.time() if ended is None else ended) - started)


def _fact_text(value: Any) -> str:
    if isinstance(value, Mapping):
        return config_text(value)
    if isinstance(value, list | tuple):
        texts = [config_text(item) if isinstance(item, Mapping) else str(item) for item in value]
        return ", ".join(texts) or "-"
    return value_text(value) if isinstance(value, float) or value is None else str(value)


def _space_leaves(space: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and text of every domain and constant of a space that came as JSON."""
    for name, value in space.items():
        if isinstance(value, Mapping) and "type" in value:
            rest = ", ".join(f"{key}={item}" for key, item in value.items() if key != "type")
            yield f"{prefix}{name}", f"{value['type']}({rest})"
        elif isinstance(value, Mapping):
            yield from _space_leaves(value, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", str(value)
