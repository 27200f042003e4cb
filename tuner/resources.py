"""Does a trial fit on the cluster, and how many at once? Pure, over lists of nodes.

Ray sums a cluster's resources and waits without a word for a trial that no single node can hold.
These functions compare with each node.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tuner.errors import ResourcesError

__all__ = [
    "Bundle",
    "amount_text",
    "bundle_of",
    "check_fits",
    "describe_bundle",
    "describe_nodes",
    "slots",
]

Bundle = Mapping[str, float]

_RAY_NAMES = {"cpu": "CPU", "gpu": "GPU"}
_HIDDEN = ("node:", "accelerator_type:", "object_store_memory", "bundle")
_STEP = 1e-4  # Ray counts resources in ten-thousandths
_BYTES = ("memory", "object_store_memory")


def bundle_of(resources: Mapping[str, float]) -> dict[str, float]:
    """Return a trial's request in Ray's spelling (``CPU``, ``GPU``), without the zeros.

    Args:
        resources: As in a scenario: ``cpu``, ``gpu``, ``memory`` (bytes), custom names.
    """
    named = {_RAY_NAMES.get(name, name): float(amount) for name, amount in resources.items()}
    return {name: amount for name, amount in named.items() if amount > 0}


def slots(bundle: Bundle, nodes: Sequence[Bundle]) -> int:
    """Return how many trials of ``bundle`` the nodes hold at once.

    Args:
        bundle: A trial's request, in Ray's spelling.
        nodes: Each node's total resources, in Ray's spelling.
    """
    return sum(_on_node(bundle, node) for node in nodes)


def check_fits(bundle: Bundle, nodes: Sequence[Bundle]) -> None:
    """Refuse a request that no node can ever satisfy.

    Raises:
        ResourcesError: With the request, and what each node has.
    """
    if slots(bundle, nodes) > 0:
        return
    wanted = describe_bundle(bundle)
    lacking = [
        f"{_own_name(name)}={amount_text(name, amount)} "
        f"(most on one node: {amount_text(name, _most(name, nodes))})"
        for name, amount in bundle.items()
        if all(node.get(name, 0) < amount for node in nodes)
    ]
    what = f"no node has {', '.join(lacking)}" if lacking else "no node has all of it together"
    raise ResourcesError(
        f"a trial needs {wanted}, and {what}; the cluster has {describe_nodes(nodes)}. Ask for "
        "less, or join a cluster that has it and say --wait-for-resources if it is still to come"
    )


def describe_nodes(nodes: Sequence[Bundle]) -> str:
    """Return the nodes and their resources in a line."""
    if not nodes:
        return "no node"
    lines = sorted(describe_bundle(_shown(node)) or "nothing" for node in nodes)
    counts = {line: lines.count(line) for line in dict.fromkeys(lines)}
    parts = [f"{count} nodes of {line}" if count > 1 else line for line, count in counts.items()]
    noun = "node" if len(nodes) == 1 else "nodes"
    return f"{len(nodes)} {noun}: " + "; ".join(parts)


def describe_bundle(bundle: Bundle) -> str:
    """Return what a bundle holds in words, as a scenario spells it."""
    order = sorted(bundle, key=lambda name: (name not in ("CPU", "GPU"), name))
    return ", ".join(f"{_own_name(name)}={amount_text(name, bundle[name])}" for name in order)


def amount_text(name: str, amount: float) -> str:
    """Return an amount of a resource as a person reads it: memory as ``14.5GiB`` or ``256MiB``.

    Args:
        name: Of the resource, in any spelling.
        amount: How much; of memory in bytes.
    """
    if name not in _BYTES or not amount:
        return f"{amount:g}"
    gib = amount / 2**30
    return f"{gib:.1f}GiB" if gib >= 1 else f"{1024 * gib:.4g}MiB"


def _on_node(bundle: Bundle, node: Bundle) -> int:
    if not bundle:
        return 1_000_000
    gpus = bundle.get("GPU", 0)
    rest = {name: amount for name, amount in bundle.items() if name != "GPU"}
    counts = [int((node.get(name, 0) + _STEP / 2) / amount) for name, amount in rest.items()]
    if gpus:
        counts.append(_gpu_slots(gpus, node.get("GPU", 0)))
    return min(counts)


def _gpu_slots(share: float, gpus: float) -> int:
    """Shares of a GPU don't span GPUs: two of 0.6 need two of them."""
    if share >= 1:
        return int(gpus // share)
    return int(gpus) * int((1 + _STEP / 2) / share)


def _most(name: str, nodes: Sequence[Bundle]) -> float:
    return max((node.get(name, 0) for node in nodes), default=0)


def _own_name(name: str) -> str:
    return {"CPU": "cpu", "GPU": "gpu"}.get(name, name)


def _shown(node: Bundle) -> dict[str, float]:
    return {
        name: amount
        for name, amount in node.items()
        if not name.startswith(_HIDDEN) and name != "memory"
    }
