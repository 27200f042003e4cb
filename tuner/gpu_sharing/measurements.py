"""What a probe of a GPU finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tuner.display import Display, Displayed
from tuner.plurals import counted

__all__ = ["Alone", "Probe", "Together"]

_MB = 2**20


@dataclass(frozen=True)
class Alone:
    """One configuration that had a GPU to itself.

    Attributes:
        config: The configuration.
        peak_bytes: What torch's allocator held at most; None where the GPU did not suffice.
        context_bytes: What the process took of the device beside that.
        step_s: Seconds per report, without the first one.
        utilisation: Share of the time in which the GPU computed, 0 to 1; None if unknown.
    """

    config: Mapping[str, Any]
    peak_bytes: int | None
    context_bytes: int = 0
    step_s: float | None = None
    utilisation: float | None = None

    @property
    def fits(self) -> bool:
        """Whether a whole GPU suffices."""
        return self.peak_bytes is not None


@dataclass(frozen=True)
class Together:
    """So many trials of one configuration on one GPU.

    Attributes:
        trials: How many.
        reports_per_s: Of all together; 0 where one of them ran out of memory.
    """

    trials: int
    reports_per_s: float


@dataclass(frozen=True)
class Probe(Displayed):
    """The share of a GPU that a scenario's trials should take, and why.

    Attributes:
        device: The name of the GPU.
        total_bytes: Its memory.
        cpus: How many trials the CPUs of the node allow per GPU; None for any number.
        alone: Each of the tried configurations by itself.
        together: Several trials at once, in the order in which they were tried.
        trials: How many trials should share a GPU.
        share: What each takes of it.
        seconds: How long the probe took.
    """

    device: str
    total_bytes: int
    cpus: int | None
    alone: tuple[Alone, ...]
    together: tuple[Together, ...]
    trials: int
    share: float
    seconds: float = 0.0

    def lines(self) -> Iterator[str]:
        """Yield choice and evidence in words."""
        peaks = [each.peak_bytes for each in self.alone if each.peak_bytes is not None]
        failed = len(self.alone) - len(peaks)
        yield (
            f"gpu={self.share:g}: {counted(self.trials, 'trial')} on each GPU ({self.device}, "
            f"{self.total_bytes / _MB:,.0f} MB), measured in {self.seconds:.0f} s"
        )
        yield (
            f"memory: {min(peaks) / _MB:,.0f} to {max(peaks) / _MB:,.0f} MB at most, of "
            f"{counted(len(peaks), 'configuration')}, and "
            f"{max(each.context_bytes for each in self.alone) / _MB:,.0f} MB for each process"
        )
        if failed:
            yield f"{failed} of {len(self.alone)} configurations need more than a whole GPU"
        rates = ", ".join(f"{each.reports_per_s:.3g} with {each.trials}" for each in self.together)
        yield f"reports/s of all trials on a GPU together: {rates}"
        if self.cpus is not None and self.trials >= self.cpus:
            yield f"the CPUs of a node suffice for {counted(self.cpus, 'trial')} per GPU, no more"

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def _display(self) -> Display:
        choice, *evidence = self.lines()
        return Display(choice, notes=tuple(evidence))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Probe:
        """Return what `to_json` gave."""
        alone = tuple(Alone(**each) for each in stored["alone"])
        together = tuple(Together(**each) for each in stored["together"])
        return cls(**{**stored, "alone": alone, "together": together})
