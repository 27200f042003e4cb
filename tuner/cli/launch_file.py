"""Sweeps in TOML: the keys are the keywords of `tuner.run`, and ``scenario``.

What the command line spells otherwise may be spelled so here too.

```toml
scenario = "my_scenario.py"      # relative to this file; or a bundled name, or a module
arm = "asha:reduction_factor=3+hyperopt"      # or scheduler and searcher
num_samples = 80
time_budget = "10m"              # or time_budget_s = 600

[resources]                      # or cpus_per_trial = 1; a list of such tables for bundles
cpu = 1

[[points_to_evaluate]]
lr = 0.01
```
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tuner.arms import parse_arm
from tuner.cli.locate import DEFAULT_STORAGE
from tuner.cli.spellings import duration_s
from tuner.errors import SpecError, nearest
from tuner.options import SweepOptions

__all__ = ["is_launch_file", "overridden", "read_launch_file", "split_arm", "with_launch_file"]

_DURATIONS = ("time_budget_s", "trial_timeout_s", "wait_for_resources_s")
_PER_TRIAL = {"cpus_per_trial": "cpu", "gpus_per_trial": "gpu"}
_MEASURED = ("gpu", "auto")  # a resource that need not be a number
_OLD_WORKER_MODE = "reuse_actors"  # true for warm, false for cold
_TEXTS = ("scenario", "arm", "scheduler", "searcher", "storage_path", "progress")
_ONLY_IN_PYTHON = "callbacks"


def is_launch_file(scenario: str) -> bool:
    """Say whether what stands in the place of a scenario is a launch file."""
    return scenario.endswith(".toml")


def with_launch_file(scenario: str, command: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the scenario and the options of `tuner.run`, taking in a launch file if it is one.

    Args:
        scenario: A scenario, or a launch file.
        command: What the command line says; None where it says nothing.

    Raises:
        SpecError: As `read_launch_file`, or the file names no scenario.
    """
    given = {option: value for option, value in command.items() if value is not None}
    options = split_arm(given, "the command line")
    if is_launch_file(scenario):
        options = overridden(read_launch_file(Path(scenario)), options)
        if "scenario" not in options:
            raise SpecError(f'{scenario}: a launch file names its scenario; add scenario = "..."')
        scenario = options.pop("scenario")
    return scenario, {"storage_path": str(DEFAULT_STORAGE)} | options


def read_launch_file(path: Path) -> dict[str, Any]:
    """Return the options in a launch file, as `tuner.run` takes them, and its ``scenario``.

    Raises:
        SpecError: The file cannot be read, a key is unknown, or a value cannot be understood.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpecError(f"cannot read the launch file {path}: {error}") from error
    _check_keys(content, path)
    try:
        in_keywords = _with_worker_mode(_with_resources(_with_seconds(content)))
    except SpecError as error:
        raise SpecError(f"{path}: {error}") from error
    options = split_arm(in_keywords, str(path))
    if "scenario" in options:
        options["scenario"] = _beside(path, options["scenario"])
    return options


def split_arm(options: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return ``options`` with an ``arm`` replaced by its scheduler and searcher.

    An arm without a searcher sets the searcher to None, which stands for the scheduler's default.

    Raises:
        SpecError: There is an arm beside a scheduler or a searcher, or it cannot be read.
    """
    arm = options.get("arm")
    rest = {key: value for key, value in options.items() if key != "arm"}
    if arm is None:
        return rest
    for part in ("scheduler", "searcher"):
        if rest.get(part) is not None:
            raise SpecError(
                f"{where}: an arm is a scheduler and a searcher, got arm={arm!r} and "
                f"{part}={rest[part]!r}; leave one of them out"
            )
    parsed = parse_arm(arm)
    searcher = None if parsed.searcher is None else str(parsed.searcher)
    return rest | {"scheduler": str(parsed.scheduler), "searcher": searcher}


def overridden(file: Mapping[str, Any], command: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a launch file with those of the command line in their place.

    Resources are overridden one by one, everything else as a whole.
    """
    options = {**file, **command}
    if "resources" in file and "resources" in command:
        _check_single(file["resources"], "what one trial takes on the command line")
        options["resources"] = {**file["resources"], **command["resources"]}
    return options


def _check_single(resources: object, other: str) -> None:
    if isinstance(resources, list):
        raise SpecError(
            f"the launch file has resources in {len(resources)} bundles, so that {other} may mean "
            "any of them; leave it out"
        )


def _check_keys(content: Mapping[str, Any], path: Path) -> None:
    short = {name.removesuffix("_s") for name in _DURATIONS}
    spelled_as_options = {*short, *_PER_TRIAL, "arm", _OLD_WORKER_MODE}
    known = {"scenario", *spelled_as_options, *SweepOptions.__annotations__} - {_ONLY_IN_PYTHON}
    for key, value in content.items():
        if key not in known:
            raise SpecError(f"{path}: unknown key {key!r}{nearest(key, known)}")
        if key in _TEXTS and not isinstance(value, str):
            raise SpecError(f"{path}: {key} is text in quotes; got {value!r}")
        if key == "resources" and not (_is_amounts(value) or _is_bundles(value)):
            raise SpecError(
                f"{path}: resources is a table of numbers, such as [resources] with cpu = 1, or a "
                f"list of them; got {value!r}"
            )


def _is_amounts(value: object) -> bool:
    return isinstance(value, dict) and all(
        _is_amount(each) or (name, each) == _MEASURED for name, each in value.items()
    )


def _is_bundles(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_amounts, value))


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _with_seconds(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``content`` with each duration in seconds, under the name that ends in ``_s``."""
    options = dict(content)
    for name in _DURATIONS:
        short = name.removesuffix("_s")
        if name in options and short in options:
            raise _said_twice(short, name)
        for key in (name, short):
            if key in options:
                options[name] = duration_s(key, options.pop(key))
    return options


def _with_resources(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``content`` with what one trial takes under ``resources``."""
    options = dict(content)
    for key, name in _PER_TRIAL.items():
        if key not in options:
            continue
        amount = options.pop(key)
        if not _is_amount(amount) and (name, amount) != _MEASURED:
            raise SpecError(f"{key} is a number; got {amount!r}")
        resources = options.get("resources", {})
        _check_single(resources, key)
        if name in resources:
            raise _said_twice(key, f"{name} of [resources]")
        options["resources"] = {**resources, name: amount}
    return options


def _with_worker_mode(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``content`` with a ``worker_mode`` in place of what it was once."""
    options = dict(content)
    if _OLD_WORKER_MODE in options:
        warm = options.pop(_OLD_WORKER_MODE)
        if not isinstance(warm, bool):
            raise SpecError(f"{_OLD_WORKER_MODE} is true or false; got {warm!r}")
        if "worker_mode" in options:
            raise _said_twice("worker_mode", _OLD_WORKER_MODE)
        options["worker_mode"] = "warm" if warm else "cold"
    return options


def _said_twice(one: str, other: str) -> SpecError:
    return SpecError(f"{one} and {other} are the same option; leave one of them out")


def _beside(path: Path, scenario: str) -> str:
    """Return ``scenario``, a path in it relative to the launch file."""
    file, dot_py, attribute = scenario.rpartition(".py")
    is_path = dot_py and (not attribute or attribute.startswith(":"))
    return str(path.parent / Path(f"{file}.py").expanduser()) + attribute if is_path else scenario
