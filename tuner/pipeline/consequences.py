"""What follows in a study from what the audit of its exploration finds."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tuner.pipeline.steps import StepName
from tuner.playbook.audit.findings import Finding, Verdict

__all__ = ["Consequence", "consequences", "unanswered"]

_ANSWERS: Mapping[str, tuple[StepName, str]] = {
    "boundary": ("refine", "refine widens the ranges in question"),
    "still_improving": ("refine", "refine trains longer"),
    "importance": ("refine", "refine fixes what does not matter"),
    "good_trials": ("refine", "the rounds of refine add trials where the good ones are"),
    "best_vs_last": ("finalize", "finalize trains as long as the mean curve became better"),
    "seed_variance": ("adopt", "adopt trains the winner again over seeds"),
}


_UNANSWERED = "nothing in this study answers it"
_HELD = f"{_UNANSWERED}, since max_t was given (--max-t)"


@dataclass(frozen=True)
class Consequence:
    """A check that failed or warned, and what becomes of it.

    Attributes:
        check: Which.
        verdict: ``"fail"`` or ``"warn"``.
        message: What was found.
        remedy: What the user can do.
        follows: What the study does about it.
        answered: Whether a later step of the study answers it.
    """

    check: str
    verdict: str
    message: str
    remedy: str
    follows: str
    answered: bool

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


def consequences(
    findings: Iterable[Finding], steps: Iterable[StepName], *, lengthens: bool
) -> list[Consequence]:
    """Return what follows from the checks that failed, then from those that warned.

    Args:
        findings: Of the audit.
        steps: That the study takes after it.
        lengthens: Whether refine may let trials train longer.
    """
    there = set(steps)
    answers = {check: follows for check, (step, follows) in _ANSWERS.items() if step in there}
    held = set() if lengthens else {"still_improving"}
    judged = [each for each in findings if each.verdict in (Verdict.fail, Verdict.warn)]
    ranked = sorted(judged, key=lambda each: each.verdict is not Verdict.fail)
    return [_consequence(each, answers, held) for each in ranked]


def unanswered(found: Iterable[Consequence]) -> list[Consequence]:
    """Return the checks that failed and that no later step answers."""
    return [each for each in found if each.verdict == Verdict.fail.value and not each.answered]


def _consequence(finding: Finding, answers: Mapping[str, str], held: Container[str]) -> Consequence:
    is_held = finding.check in held
    return Consequence(
        check=finding.check,
        verdict=finding.verdict.value,
        message=finding.message,
        remedy=finding.remedy,
        follows=_HELD if is_held else answers.get(finding.check, _UNANSWERED),
        answered=finding.check in answers and not is_held,
    )
