"""Machines are asked once, before the first trial and when they join; nobody asks the driver's."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tuner.diagnosis import Level
from tuner.errors import ScenarioError, StorageError
from tuner.places import Uri
from tuner.runtime import admission as admitting
from tuner.runtime.admission import Admission
from tuner.runtime.examination import examine
from tuner.runtime.node_tasks import Node, live_nodes

train = len  # any function that each node has


class Missing:
    """Pickles as a name of a module that is nowhere."""

    def __reduce__(self) -> Any:
        return __import__, ("not_installed_anywhere",)


class Elsewhere:
    """The nodes of the test's cluster, as if the second were another machine."""

    def __init__(self) -> None:
        first, *others = live_nodes()
        self.nodes: list[Node] = [first]
        self.other = replace(others[0], is_driver=False, host="n2")

    def __call__(self) -> list[Node]:
        return self.nodes


@pytest.fixture
def elsewhere(ray_cluster: str) -> Elsewhere:
    return Elsewhere()


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every node but the driver's sees an empty folder in place of the sweep's."""
    request = admitting.SharedFolder.request

    def astray(folder: Any, node_id: str) -> dict[str, Any]:
        return request(folder, node_id) | {"folder": "/no/such/folder"}

    monkeypatch.setattr(admitting.SharedFolder, "request", astray)


def refuse_to_be_asked(*_: Any) -> Any:
    raise AssertionError("nobody is to be asked")


def test_one_machine_is_not_asked(
    elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admitting, "ask", refuse_to_be_asked)
    admission = Admission(tmp_path, train, {}, print, list_nodes=live_nodes)
    admission.check()
    admission.look()
    assert not list(tmp_path.iterdir())


def test_a_machine_that_shares_the_folder_is_asked_once(
    elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere.nodes.append(elsewhere.other)
    said: list[str] = []
    admission = Admission(tmp_path, train, {}, said.append, list_nodes=elsewhere)
    admission.check()
    monkeypatch.setattr(admitting, "ask", refuse_to_be_asked)
    admission.look()
    assert not said
    assert not list(tmp_path.iterdir()), "nothing stays behind"


def test_a_folder_that_a_machine_does_not_see(
    elsewhere: Elsewhere, tmp_path: Path, blind: None
) -> None:
    elsewhere.nodes.append(elsewhere.other)
    with pytest.raises(StorageError, match=rf"not shared with n2 \({elsewhere.other.address}\)"):
        Admission(tmp_path, train, {}, print, list_nodes=elsewhere).check()
    assert not list(tmp_path.iterdir())


def test_a_uri_is_reached_by_every_node_itself(elsewhere: Elsewhere, blind: None) -> None:
    elsewhere.nodes.append(elsewhere.other)
    Admission(Uri("s3://bucket/x"), train, {}, print, list_nodes=elsewhere).check()


def test_a_machine_that_joins_later_and_cannot_serve_is_passed_over(
    elsewhere: Elsewhere, tmp_path: Path, blind: None
) -> None:
    said: list[str] = []
    admission = Admission(tmp_path, train, {}, said.append, list_nodes=elsewhere)
    admission.check()
    first, other = elsewhere.nodes[0].node_id, elsewhere.other.node_id
    elsewhere.nodes.append(elsewhere.other)
    admission.look()
    assert (admission.admitted, admission.refused) == ({first}, set()), "it has yet to answer"
    until(admission.look, lambda: bool(said))
    assert (admission.admitted, admission.refused) == ({first}, {other})
    admission.look()
    (line,) = said
    assert line.startswith(f"{elsewhere.other.name} is not used: {tmp_path} is not shared with it")
    assert line.endswith("mount it there, and start Ray there again")
    assert not list(tmp_path.iterdir())


def test_a_machine_that_joins_later_and_can_serve_is_admitted(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    admission = Admission(tmp_path, train, {}, pytest.fail, list_nodes=elsewhere)
    admission.check()
    elsewhere.nodes.append(elsewhere.other)
    both = {node.node_id for node in elsewhere.nodes}
    until(admission.look, lambda: admission.admitted == both)
    assert not admission.refused


def test_a_trainable_that_a_machine_cannot_load(elsewhere: Elsewhere, tmp_path: Path) -> None:
    elsewhere.nodes.append(elsewhere.other)
    trainable = Missing()
    with pytest.raises(ScenarioError, match=r"n2 .*No module named 'not_installed_anywhere'"):
        Admission(tmp_path, trainable, {}, print, list_nodes=elsewhere).check()


def test_a_trainable_that_cannot_be_sent(elsewhere: Elsewhere, tmp_path: Path) -> None:
    elsewhere.nodes.append(elsewhere.other)
    with (tmp_path / "open").open("w") as handle, pytest.raises(ScenarioError, match="handles"):
        Admission(tmp_path, lambda config: handle, {}, print, list_nodes=elsewhere).check()


def test_a_node_that_is_gone_before_it_answers(elsewhere: Elsewhere, tmp_path: Path) -> None:
    gone = replace(elsewhere.other, node_id="1" * 56)
    elsewhere.nodes.append(gone)
    said: list[str] = []
    Admission(tmp_path, train, {}, said.append, list_nodes=elsewhere).check()
    (line,) = said
    assert line.startswith("n2 (")


def test_a_node_that_does_not_answer(
    elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere.nodes.append(elsewhere.other)
    monkeypatch.setattr(admitting, "_ANSWERS_TAKE_S", 0.5)
    monkeypatch.setattr(admitting, "vet", make_hang())
    said: list[str] = []
    admission = Admission(tmp_path, train, {}, said.append, list_nodes=elsewhere)
    admission.look()
    assert list(tmp_path.iterdir()), "it may still answer"
    while not said:
        admission.look()
        time.sleep(0.05)
    assert "no answer within 0.5 s" in said[0]
    assert not list(tmp_path.iterdir())


def make_hang() -> Callable[..., Any]:
    """A task that never ends; nested, so that Ray sends it by value."""

    def hang(*_: Any) -> None:
        import time

        time.sleep(600)

    return hang


def test_a_real_cluster_is_examined(ray_cluster: str, tmp_path: Path) -> None:
    from tuner.diagnosis import judge

    facts = examine(ray_cluster, tmp_path)
    found = judge(facts)

    assert [each.storage and each.storage.shared for each in facts.nodes] == [True, True]
    assert {each.versions for each in facts.nodes} == {facts.nodes[0].versions}
    assert sorted(each.gpus for each in facts.nodes) == [0.0, 1.0]
    assert all(each.disk_total > each.disk_free > 0 for each in facts.nodes)
    assert facts.token is (os.environ.get("RAY_AUTH_MODE") == "token")
    # A logical GPU, which torch cannot use, is what is wrong with this cluster.
    wrong = {each.check for each in found.findings if each.level is Level.error}
    assert wrong - {"disk"} == {"gpus"}
    assert not list(tmp_path.iterdir())


def until(act: Callable[[], None], happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline, "it does not happen"
        act()
        time.sleep(0.05)
