"""One thing that is well or wrong with a cluster, and all of them together."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from tuner.display import Display, Displayed, Grid
from tuner.plurals import counted

__all__ = ["Diagnosis", "Finding", "Level"]


class Level(StrEnum):
    """How bad a finding is."""

    ok = "ok"
    warning = "warning"
    error = "error"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: What was looked at, such as ``storage``.
        level: How bad it is.
        message: What was found, in a line.
        nodes: The nodes that it is about, by name; empty where it is about the cluster.
        remedy: What to do; empty where nothing is to be done.
    """

    check: str
    level: Level
    message: str
    nodes: tuple[str, ...] = ()
    remedy: str = ""


@dataclass(frozen=True)
class Diagnosis(Displayed):
    """Everything that was looked at, in the order of the checks.

    Attributes:
        address: How the cluster was joined; None for a local Ray.
        nodes: How many nodes it has.
        findings: What was found.
    """

    address: str | None
    nodes: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether sweeps can run: nothing worse than a warning."""
        return not self.errors

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What has to be put right."""
        return tuple(each for each in self.findings if each.level is Level.error)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is worth a look."""
        return tuple(each for each in self.findings if each.level is Level.warning)

    def __str__(self) -> str:
        return self._display().text()

    def _display(self) -> Display:
        rows = tuple((each.level.value, each.check, _told(each)) for each in self.findings)
        wrong = f"{counted(len(self.errors), 'error')}, {counted(len(self.warnings), 'warning')}"
        return Display(f"{counted(self.nodes, 'node')}: {wrong}", (Grid(rows, words=3),))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {"ok": self.ok, **asdict(self)}


def _told(finding: Finding) -> str:
    """Return what was found, of which nodes, and what to do."""
    about = f"{', '.join(finding.nodes)}: " if finding.nodes else ""
    remedy = f"\n-> {finding.remedy}" if finding.remedy else ""
    return f"{about}{finding.message}{remedy}"
