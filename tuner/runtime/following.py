"""Keeps a sweep in step with its cluster: on which nodes it works, and with how many workers."""

from __future__ import annotations

from tuner.runtime.admission import Admission
from tuner.runtime.concurrency import rationed
from tuner.runtime.controller import SweepController
from tuner.runtime.source import TrialSource
from tuner.runtime.surroundings import Surroundings

__all__ = ["Following"]


class Following:
    """A sweep's part of its cluster.

    Args:
        surroundings: The cluster as the sweep sees it.
        controller: Starts and ends workers.
        source: Suggests trials as long as there is room.
        admission: Asks nodes that join whether they can serve the sweep; None for using them all.

    Attributes:
        ration: How many workers the sweep may have, since others want some; None for any number.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        controller: SweepController,
        source: TrialSource,
        admission: Admission | None = None,
    ) -> None:
        self.ration: int | None = None
        self._surroundings = surroundings
        self._controller = controller
        self._source = source
        self._admission = admission

    def look(self) -> None:
        """Use nodes that came, ask nothing of those that went, leave those that will go."""
        self.admit()
        self._surroundings.look()
        watch = self._surroundings.watch
        self._controller.vacate(watch.leaving)
        self._controller.avoid(watch.avoided)
        self._resize()

    def admit(self) -> None:
        """Use no nodes but those that can serve the sweep, as far as is known."""
        if self._admission is None:
            return
        self._admission.look()
        admitted, refused = self._admission.admitted, self._admission.refused
        self._surroundings.watch.admit(admitted, refused)
        self._controller.admit(admitted)

    @property
    def wants(self) -> int:
        """How many workers the sweep could use now; a paused trial may go on with any of them."""
        bounds = self._surroundings.bounds()
        room = self._surroundings.slots(self._surroundings.shape)
        most = room if bounds.workers is None else min(bounds.workers, room)
        return most if self._source.may_suggest else min(self._controller.unfinished, most)

    def take(self, ration: int | None) -> None:
        """Keep to a ration; what has to be given up goes when its trial ends or pauses."""
        if ration != self.ration:
            self.ration = ration
            self._resize()

    def _resize(self) -> None:
        bounds = rationed(self._surroundings.bounds(), self.ration)
        self._source.limit = bounds.trials
        self._controller.resize(bounds.workers, bounds.waiting, self.ration)
