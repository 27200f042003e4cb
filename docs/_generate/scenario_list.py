"""The scenarios that come with tuner, what can be simulated, and public data."""

from __future__ import annotations

from collections.abc import Iterator

from page_parts import cell, code, page, table

from tuner.public_data import DATA_SETS, DataSet
from tuner.scenario import bundled_scenarios, load_scenario
from tuner.simulation.sources import FAMILIES
from tuner.space import flatten

__all__ = ["scenarios_page"]


def scenarios_page() -> str:
    """Return the page of scenarios and data."""
    return page(
        "Scenarios, tasks and data",
        "## Bundled scenarios",
        "`tuner scenarios` lists them, `scenarios/` has a module for each, and "
        "[Scenarios](../guides/scenarios.md) says how to write one. *hyperparameters* counts those "
        "of all branches of a conditional space.",
        table(
            ("scenario", "what is tuned", "metric", "trials end at", "hyperparameters"),
            _scenarios(),
        ),
        "## Tasks with known learning curves",
        "What `tuner simulate` and `tuner compare` take; `tuner data list` says which of them are "
        "ready on this machine. A spelling takes its options after the task: "
        "`hartmann6:noise=0.1,seconds=60`.",
        table(("task", "what it is", "options", "public data"), _tasks()),
        "## Public data",
        "`tuner data fetch NAME` downloads one into the cache, held to its commit and its hashes.",
        table(("name", "what it is", "published at", "licence", "download"), _data_sets()),
    )


def _scenarios() -> Iterator[list[str]]:
    told = bundled_scenarios()
    for name in told:
        scenario = load_scenario(name)
        yield [
            code(name),
            cell(told[name]),
            f"{code(scenario.metric)} ({scenario.mode})",
            f"{scenario.time_attr} {scenario.max_t}",
            str(len(flatten(scenario.space))),
        ]


def _tasks() -> Iterator[list[str]]:
    for family in FAMILIES.values():
        options = ", ".join(code(option) for option in family.options)
        yield [code(family.example), cell(family.summary), options, code(family.data or "")]


def _data_sets() -> Iterator[list[str]]:
    for name, each in DATA_SETS.items():
        yield [code(name), cell(each.summary), cell(each.origin), each.licence, _size(each)]


def _size(data: DataSet) -> str:
    return f"{data.size / 1e6:,.0f} MB" if data.size else "none: `--from`"
