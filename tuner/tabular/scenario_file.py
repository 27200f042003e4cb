"""The scenario of a table as a file of a few lines, to read, to edit and to run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["scenario_text"]

_HEAD = '''"""What predicts a column of the table beside this file; written by tuner automl.

Run another search of it with: tuner run PATH_OF_THIS_FILE
"""

from __future__ import annotations

from pathlib import Path

import tuner

SCENARIO = tuner.tabular_scenario(
    Path(__file__).with_name({file}),
'''


def scenario_text(file: str, keywords: Mapping[str, Any]) -> str:
    """Return the source of a scenario's file.

    Args:
        file: The name of the table's file, beside it.
        keywords: Of `tuner.tabular_scenario`: text, numbers, lists and tables of them.
    """
    return _HEAD.format(file=_literal(file)) + "\n".join(_lines(keywords)) + "\n)\n"


def _lines(keywords: Mapping[str, Any]) -> Iterator[str]:
    for name, value in keywords.items():
        if isinstance(value, Mapping):
            yield f"    {name}={{"
            yield from (
                f"        {_literal(key)}: {_literal(each)}," for key, each in value.items()
            )
            yield "    },"
        else:
            yield f"    {name}={_literal(value)},"


def _literal(value: Any) -> str:
    """Return text, a number or a list of them as Python spells it, with double quotes."""
    return json.dumps(value, ensure_ascii=False)
