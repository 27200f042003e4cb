"""What was settled for a study before it began, and the file that holds it to that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tuner.errors import SpecError, StorageError
from tuner.objectives import Mode
from tuner.pipeline.dividing import Division
from tuner.pipeline.folder import StudyFolder
from tuner.pipeline.request import Final, Request, differing
from tuner.scenario import Scenario
from tuner.store.layout import refused, write_atomically

__all__ = ["Settled", "hold_to", "read_settled", "write_settled"]

FORMAT = 1
"""Of ``study.json``."""


@dataclass(frozen=True)
class Settled:
    """What was settled before a study began.

    Attributes:
        request: What was asked for.
        scenario: The scenario's name.
        source: How it is loaded again; None if it was built in Python.
        metric: What is tuned; of several objectives the first.
        mode: Whether lower or higher is better.
        time_attr: What counts as a trial's time.
        max_t: Where a full training ends, to begin with.
        seed: Of the exploration; the rounds count on from it.
        division: Who gets how much of the budget.
        final: What becomes the model.
        why_final: Why it is not the usual; empty where it is.
        running: How sweeps run, unless a later call says otherwise.
        made_with: When it began, and versions, commit, command and machine; empty where it is
            only planned.
    """

    request: Request
    scenario: str
    source: str | None
    metric: str
    mode: Mode
    time_attr: str
    max_t: int
    seed: int
    division: Division
    final: Final
    why_final: str
    running: Mapping[str, Any]
    made_with: Mapping[str, Any] = field(default_factory=dict)

    def runs(self, now: Mapping[str, Any]) -> dict[str, Any]:
        """Return how sweeps run: as a call says now, else as the study was begun."""
        return {**self.running, **now}

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        changed = {"request": self.request.to_json(), "division": self.division.to_json()}
        return {"format": FORMAT, **asdict(self), **changed}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Settled:
        """Return what `to_json` gave."""
        restored = {
            "request": Request.from_json(content["request"]),
            "division": Division.from_json(content["division"]),
        }
        kept = {name: value for name, value in content.items() if name != "format"}
        return cls(**{**kept, **restored})


def hold_to(folder: StudyFolder, request: Request, scenario: Scenario) -> Settled | None:
    """Return what was settled for the study in a folder; None where there is none yet.

    Raises:
        SpecError: It is the study of something else.
        StorageError: The folder cannot be read, or holds something else.
    """
    if not folder.plan_file.exists():
        if folder.root.exists() and (not folder.root.is_dir() or any(folder.root.iterdir())):
            raise StorageError(
                f"a study begins in a folder of its own, and {folder.root} is not empty; choose "
                "another name (--name, name=)"
            )
        return None
    settled = read_settled(folder)
    then = {"scenario": settled.scenario, "source": settled.source, **settled.request.to_json()}
    now = {"scenario": scenario.name, "source": scenario.source, **request.to_json()}
    found = list(differing(then, now))
    if found:
        raise SpecError(
            f"{folder.root} holds another study ({'; '.join(found)}); go on with that one: tuner "
            f"study {folder.root}, or choose another name (--name, name=)"
        )
    return settled


def read_settled(folder: StudyFolder) -> Settled:
    """Return what was settled for the study in a folder.

    Raises:
        StorageError: There is no study, or it was written by a newer version.
    """
    try:
        content = json.loads(folder.plan_file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise StorageError(
            f"a study is a folder with {folder.plan_file.name}, and {folder.root} has none; begin "
            "one with a scenario and a budget: tuner study SCENARIO --budget 200trials"
        ) from None
    except (OSError, ValueError) as error:
        raise StorageError(f"cannot read {folder.plan_file}: {error}") from error
    if content.get("format") != FORMAT:
        raise StorageError(
            f"{folder.plan_file} has format {content.get('format')!r}, and this tuner reads "
            f"{FORMAT}; go on with the version that wrote it"
        )
    return Settled.from_json(content)


def write_settled(folder: StudyFolder, settled: Settled) -> None:
    """Write down what is settled.

    Raises:
        StorageError: The folder cannot be written.
    """
    try:
        folder.root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(folder.root, error) from error
    text = json.dumps(settled.to_json(), indent=1)
    write_atomically(folder.plan_file, text.encode())
