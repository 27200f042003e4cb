"""`refine`: from coarse to fine, in rounds, each a sweep of its own beside the one it refines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack, cast

from ray.tune import Callback

from tuner.budgets import Budget
from tuner.errors import SpecError, StorageError
from tuner.option_values import whole
from tuner.options import SweepOptions
from tuner.places import Uri
from tuner.playbook.refinement.lineage import lineage_of
from tuner.playbook.refinement.refining import Refinement, propose_refinement
from tuner.playbook.refinement.round_planning import next_lineage, plan_round, storage_of
from tuner.playbook.studied import has_ended
from tuner.scenario import Scenario
from tuner.store import Sweep, load
from tuner.store.record import SweepRecord
from tuner.stored_scenarios import stored_scenario
from tuner.sweep import resume, run_plan

__all__ = ["refine"]


def refine(
    path: str | Path | Uri | SweepRecord,
    *,
    rounds: int = 0,
    scenario: str | Scenario | None = None,
    nuisance: Iterable[str] = (),
    fix: Mapping[str, Any] | None = None,
    importance: Mapping[str, float] | None = None,
    budget: Budget | str | None = None,
    tell: Callable[[Refinement], None] | None = None,
    **options: Unpack[SweepOptions],
) -> Refinement:
    """Propose the next space after a sweep, and search it, as often as is asked for.

    Each round is a sweep beside the one that it refines, called ``NAME-r1``, ``NAME-r2`` and so
    on, whose searcher has learned from that one first. A round that is there already is gone on
    with where it stopped, and not run again. Its space is stored with it: `tuner.resume` needs
    nothing else.

    Args:
        path: The sweep, or where it lies.
        rounds: How many sweeps to run; 0 only proposes.
        scenario: Where to get the scenario from, if it is not stored (it was built in Python) or
            has moved.
        nuisance: Scientific hyperparameters that shall be refined like the others.
        fix: Values of hyperparameters that shall stay from now on.
        importance: See `tuner.playbook.refinement.refining.propose_refinement`.
        budget: Of each round, as of `tuner.explore`; None for as many trials as the sweep had.
        tell: Called with what is proposed before each round that begins.
        **options: Those of `tuner.run`, for the rounds that begin. Without them, a round is run as
            the sweep was; a searcher that does not learn makes room for ``hyperopt``.

    Returns:
        What is proposed after the last round; it has the rounds in ``sweeps``.

    Raises:
        UsageError: As of `tuner.run`; or the sweep has not ended, cannot go on, or a name is
            unknown.
        SweepFailedError: A round could not be carried on; what was reported is kept.
    """
    whole("rounds", rounds, at_least=0)
    if options and not rounds:
        raise SpecError(f"{', '.join(options)}: for sweeps to be run, got rounds=0; name rounds")
    sweep: SweepRecord = path if isinstance(path, SweepRecord) else load(path)
    chosen = {"nuisance": nuisance, "fix": fix, "importance": importance}
    done: list[Sweep] = []
    for _ in range(rounds):
        parent = _finished(sweep)
        there = _round_after(parent, options)
        if there is None:
            proposal = _proposed(parent, scenario, **chosen)
            if not proposal.is_new:
                break
            if tell is not None:
                tell(proposal)
            there = _start(parent, proposal, scenario, budget, options)
        elif not has_ended(there):
            progress = options.get("progress", "auto")
            there = resume(there.place, scenario=scenario, progress=progress)
        done.append(there)
        sweep = there
        if not has_ended(there):
            break
    return replace(_proposed(sweep, scenario, **chosen), sweeps=tuple(done))


def _proposed(sweep: SweepRecord, scenario: str | Scenario | None, **chosen: Any) -> Refinement:
    space = None
    if scenario is not None:
        space = stored_scenario(sweep.spec, scenario).space
    return propose_refinement(sweep, space=space, **chosen)


def _finished(sweep: SweepRecord) -> Sweep:
    """Return a sweep that can be refined by running another one."""
    if not isinstance(sweep, Sweep) or sweep.state.get("simulated"):
        raise SpecError(
            "a round trains, and the sweep was simulated; read the proposal (rounds=0), and "
            "simulate its space"
        )
    status = sweep.state.get("status")
    if status != "finished":
        raise SpecError(
            f"a sweep is refined when it has ended, and {sweep.place} is {status}; go on with it "
            f"first: tuner resume {sweep.place}"
        )
    return sweep


def _round_after(parent: Sweep, options: SweepOptions) -> Sweep | None:
    """Return the round that follows a sweep, if it is there.

    Raises:
        SpecError: Another sweep has its name.
    """
    place = storage_of(parent, options) / next_lineage(parent).name
    try:
        there = load(place)
    except StorageError:
        return None
    lineage = lineage_of(there.spec)
    if lineage is None or not lineage.follows(parent.spec):
        raise SpecError(
            f"the next round of {parent.place} is called {place.name}, and {place} is another "
            "sweep; move it, or name another folder (--storage-path, storage_path=)"
        )
    return there


def _start(
    parent: Sweep,
    proposal: Refinement,
    scenario: str | Scenario | None,
    budget: Budget | str | None,
    options: SweepOptions,
) -> Sweep:
    """Run the sweep of a proposal."""
    given = dict(options)
    callbacks = cast("Sequence[Callback]", given.pop("callbacks", ()))
    progress = str(given.pop("progress", "auto"))
    plan = plan_round(parent, proposal, scenario, budget, cast(SweepOptions, given))
    return run_plan(plan, callbacks=callbacks, progress=progress)
