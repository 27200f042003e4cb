from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tuner.simulation.places import Places

COUNTS = (2, 0, 3, 1)
NODE_OF = (0, 0, 2, 2, 2, 3)


def test_one_node_is_filled_before_the_next() -> None:
    places = Places(COUNTS)
    assert [places.take() for _ in range(7)] == [0, 1, 2, 3, 4, 5, None]
    places.give_back(4)
    places.give_back(1)
    assert [places.take(), places.take(), places.take()] == [1, 4, None]


class AgainstSets(RuleBasedStateMachine):
    """Places behave as a set of free ones that is looked through."""

    def __init__(self) -> None:
        super().__init__()
        self.places, self.taken, self.lost = Places(COUNTS), set[int](), set[int]()

    def free(self) -> list[int]:
        return [p for p in range(6) if p not in self.taken and NODE_OF[p] not in self.lost]

    @rule()
    def take(self) -> None:
        expected = self.free()[0] if self.free() else None
        assert self.places.take() == expected
        self.taken |= set() if expected is None else {expected}

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from(sorted(self.taken)))
        self.places.give_back(place)
        self.taken.remove(place)

    @rule(node=st.sampled_from([0, 1, 2, 3]))
    def come_or_go(self, node: int) -> None:
        (self.places.restore if node in self.lost else self.places.lose)(node)
        self.lost ^= {node}

    @invariant()
    def counts_what_is_there(self) -> None:
        assert self.places.up == sum(NODE_OF[p] not in self.lost for p in range(6))


TestAgainstSets = AgainstSets.TestCase
