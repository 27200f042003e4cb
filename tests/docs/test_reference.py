"""The pages of reference say what the code says, and leave nothing out."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import tuner
from tuner import errors
from tuner.options import SweepOptions
from tuner.schedulers import SCHEDULERS
from tuner.searchers import SEARCHERS
from tuner.store.columns import COLUMNS, EVENT_MEANINGS, OUTCOMES

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"


@pytest.fixture(scope="module")
def generate() -> Any:
    """The generator of the pages."""
    folder = str(ROOT / "docs" / "_generate")
    sys.path.insert(0, folder)
    yield importlib.import_module("pages")
    sys.path.remove(folder)


def text_of(page: str) -> str:
    return (REFERENCE / page).read_text()


def first_column(text: str) -> list[str]:
    """Return what is code in the first column of the tables of a text."""
    cells = re.findall(r"^\| (.*?) \|", text, flags=re.MULTILINE)
    found = [re.findall(r"`([^`]+)`|<code>(\w+)", cell) for cell in cells]
    return [code or name for names in found for code, name in names]


def test_the_pages_are_those_that_the_code_gives(generate: Any) -> None:
    stale = [name for name, make in generate.PAGES.items() if text_of(name) != make()]

    assert not stale, f"docs/reference has stale pages: {', '.join(stale)}; run make docs"


def test_each_scheduler_is_there_with_each_keyword() -> None:
    table, _, details = text_of("schedulers.md").partition("\n## Each of them\n")

    assert first_column(table) == list(SCHEDULERS)
    assert re.findall(r"^### `(\w+)`", details, flags=re.MULTILINE) == list(SCHEDULERS)
    assert {"reduction_factor", "perturbation_interval", "sweep"} <= set(first_column(details))
    assert "|  |\n" not in details, "a keyword has no meaning: its class's docstring lacks it"


def test_each_searcher_is_there_with_each_keyword() -> None:
    table, _, details = text_of("searchers.md").partition("\n## Each of them\n")

    assert first_column(table) == list(SEARCHERS)
    assert {"sampler", "population_size", "points", "over"} <= set(first_column(details))
    assert "|  |\n" not in details, "a keyword has no meaning: its class's docstring lacks it"


@pytest.mark.parametrize("entry", SCHEDULERS.values(), ids=list(SCHEDULERS))
def test_the_table_of_schedulers_says_what_each_needs(entry: Any) -> None:
    (row,) = re.findall(rf"^\| \[`{entry.name}`\].*$", text_of("schedulers.md"), re.MULTILINE)
    *_, checkpoints, searchers, _ = (cell.strip() for cell in row.split("|"))

    assert checkpoints == ("yes" if entry.needs_checkpoints else "no")
    assert searchers == (f"`{entry.searcher}`" if entry.searcher else "all but `bohb`")


def test_each_verb_and_option_is_there(generate: Any) -> None:
    text = text_of("commands.md")

    for name, command in generate.verbs().items():
        section = text.partition(f"\n### `tuner {name}`\n")[2].partition("\n### ")[0]
        assert section, f"tuner {name} is not there"
        for option in command.params:
            if option.param_type_name == "option" and not option.hidden:
                assert all(f"`{spelled}`" in section for spelled in option.opts), option.opts


def test_each_key_of_a_launch_file_is_there() -> None:
    section = text_of("commands.md").partition("\n## Launch files\n")[2].partition("\n## ")[0]

    assert {*SweepOptions.__annotations__, "scenario", "arm"} - {"callbacks"} <= set(
        first_column(section)
    )


def test_each_column_file_outcome_and_event_is_there() -> None:
    text = text_of("store.md")

    for table, columns in COLUMNS.items():
        section = text.partition(f"\n## `{table}")[2].partition("\n## ")[0]
        assert {column.name for column in columns} <= set(first_column(section))
    assert {*OUTCOMES, *EVENT_MEANINGS, "sweep.json", "trials.parquet"} <= set(first_column(text))


def test_each_public_name_is_there_with_what_it_is() -> None:
    table, _, details = text_of("python.md").partition("\n## Functions\n")

    assert sorted(first_column(table)) == sorted(tuner.__all__)
    assert "|  |\n" not in table
    for name in tuner.__all__:
        assert f":: tuner.{name}\n" in details or name == "__version__"


def test_each_error_is_there() -> None:
    text = text_of("errors.md")

    assert all(f":: tuner.errors.{name}\n" in text for name in errors.__all__ if name != "nearest")
