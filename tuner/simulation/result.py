"""What a simulation leaves: the record of a sweep, and what that would have taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from tuner.display import Display, facts
from tuner.places import Place
from tuner.short_text import duration_text
from tuner.simulation.usage import Usage
from tuner.store.record import SweepRecord
from tuner.store.schema import TableName

__all__ = ["SimulatedSweep"]


class SimulatedSweep(SweepRecord):
    """A sweep that was simulated, to be read like any other.

    Every time in its tables is in seconds since the simulated sweep began.

    Attributes:
        task: What was tuned, as it is spelled.
        place: The folder or URI that holds it, for `tuner.load`; None where it is in memory only.
        cluster: Where its trials ran, as it is spelled.
        seconds: How long the sweep would have taken.
        num_events: How many events were simulated.
        epochs: How many epochs the trials reported.
        full_epochs: How many epochs full trainings of all trials that reported would have taken;
            None where ``max_t`` is not in epochs.
        usage: What the workers did.
        took_s: How long the simulation took, in real seconds.
        remarks: What was assumed, a line each.
    """

    def __init__(self, record: SweepRecord, place: Place | None) -> None:
        self._record = record
        self.place = place
        told = self.state["simulated"]
        self.task: str = told["task"]
        self.cluster: str = told["cluster"]
        self.seconds: float = told["seconds"]
        self.num_events: int = told["events"]
        self.epochs: int = told["epochs"]
        self.took_s: float = told["took_s"]
        self.full_epochs: int | None = told["full_epochs"]
        self.usage = Usage.from_json(told["usage"])
        self.remarks: tuple[str, ...] = tuple(told["remarks"])

    def __repr__(self) -> str:
        where = "in memory" if self.place is None else f"in {str(self.place)!r}"
        return f"<SimulatedSweep of {self.task!r} {where}>"

    def _display(self) -> Display:
        return Display(f"{self.task}: {self.spec.arm}, simulated", (facts(self._facts()),))

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield from super()._facts()
        if self.full_epochs:
            share = self.epochs / self.full_epochs
            yield "epochs", f"{self.epochs:,}, {share:.0%} of full trainings"
        yield "time", f"{duration_text(self.seconds)} on {self.cluster}, in virtual time"
        yield "workers", f"training {self.usage.utilisation:.0%} of the time"

    def _content(self) -> dict[str, Any]:
        return self._record._content()

    def _table(self, kind: TableName) -> pa.Table:
        return self._record._table(kind)

    @property
    def _whence(self) -> str:
        return self._record._whence
