from __future__ import annotations

from collections.abc import Sequence

import pytest

from tuner.resources import Bundle
from tuner.runtime.node_watch import ClusterNode, NodeWatch
from tuner.runtime.reputation import Reputation


class Scene:
    """A cluster whose nodes come and go as a test says, and what is said of it."""

    def __init__(self, *names: str) -> None:
        self.now = 0.0
        self.said: list[str] = []
        self.incarnation = dict.fromkeys(names, 0)
        self.up = set(names)
        self.leaving: set[str] = set()
        self.released: list[str] = []  # ids
        self.watch = NodeWatch(
            self.can_hold, self.said.append, list_nodes=self.nodes, clock=lambda: self.now
        )

    @staticmethod
    def can_hold(nodes: Sequence[Bundle]) -> bool:
        return any(node.get("GPU", 0) >= 1 for node in nodes)

    def nodes(self) -> list[ClusterNode]:
        there = [
            ClusterNode(self.id_of(name), name, {"GPU": 1.0}, name in self.leaving)
            for name in sorted(self.up)
        ]
        return [*there, *(ClusterNode(each, each[:2], {}, released=True) for each in self.released)]

    def id_of(self, name: str) -> str:
        return f"{name}.{self.incarnation[name]}"

    def lose(self, name: str) -> None:
        self.up.discard(name)
        self.leaving.discard(name)
        self.watch.look()

    def bring(self, name: str) -> None:
        self.incarnation[name] = self.incarnation.get(name, -1) + 1
        self.up.add(name)
        self.watch.look()


def test_what_happens_to_nodes_is_said_once() -> None:
    scene = Scene("n1", "n2", "n3")
    scene.watch.look()
    assert scene.said == []
    scene.lose("n2")
    scene.watch.look()
    scene.bring("n2")
    scene.bring("n4")
    scene.leaving.add("n3")
    scene.watch.look()
    scene.watch.look()
    scene.lose("n3")
    assert scene.said == [
        "lost 1 node (n2): what ran there goes on from its last checkpoint",
        "back: 1 node (n2)",
        "joined: 1 node (n4)",
        "1 node (n3) to be taken away: what runs there saves and moves",
    ]


def test_a_node_that_an_autoscaler_releases_is_not_lost() -> None:
    scene = Scene("n1", "n2")
    for _ in range(4):
        scene.released.append(scene.id_of("n2"))
        scene.lose("n2")
        scene.bring("n2")
    assert scene.watch.avoided == frozenset()
    assert set(scene.said) == {"left for want of work: 1 node (n2)", "joined: 1 node (n2)"}


def test_many_nodes_are_one_line() -> None:
    scene = Scene("n0")
    for number in range(1, 9):
        scene.incarnation[f"n{number}"] = 0
        scene.up.add(f"n{number}")
    scene.watch.look()
    assert scene.said == ["joined: 8 nodes (n1, n2, n3, ...)"]


def test_a_node_that_will_go_is_not_used() -> None:
    scene = Scene("n1", "n2")
    scene.leaving.add("n2")
    scene.watch.look()
    assert scene.watch.leaving == {"n2.0"}
    assert len(scene.watch.usable()) == 1


def test_a_node_that_is_lost_again_and_again_is_avoided_for_a_while() -> None:
    scene = Scene("n1", "n2")
    scene.lose("n2")
    scene.bring("n2")
    assert scene.watch.avoided == frozenset()
    scene.now += 300
    scene.lose("n2")
    scene.bring("n2")
    assert scene.watch.avoided == {"n2.2"}
    assert len(scene.watch.usable()) == 1
    assert scene.said.count("node n2 was lost repeatedly: it is avoided for a while") == 1
    scene.now += 3600
    scene.watch.look()
    assert scene.watch.avoided == frozenset()


def test_a_node_that_is_avoided_serves_where_no_other_can() -> None:
    scene = Scene("n1", "n2")
    for _ in range(3):
        scene.lose("n2")
        scene.bring("n2")
    assert scene.watch.avoided
    scene.lose("n1")
    assert scene.watch.avoided == frozenset()
    assert len(scene.watch.usable()) == 1
    scene.bring("n1")
    assert scene.watch.avoided


def test_a_sweep_that_has_nothing_to_run_on_says_so_now_and_again() -> None:
    scene = Scene("n1")
    scene.lose("n1")
    assert scene.said[-1].startswith("no node can hold a trial: the sweep waits for one")
    before = len(scene.said)
    for _ in range(100):  # 200 s
        scene.now += 2
        scene.watch.look()
    assert len(scene.said) == before
    for _ in range(100):
        scene.now += 2
        scene.watch.look()
    assert len(scene.said) == before + 1
    scene.bring("n1")
    assert scene.said[-1] == "a node can hold a trial again, after 400 s: the sweep goes on"


@pytest.mark.parametrize(
    ("apart_s", "losses", "poor"),
    [
        (0, 1, False),
        (0, 2, True),
        (700, 2, True),
        (900, 2, True),
        (2000, 2, False),
        (1900, 9, True),
    ],
)
def test_losses_count_less_with_time(apart_s: float, losses: int, poor: bool) -> None:
    """Two that are t seconds apart count 1 + 0.5 ** (t / 1800)."""
    reputation = Reputation()
    for number in range(losses):
        reputation.lost("n", number * apart_s)
    assert reputation.poor((losses - 1) * apart_s) == ({"n"} if poor else set())
    assert reputation.poor(1e6) == set()


def test_nothing_is_started_on_a_node_before_it_is_admitted() -> None:
    scene = Scene("n1")
    scene.watch.admit({"n1.0"}, set())
    scene.bring("n2")
    assert scene.watch.usable() == [{"GPU": 1.0}]
    assert scene.watch.avoided == frozenset()
    scene.watch.admit({"n1.0", "n2.0"}, set())
    assert len(scene.watch.usable()) == 2


def test_a_sweep_waits_where_only_nodes_are_left_that_cannot_serve_it() -> None:
    scene = Scene("n1")
    scene.watch.admit({"n1.0"}, set())
    scene.bring("n2")
    scene.watch.admit({"n1.0"}, {"n2.0"})
    scene.lose("n1")
    assert scene.watch.avoided == {"n2.0"}, "also where no other node can hold a trial"
    assert scene.watch.usable() == []
    assert scene.said[-1].startswith("no node can hold a trial: the sweep waits for one")
    assert "1 node: gpu=1, of which 1 node cannot serve it" in scene.said[-1]
    scene.bring("n1")
    scene.watch.admit({"n1.1"}, {"n2.0"})
    scene.watch.look()
    assert scene.said[-1].startswith("a node can hold a trial again")
