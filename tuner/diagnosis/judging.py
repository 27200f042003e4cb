"""From what was seen of a cluster to what is well and what is wrong, one rule per check.

Each rule yields its findings, and says so where all is well: what was looked at is worth knowing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tuner.diagnosis.facts import ClusterFacts, NodeFacts, Versions
from tuner.diagnosis.findings import Diagnosis, Finding, Level
from tuner.plurals import counted

__all__ = ["judge"]

_GIB = 2**30
_DISK_FULL = 0.95  # Ray's own local_fs_capacity_threshold: from there on it spills no more
_DISK_LOW = 0.90
_CLOCK_OFF_S = 2.0
_CLOCK_WRONG_S = 30.0  # half of what makes another driver's lock look abandoned


def judge(facts: ClusterFacts) -> Diagnosis:
    """Return what is well and what is wrong with a cluster."""
    seen = [node for node in facts.nodes if not node.failure]
    findings = [*_answers(facts.nodes)]
    for rule in _RULES:
        findings.extend(rule(facts, seen))
    return Diagnosis(facts.address, len(facts.nodes), tuple(findings))


def _answers(nodes: Sequence[NodeFacts]) -> Iterator[Finding]:
    silent = [node for node in nodes if node.failure]
    for node in silent:
        yield _bad(
            "nodes",
            f"a task on it came to nothing: {node.failure}",
            [node],
            "see its raylet's log below /tmp/ray/session_latest/logs; restart Ray there",
        )
    if not silent:
        names = ", ".join(node.name for node in nodes)
        yield _good("nodes", f"{counted(len(nodes), 'node')} ran a task: {names}")


def _python_and_ray(facts: ClusterFacts, seen: Sequence[NodeFacts]) -> Iterator[Finding]:
    own, fine = facts.driver, True
    pairs: tuple[tuple[str, Callable[[Versions], str]], ...] = (
        ("Ray", lambda versions: versions.ray),
        ("Python", lambda versions: ".".join(versions.python.split(".")[:2])),
    )
    for what, version in pairs:
        for theirs, nodes in _by_version(seen, version).items():
            if theirs != version(own):
                fine = False
                yield _bad(
                    "versions",
                    f"{what} is {theirs} there and {version(own)} on the driver",
                    nodes,
                    f"install {what} {version(own)} there, or run the driver with {theirs}: "
                    "code that one pickles the other must load",
                )
    if fine:
        yield _good(
            "versions", f"Ray {own.ray} and Python {own.python} on the driver and all nodes"
        )


def _tuner(facts: ClusterFacts, seen: Sequence[NodeFacts]) -> Iterator[Finding]:
    own, fine = facts.driver.tuner, True
    if facts.hidden_by is not None:
        message = f"workers import {facts.hidden_by} in place of the installed tuner"
        remedy = "rename it, or start sweeps from another folder"
        yield Finding("tuner", Level.error, message, ("the driver",), remedy)
        return  # what nodes say of tuner is said of that
    for node in seen:
        versions = node.versions
        if versions is not None and versions.tuner is None:
            fine = False
            why = versions.tuner_error or "it is not installed"
            remedy = "install tuner there, into the Python that Ray runs on"
            yield _bad("tuner", f"tuner cannot be imported: {why}", [node], remedy)
    for theirs, nodes in _by_version(seen, lambda versions: versions.tuner or "").items():
        if theirs and theirs != own:
            fine = False
            message = f"tuner is {theirs} there and {own} on the driver"
            yield _bad("tuner", message, nodes, f"install tuner {own} there")
    if fine:
        yield _good("tuner", f"tuner {own} can be imported on all nodes")


def _storage(facts: ClusterFacts, seen: Sequence[NodeFacts]) -> Iterator[Finding]:
    path = facts.storage_path
    if path is None:
        return
    if facts.storage_error:
        remedy = _reach_it(path)
        yield Finding("storage", Level.error, facts.storage_error, ("the driver",), remedy)
        return
    strangers = [node for node in seen if node.storage is not None and not node.storage.shared]
    for node in strangers:
        yield _bad("storage", f"{path} {_strangeness(node)}", [node], _mount_it(path))
    if not strangers:
        yield _good("storage", f"{path} was written and read back from all nodes")


def _strangeness(node: NodeFacts) -> str:
    sight = node.storage
    if sight is None or not sight.error:
        return "is another folder there: what the driver writes is not seen"
    return f"cannot be used there: {sight.error}"


def _reach_it(path: str) -> str:
    if path.startswith("s3://"):
        return (
            "check the bucket's name, the credentials (AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or s3://KEY:SECRET@BUCKET/...), and where it is: "
            "?region=..., and off AWS ?endpoint_override=HOST:PORT"
        )
    if "://" in path:
        return "check its name, the driver's credentials for it, and the network"
    return "make it writable, or choose another --storage-path"


def _mount_it(path: str) -> str:
    if "://" in path:
        return "give that node the network access and the credentials that the driver has"
    return (
        "mount the driver's file system there, or choose a --storage-path that all nodes see; "
        "checkpoints would be lost without a word"
    )


def _gpus(facts: ClusterFacts, seen: Sequence[NodeFacts]) -> Iterator[Finding]:
    fine = True
    for node in seen:
        versions, usable = node.versions, node.gpus_by_torch
        if usable is None:
            if node.gpus and versions is not None and versions.torch is None:
                fine = False
                message = f"Ray has {counted(node.gpus, 'GPU')} and there is no torch to use them"
                yield _odd("gpus", message, [node], "install torch there, if trials need it")
        elif node.gpus > usable:
            fine = False
            build = versions.torch if versions is not None else ""
            yield _bad(
                "gpus",
                f"Ray hands out {counted(node.gpus, 'GPU')} and torch {build} can use {usable}",
                [node],
                "install torch's build for the CUDA of that node's driver, or start Ray there "
                f"with --num-gpus {usable}",
            )
        elif node.gpus < usable:
            fine = False
            message = f"torch can use {counted(usable, 'GPU')} and Ray hands out {node.gpus:g}"
            remedy = f"start Ray there with --num-gpus {usable}, unless that is on purpose"
            yield _odd("gpus", message, [node], remedy)
    if fine:
        total = sum(node.gpus for node in seen)
        yield _good("gpus", f"{counted(total, 'GPU')}, for Ray and for torch" if total else "none")


def _disk(facts: ClusterFacts, seen: Sequence[NodeFacts]) -> Iterator[Finding]:
    known = [node for node in seen if node.disk_total]
    fine = True
    for node in known:
        used = 1 - node.disk_free / node.disk_total
        if used < _DISK_LOW:
            continue
        fine = False
        message = f"Ray's disk is {used:.0%} full, {node.disk_free / _GIB:.1f} GiB are free"
        remedy = "make room there, or start Ray there with another --temp-dir"
        yield (_bad if used >= _DISK_FULL else _odd)("disk", message, [node], remedy)
    if fine and known:
        least = min(node.disk_free for node in known) / _GIB
        yield _good("disk", f"at least {least:.1f} GiB free for Ray on every node")


def _object_store(facts: ClusterFacts, seen: Sequence[NodeFacts]) -> Iterator[Finding]:
    small = [node for node in seen if 0 < node.shared_memory < node.object_store]
    for node in small:
        yield _odd(
            "object store",
            f"it may take {node.object_store / _GIB:.1f} GiB, and /dev/shm has "
            f"{node.shared_memory / _GIB:.1f} GiB: what is beyond goes to the disk",
            [node],
            "enlarge /dev/shm (docker run --shm-size, an emptyDir of medium Memory), or start Ray "
            "there with a smaller --object-store-memory",
        )
    if not small and seen:
        least = min(node.object_store for node in seen) / _GIB
        yield _good("object store", f"at least {least:.1f} GiB of shared memory on every node")


def _clocks(facts: ClusterFacts, seen: Sequence[NodeFacts]) -> Iterator[Finding]:
    off = [node for node in seen if abs(node.clock_ahead_s) >= _CLOCK_OFF_S]
    for node in off:
        ahead = node.clock_ahead_s
        way = "ahead of" if ahead > 0 else "behind"
        level = _bad if abs(ahead) >= _CLOCK_WRONG_S else _odd
        message = f"its clock is {abs(ahead):.0f} s {way} the driver's"
        yield level("clock", message, [node], "synchronise it (chronyc makestep, or NTP)")
    if not off:
        yield _good("clock", f"all nodes' within {_CLOCK_OFF_S:g} s of the driver's")


def _authentication(facts: ClusterFacts, seen: Sequence[NodeFacts]) -> Iterator[Finding]:
    if facts.token:
        yield _good("authentication", "Ray asks for a token")
    elif len({node.address for node in seen}) > 1:
        yield Finding(
            "authentication",
            Level.warning,
            "Ray asks for no token: whoever reaches a port of it can run code on every node",
            remedy="RAY_AUTH_MODE=token and the same ~/.ray/auth_token (ray get-auth-token "
            "--generate) for the driver and every `ray start`",
        )
    else:
        yield _good("authentication", "no token, on one machine")


def _ports(facts: ClusterFacts, seen: Sequence[NodeFacts]) -> Iterator[Finding]:
    opened = sorted({each.process for node in seen for each in node.listeners})
    several = len({node.address for node in seen}) > 1
    if not opened:
        yield _good("ports", "nothing of Ray listens beyond loopback")
    elif facts.token:
        yield _good("ports", f"what listens beyond loopback asks for a token: {', '.join(opened)}")
    elif not several:
        nodes = [node for node in seen if node.listeners]
        message = f"{', '.join(opened)} can be reached from outside, and no token is asked for"
        yield _odd("ports", message, nodes, _ON_LOOPBACK)
    elif not _DOORS.keys() & set(opened):
        yield _good("ports", f"only what nodes need of each other: {', '.join(opened)}")
    for node in seen if several and not facts.token else ():
        for door in (each for each in node.listeners if each.process in _DOORS):
            message = f"the {door.process} listens on {door.address}:{door.port}, without a token"
            yield _odd("ports", message, [node], _DOORS[door.process])


_ON_LOOPBACK = (
    "RAY_AUTH_MODE=token; or RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0 for `ray start`, if you use it, "
    "and for every driver, tuner's too: Ray then listens on loopback only, on Linux as well"
)
"""``--node-ip-address=127.0.0.1`` does not: `ray start` puts the machine's own address in its place
(Ray 2.60)."""

_DOORS = {
    "dashboard": "ray start --dashboard-host=127.0.0.1, and reach it by ssh -L 8265:127.0.0.1:8265",
    "client server": "tuner needs none: close the port in the firewall, or turn tokens on",
}
"""What only people use: nodes do not need to reach it."""

_RULES: tuple[Callable[[ClusterFacts, Sequence[NodeFacts]], Iterator[Finding]], ...] = (
    _python_and_ray,
    _tuner,
    _storage,
    _gpus,
    _disk,
    _object_store,
    _clocks,
    _authentication,
    _ports,
)


def _by_version(
    nodes: Sequence[NodeFacts], version: Callable[[Versions], str]
) -> dict[str, list[NodeFacts]]:
    found: dict[str, list[NodeFacts]] = {}
    for node in nodes:
        if node.versions is not None:
            found.setdefault(version(node.versions), []).append(node)
    return found


def _good(check: str, message: str) -> Finding:
    return Finding(check, Level.ok, message)


def _odd(check: str, message: str, nodes: Sequence[NodeFacts], remedy: str) -> Finding:
    return Finding(check, Level.warning, message, tuple(node.name for node in nodes), remedy)


def _bad(check: str, message: str, nodes: Sequence[NodeFacts], remedy: str) -> Finding:
    return Finding(check, Level.error, message, tuple(node.name for node in nodes), remedy)
