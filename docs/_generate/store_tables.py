"""What a sweep's folder holds: files, tables, columns, and the keys of ``sweep.json``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
from docstrings import sections, summary
from page_parts import cell, code, page, table

from tuner.comparison.record import INCUMBENTS, RUNS
from tuner.spec import SweepSpec
from tuner.store.columns import BY_METRIC, COLUMNS, EVENT_MEANINGS, OUTCOMES, Column
from tuner.store.layout import LOCK_PATTERN, SCHEMA_VERSION, SweepLayout

__all__ = ["store_page"]

_ROOT = Path("sweep")
_TITLES = {
    "trials": "`trials.parquet`: a row per trial",
    "reports": "`reports/`: a row per report",
    "decisions": "`decisions/`: a row per decision other than to go on",
    "events": "`events/`: a row per event of a trial, a worker or the cluster",
}
_STATE = {
    "schema_version": "of the folder's files; a reader refuses a newer one",
    "status": "running, finished, interrupted or failed",
    "message": "why it is what it is, where that is a question",
    "started, ended": "unix s; ended is null while it runs",
    "spec": "the resolved spec, below",
    "resumed": "each later driver: when it started, and what it ran with",
    "probe": "what `--gpus-per-trial auto` measured",
    "command, working_dir, host, user, pid": "what was called, where and by whom",
    "git_commit, git_dirty": "of the working folder, if it is a repository's",
    "python, versions": "of Python, tuner, Ray and the libraries behind it",
    "nodes": "the resources of each node when it began",
}


def store_page() -> str:
    """Return the page of the store."""
    return page(
        "What a sweep's folder holds",
        f"Schema version {SCHEMA_VERSION}. A sweep is a folder, "
        "`<storage_path>/<name>`; pandas, DuckDB, Polars and Spark read its Parquet without "
        "`tuner`, also while the sweep runs. [Storage](../guides/storage.md) says how it is "
        "written, [the recipe for SQL](../recipes/sql.md) how it is asked.",
        "## Files",
        table(("file or folder", "what it holds"), _files()),
        *(_table(name, columns) for name, columns in COLUMNS.items()),
        "## Outcomes",
        table(("outcome", "meaning"), _pairs(OUTCOMES)),
        "## Events",
        table(("event", "meaning"), _pairs(EVENT_MEANINGS)),
        "## `sweep.json`",
        table(("key", "meaning"), _pairs(_STATE)),
        "Keys of `spec`, which are the attributes of `tuner.SweepSpec`:",
        table(("key", "meaning"), _pairs(sections(SweepSpec, "Attributes"))),
        "## A comparison's folder",
        "`tuner compare` keeps `comparison.json` with its terms, and two tables.",
        "### `runs.parquet`",
        _schema_table(RUNS),
        "### `incumbents.parquet`",
        "A row each time the best value so far improves, with what was spent until then.",
        _schema_table(INCUMBENTS),
    )


def _files() -> Iterator[list[str]]:
    for name, member in vars(SweepLayout).items():
        if isinstance(member, property) and name.endswith(("_file", "_dir")):
            path = member.fget(SweepLayout(_ROOT)) if member.fget else _ROOT
            folder = "/" if name.endswith("_dir") else ""
            text = summary(member).rstrip(".")
            yield [code(f"{path.relative_to(_ROOT)}{folder}"), cell(text[:1].lower() + text[1:])]
    yield [code(LOCK_PATTERN), "who drives the sweep, or did last"]


def _table(name: str, columns: tuple[Column, ...]) -> str:
    rows = [
        [code(column.name), code(column.type or "JSON"), cell(column.unit), cell(column.meaning)]
        for column in columns
    ]
    if name == "reports":
        rows.insert(
            3, ["*time_attr*", "`double`", "", "the scenario's time attribute, by its name"]
        )
        rows.append(["*metric*", "as reported", "", "each metric, nested ones as `a/b`"])
    if name == "trials":
        rows += [
            [
                code(column),
                "as it is" if column.startswith("config") else "`double`",
                "",
                cell(text),
            ]
            for column, text in BY_METRIC.items()
        ]
    return "\n\n".join([f"## {_TITLES[name]}", table(("column", "type", "unit", "meaning"), rows)])


def _pairs(meanings: Mapping[str, str]) -> Iterator[list[str]]:
    for name, meaning in meanings.items():
        yield [", ".join(code(part) for part in name.split(", ")), cell(meaning)]


def _schema_table(schema: pa.Schema) -> str:
    return table(("column", "type"), ([code(field.name), code(field.type)] for field in schema))
