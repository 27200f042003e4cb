"""A history for those who care about little of what happens."""

from __future__ import annotations

from tuner.schedulers import Decision
from tuner.simulation.engine import Simulation
from tuner.simulation.trials import SimulatedTrial

__all__ = ["Onlooker"]


class Onlooker:
    """Is told of everything that a simulation does, and takes no note of it."""

    def watch(self, simulation: Simulation) -> None:
        """The simulation is about to run."""

    def suggested(self, trial: SimulatedTrial, now: float) -> None:
        """There is a new trial."""

    def started(self, trial: SimulatedTrial, now: float) -> None:
        """A trial has a worker."""

    def reported(self, trial: SimulatedTrial, now: float) -> None:
        """A trial has finished its ``epoch``."""

    def failed(self, trial: SimulatedTrial, now: float, cause: str) -> None:
        """An attempt at a trial has failed."""

    def decided(self, decision: Decision) -> None:
        """The scheduler decided something other than to go on."""

    def ended(self, trial: SimulatedTrial, now: float) -> None:
        """A trial has ended."""
