"""The Python API: every public name, documented from its docstring when the site is built."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable

from docstrings import constant_summary, summary
from page_parts import cell, page, table

import tuner
from tuner import errors

__all__ = ["errors_page", "modules_page", "python_page"]

_MODULES = {
    "tuner.figures": "Figures as functions of frames; each returns a plotly figure.",
    "tuner.analysis": "The statistics of comparisons and of sweeps, as functions of frames.",
    "tuner.schedulers": "Schedulers as objects; each also serves a plain `ray.tune.Tuner`.",
    "tuner.searchers": "Searchers by name.",
    "tuner.simulation": "What a simulation is made of.",
    "tuner.simulation.sources": "Where learning curves come from.",
}


def python_page() -> str:
    """Return the page of the names that ``import tuner`` has."""
    names = [name for name in tuner.__all__ if name != "__version__"]
    functions = [name for name in names if inspect.isroutine(getattr(tuner, name))]
    classes = [name for name in names if name not in functions]
    return page(
        "Python",
        "Everything that `import tuner` has, loaded on first use. "
        "[Modules](modules.md) has figures, statistics and simulation, [errors](errors.md) what is "
        "raised.",
        table(("name", "what it is"), (_row("tuner", name) for name in [*names, "__version__"])),
        "## Functions",
        _documented("tuner", functions),
        "## Classes",
        _documented("tuner", classes),
    )


def modules_page() -> str:
    """Return the page of the public modules."""
    parts = []
    for name, about in _MODULES.items():
        public = sorted(importlib.import_module(name).__all__, key=str.lower)
        parts += [
            f"## {name}",
            about,
            table(("name", "what it is"), (_row(name, n) for n in public)),
        ]
        parts.append(_documented(name, public))
    return page("Python modules", "Public names beside those of [`tuner`](python.md).", *parts)


def errors_page() -> str:
    """Return the page of errors."""
    tree = (errors.__doc__ or "").split("```")[1].strip("\n")
    names = [name for name in errors.__all__ if name != "nearest"]
    return page(
        "Errors",
        "Every error that tuner raises on purpose, by what the caller should do about it. A "
        "message states the rule, the received value and the remedy.",
        f"```text\n{tree}\n```",
        _documented("tuner.errors", names),
    )


def _row(module: str, name: str) -> list[str]:
    if name == "__version__":
        return ["`__version__`", "the version"]
    thing = getattr(importlib.import_module(module), name)
    told = summary(thing) if _has_docstring(thing) else constant_summary(module, name)
    shown = (
        f'<a href="#{module}.{name}"><code>{name}</code></a>'
        if _has_docstring(thing)
        else f"`{name}`"
    )
    return [shown, cell(told.partition(". ")[0].rstrip("."))]


def _documented(module: str, names: Iterable[str]) -> str:
    package = importlib.import_module(module)
    things = {name: getattr(package, name) for name in names}
    directives = [
        _directive(module, name, thing) for name, thing in things.items() if _has_docstring(thing)
    ]
    return "\n".join(["```{eval-rst}", f".. currentmodule:: {module}", "", *directives, "```"])


def _directive(module: str, name: str, thing: object) -> str:
    if not inspect.isclass(thing):
        return f".. autofunction:: {module}.{name}\n"
    kind = "exception" if issubclass(thing, BaseException) else "class"
    return f".. auto{kind}:: {module}.{name}\n   :members:\n"


def _has_docstring(thing: object) -> bool:
    """Say whether a name has a docstring of its own, and not only that of its value's type."""
    return inspect.isclass(thing) or (callable(thing) and hasattr(thing, "__qualname__"))
