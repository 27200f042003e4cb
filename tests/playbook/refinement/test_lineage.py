"""Lineage: rounds are numbered, and know their parents wherever these lie."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from stored_sweeps import sound, stored

from tuner.playbook.refinement.lineage import Lineage, descend, lineage_of
from tuner.playbook.refinement.proposing import Change

CHANGES = (
    Change("x", ("narrow", "widen"), "old", "new", "why"),
    Change("y", (), "same", "same", "all over it"),
)


def test_rounds_count_from_the_root(tmp_path: Path) -> None:
    spec = stored(tmp_path, sound(6), name="first").spec
    assert lineage_of(spec) is None
    one = descend(spec, tmp_path / "first", CHANGES)
    assert (one.name, one.round, one.parent_name) == ("first-r1", 1, "first")
    assert [change.name for change in one.changes] == ["x"]
    child = dataclasses.replace(spec, name=one.name, seed=5, lineage=one.to_json())
    two = descend(child, tmp_path / "first-r1", ())
    assert (two.name, two.root, two.round, two.parent_seed) == ("first-r2", "first", 2, 5)
    assert two.follows(child)
    assert not two.follows(spec)


def test_it_survives_json(tmp_path: Path) -> None:
    one = descend(stored(tmp_path, sound(6)).spec, tmp_path, CHANGES)
    assert Lineage.from_json(json.loads(json.dumps(one.to_json()))) == one
