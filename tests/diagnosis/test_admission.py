"""Nodes that cannot serve a sweep are refused, by name and with the reason."""

from __future__ import annotations

import pytest

from tuner.diagnosis import NodeAnswer, StorageSight, check_admissible, objection
from tuner.errors import ScenarioError, StorageError

FINE = NodeAnswer(StorageSight(True, True))
STRANGER = NodeAnswer(StorageSight(False, False))


def test_nodes_that_see_the_folder_and_load_the_trainable_are_let_in() -> None:
    check_admissible({}, "/r/s")
    check_admissible({"n1": FINE, "n2": NodeAnswer()}, "/r/s")


@pytest.mark.parametrize("sight", [(False, False), (True, False), (False, True)])
def test_a_folder_that_is_not_shared(sight: tuple[bool, bool]) -> None:
    answers = {"n1": FINE, "n2": NodeAnswer(StorageSight(*sight))}
    with pytest.raises(StorageError, match=r"/r/s is not shared with n2 \(.*--storage-path"):
        check_admissible(answers, "/r/s")


def test_why_a_node_cannot_use_it() -> None:
    answers = {"n2": NodeAnswer(StorageSight(True, False, "PermissionError: denied"))}
    with pytest.raises(StorageError, match=r"n2 \(PermissionError: denied\)"):
        check_admissible(answers, "/r/s")


def test_a_message_names_a_few_nodes() -> None:
    with pytest.raises(StorageError, match=r"with n0, n1, n2, n3, n4 and 3 more \("):
        check_admissible({f"n{number}": STRANGER for number in range(8)}, "/r/s")


def test_a_trainable_that_cannot_be_loaded() -> None:
    answers = {"n1": FINE, "n2": NodeAnswer(load_error="ModuleNotFoundError: No module named 'x'")}
    with pytest.raises(
        ScenarioError, match=r"n2 cannot \(ModuleNotFoundError: No module named 'x'"
    ):
        check_admissible(answers, "/r/s")


def test_of_a_node_that_joins_it_is_said_what_it_lacks() -> None:
    assert objection(FINE, "/r/s") == objection(NodeAnswer(), "/r/s") == ""
    assert objection(STRANGER, "/r/s") == (
        "is not used: /r/s is not shared with it (what one writes the other does not see); mount "
        "it there, and start Ray there again"
    )
    told = objection(NodeAnswer(StorageSight(True, True), "ImportError: no x"), "/r/s")
    assert told.startswith("is not used: it cannot load the trainable (ImportError: no x); install")
