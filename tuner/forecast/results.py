"""`Forecast`: what a sweep will take."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from tuner.display import Display, Displayed, Grid, facts
from tuner.forecast.estimates import Estimate, PlannedRung
from tuner.forecast.wording import figures, rungs_cells
from tuner.plurals import counted

__all__ = ["Basis", "Forecast"]

Basis = Literal["exact", "expected", "simulated"]


@dataclass(frozen=True, kw_only=True)
class Forecast(Displayed):
    """What a sweep will take, before it runs.

    Attributes:
        scenario: What is tuned.
        arm: Scheduler and searcher.
        time_attr: The unit of epochs.
        trials: How many there are.
        max_t: A full training, in epochs.
        basis: Where `rungs` and `epochs` are from. ``"exact"``: they hold whatever the trials
            report. ``"expected"``: means of the simulated sweeps, within bounds that hold whatever
            trials report. ``"simulated"``: means and ranges of the simulated sweeps.
        rungs: How many trials train how far, bracket by bracket.
        epochs: All that is trained.
        simulated_epochs: The same in the simulated sweeps.
        simulations: How many of these there were.
        cluster: Where they ran, as it is spelled.
        slots: How many trials it holds at once.
        utilisation: The share of its time that it trained, 0 to 1.
        lost: The share of training that is lost with workers and done again, 0 to 1.
        rounds: The wall time of the sweep in epochs of a single trial.
        wall_s: The wall time in seconds; None where nobody knows how long an epoch takes, as for
            all that follows.
        cpu_hours: What trials hold, CPUs times hours.
        gpu_hours: What trials hold, GPUs times hours; None where they hold none, too.
        cluster_gpu_hours: All GPUs of the cluster, from the sweep's start to its end.
        cost: Of `gpu_hours`, for a price.
        cluster_cost: Of `cluster_gpu_hours`.
        checkpoints: How many are on disk at once, at most.
        disk_mb: Their size in MiB; None where the size of one is unknown.
        warnings: What is wasted or will surprise, with the remedy, a line each.
        remarks: What the figures assume, a line each.
    """

    scenario: str
    arm: str
    time_attr: str
    trials: int
    max_t: int
    basis: Basis
    rungs: tuple[PlannedRung, ...]
    epochs: Estimate
    simulated_epochs: Estimate
    simulations: int
    cluster: str
    slots: int
    utilisation: Estimate
    lost: float
    rounds: Estimate
    wall_s: Estimate | None
    cpu_hours: Estimate | None
    gpu_hours: Estimate | None
    cluster_gpu_hours: Estimate | None
    cost: Estimate | None
    cluster_cost: Estimate | None
    checkpoints: Estimate
    disk_mb: Estimate | None
    warnings: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def full_epochs(self) -> int:
        """What full training of every trial would take, in epochs."""
        return self.trials * self.max_t

    @property
    def saved(self) -> float:
        """The expected share of full training that is not done, 0 to 1."""
        return 1 - self.epochs.expected / self.full_epochs

    @property
    def size(self) -> str:
        """With what how many trials train how far at most, in a line."""
        trials = counted(self.trials, "trial")
        return f"{self.arm}  {trials} of at most {self.max_t} {self.time_attr}"

    def __str__(self) -> str:
        return self._display().text()

    def _display(self) -> Display:
        headings, *rows = rungs_cells(self)
        return Display(
            f"{self.scenario}  {self.size}",
            (facts(figures(self)), Grid(tuple(rows), headings, words=0)),
            (*(f"! {warning}" for warning in self.warnings), *self.remarks),
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {**asdict(self), "full_epochs": self.full_epochs, "saved": self.saved}
