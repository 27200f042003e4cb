"""The scenarios that come with tuner, listed without importing them."""

from __future__ import annotations

import ast
import importlib.resources

__all__ = ["BUNDLED_PACKAGE", "bundled_scenarios"]

BUNDLED_PACKAGE = "tuner.bundled"
"""Where the repository's folder ``scenarios/`` is installed."""


def bundled_scenarios() -> dict[str, str]:
    """Return name and first docstring line of every bundled scenario, sorted by name."""
    modules = importlib.resources.files(BUNDLED_PACKAGE).iterdir()
    return {
        module.name.removesuffix(".py"): _first_line(module.read_text(encoding="utf-8"))
        for module in sorted(modules, key=lambda module: module.name)
        if module.name.endswith(".py") and not module.name.startswith("_")
    }


def _first_line(source: str) -> str:
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
