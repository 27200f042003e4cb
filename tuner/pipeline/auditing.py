"""The step that audits the exploration, and says what follows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tuner.errors import TunerError
from tuner.pipeline.consequences import Consequence, consequences, unanswered
from tuner.pipeline.steps import Outcome
from tuner.pipeline.work import Work
from tuner.playbook.audit import Audit, Verdict, audit
from tuner.playbook.isolation.isolating import isolate
from tuner.store import Sweep, load
from tuner.store.layout import refused, write_atomically

__all__ = ["audit_exploration"]


def audit_exploration(work: Work) -> Outcome:
    """Audit the exploration, and stop a strict study where a failed check is left unanswered.

    What a user mends in the exploration's sweep counts: it is audited as it is now.
    """
    sweep = load(work.folder.exploration)
    found = audit(sweep)
    held = "max_t" in work.settled.request.options
    follows = consequences(found.findings, work.following, lengthens=not held)
    pictures = _keep_audit(work.folder.audit, found)
    result = {
        "audit": found.to_json(),
        "consequences": [each.to_json() for each in follows],
        "pictures": pictures,
        "isolation": _isolated(sweep),
    }
    left = unanswered(follows) if work.strict else []
    if left:
        why = f"{_named(left)}, and no later step answers it"
        return Outcome("audit", "stopped", why, tuple(f"remedy: {e.remedy}" for e in left), result)
    return Outcome("audit", "done", found.tally, result=result)


def _keep_audit(folder: Path, found: Audit) -> list[str]:
    """Write an audit down, and return the pictures of the checks that did not pass."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise refused(folder, error) from error
    write_atomically(folder / "audit.json", json.dumps(found.to_json(), indent=1).encode())
    write_atomically(folder / "audit.txt", f"{found}\n".encode())
    told = [each for each in found.findings if each.verdict in (Verdict.fail, Verdict.warn)]
    drawn = replace(found, findings=tuple(told)).save_figures(folder)
    return [path.relative_to(folder.parent).as_posix() for path in drawn]


def _isolated(sweep: Sweep) -> dict[str, Any] | None:
    """Return what the values of the scientific hyperparameters bring; None without any."""
    if "scientific" not in sweep.spec.roles.values():
        return None
    try:
        found = isolate(sweep)
    except TunerError as error:
        return {"conclusion": str(error), "table": ""}
    return {**found.to_json(), "table": found.to_markdown()}


def _named(left: Sequence[Consequence]) -> str:
    return f"{', '.join(each.check for each in left)} failed"
