"""Every generated page of ``docs/reference``, by its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from command_line import commands_page, verbs
from methods import schedulers_page, searchers_page
from python_names import errors_page, modules_page, python_page
from scenario_list import scenarios_page
from store_tables import store_page

__all__ = ["PAGES", "verbs", "write"]

PAGES: Mapping[str, Callable[[], str]] = {
    "schedulers.md": schedulers_page,
    "searchers.md": searchers_page,
    "commands.md": commands_page,
    "store.md": store_page,
    "scenarios.md": scenarios_page,
    "python.md": python_page,
    "modules.md": modules_page,
    "errors.md": errors_page,
}


def write(folder: Path) -> None:
    """Write every page that is not in a folder as it should be."""
    for name, make in PAGES.items():
        path, text = folder / name, make()
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
