"""What every table is asked with, and kept as: how often to measure, on what, and where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tuner.errors import SpecError
from tuner.option_values import whole
from tuner.places import Uri, place_of
from tuner.playbook.repeats import check_can_divide
from tuner.playbook.tables.table import Table
from tuner.plurals import counted
from tuner.scenario import Scenario, load_scenario
from tuner.store.layout import write_atomically

__all__ = ["TABLE_FILE", "Effort", "Question", "folder_of", "keep", "scenario_of"]

TABLE_FILE = "table.json"


@dataclass(frozen=True)
class Effort:
    """How often each value is measured.

    Attributes:
        seeds: How many repetitions, at least 1.
        folds: Into how many folds each of them divides the data, anew; None to train and validate
            on the scenario's own rows.
        epochs: Where trainings end that would be longer; None for where they end by themselves.

    Raises:
        SpecError: A number is out of its range.
    """

    seeds: int = 5
    folds: int | None = None
    epochs: int | None = None

    def __post_init__(self) -> None:
        whole("seeds", self.seeds, at_least=1)
        if self.folds is not None:
            whole("folds", self.folds, at_least=2)
        if self.epochs is not None:
            whole("epochs", self.epochs, at_least=1)

    def on(self, scenario: Scenario) -> str:
        """Return on what that measures, as part of a sentence.

        Raises:
            SpecError: There are folds, and the scenario does not say what it learns from.
        """
        if self.folds is None:
            return f"the validation rows of {scenario.name}, over {counted(self.seeds, 'seed')}"
        examples = check_can_divide(scenario).examples()
        kind = "stratified folds" if examples.classification else "folds"
        times = "" if self.seeds == 1 else f"{self.seeds} times "
        return (
            f"the {len(examples.development):,} examples of {scenario.name} that are no test "
            f"examples, divided {times}into {self.folds} {kind}, each of them by what was trained "
            "on the others"
        )


class Question(Protocol):
    """One table: what it asks, and how that is measured."""

    @property
    def name(self) -> str:
        """A word for it, which names its folder."""

    @property
    def question(self) -> str:
        """What is asked, in a line."""

    def measure(self, effort: Effort, **options: Any) -> Table:
        """Measure what is missing, and return the table.

        Args:
            effort: How often each value is measured.
            **options: Of `tuner.run`, such as ``storage_path``.
        """


def folder_of(name: str, options: Mapping[str, Any]) -> Path:
    """Return the folder of a table: ``<storage_path>/<name>``.

    Raises:
        SpecError: It would be a URI.
    """
    base = place_of(options.get("storage_path") or "results")
    if isinstance(base, Uri):
        raise SpecError(f"a table lies in a folder of this machine, got {base}; name a folder")
    return base.absolute() / (options.get("name") or name)


def scenario_of(given: str | Scenario) -> Scenario:
    """Return a scenario that may be given by its name.

    Raises:
        ScenarioError: There is no such one.
    """
    return load_scenario(given) if isinstance(given, str) else given


def keep(table: Table, folder: Path) -> Table:
    """Write a table into its folder as JSON, and return it.

    Raises:
        StorageError: The folder cannot be written.
    """
    text = json.dumps(table.to_json(), indent=1, default=str)
    write_atomically(folder / TABLE_FILE, text.encode())
    return table
