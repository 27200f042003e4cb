"""The curves of YAHPO Gym's surrogate of LCBench, predicted as far as anybody looks at them.

The surrogate (Pfisterer et al., YAHPO Gym, AutoML 2022) is a neural network that was fitted to
the recorded curves of LCBench (Zimmer et al., Auto-PyTorch, TPAMI 2021). It is smooth and knows
neither noise nor divergence. Its times fall at some steps, which real ones cannot: they are made
monotone.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from tuner.errors import MissingDependencyError
from tuner.simulation.curves import Curve, Lazy

__all__ = ["EPOCHS", "INPUTS", "METRICS", "LCBenchCurves", "load_model"]

EPOCHS = 52
"""Epochs of the surrogate; the first is the untrained network."""

METRICS = (
    *("val_accuracy", "val_cross_entropy", "val_balanced_accuracy"),
    *("test_cross_entropy", "test_balanced_accuracy"),
)
"""The surrogate's outputs after the time, in its order; accuracies in percent or as a part of 1."""

INPUTS = (
    *("batch_size", "learning_rate", "momentum", "weight_decay"),
    *("num_layers", "max_units", "max_dropout"),
)
"""The surrogate's continuous inputs after the epoch, in its order."""

_BLOCKS = (8, EPOCHS)
"""A curve is predicted up to the first of these epochs, and to the next when it gets there.

Most trials of a scheduler that stops early end in the first block. They are multiples of 4: the
kernels of onnxruntime treat the last 1 to 3 rows of a batch apart, so that another number would
make the last bits of a prediction depend on what it was batched with.
"""

_BATCH = 4 * EPOCHS
"""Rows to predict at once; more fall out of the processor's cache."""

_KEPT = 4096
"""Curves to keep for when trials are continued, about 2 KB each."""


class LCBenchCurves:
    """The surrogate's curves for one task.

    Args:
        folder: Of the data set.
        task: Its code in ``encoding.json``.
        metric: What to report; one of `METRICS`.
        skipped: How many epochs come before the first that counts; their time is not counted.
        epochs: How many count.
    """

    def __init__(self, folder: Path, task: int, metric: str, *, skipped: int, epochs: int) -> None:
        self._model = folder / "model.onnx"
        self._task = task
        self._metric = metric
        self._column = 1 + METRICS.index(metric)
        self._skipped = skipped
        self._epochs = epochs
        self._kept: OrderedDict[tuple[float, ...], _Prediction] = OrderedDict()

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        """Return the curve of a configuration, the same for every trial."""
        prediction = self._prediction(_point(config))
        values, seconds = (_Column(prediction, name, self._epochs) for name in _Column.NAMES)
        return Curve({self._metric: values}, seconds)

    def prefetch(self, configs: Sequence[Mapping[str, Any]], numbers: Sequence[int]) -> None:
        """Predict how the curves of several configurations begin, in batches."""
        del numbers  # there is no noise
        points = {_point(config): None for config in configs[:_KEPT]}
        missing = [point for point in points if point not in self._kept]
        at_once = _BATCH // _BLOCKS[0]
        for begin in range(0, len(missing), at_once):
            self._extend([self._prediction(point) for point in missing[begin : begin + at_once]])

    def _prediction(self, point: tuple[float, ...]) -> _Prediction:
        kept = self._kept.pop(point, None) or _Prediction(self, point)
        self._kept[point] = kept  # now the last to be forgotten
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return kept

    def _extend(self, predictions: Sequence[_Prediction]) -> None:
        """Predict one more block of curves that have come equally far."""
        begin = predictions[0].predicted
        end = next(block for block in _BLOCKS if block > begin)
        rows = np.empty((len(predictions), end - begin, 1 + len(INPUTS)), np.float32)
        rows[:, :, 0] = np.arange(begin + 1, end + 1)
        rows[:, :, 1:] = np.array([each.point for each in predictions])[:, None, :]
        flat = rows.reshape(-1, rows.shape[2])
        codes = np.full((len(flat), 1), self._task, np.int32)
        (found,) = load_model(self._model).run(None, {"x_cat": codes, "x_cont": flat})
        found = np.asarray(found, np.float64).reshape(len(predictions), end - begin, -1)
        for prediction, block in zip(predictions, found, strict=True):
            self._append(prediction, block)

    def _append(self, prediction: _Prediction, block: NDArray[np.float64]) -> None:
        times = np.maximum.accumulate(np.append(prediction.time, block[:, 0]))
        unwanted = max(self._skipped - prediction.predicted, 0)
        prediction.seconds.extend(np.diff(times)[unwanted:].tolist())
        prediction.values.extend(block[unwanted:, self._column].tolist())
        prediction.predicted += len(block)
        prediction.time = float(times[-1])

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what can be predicted again."""
        return {**vars(self), "_kept": OrderedDict()}


class _Prediction:
    """How far a curve is predicted.

    Attributes:
        point: The surrogate's inputs after the epoch.
        predicted: How many of the surrogate's epochs.
        time: When the last of them ends, in seconds.
        values: The metric at those that count.
        seconds: What each of those takes.
    """

    __slots__ = ("point", "predicted", "seconds", "source", "time", "values")

    def __init__(self, source: LCBenchCurves, point: tuple[float, ...]) -> None:
        self.source = source
        self.point = point
        self.predicted = 0
        self.time = 0.0
        self.values = array("d")
        self.seconds = array("d")


class _Column(Lazy):
    """A column of a prediction, which goes as far as it is looked at."""

    NAMES = ("values", "seconds")
    __slots__ = ("_known", "_length", "_prediction")

    def __init__(self, prediction: _Prediction, name: str, length: int) -> None:
        self._prediction = prediction
        self._known: array[float] = getattr(prediction, name)
        self._length = length

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, place: int) -> float: ...
    @overload
    def __getitem__(self, place: slice) -> list[float]: ...
    def __getitem__(self, place: int | slice) -> float | list[float]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(self._length))]
        if not -self._length <= place < self._length:
            raise IndexError(f"a curve of {self._length} epochs has no place {place}")
        at = place % self._length
        while at >= len(self._known):
            self._prediction.source._extend([self._prediction])
        return self._known[at]


def _point(config: Mapping[str, Any]) -> tuple[float, ...]:
    return tuple([config[name] for name in INPUTS])


@lru_cache(maxsize=1)
def load_model(model: Path) -> Any:
    """Return the surrogate of a file, on one thread, since a simulation has one core.

    Raises:
        MissingDependencyError: onnxruntime is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingDependencyError(
            "the LCBench surrogate needs onnxruntime, which is not installed: "
            "pip install 'tuner[surrogates]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
