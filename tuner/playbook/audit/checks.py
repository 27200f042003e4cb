"""What all rules are made of: a check with its limits, and how it speaks."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuner.playbook.audit.findings import Finding, Picture, Verdict
from tuner.playbook.audit.thresholds import Limits
from tuner.playbook.evidence import Evidence

__all__ = ["Check", "command", "more_trials", "why_not_judged"]


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: Such as ``boundary``.
        limits: From which figure on it warns and fails.
    """

    name: str
    limits: Limits

    def judged(
        self,
        figure: float,
        message: str,
        *,
        remedy: str,
        picture: Picture | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> Finding:
        """Return the finding of a figure; the remedy is told where it does not pass."""
        verdict = self.limits.verdict(figure)
        return Finding(
            check=self.name,
            verdict=verdict,
            message=message,
            figure=float(figure),
            limits=(self.limits.warn, self.limits.fail),
            remedy="" if verdict is Verdict.passed else remedy,
            details=details or {},
            picture=picture,
        )

    def unknown(self, why: str, remedy: str = "", picture: Picture | None = None) -> Finding:
        """Return the finding of a check that can tell nothing."""
        return Finding(self.name, Verdict.unknown, why, remedy=remedy, picture=picture)


def more_trials(evidence: Evidence) -> str:
    """Return the remedy of a sweep that is too small: as many trials again."""
    options = f"--num-samples +{max(1, len(evidence.trials))}"
    return "more trials: " + command("resume", evidence.place, options)


def command(verb: str, place: str, *options: str) -> str:
    """Return a command line about a sweep."""
    return " ".join(["tuner", verb, shlex.quote(place), *options])


def why_not_judged(evidence: Evidence, *, needs_space: bool = True) -> str:
    """Return why hyperparameters cannot be judged; empty if they can."""
    if evidence.copied:
        return "trials copied one another, so that values belong to no configuration"
    return "nothing was searched" if needs_space and not evidence.parameters else ""
