"""Which metrics are of training, and which of validation, by their names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

__all__ = ["MetricPair", "metric_pairs"]

_TRAIN = frozenset({"train", "training", "tr"})
_VALIDATION = frozenset({"val", "valid", "validation", "dev", "eval"})
_PART = re.compile(r"[^_/.\-]+|[_/.\-]+")


class MetricPair(NamedTuple):
    """The same measure on two sets."""

    train: str
    validation: str


def metric_pairs(names: Iterable[str], metric: str = "") -> list[MetricPair]:
    """Return metrics that differ in a part such as ``train`` and ``val`` only.

    ``train_loss`` and ``val_loss``, ``loss/train`` and ``loss/validation``; where nothing says
    ``train``, the bare name, as Keras has it: ``loss`` and ``val_loss``.

    Args:
        names: Of all metrics.
        metric: The tuned one, which is of validation also where its name is bare. Its pair comes
            first.
    """
    known = list(names)
    bare = {name: name for name in known if not _has(name, _TRAIN | _VALIDATION) and name != metric}
    trained = {_without(name, _TRAIN): name for name in known if _has(name, _TRAIN)}
    validated = {name: _without(name, _VALIDATION) for name in known if _has(name, _VALIDATION)}
    validated.setdefault(metric, metric)
    pairs = [
        MetricPair({**bare, **trained}[measure], name)
        for name, measure in validated.items()
        if measure in bare or measure in trained
    ]
    return sorted(pairs, key=lambda pair: pair.validation != metric)


def _parts(name: str) -> Sequence[str]:
    return _PART.findall(name)


def _has(name: str, words: frozenset[str]) -> bool:
    return any(part.lower() in words for part in _parts(name))


def _without(name: str, words: frozenset[str]) -> str:
    """Return a name without the first part that is one of ``words``, nor its separator."""
    parts = list(_parts(name))
    at = next(place for place, part in enumerate(parts) if part.lower() in words)
    first = max(0, at - 1)
    return "".join(parts[:first] + parts[first + 2 :])
