"""The steps that search: the exploration, and the rounds of refine.

Each can be called again wherever it was cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tuner.budgets import Budget
from tuner.errors import NoResultError
from tuner.pipeline.choosing import choose_winner
from tuner.pipeline.settling import plan_explorer, round_options
from tuner.pipeline.steps import Outcome, StepName
from tuner.pipeline.work import Work
from tuner.playbook.positions import searchable
from tuner.playbook.refinement.lineage import lineage_of
from tuner.playbook.refinement.refining import propose_refinement
from tuner.playbook.refinement.round_planning import plan_round
from tuner.playbook.studied import has_ended
from tuner.plurals import counted
from tuner.searchers.parameters import parameters
from tuner.space import domains, python_text, to_json
from tuner.store import Sweep, TrialResult, load
from tuner.stored_scenarios import stored_scenario

__all__ = ["explore_space", "refine_space"]

_ONE_LINE = 10_000


def explore_space(work: Work) -> Outcome:
    """Cover the space evenly.

    Raises:
        NoResultError: No trial has a finite value, so that there is nothing to go on with.
    """
    settled, place = work.settled, work.folder.exploration
    sweep = work.go_on(place)
    if sweep is None:
        share = Budget(settled.division.explore, settled.division.budget.unit)
        request, seed = settled.request, settled.seed
        plan = plan_explorer(request, work.scenario, share, seed, work.running, place).plan
        sweep = work.run(plan, share)
    if not has_ended(sweep):
        return _cut_off("explore", sweep)
    best = sweep.best()
    return Outcome(
        "explore",
        "done",
        f"{counted(len(sweep.trials()), 'trial')} with {sweep.spec.arm}; best {sweep.metric} "
        f"{best.value:.4g} ({best.trial_id})",
        result={**_facts(sweep), "space": _space(sweep), "roles": dict(sweep.spec.roles)},
    )


def refine_space(work: Work) -> Outcome:
    """Search from coarse to fine, in rounds; where nothing follows, in the same space."""
    amounts = work.settled.division.rounds
    if not amounts:
        return Outcome("refine", "skipped", work.settled.division.why_no_rounds)
    searched = [load(work.folder.exploration)]
    notes = []
    for number, amount in enumerate(amounts, 1):
        sweep = _round(work, searched[-1], number, amount)
        if sweep is None:
            notes.append(f"nothing is left to search after {searched[-1].name}: all is fixed")
            break
        if not has_ended(sweep):
            return _cut_off("refine", sweep)
        searched.append(sweep)
    explored, *rounds = searched
    if not rounds:
        return Outcome("refine", "skipped", notes[0])
    longest = max(sweep.spec.max_t for sweep in rounds)
    if longest > explored.spec.max_t:
        notes.append(
            f"training was lengthened to {work.settled.time_attr} {longest}, so that adopt and "
            "finalize may take more than was planned"
        )
    result = {"rounds": [{**_facts(sweep), "changes": _changes(sweep)} for sweep in rounds]}
    return Outcome("refine", "done", _gist(explored, rounds), tuple(notes), result)


def _round(work: Work, parent: Sweep, number: int, amount: float) -> Sweep | None:
    """Return a round after it was run, or gone on with; None if nothing is left to search."""
    sweep = work.go_on(work.folder.round(number))
    if sweep is not None:
        return sweep
    space = stored_scenario(parent.spec, work.scenario).space
    proposal = propose_refinement(parent, space=space)
    if not parameters(searchable(to_json(proposal.space))):
        return None
    budget = Budget(amount, work.settled.division.budget.unit)
    options = round_options(work.settled.request)
    return work.run(plan_round(parent, proposal, work.scenario, budget, options), budget)


def _gist(explored: Sweep, rounds: Sequence[Sweep]) -> str:
    best = choose_winner([explored, *rounds])
    trials = sum(len(sweep.trials()) for sweep in rounds)
    return (
        f"{counted(len(rounds), 'round')}, {counted(trials, 'trial')}; best {explored.metric} "
        f"{best.trial.value:.4g} ({best}), after {explored.best().value:.4g} in the exploration"
    )


def _cut_off(step: StepName, sweep: Sweep) -> Outcome:
    told = sweep.state.get("message") or f"after {counted(len(sweep.trials()), 'trial')}"
    return Outcome(step, "interrupted", f"{sweep.name} is {sweep.state.get('status')} ({told})")


def _facts(sweep: Sweep) -> dict[str, Any]:
    """Return what is told of a sweep that has ended."""
    trials, ranked = sweep.trials(), _ranked(sweep)
    best = ranked[0] if ranked else None
    return {
        "name": sweep.name,
        "arm": sweep.spec.arm,
        "max_t": sweep.spec.max_t,
        "trials": len(trials),
        "outcomes": {str(name): int(n) for name, n in trials["outcome"].value_counts().items()},
        "best": best and {"trial": best.trial_id, "value": best.value, "config": best.config},
        "median": ranked[len(ranked) // 2].value if ranked else None,
    }


def _ranked(sweep: Sweep) -> list[TrialResult]:
    """Return the trials with a finite value, the best first."""
    try:
        return sweep.best(max(2, len(sweep.trials())))
    except NoResultError:
        return []


def _space(sweep: Sweep) -> dict[str, str]:
    """Return the domains of a sweep's space as Python source, by flat name."""
    plain = searchable(sweep.spec.space)  # functions are not stored; what stands for them will do
    return {name: python_text(each, width=_ONE_LINE) for name, each in domains(plain).items()}


def _changes(sweep: Sweep) -> list[dict[str, Any]]:
    lineage = lineage_of(sweep.spec)
    return [] if lineage is None else [change.to_json() for change in lineage.changes]
