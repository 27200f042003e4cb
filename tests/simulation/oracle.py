"""Ray Tune's controller, as sweeps run it, in virtual time: what a simulation must equal."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ray.air.execution._internal.tracked_actor import TrackedActor
from ray.exceptions import RayActorError
from virtual import Actors, SavingWorker

from tuner.runtime.node_watch import ClusterNode
from tuner.simulation import ClusterModel, CurveSource
from tuner.simulation.incidents import Incident, Kind, incidents
from tuner.simulation.pace import Pace
from tuner.simulation.places import Places

NEVER = Incident(math.inf, Kind.RETURN, -1)


class CurveWorker(SavingWorker):
    """A trainable that reports a curve."""

    def __init__(
        self, config: dict[str, Any], folder: Path, curves: CurveSource, pace: Pace, node: int
    ) -> None:
        self.curves, self.pace, self.node, self.busy_until = curves, pace, node, 0.0
        super().__init__(config, folder)

    def reset(self, config: dict[str, Any], **_: Any) -> bool:
        super().reset(config)
        number = int(self.trial_id[1:])
        known = self.curves.curve(self.config, number)
        self.curve = self.pace.slowed(known, number=number, node=self.node)
        return True

    def train(self) -> dict[str, Any]:
        if self.curve.fails_at == self.epoch + 1:
            raise RuntimeError("the trainable raises")
        self.seconds += self.curve.seconds[self.epoch]
        self.epoch += 1
        metrics = {name: values[self.epoch - 1] for name, values in self.curve.metrics.items()}
        return self.report(done=self.epoch == len(self.curve.seconds), **metrics)


@dataclass
class Work:
    """What an actor does, from when to when."""

    actor: TrackedActor
    method: str
    begin: float
    end: float


class TimedActors(Actors):
    """Actors on a virtual clock, on a cluster where things go wrong.

    A node that is lost takes its idle workers with it at once; on a real cluster the controller
    finds out about them when it uses them. It is told at once, too, of nodes that come and go,
    for which it really looks every ten seconds.
    """

    def __init__(
        self, folder: Path, curves: CurveSource, cluster: ClusterModel, seed: int = 0
    ) -> None:
        super().__init__()
        counts = cluster.places({"cpu": 1})
        self.now = 0.0
        self.controller: Any = None
        self.on_nodes: Callable[[], None] = lambda: None
        self.places = Places(counts)
        self.work: list[Work] = []
        self._folder, self._curves, self._cluster = folder, curves, cluster
        self._pace = Pace(cluster, len(counts), seed)
        self._incidents = incidents(cluster, counts, seed)
        self._incident = next(self._incidents, NEVER)
        self._queue: list[tuple[float, int]] = []
        self._events: dict[int, tuple[TrackedActor, Callable[[], None]]] = {}
        self._number = 0
        self._unplaced: deque[TrackedActor] = deque()
        self._place: dict[TrackedActor, int] = {}
        self._doomed: set[TrackedActor] = set()
        self._errors: dict[TrackedActor, Any] = {}

    def _break_off(self, actor: TrackedActor) -> None:
        for piece in self.work:
            if piece.actor is actor:
                piece.end = max(min(piece.end, self.now), piece.begin)

    def seconds_of(self, *methods: str) -> float:
        """Return how long actors have done any of these, until now."""
        pieces = [piece for piece in self.work if piece.method in methods]
        return sum(max(min(piece.end, self.now) - piece.begin, 0.0) for piece in pieces)

    @property
    def nodes(self) -> list[ClusterNode]:
        up = float(self.places.up)
        return [ClusterNode("all", "all", {"CPU": up})] if up else []

    def make_worker(self, actor: TrackedActor, config: dict[str, Any]) -> SavingWorker:
        node = self.places.node_of(self._place[actor])
        return CurveWorker(config, self._folder, self._curves, self._pace, node)

    def request(self, actor: TrackedActor) -> None:
        self._unplaced.append(actor)
        self._place_actors()

    def _place_actors(self) -> None:
        while self._unplaced and (place := self.places.take()) is not None:
            actor = self._unplaced.popleft()
            self._place[actor] = place
            due = self.now + self._cluster.start_s
            self.work.append(Work(actor, "start", self.now, due))
            self._at(due, actor, lambda actor=actor: self.start(actor))

    def _vacate(self, actor: TrackedActor) -> None:
        self._break_off(actor)
        if actor in self._place:
            self.places.give_back(self._place.pop(actor))
        elif actor in self._unplaced:
            self._unplaced.remove(actor)
        self._place_actors()

    def submit(self, actor: TrackedActor, method: str, call: Callable[[], Any], on_result: Any,
               on_error: Any) -> None:  # fmt: skip
        worker, model = self.worker_of(actor), self._cluster
        takes = {"reset": model.reset_s, "save": model.save_s, "restore": model.load_s}
        seconds = takes.get(method)
        seconds = worker.curve.seconds[worker.epoch] if seconds is None else seconds
        begin = max(self.now, worker.busy_until)
        worker.busy_until = begin + seconds
        self.work.append(Work(actor, method, begin, worker.busy_until))
        self._errors[actor] = on_error

        def resolve() -> None:
            try:
                result = call()
            except RuntimeError as error:
                on_error(actor, error)
            else:
                on_result(actor, result)

        self._at(worker.busy_until, actor, resolve)

    def clear_actor_task_futures(self, tracked_actor: TrackedActor) -> None:
        if self.is_actor_started(tracked_actor):
            self._drop_events(tracked_actor)

    def _drop_events(self, actor: TrackedActor) -> None:
        for number, (of, _) in list(self._events.items()):
            if of is actor:
                del self._events[number]

    def remove_actor(self, tracked_actor: TrackedActor, kill: bool = False,
                     stop_future: Any = None) -> bool:  # fmt: skip
        self._drop_events(tracked_actor)
        was_live = super().remove_actor(tracked_actor)
        self._doomed.discard(tracked_actor)
        self._vacate(tracked_actor)
        return was_live

    def is_actor_started(self, tracked_actor: TrackedActor) -> bool:
        return tracked_actor not in self._doomed and super().is_actor_started(tracked_actor)

    # Time --------------------------------------------------------------------------------------

    def next(self, timeout: float | None = None) -> bool:
        while self._queue and self._queue[0][1] not in self._events:
            heapq.heappop(self._queue)
        due = self._queue[0][0] if self._queue else math.inf
        if due == math.inf and (self.places.up or not self.controller._pending_trials):
            return False
        if self._incident.at <= due:
            self._meet(self._incident)
            self._incident = next(self._incidents, NEVER)
            return True
        self.now = due
        _, handle = self._events.pop(heapq.heappop(self._queue)[1])
        handle()
        return True

    def _at(self, due: float, actor: TrackedActor, handle: Callable[[], None]) -> None:
        self._number += 1
        self._events[self._number] = (actor, handle)
        heapq.heappush(self._queue, (due, self._number))

    # What goes wrong ---------------------------------------------------------------------------

    def _meet(self, incident: Incident) -> None:
        self.now, kind, target = incident
        by_place = sorted((place, actor) for actor, place in self._place.items())
        if kind is Kind.RETURN:
            self.places.restore(target)
            self._place_actors()
        elif kind is Kind.LOSS:
            self.places.lose(target)
            by_place = [each for each in by_place if self.places.node_of(each[0]) == target]
        else:
            by_place = [each for each in by_place if each[0] == target]
        if kind is not Kind.RETURN:
            for _, actor in by_place:
                self._kill(actor, preempted=kind is Kind.LOSS and not self._cluster.losses_fail)
        self.on_nodes()

    def _kill(self, actor: TrackedActor, *, preempted: bool) -> None:
        if self.controller._idle.forget(actor):
            self.remove_actor(actor)
            return
        if actor in self._doomed:
            return
        self._drop_events(actor)
        self._break_off(actor)
        self._doomed.add(actor)
        self._at(self.now, actor, lambda: self._notice(actor, preempted))

    def _notice(self, actor: TrackedActor, preempted: bool) -> None:
        """Do as Ray's manager does where an actor died."""
        error = RayActorError(preempted=preempted)
        was_live = actor in self._live_actors_to_ray_actors_resources
        self.remove_actor(actor)
        actor._on_error(actor, error)
        if was_live:
            self._errors.pop(actor)(actor, error)
