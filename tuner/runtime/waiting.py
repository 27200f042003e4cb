"""Waiting for a node that can hold a trial, in sight of the user and of an autoscaler."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager

from ray.util import remove_placement_group

from tuner.bundles import Shape, check_shape_fits
from tuner.errors import ResourcesError
from tuner.resources import Bundle, describe_nodes
from tuner.runtime.connect import nodes, scales
from tuner.runtime.placing import placement_of

__all__ = ["asked_for", "wait_until_fits"]


@contextmanager
def asked_for(shape: Shape) -> Iterator[None]:
    """Ask Ray for room for a trial meanwhile, so that an autoscaler sees what to add."""
    group = placement_of(shape).to_placement_group()
    try:
        yield
    finally:
        remove_placement_group(group)


def wait_until_fits(
    shape: Shape,
    timeout_s: float | None,
    say: Callable[[str], None],
    *,
    list_nodes: Callable[[], Sequence[Bundle]] = nodes,
    ask: Callable[[Shape], AbstractContextManager[None]] = asked_for,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return once some node can hold a trial, waiting in sight of the user where allowed.

    Args:
        shape: What a trial takes.
        timeout_s: How long to wait; None to wait only if an autoscaler is active.
        say: Shows a line to the user.
        list_nodes: Returns each live node's total resources.
        ask: Asks for room for a trial as long as there is none.
        clock: Seconds, monotonic.
        sleep: Passes the seconds it is given.

    Raises:
        ResourcesError: No node can hold a trial, and none is to be waited for (any longer).
    """
    started, asked = clock(), False
    with ExitStack() as until_then:
        while True:
            try:
                check_shape_fits(shape, list_nodes())
                return
            except ResourcesError:
                waited = clock() - started
                if timeout_s is None and not scales():
                    raise
                if timeout_s is not None and waited >= timeout_s:
                    raise
            if not asked:
                until_then.enter_context(ask(shape))
                asked = True
            bound = "" if timeout_s is None else f" of {timeout_s:.0f} s"
            say(
                f"waiting for a node that can hold a trial ({waited:.0f} s{bound}); "
                f"the cluster has {describe_nodes(list_nodes())}"
            )
            sleep(2.0)
