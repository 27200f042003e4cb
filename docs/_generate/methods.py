"""Schedulers and searchers, as their registries hold them."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Mapping

from docstrings import first_sentence, sections
from page_parts import cell, code, linked, page, prose, table

from tuner.schedulers import SCHEDULERS, SchedulerEntry, keywords_of
from tuner.searchers import SEARCHERS, SearcherEntry

__all__ = ["schedulers_page", "searchers_page"]

_SCHEDULER_HEAD = ("scheduler", "when to use it", "what it does", "checkpoints", "searchers")
_KEYWORDS = ("keyword", "default", "meaning")


def schedulers_page() -> str:
    """Return the page of schedulers."""
    rows = [
        [
            f"[`{entry.name}`](#{entry.name})",
            prose(entry.use),
            prose(entry.summary),
            "yes" if entry.needs_checkpoints else "no",
            code(entry.searcher) if entry.searcher else "all but `bohb`",
        ]
        for entry in SCHEDULERS.values()
    ]
    return page(
        "Schedulers",
        "A scheduler decides which trials go on. Its name is an option: `--scheduler "
        'asha:reduction_factor=3` on the command line, `scheduler="asha:reduction_factor=3"` in '
        "Python, where a Ray scheduler object may stand in its place. "
        "[Choosing](../guides/choosing.md) says how to choose and to combine.",
        table(
            _SCHEDULER_HEAD,
            rows,
        ),
        "*checkpoints*: whether trials have to save their state. *searchers*: which can be "
        "combined with it.",
        "## Each of them",
        *(_scheduler(entry) for entry in SCHEDULERS.values()),
    )


def searchers_page() -> str:
    """Return the page of searchers."""
    rows = [
        [
            f"[`{entry.name}`](#{entry.name})",
            prose(entry.use),
            prose(entry.summary),
            prose(entry.spaces),
        ]
        for entry in SEARCHERS.values()
    ]
    return page(
        "Searchers",
        "A searcher decides which configuration is tried next. Its name is an option: `--searcher "
        'optuna:sampler=gp` on the command line, `searcher="optuna:sampler=gp"` in Python, where '
        "a Ray searcher object may stand in its place. A scheduler with a searcher is an arm: "
        "`asha:reduction_factor=3+hyperopt`. [Choosing](../guides/choosing.md) says how to choose "
        "and to combine.",
        table(("searcher", "when to use it", "what it does", "spaces"), rows),
        "## Each of them",
        *(_searcher(entry) for entry in SEARCHERS.values()),
    )


def _scheduler(entry: SchedulerEntry) -> str:
    ray_class = pkgutil.resolve_name(entry.ray_class)
    own_class = pkgutil.resolve_name(entry.own_class) if entry.own_class else ray_class
    meanings = {
        **_meanings(ray_class),
        **_meanings(own_class),
        **entry.required,
    }
    own = inspect.signature(own_class.__init__).parameters
    rows = [
        [
            code(name),
            _default(own.get(name, parameter), entry.defaults.get(name)),
            cell(first_sentence(meanings.get(name, ""))),
        ]
        for name, parameter in keywords_of(entry).items()
        if "Callable" not in str(getattr(parameter, "annotation", ""))
    ]
    return _section(entry, rows)


def _searcher(entry: SearcherEntry) -> str:
    meanings = _meanings(entry.load())
    rows = [
        [code(name), _default(parameter), cell(first_sentence(meanings.get(name, "")))]
        for name, parameter in inspect.signature(entry.load().__init__).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    ]
    return _section(entry, rows)


def _section(entry: SchedulerEntry | SearcherEntry, rows: list[list[str]]) -> str:
    parts = [f"### `{entry.name}`", f"In parallel: {prose(entry.parallel)}."]
    if entry.source:
        parts.append(f"From: {linked(entry.source)}.")
    parts.append(table(_KEYWORDS, rows) if rows else "No keywords.")
    return "\n\n".join(parts)


def _meanings(kind: type) -> Mapping[str, str]:
    """Return what the docstrings of a class and of those it derives from say of keywords."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if base is not object:
            found |= sections(base, "Args")
    return found


def _default(parameter: inspect.Parameter | None, in_words: str | None = None) -> str:
    if in_words is not None:
        return prose(in_words)
    if parameter is None or parameter.default is parameter.empty:
        return "required"
    default = parameter.default
    return code(f"{default:.4g}" if isinstance(default, float) else _spelled(default))


def _spelled(default: object) -> str:
    """Return a default as an arm spells it."""
    if isinstance(default, bool) or default is None:
        return {True: "true", False: "false", None: "none"}[default]
    return repr(default) if default == "" else str(default)
