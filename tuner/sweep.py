"""`run` and `resume`: one scenario, one scheduler, one searcher, from the call to the Parquet."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from ray.tune import Callback

from tuner.driver import Driver, Enough
from tuner.errors import SpecError, SweepBusyError
from tuner.options import SweepOptions
from tuner.places import Uri, place_of
from tuner.planning import Plan, resolve_plan
from tuner.progress import make_view
from tuner.public_data import find_data
from tuner.replanning import ResumeOptions, replan
from tuner.runtime.connect import quiet_ray
from tuner.scenario import Scenario
from tuner.spec import SweepSpec
from tuner.store import Sweep, load
from tuner.store.driving import DriverFolder
from tuner.store.staging import create_folder, open_folder

__all__ = ["Enough", "resume", "resume_until", "run", "run_plan"]


def run(scenario: str | Scenario, **options: Unpack[SweepOptions]) -> Sweep:
    """Run a sweep, blocking until it ended, and return it.

    Args:
        scenario: A `Scenario`, or how to load one: a bundled name, ``"pkg.module"``, or the path
            of a ``.py`` file.
        **options: The keywords of `tuner.SweepOptions`, explained in `tuner.SweepSpec`. Without
            any, ASHA stops trials that HyperOpt's TPE suggests.

    Returns:
        The sweep, readable with pandas. A failed trial does not raise; see ``Sweep.exit_code``.
        After Ctrl-C or SIGTERM it is the sweep as far as it went; `resume` goes on with it.

    Raises:
        UsageError: The call, scenario, folder or request for resources cannot work.
        SweepFailedError: The sweep could not be carried on; what was reported is kept.
    """
    plan = resolve_plan(scenario, options)
    return run_plan(
        plan,
        callbacks=_checked(options.get("callbacks", ())),
        progress=options.get("progress", "auto"),
    )


def run_plan(
    plan: Plan,
    *,
    callbacks: Sequence[Callback] = (),
    progress: str = "auto",
    enough: Enough | None = None,
) -> Sweep:
    """Run a sweep that is planned already, at most until ``enough``; as `run` otherwise."""
    _check_data(plan)
    view = make_view(progress, sys.stderr)
    folder = create_folder(plan.storage / plan.spec.name)
    view.message(f"the sweep is written to {folder.place}")  # before Ray starts, which takes long
    with quiet_ray():
        try:
            driver = Driver(plan, folder, view, callbacks, enough=enough)
        except SweepBusyError:  # another process took the name at the same moment
            view.close()
            raise
        except BaseException:
            folder.discard()  # nothing ran: the name stays free
            view.close()
            raise
        driver.carry_out()
    return load(folder.place)


def resume(
    path: str | Path | Uri,
    *,
    scenario: str | Scenario | None = None,
    **changes: Unpack[ResumeOptions],
) -> Sweep:
    """Go on with a sweep that was stopped, was killed, or has ended and is to be extended.

    Scheduler and searcher are brought to where they were by replaying the sweep's record. Trials
    that ended are not run again; those that ran go on from their last checkpoint, or from the
    beginning where they have none.

    Args:
        path: The sweep's folder, which may have moved, or its URI.
        scenario: Where to get the scenario from, if it is not stored (it was built in Python) or
            has moved; it must be the one that the sweep was started with.
        **changes: The keywords of `tuner.ResumeOptions`: what shall be different from now on.

    Returns:
        The sweep, as `run` does.

    Raises:
        UsageError: There is no sweep, another process works on it, or a change cannot be made.
        SweepFailedError: The sweep could not be carried on; what was reported is kept.
    """
    return resume_until(None, path, scenario=scenario, **changes)


def resume_until(
    enough: Enough | None,
    path: str | Path | Uri,
    *,
    scenario: str | Scenario | None = None,
    **changes: Unpack[ResumeOptions],
) -> Sweep:
    """Go on with a sweep, at most until ``enough``; as `resume` otherwise."""
    callbacks = _checked(changes.get("callbacks", ()))
    folder = open_folder(place_of(path))
    try:
        stored = load(folder.layout.root)
        plan = _replanned(stored, folder, scenario, changes)
        _check_data(plan)
        view = make_view(changes.get("progress", "auto"), sys.stderr)
    except BaseException:
        folder.release()
        raise
    if folder.place == folder.layout.root and _is_complete(stored, plan.spec):
        folder.release()
        view.message(f"{folder.place} has finished: nothing is left to do, unless you extend it")
        view.close()
        return stored
    with quiet_ray():
        try:
            driver = Driver(plan, folder, view, callbacks, stored=stored, enough=enough)
        except BaseException:
            view.close()
            raise
        driver.carry_out()
    return load(folder.place)


def _replanned(
    stored: Sweep,
    folder: DriverFolder,
    scenario: str | Scenario | None,
    changes: ResumeOptions,
) -> Plan:
    if stored.state.get("imported_from"):
        raise SpecError(
            f"{folder.place} was imported from {stored.state['imported_from']}, which says too "
            "little of its scheduler and searcher to go on; start a sweep of your own"
        )
    if stored.state.get("simulated"):
        raise SpecError(
            f"{folder.place} was simulated, so none of its trials can train on; simulate it again "
            "with other options (tuner simulate), or run the sweep (tuner run)"
        )
    return replan(stored.spec, folder.place, scenario, changes)


def _check_data(plan: Plan) -> None:
    """Find the public data that trials will read.

    Raises:
        MissingDependencyError: It is not on this machine.
    """
    for name in plan.scenario.data:
        find_data(name)


def _is_complete(stored: Sweep, wanted: SweepSpec) -> bool:
    """Return whether every trial that is wanted has ended, for as long as is wanted."""
    state, was = stored.state, stored.spec
    by_itself = state.get("status") == "finished" and not state.get("message")
    return by_itself and (was.num_samples, was.max_t) == (wanted.num_samples, wanted.max_t)


def _checked(callbacks: Sequence[Callback]) -> Sequence[Callback]:
    for callback in callbacks:
        if not isinstance(callback, Callback):
            raise SpecError(f"callbacks must be ray.tune.Callback objects, got {callback!r}")
    return callbacks
