"""What a sweep came from and what became of it: refinement, adoption, the final model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tuner.playbook.adoption.adopting import ADOPTION_FILE, ADOPTION_FOLDER
from tuner.playbook.finalization.finalizing import CARD_FILE
from tuner.playbook.finalization.model_card import Finalization
from tuner.playbook.finalization.models import FINAL_FOLDER
from tuner.playbook.refinement.lineage import lineage_of
from tuner.plurals import counted
from tuner.reporting.parts import Column, Facts, Line, Lines, Part, Section, Table
from tuner.short_text import config_text, value_text
from tuner.store.record import SweepRecord

__all__ = ["adoption", "final_model", "refinement"]


def refinement(sweep: SweepRecord) -> Section:
    """Return what this round of refinement changed, and why; empty for a sweep that refines none.

    The ranges of all rounds are a figure.
    """
    lineage = lineage_of(sweep.spec)
    if lineage is None:
        return Section("Refinement")
    told = f"Round {lineage.round} of {lineage.root}, after {lineage.parent_name}."
    rows = [
        [each.name, " and ".join(each.kinds), each.old, each.new, each.why]
        for each in lineage.changes
    ]
    names = ("hyperparameter", "change", "from", "to", "why")
    parts: list[Part] = [Line(told)]
    if rows:
        parts.append(Table("What was changed", [Column(name) for name in names], rows))
    else:
        parts.append(Line("The same space: nothing followed from the trials before.", "faint"))
    return Section("Refinement", parts)


def adoption(folder: Path | None) -> Section:
    """Return whether the winner is to be adopted; empty where `tuner.adopt` was not asked."""
    found = _stored(folder, ADOPTION_FOLDER, ADOPTION_FILE)
    if found is None:
        return Section("Adoption")
    gain = found["difference"]
    columns = [
        Column(""),
        Column("trial"),
        *(Column(name, numeric=True) for name in ("in the sweep", "mean", "repeats")),
        Column("configuration"),
    ]
    rows = [_side(role, found[role]) for role in ("winner", "baseline")]
    over = counted(found["seeds"], "seed")
    over += f" and {counted(found['folds'], 'fold')}" if found["folds"] else ""
    facts = [
        ("verdict", f"{found['verdict']}: {found['why']}"),
        (
            "gain of the winner",
            f"{value_text(gain['gain'])} [{value_text(gain['low'])}, {value_text(gain['high'])}] "
            f"({gain['test']}), over {over}",
        ),
    ]
    if isinstance(found.get("optimism"), float):
        facts.append(("optimism of the sweep", value_text(found["optimism"])))
    caption = f"{found['metric']} of winner and baseline, trained again"
    return Section(
        "Adoption", [Facts(facts), Table(caption, columns, rows), Lines(found["remarks"])]
    )


def final_model(folder: Path | None) -> Section:
    """Return the model that was made of a sweep; empty where there is none."""
    stored = _stored(folder, FINAL_FOLDER, CARD_FILE)
    if stored is None:
        return Section("Final model")
    made = Finalization.from_json(stored)
    what = f"ensemble by {made.method}" if made.method else made.kind
    facts = [("kind", what), ("chosen", made.chosen_by), ("folder", made.folder)]
    parts: list[Part] = [Facts(facts), _members(made)]
    if made.test:
        columns = [Column("measure"), Column("value and 95 % interval")]
        rows = [[name, str(value)] for name, value in made.test.items()]
        parts.append(Table("On the test examples", columns, rows))
    return Section("Final model", [*parts, Lines(made.remarks)])


def _members(made: Finalization) -> Table:
    columns = [
        Column("trial"),
        Column(f"trained to {made.time_attr}", numeric=True),
        Column("weight", numeric=True),
        Column("configuration"),
    ]
    rows = [
        [
            part.label,
            "unknown" if part.until is None else f"{part.until:g}",
            "" if part.weight is None else f"{part.weight:.3g}",
            config_text(part.config),
        ]
        for part in made.parts
    ]
    return Table("What is in the model", columns, rows)


def _side(role: str, side: Mapping[str, Any]) -> list[str]:
    values = [float(value) for value in side["values"]]
    mean = value_text(sum(values) / len(values)) if values else "-"
    repeats = f"{len(values)}, {side['missing']} missing" if side["missing"] else str(len(values))
    before = value_text(side["in_sweep"])
    return [role, side["label"], before, mean, repeats, config_text(side["config"])]


def _stored(folder: Path | None, *parts: str) -> dict[str, Any] | None:
    """Return what a step of the playbook left; None where it was not taken, or is cut off."""
    if folder is None:
        return None
    try:
        content: Any = json.loads(folder.joinpath(*parts).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
