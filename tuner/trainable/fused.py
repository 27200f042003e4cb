"""`FusedTrainable`: trials of one kind that train their epochs together, in one process.

On an accelerator a small model leaves most of the device idle; n processes that take turns on it
do not fill it, since each launches its own small kernels. One process that trains n models at
once, as one batch of models, does.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from tuner.trainable.epoch import EpochTrainable

__all__ = ["Company", "FusedTrainable"]


class Company(Protocol):
    """Those with whom a trial trains."""

    def train(self, trial: FusedTrainable) -> Mapping[str, Any]:
        """Train one epoch of ``trial``, with others or alone, and return its metrics."""


class _Alone:
    def train(self, trial: FusedTrainable) -> Mapping[str, Any]:
        (metrics,) = trial.train_together([trial])
        return metrics


class FusedTrainable(EpochTrainable):
    """An `EpochTrainable` of which one process can train several trials at once.

    Derive from it and define, in place of ``train_epoch``::

        class Classifier(FusedTrainable):
            def draw_epoch(self): ...             # optional: the epoch's random numbers
            def fusion_key(self): ...             # optional: what has to be equal

            @classmethod
            def train_together(cls, trials): ...  # -> [{"val_error": 0.03, ...}, ...]

    All else is as there. Between two epochs each trial has its own model and optimizer as ever, so
    that it can save, pause, stop or go on from another's checkpoint by itself; `train_together`
    stacks them (``torch.func.stack_module_state``, ``torch.func.vmap``), and writes back what came
    of it. Without ``fuse``, the option of a sweep, it gets one trial.
    """

    company: ClassVar[Company] = _Alone()
    """With whom its trials train; set on a subclass by the process that holds several."""

    def draw_epoch(self) -> None:
        """Draw what the coming epoch needs of random numbers, such as the order of examples.

        Here the global generators are the trial's own; in `train_together` they are nobody's.
        """

    def fusion_key(self) -> Hashable:
        """Return what trials must have in common to train together, such as the batch size."""
        return None

    @classmethod
    def train_together(cls, trials: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        """Train one epoch of each trial.

        What becomes of a trial must not depend on who the others are. If this raises, it has to
        leave all trials as they were: each of them is then trained alone, so that only the one
        with which something is wrong fails.

        Args:
            trials: Set up, of one `fusion_key`, and ready with `draw_epoch`.

        Returns:
            The metrics of each, as `EpochTrainable.train_epoch` returns them, in order.
        """
        raise NotImplementedError(f"{cls.__name__} must define train_together()")

    def train_epoch(self) -> Mapping[str, Any]:
        """Train one epoch, with those that are in the same process."""
        self.draw_epoch()
        return self.company.train(self)
