"""Which folder has to be sent for a scenario to be found on the cluster, under which name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tuner.errors import ScenarioError
from tuner.scenario import bundled_scenarios
from tuner.scenario.references import split_reference

__all__ = ["Code", "code_of"]


@dataclass(frozen=True)
class Code:
    """What has to be sent.

    Attributes:
        scenario: The scenario as it is called in the folder.
        folder: What is sent; None where the cluster has the scenario already: a bundled one, or
            a module that is installed.
    """

    scenario: str
    folder: Path | None


def code_of(scenario: str, here: Path, folder: Path | None = None) -> Code:
    """Return what has to be sent for a scenario.

    Args:
        scenario: As `tuner.load_scenario` takes it; imported it is not.
        here: The current folder, in which modules are looked for.
        folder: What to send instead of the folder of a scenario's file, or of ``here`` for a
            module.

    Raises:
        ScenarioError: There is no such file, or it is outside of ``folder``.
    """
    place, attribute = split_reference(scenario)
    suffix = f":{attribute}" if attribute else ""
    if place.endswith(".py"):
        return _of_file(Path(place).expanduser(), suffix, here, folder)
    if folder is not None or (place not in bundled_scenarios() and _is_module(place, here)):
        return Code(scenario, folder or here)
    return Code(scenario, None)


def _of_file(path: Path, suffix: str, here: Path, folder: Path | None) -> Code:
    file = (here / path).resolve()
    if not file.is_file():
        raise ScenarioError(f"a scenario file must exist, but {path} is not there")
    sent = (folder or file.parent).resolve()
    if not file.is_relative_to(sent):
        raise ScenarioError(
            f"a scenario file must be in the folder that is sent, but {path} is not in {sent}; "
            "name a --working-dir that holds it"
        )
    return Code(f"{file.relative_to(sent)}{suffix}", sent)


def _is_module(name: str, here: Path) -> bool:
    top = here / name.partition(".")[0]
    return top.is_dir() or top.with_suffix(".py").is_file()
