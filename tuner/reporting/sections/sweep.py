"""All sections of one sweep."""

from __future__ import annotations

from collections.abc import Iterator

from tuner.playbook.audit import Audit, audit
from tuner.reporting.parts import Section
from tuner.reporting.sections import aftermath, records
from tuner.reporting.sections.drawings import drawings, repeated
from tuner.reporting.sections.overview import notes, overview
from tuner.reporting.sections.provenance import provenance
from tuner.reporting.sections.trust import trust
from tuner.reporting.sections.winners import winners
from tuner.reporting.sources import OpenedSweep

__all__ = ["sections_of"]


def sections_of(opened: OpenedSweep, *, costly: bool = True) -> list[Section]:
    """Return the sections of a sweep; those that do not apply to it are left out.

    Args:
        opened: The sweep.
        costly: Whether to work out what takes long, too.
    """
    return [each for each in _sections(opened, costly) if not each.empty]


def _sections(opened: OpenedSweep, costly: bool) -> Iterator[Section]:
    sweep = opened.sweep
    yield overview(opened)
    yield winners(sweep)
    if opened.repeats:  # nothing was searched: there is no search to look into
        yield repeated(sweep)
    else:
        yield from _search(opened, audit(sweep) if costly else None)
    yield records.decisions(sweep)
    yield records.failures(sweep)
    yield notes(opened.notes)
    yield provenance(opened)
    yield records.trials(sweep)


def _search(opened: OpenedSweep, found: Audit | None) -> Iterator[Section]:
    """Yield what is said of a search, with its audit where there is one."""
    known = {each.check: each.picture for each in found.findings if each.picture} if found else {}
    shared = {kind: picture for kind, picture in known.items() if kind == "importance"}
    yield from drawings(opened.sweep, costly=found is not None, known=shared)
    yield trust(found)
    yield aftermath.refinement(opened.sweep)
    yield aftermath.adoption(opened.folder)
    yield aftermath.final_model(opened.folder)
