"""The steps that confirm what was found, and use it: adopt and finalize.

Each can be called again wherever it was cut off.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tuner.pipeline.choosing import Chosen, choose_baseline, choose_winner, selection
from tuner.pipeline.steps import Outcome
from tuner.pipeline.work import Work
from tuner.playbook.adoption.adopting import adopt
from tuner.playbook.adoption.outcome import Adoption, Repeated
from tuner.playbook.finalization.finalizing import finalize
from tuner.playbook.finalization.model_card import Finalization
from tuner.store import load

__all__ = ["adopt_winner", "finalize_model"]


def adopt_winner(work: Work) -> Outcome:
    """Train the best trial of all sweeps and the baseline again, in pairs."""
    division, folds = work.settled.division, work.settled.request.folds
    if not division.seeds:
        return Outcome("adopt", "skipped", "the budget was divided without repeats")
    winner = choose_winner(work.searched)
    baseline = choose_baseline(load(work.folder.exploration))
    result = {"winner": _chosen(winner), "baseline": _chosen(baseline)}
    if winner.trial.config == baseline.trial.config:
        told = f"the best trial has the configuration of the baseline, {baseline.why}"
        return Outcome("adopt", "skipped", told, result=result)
    is_own = winner.sweep.path == baseline.sweep.path
    found = adopt(
        winner.sweep.path,
        seeds=division.seeds,
        folds=folds,
        trial=winner.trial.trial_id,
        baseline=baseline.trial.trial_id if is_own else baseline.trial.config,
        **work.training,
    )
    sides = [
        _side("winner", found.winner, winner),
        _side("baseline", found.baseline, baseline),
    ]
    return Outcome(
        step="adopt",
        status="done",
        headline=_verdict(found, winner),
        result={**result, "adoption": found.to_json(), "sides": sides},
    )


def finalize_model(work: Work) -> Outcome:
    """Make a model of what adopt settled on, or of the best trials together."""
    settled, request = work.settled, work.settled.request
    if settled.final == "none":
        return Outcome("finalize", "skipped", settled.why_final)
    winner = choose_winner(work.searched)
    place, told = winner.sweep.path, selection(work.searched)
    if settled.final == "ensemble":
        members, folds = request.ensemble, request.ensemble_folds
        made = finalize(place, ensemble=members, folds=folds, selection=told, **work.training)
    elif settled.final == "refit":
        made = finalize(place, selection=told, **work.training)
    else:
        kept = _kept(work, winner)
        place, label = kept.sweep.path, kept.trial.trial_id
        made = finalize(place, trial=label, refit=False, selection=told, **work.training)
    notes = [settled.why_final] if settled.why_final else []
    return Outcome(
        "finalize",
        "done",
        _measured(made),
        (*notes, *made.remarks),
        {"finalization": made.to_json(), "winner": _chosen(winner)},
    )


def _chosen(chosen: Chosen) -> dict[str, Any]:
    return {
        "sweep": chosen.sweep.name,
        "trial": chosen.trial.trial_id,
        "value": chosen.trial.value,
        "config": chosen.trial.config,
        "why": chosen.why,
    }


def _side(role: str, side: Repeated, chosen: Chosen) -> dict[str, Any]:
    return {
        "role": role,
        "in_sweep": chosen.trial.value,
        "mean": side.mean,
        "std": side.deviation,
        "repeats": len(side.values),
    }


def _verdict(found: Adoption, winner: Chosen) -> str:
    gain = found.difference
    return (
        f"{found.verdict}: {winner} gains {gain.gain:.4g} [{gain.low:.4g}, "
        f"{gain.high:.4g}] in {found.metric} over the baseline, by {found.why}"
    )


def _kept(work: Work, winner: Chosen) -> Chosen:
    """Return whose checkpoint is kept: the winner's, unless adopt said no."""
    adopted = work.folder.outcomes()["adopt"].result.get("adoption", {})
    if adopted.get("verdict") == "do not adopt":
        return choose_baseline(load(work.folder.exploration))
    return winner


def _measured(made: Finalization) -> str:
    what = f"ensemble by {made.method}" if made.method else made.kind
    told = f"{what} of {', '.join(part.label for part in made.parts)} of {Path(made.sweep).name}"
    for name in ("error", "rmse"):
        if made.test and name in made.test:
            return f"{told}; test {name} {made.test[name]}"
    return f"{told}; nothing was measured on test examples"
