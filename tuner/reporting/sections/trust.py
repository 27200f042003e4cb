"""How far a sweep can be trusted: what the audit found, with what it looked at."""

from __future__ import annotations

from collections.abc import Mapping

from tuner.playbook.audit import Audit, Finding, Verdict
from tuner.reporting.parts import Column, Fold, Line, Lines, Part, Plot, Section, Table, Tone
from tuner.reporting.sections.attempts import attempt, together
from tuner.reporting.sections.drawings import LATER
from tuner.short_text import value_text

__all__ = ["trust"]

_TONES: Mapping[Verdict, Tone] = {
    Verdict.passed: "good",
    Verdict.warn: "warn",
    Verdict.fail: "bad",
    Verdict.unknown: "faint",
}
_NOTEWORTHY = (Verdict.warn, Verdict.fail)


def trust(found: Audit | None) -> Section:
    """Return an audit as a table, and a picture of what each check looked at.

    Args:
        found: The audit; None for one that is still to come.
    """
    if found is None:
        return Section("Audit", [Line(f"{LATER[:1].upper()}{LATER[1:]}.", "faint")])
    parts: list[Part] = [Line(f"{found.heading}: {found.tally}."), _table(found)]
    if found.remarks:
        parts.append(Lines(list(found.remarks)))
    looked_at = [each for each in found.findings if each.picture and each.check != "importance"]
    parts += together(_picture(each) for each in looked_at if each.verdict in _NOTEWORTHY)
    others = together(_picture(each) for each in looked_at if each.verdict not in _NOTEWORTHY)
    if others:
        parts.append(Fold("What the checks looked at that neither warned nor failed", others))
    return Section("Audit", parts)


def _table(found: Audit) -> Table:
    columns = [
        Column("verdict"),
        Column("check"),
        Column("number", numeric=True),
        Column("warns, fails", numeric=True),
        Column("what was found"),
        Column("remedy"),
    ]
    rows = [
        [
            each.verdict.value,
            each.check,
            "" if each.figure is None else value_text(each.figure),
            "" if each.limits is None else ", ".join(map(value_text, each.limits)),
            each.message,
            each.remedy,
        ]
        for each in found.findings
    ]
    return Table("Checks", columns, rows, [_TONES[each.verdict] for each in found.findings])


def _picture(finding: Finding) -> Plot:
    told = f"{finding.verdict.value}: {finding.message}"
    if finding.picture is None:
        return Plot(finding.check, None, told)
    return attempt(f"Check of {finding.check}", told, finding.picture)
