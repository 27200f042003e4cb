from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.bundles import Room, Shape, room_beside, shape_slots
from tuner.runtime.fair_shares import Claim, allot

ONE_CPU = Shape.of({"cpu": 1})
TEN = [{"CPU": 6.0}, {"CPU": 4.0}]


def claim(sweep: str, weight: float = 1.0, wants: int = 100, shape: Shape = ONE_CPU) -> Claim:
    return Claim(sweep, weight, shape, wants)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ([claim("a")], {"a": 10}),
        ([claim("a"), claim("b")], {"a": 5, "b": 5}),
        ([claim("a", wants=2), claim("b")], {"a": 2, "b": 8}),  # what a leaves, b takes
        ([claim("a", 1.0), claim("b", 4.0)], {"a": 2, "b": 8}),
        ([claim("a", 0.5, wants=1), claim("b", 0.5)], {"a": 1, "b": 9}),
        ([claim("a", wants=0), claim("b", wants=3)], {"a": 0, "b": 3}),
        ([claim("a"), claim("b"), claim("c", 0.5)], {"a": 4, "b": 4, "c": 2}),
        ([], {}),
    ],
)
def test_workers_go_by_weight_as_far_as_they_are_wanted(
    claims: list[Claim], expected: dict[str, int]
) -> None:
    assert allot(claims, TEN) == expected


def test_sweeps_that_take_different_things_do_not_bound_each_other() -> None:
    """The worked example of the paper, figure 3: 9 CPUs and 18 GB, here as GPUs."""
    nodes = [{"CPU": 9.0, "GPU": 18.0}]
    gpus = claim("a", shape=Shape.of({"cpu": 1, "gpu": 4}))
    cpus = claim("b", shape=Shape.of({"cpu": 3, "gpu": 1}))

    assert allot([gpus, cpus], nodes) == {"a": 3, "b": 2}


def test_a_trial_larger_than_what_is_left_leaves_it_to_others() -> None:
    large = claim("a", shape=Shape.of({"gpu": 2}))
    small = claim("b", shape=Shape.of({"gpu": 0.5}))

    assert allot([large, small], [{"GPU": 3.0}]) == {"a": 1, "b": 2}


def test_more_sweeps_than_room_take_turns() -> None:
    claims = [claim(name) for name in "abcde"]
    nodes = [{"CPU": 2.0}]
    rounds = [allot(claims, nodes, turn) for turn in range(5)]

    assert all(sum(each.values()) == 2 for each in rounds)
    assert {name: sum(each[name] for each in rounds) for name in "abcde"} == dict.fromkeys(
        "abcde", 2
    )


amounts = st.sampled_from([0.25, 0.5, 1.0, 2.0])
shapes = st.builds(Shape.of, st.fixed_dictionaries({"cpu": amounts}, optional={"gpu": amounts}))
machines = st.lists(
    st.fixed_dictionaries({"CPU": st.integers(0, 6), "GPU": st.integers(0, 3)}), max_size=3
)


def several(shapes: st.SearchStrategy[Shape]) -> st.SearchStrategy[list[Claim]]:
    weights, wanted = st.sampled_from([0.5, 1.0, 3.0]), st.integers(0, 12)
    one = st.builds(Claim, st.sampled_from("abcd"), weights, shapes, wanted)
    return st.lists(one, max_size=4, unique_by=lambda each: each.sweep)


@given(several(shapes), machines, st.integers(0, 3))
def test_nothing_is_left_that_somebody_wants(claims: list[Claim], nodes: Any, turn: int) -> None:
    allotted = allot(claims, nodes, turn)
    assert all(allotted[each.sweep] <= each.wants for each in claims)
    unsatisfied = [each for each in claims if allotted[each.sweep] < each.wants]
    for each in unsatisfied:  # alone on the cluster it could not have more than there are
        assert allotted[each.sweep] <= shape_slots(each.shape, nodes)
    if len(unsatisfied) == len(claims) == 1:
        assert allotted[claims[0].sweep] == shape_slots(claims[0].shape, nodes)


@given(several(st.just(ONE_CPU)), machines, st.integers(0, 3))
def test_of_equal_shapes_no_slot_is_unused_and_nobody_is_behind(
    claims: list[Claim], nodes: Any, turn: int
) -> None:
    allotted = allot(claims, nodes, turn)
    room = sum(node["CPU"] for node in nodes)

    assert sum(allotted.values()) == min(room, sum(each.wants for each in claims))
    for poor in claims:
        for rich in claims:
            if allotted[poor.sweep] < poor.wants and allotted[rich.sweep] > 0:
                # Without its last worker the other would have been behind, or no further.
                before = (allotted[rich.sweep] - 1) / rich.weight
                assert before <= allotted[poor.sweep] / poor.weight


@given(several(shapes), machines)
def test_whoever_fits_has_a_turn(claims: list[Claim], nodes: Any) -> None:
    fitting = {
        each.sweep
        for each in claims
        if each.wants and room_beside(each.shape, [Room.of(node) for node in nodes]) is not None
    }
    served = set()
    for turn in range(len(claims)):
        served |= {sweep for sweep, workers in allot(claims, nodes, turn).items() if workers}

    assert served == fitting
