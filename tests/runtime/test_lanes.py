from __future__ import annotations

import queue
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from ray.air.execution import ResourceRequest
from ray.air.execution.resources.placement_group import PlacementGroupAcquiredResources
from ray.tune import PlacementGroupFactory

from tuner.runtime.lanes import AcquiredLane, LanePlacement

SMALL, WHOLE = PlacementGroupFactory([{"CPU": 0.25}]), PlacementGroupFactory([{"CPU": 0.75}])
LARGE = PlacementGroupFactory([{"CPU": 2.0}])


@dataclass
class Rooms:
    """Makes room when it is told to; placement groups are numbers."""

    arrivals: Any = field(default_factory=queue.SimpleQueue)
    waiting: Counter[ResourceRequest] = field(default_factory=Counter)
    ready: Counter[ResourceRequest] = field(default_factory=Counter)
    held: list[int] = field(default_factory=list)
    avoided: set[int] = field(default_factory=set)
    made: int = 0

    def request_resources(self, request: ResourceRequest) -> None:
        self.waiting[request] += 1

    def make(self, request: ResourceRequest = WHOLE) -> None:
        self.waiting[request] -= 1
        self.ready[request] += 1

    def cancel_resource_request(self, request: ResourceRequest) -> None:
        pile = self.waiting if self.waiting[request] else self.ready
        assert pile[request] > 0
        pile[request] -= 1

    def has_resources_ready(self, request: ResourceRequest) -> bool:
        return self.ready[request] > 0

    def acquire_resources(self, request: ResourceRequest) -> Any:
        if not self.ready[request]:
            return None
        self.ready[request] -= 1
        self.made += 1
        self.held.append(self.made)
        return PlacementGroupAcquiredResources(request, self.made)  # type: ignore[arg-type]

    def free_resources(self, acquired: Any) -> None:
        self.held.remove(acquired.placement_group)

    def lies_on_avoided(self, group: Any) -> bool:
        return group in self.avoided


def placement() -> tuple[Rooms, LanePlacement]:
    rooms = Rooms()
    return rooms, LanePlacement(rooms, {SMALL: 3})  # type: ignore[arg-type]


def acquire(lanes: LanePlacement, request: PlacementGroupFactory = SMALL) -> AcquiredLane:
    assert lanes.has_resources_ready(request)
    acquired = lanes.acquire_resources(request)
    assert acquired is not None
    return acquired


def test_a_process_is_asked_for_as_a_whole_and_given_out_lane_by_lane() -> None:
    rooms, lanes = placement()
    for _ in range(4):
        lanes.request_resources(SMALL)
    assert rooms.waiting == {WHOLE: 2}
    assert not lanes.has_resources_ready(SMALL)
    rooms.make()
    given_out = [acquire(lanes) for _ in range(3)]
    assert [each.number for each in given_out] == [0, 1, 2]
    assert len({id(each.process) for each in given_out}) == 1
    assert not lanes.has_resources_ready(SMALL)
    rooms.make()
    assert acquire(lanes).process is not given_out[0].process


def test_what_nobody_needs_is_given_back() -> None:
    rooms, lanes = placement()
    for _ in range(4):
        lanes.request_resources(SMALL)
    lanes.cancel_resource_request(SMALL)
    assert rooms.waiting[WHOLE] == 1
    rooms.make()
    given_out = [acquire(lanes) for _ in range(3)]
    for each in given_out[:2]:
        lanes.free_resources(each)
    assert rooms.held == [1]
    lanes.request_resources(SMALL)
    assert rooms.waiting[WHOLE] == 0  # there are two lanes
    lanes.free_resources(given_out[2])
    assert acquire(lanes).process is given_out[0].process
    lanes.request_resources(SMALL)
    lanes.cancel_resource_request(SMALL)
    assert rooms.held == [1]


def test_a_process_that_died_is_given_up_with_the_first_of_its_lanes() -> None:
    rooms, lanes = placement()
    for _ in range(2):
        lanes.request_resources(SMALL)
    rooms.make()
    first, second = acquire(lanes), acquire(lanes)
    first.process.is_lost = True
    lanes.request_resources(SMALL)
    assert rooms.waiting[WHOLE] == 1  # its third lane is none
    assert rooms.held == []
    lanes.free_resources(first)
    lanes.free_resources(second)
    rooms.make()
    assert acquire(lanes).process is not first.process


def test_no_trial_begins_on_a_node_to_avoid() -> None:
    rooms, lanes = placement()
    lanes.request_resources(SMALL)
    rooms.make()
    acquire(lanes)
    rooms.avoided.add(1)
    lanes.request_resources(SMALL)
    assert not lanes.has_resources_ready(SMALL)
    assert rooms.waiting[WHOLE] == 1


def test_what_takes_something_else_has_a_process_of_its_own() -> None:
    rooms, lanes = placement()
    lanes.request_resources(LARGE)
    lanes.request_resources(LARGE)
    assert rooms.waiting == {LARGE: 2}
    rooms.make(LARGE)
    acquire(lanes, LARGE)
    assert not lanes.has_resources_ready(LARGE)


@given(st.lists(st.sampled_from(["ask", "cancel", "make", "take", "free", "die"]), max_size=60))
def test_there_is_room_for_who_asks_and_no_more(steps: list[str]) -> None:
    rooms, lanes = placement()
    wanted, taken = 0, list[AcquiredLane]()
    for step in steps:
        if step == "ask":
            lanes.request_resources(SMALL)
            wanted += 1
        elif step == "cancel" and wanted:
            lanes.cancel_resource_request(SMALL)
            wanted -= 1
        elif step == "make" and rooms.waiting[WHOLE]:
            rooms.make()
        elif step == "take" and wanted and lanes.has_resources_ready(SMALL):
            taken.append(acquire(lanes))
            wanted -= 1
        elif step == "free" and taken:
            lanes.free_resources(taken.pop(0))
        elif step == "die" and taken:
            dead = taken.pop()
            dead.process.is_lost = True
            lanes.free_resources(dead)
        living = {id(each.process): each.process for each in taken if not each.process.is_lost}
        coming = 3 * (rooms.waiting[WHOLE] + rooms.ready[WHOLE])
        free = 3 * len(rooms.held) - sum(not each.process.is_lost for each in taken)
        assert wanted <= free + coming < wanted + 3 + 3 * len(living)
        assert not (rooms.held and not wanted and not taken)
