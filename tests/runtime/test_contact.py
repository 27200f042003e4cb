from __future__ import annotations

import socket
from typing import Any

import pytest
import ray

from tuner.runtime.contact import Contact


class Net:
    """Nodes of Ray, of which some cannot be reached."""

    def __init__(self, *names: str) -> None:
        self.now = 0.0
        self.asked: list[str] = []
        self.cut: set[str] = set()
        self.nodes = [
            {"NodeID": name, "Alive": True, "NodeManagerAddress": name, "NodeManagerPort": 7}
            for name in names
        ]
        self.contact = Contact(lambda: self.nodes, self.connects, lambda: self.now)

    def connects(self, address: str, port: int) -> bool:
        assert port == 7
        self.asked.append(address)
        return address not in self.cut

    def excuses(self, *names: str, at: float) -> bool:
        self.now = at
        return self.contact.excuses(names)


def test_a_node_that_answers_excuses_nobody() -> None:
    net = Net("a", "b")
    assert not net.excuses("a", "b", at=0)
    assert not net.excuses("a", at=1)
    assert net.asked == ["a", "b"], "an answer holds for a while"


def test_a_node_that_is_cut_off_excuses_silence_until_it_has_caught_up() -> None:
    net = Net("a", "b")
    net.cut = {"b"}
    assert net.excuses("a", "b", at=0)
    assert net.excuses("b", at=1)
    net.cut = set()
    assert [net.excuses("b", at=t) for t in (10, 69, 71)] == [True, True, False]
    net.cut = {"b"}
    assert net.excuses("b", at=200), "the two minutes count from when it was lost again"


def test_a_node_that_ray_knows_to_be_gone_is_not_asked() -> None:
    net = Net("a")
    net.nodes[0]["Alive"] = False
    assert net.excuses("a", at=0)
    assert net.excuses("never seen", at=0)
    assert net.asked == []


def test_a_closed_port_excuses_nobody_for_ever() -> None:
    net = Net("a")
    net.cut = {"a"}
    assert [net.excuses("a", at=t) for t in (0, 60, 119, 120, 300)] == [
        True,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("listens", [True, False])
def test_ports_are_tried(listens: bool) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if listens:
            server.listen()
        node: dict[str, Any] = {
            "NodeID": "a", "Alive": True,
            "NodeManagerAddress": "127.0.0.1", "NodeManagerPort": server.getsockname()[1],
        }  # fmt: skip
        assert Contact(lambda: [node]).excuses(["a"]) is not listens


def test_the_nodes_of_a_cluster_answer(ray_cluster: str) -> None:
    assert not Contact().excuses(node["NodeID"] for node in ray.nodes() if node["Alive"])
