"""The keys of a launch file, which are the keywords of `tuner.run`."""

from __future__ import annotations

from collections.abc import Iterator

from docstrings import first_sentence, sections
from page_parts import cell, code, table

from tuner.options import SweepOptions
from tuner.spec import SweepSpec

__all__ = ["launch_keys"]

_BESIDES = {
    "scenario": "A bundled name, a module, or a file relative to the launch file.",
    "arm": "Scheduler and searcher at once: `asha+hyperopt`.",
    "progress": "What is shown while it runs: auto, live, lines or none.",
}
_ALSO = {
    "time_budget_s": 'time_budget = "10m"',
    "trial_timeout_s": 'trial_timeout = "30s"',
    "wait_for_resources_s": 'wait_for_resources = "5m"',
    "resources": "cpus_per_trial = 1, gpus_per_trial = 0.25",
}
_ONLY_IN_PYTHON = "callbacks"


def launch_keys() -> str:
    """Return the table of keys."""
    return table(("key", "also spelled", "meaning"), _rows())


def _rows() -> Iterator[list[str]]:
    meanings = sections(SweepSpec, "Attributes") | _BESIDES
    keywords = [key for key in SweepOptions.__annotations__ if key != _ONLY_IN_PYTHON]
    for key in ("scenario", "arm", *keywords):
        also = ", ".join(code(each) for each in _ALSO.get(key, "").split(", "))
        yield [code(key), also, cell(first_sentence(meanings[key]))]
