"""A trial that ran out of memory: how that is recognised, and what it gets when it is tried again.

An out-of-memory says more of a trial's neighbours and of its share than of its configuration. So
the trial is tried again with twice the share, up to whole GPUs, or with twice the host memory where
it asked for some, up to the largest node. Only what fits nowhere is infeasible.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from tuner.bundles import Placement, Shape, shape_slots
from tuner.resources import Bundle, describe_bundle

__all__ = [
    "Enlarged",
    "Exhausted",
    "Infeasible",
    "Sequel",
    "after_exhaustion",
    "enlarged_again",
    "exhausted",
]


class Exhausted(StrEnum):
    """Which memory a trial ran out of."""

    device = "device memory"
    host = "host memory"


@dataclass(frozen=True)
class Enlarged:
    """The trial is tried again, with more.

    Attributes:
        bundles: What it takes then, in Ray's spelling.
        why: In a line.
    """

    bundles: tuple[Bundle, ...]
    why: str


@dataclass(frozen=True)
class Infeasible:
    """The trial fits nowhere.

    Attributes:
        why: In a line.
    """

    why: str


Sequel: TypeAlias = Enlarged | Infeasible

_DEVICE = re.compile(
    "|".join(
        (
            r"\b(?:CUDA|HIP|XPU) out of memory",  # PyTorch's allocator
            r"\btorch\.(?:cuda\.)?OutOfMemoryError",
            r"CUDA(?: driver)? error: out of memory",
            r"cudaErrorMemoryAllocation|CUDA_ERROR_OUT_OF_MEMORY",
            r"CU(?:BLAS|DNN|SPARSE|SOLVER|FFT)_STATUS_(?:INTERNAL_ERROR_HOST_)?ALLOC(?:ATION)?_FAILED",
            r"RESOURCE_EXHAUSTED: (?:Out of memory|Failed to allocate)",  # XLA
        )
    )
)
_HOST = re.compile(
    "|".join(
        (
            r"^(?:\w+\.)*_?(?:Array)?MemoryError\b",  # of Python, and NumPy's
            r"DefaultCPUAllocator: (?:can't|not enough)",
            r"Cannot allocate memory",  # ENOMEM
            r"\(OOM\)|running low on memory|memory pressure",  # Ray's memory monitor
        )
    ),
    re.MULTILINE,
)
_DIED = re.compile("actor died|worker process has died|connection error code", re.IGNORECASE)
_NEAR = 0.9
_ENLARGED = ("GPU", "memory")


def exhausted(
    error: str, *, asked: float | None = None, peak: float | None = None
) -> Exhausted | None:
    """Return which memory a trial ran out of; None where it failed of something else.

    The kernel kills a process without a word. That is taken for an out-of-memory where the trial
    had come near to what it had asked for.

    Args:
        error: What its failure is told as, whole.
        asked: Bytes of host memory that it had asked for, if any.
        peak: Bytes that it is known to have held at most.
    """
    if _DEVICE.search(error):
        return Exhausted.device
    if _HOST.search(error):
        return Exhausted.host
    near = asked is not None and peak is not None and peak >= _NEAR * asked
    return Exhausted.host if near and _DIED.search(error) else None


def after_exhaustion(
    what: Exhausted,
    bundles: Sequence[Bundle],
    nodes: Sequence[Bundle],
    placement: Placement = "pack",
) -> Sequel | None:
    """Return what becomes of a trial that ran out of memory.

    Args:
        what: Which memory.
        bundles: What the trial took, in Ray's spelling.
        nodes: Each node's total resources; where there are none now, it is tried again as it was.
        placement: Where its bundles go.

    Returns:
        More for another try, or that the trial fits nowhere; None where it has asked for none of
        what it lacked, so that nothing is known of it: then it has failed as others do.
    """
    name = "GPU" if what is Exhausted.device else "memory"
    if not any(bundle.get(name) for bundle in bundles):
        return None
    told = f"out of {what} with {_told(bundles, name)}"
    if not nodes:
        return Enlarged(tuple(bundles), f"{told}: tried again when there is a node")
    larger = tuple(_doubled(bundle, name, nodes) for bundle in bundles)
    if larger == tuple(bundles):
        limit = "a whole GPU" if name == "GPU" else "the largest node's"
        return Infeasible(f"{told}, {limit}: the configuration fits nowhere")
    if shape_slots(Shape(larger, placement), nodes) == 0:
        return Infeasible(f"{told}, and no node has {_told(larger, name)}: it fits nowhere")
    return Enlarged(larger, f"{told}: tried again with {_told(larger, name)}")


def enlarged_again(
    bundles: Sequence[Bundle], recorded: Sequence[Bundle]
) -> tuple[Bundle, ...] | None:
    """Return what a trial takes that was enlarged, in a sweep that may give trials more by now.

    Args:
        bundles: What it takes otherwise, in Ray's spelling.
        recorded: What it took when it was enlarged.

    Returns:
        None where trials are divided otherwise than they were: then they start as all do.
    """
    if len(bundles) != len(recorded):
        return None
    return tuple(
        {name: max(amount, was.get(name, 0.0)) if name in _ENLARGED else amount
         for name, amount in bundle.items()}
        for bundle, was in zip(bundles, recorded, strict=True)
    )  # fmt: skip


def _doubled(bundle: Bundle, name: str, nodes: Sequence[Bundle]) -> Bundle:
    """Return a bundle with twice as much of something, as far as a node that holds it has that."""
    amount, rest = bundle.get(name, 0.0), {**bundle, name: 0.0}
    holding = [n for n in nodes if all(n.get(each, 0.0) >= rest[each] for each in rest)]
    most = max((node.get(name, 0.0) for node in holding), default=0.0)
    most = min(most, 1.0) if name == "GPU" else most
    return {**bundle, name: min(2 * amount, most)} if 0 < amount < most else bundle


def _told(bundles: Sequence[Bundle], name: str) -> str:
    amounts = {each[name]: {name: each[name]} for each in bundles if each.get(name)}
    return " and ".join(describe_bundle(each) for each in amounts.values())
