"""How far a sweep can be trusted: what the audit found, with what it looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tuner.playbook.audit import Audit, Finding, Verdict
from tuner.reporting.embedding import figure_json
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
    noteworthy, others = _pictures(found.findings)
    parts += together(noteworthy)
    if others:
        told = "What the checks looked at that neither warned nor failed"
        parts.append(Fold(told, together(others)))
    return Section("Audit", parts)


def _table(found: Audit) -> Table:
    columns = [
        Column("verdict"),
        Column("check"),
        Column("what was found"),
        Column("number", numeric=True),
        Column("warns, fails", numeric=True),
        Column("remedy"),
    ]
    rows = [
        [
            each.verdict.value,
            each.check,
            each.message,
            "" if each.figure is None else value_text(each.figure),
            "" if each.limits is None else ", ".join(map(value_text, each.limits)),
            each.remedy,
        ]
        for each in found.findings
    ]
    return Table("Checks", columns, rows, [_TONES[each.verdict] for each in found.findings])


def _pictures(findings: Sequence[Finding]) -> tuple[list[Plot], list[Plot]]:
    """Return what was looked at: for checks that warned or failed, and for all others.

    Checks that looked at the same share a picture.
    """
    drawn: dict[str, list[tuple[Finding, Plot]]] = {}
    for each in findings:
        if each.picture is None or each.check == "importance":  # which has its own chapter
            continue
        told = f"{each.check} ({each.verdict.value}): {each.message}"
        plot = attempt(f"Check of {each.check}", told, each.picture)
        same = plot.told if plot.figure is None else figure_json(plot.figure)
        drawn.setdefault(same, []).append((each, plot))
    noteworthy: list[Plot] = []
    others: list[Plot] = []
    for group in drawn.values():
        is_noteworthy = any(each.verdict in _NOTEWORTHY for each, _ in group)
        (noteworthy if is_noteworthy else others).append(_shared(group))
    return noteworthy, others


def _shared(group: Sequence[tuple[Finding, Plot]]) -> Plot:
    """Return the one picture of checks that looked at the same."""
    _, first = group[0]
    if first.figure is None or not group[1:]:
        return replace(first, headed=True)
    names = [each.check for each, _ in group]
    title = f"Checks of {', '.join(names[:-1])} and {names[-1]}"
    return Plot(title, first.figure, "\n".join(plot.told for _, plot in group), headed=True)
