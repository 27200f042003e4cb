"""The folder of a table that is searched: its rows, its scenario, and what was asked for."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from tuner.errors import SpecError
from tuner.playbook.studied import settle
from tuner.scenario import Scenario, load_scenario
from tuner.store.layout import write_atomically
from tuner.tabular.building import tabular_scenario
from tuner.tabular.examples import tabulate
from tuner.tabular.reading import digest
from tuner.tabular.scenario_file import scenario_text

__all__ = ["lay_out"]

_TABLE = "data.parquet"
_SCENARIO = "scenario.py"


def lay_out(
    folder: Path, frame: pd.DataFrame, keywords: Mapping[str, Any], said: Mapping[str, Any]
) -> Scenario:
    """Write the table and its scenario, and return the scenario as it stands in its file.

    Nothing is written before all of it is known to work. A scenario's file that is there is left
    as it is: it may have been edited.

    Args:
        folder: Made if it is missing.
        frame: The table.
        keywords: Of `tuner.tabular_scenario`.
        said: What else was asked for.

    Raises:
        UsageError: The table or an argument cannot work, or the folder was made with others.
    """
    table, file = folder / _TABLE, folder / _SCENARIO
    planned: Any = tabular_scenario(table, name=folder.name, **keywords)
    tabulate(frame, planned.trainable.source)
    rows = _as_parquet(frame)
    settle(folder, {"table": digest(frame), **keywords, **said})
    if not table.exists():
        write_atomically(table, rows)
    if not file.exists():
        text = scenario_text(table.name, {**keywords, "name": planned.name})
        write_atomically(file, text.encode())
    return load_scenario(file)


def _as_parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    try:
        frame.to_parquet(buffer, index=False)
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise SpecError(
            f"a table's cells are numbers, text, booleans or dates, got others ({error}); convert "
            "them, or leave the column out"
        ) from error
    return buffer.getvalue()
