"""`study`, `resume_study` and `load_study`: the playbook as one chain, in one folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias, Unpack

from tuner.budgets import Budget
from tuner.errors import ScenarioError, SpecError, SweepBusyError, TunerError, UsageError
from tuner.options import SweepOptions
from tuner.pipeline.auditing import audit_exploration
from tuner.pipeline.confirming import adopt_winner, finalize_model
from tuner.pipeline.folder import StudyFolder
from tuner.pipeline.outcome import Step, Study, read_study
from tuner.pipeline.picturing import keep_report
from tuner.pipeline.request import Request, StudyOptions, check_running, running_of
from tuner.pipeline.searching import explore_space, refine_space
from tuner.pipeline.settled import Settled, hold_to, read_settled, write_settled
from tuner.pipeline.settling import settle_study
from tuner.pipeline.spending import spent_by
from tuner.pipeline.steps import Outcome, StepName, check_step, next_step
from tuner.pipeline.story import story
from tuner.pipeline.work import Work
from tuner.places import Uri, place_of
from tuner.provenance import provenance
from tuner.scenario import Scenario, load_scenario
from tuner.store.layout import write_atomically

__all__ = ["Tell", "load_study", "plan_study", "resume_study", "study"]

Tell: TypeAlias = Callable[[Step], None]
"""Is told of each step before it begins and after it."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")

_ACTS: Mapping[StepName, Callable[[Work], Outcome]] = {
    "explore": explore_space,
    "audit": audit_exploration,
    "refine": refine_space,
    "adopt": adopt_winner,
    "finalize": finalize_model,
}


def study(
    scenario: str | Scenario,
    budget: Budget | str,
    *,
    strict: bool = False,
    until: str = "finalize",
    tell: Tell | None = None,
    **options: Unpack[StudyOptions],
) -> Study:
    """Explore a scenario, audit, refine, adopt and finalize, within a budget and in one folder.

    The same call again goes on where it stopped, however that was, and does nothing twice; another
    one is refused in the same folder. After each step the story so far is in ``STUDY.md``, and in
    pictures in ``report.html``.

    Args:
        scenario: As of `tuner.run`.
        budget: Of all steps, such as ``"200trials"``, ``"5000epochs"``, ``"8h"`` or ``"8gpuh"``.
            `tuner.pipeline.dividing` says how it is divided.
        strict: Stop where a check of the audit fails that no later step answers.
        until: The last step to take now: ``"explore"``, ``"audit"``, ``"refine"``, ``"adopt"`` or
            ``"finalize"``.
        tell: Called with each step before it begins and after it.
        **options: See `tuner.StudyOptions`. The folder is ``<scenario>-study`` below ``results``
            unless ``name`` and ``storage_path`` say otherwise.

    Returns:
        How the study stands, also after an interruption or a strict audit.

    Raises:
        UsageError: Something that is asked for cannot work, or the folder holds another study.
        TunerError: A step failed. All that was computed is kept, and the same call tries again.
    """
    last = check_step(until)
    chosen = load_scenario(scenario)
    request, running = Request.of(budget, options), running_of(options)
    folder = _folder(options, chosen)
    try:
        settled = hold_to(folder, request, chosen)
    except UsageError:
        settle_study(request, chosen, running)  # what cannot work in any folder is told first
        raise
    if settled is None:
        settled = replace(settle_study(request, chosen, running), made_with=_made_with())
        write_settled(folder, settled)
    return _carry_out(Work(folder, settled, chosen, settled.runs(running), strict), last, tell)


def plan_study(
    scenario: str | Scenario, budget: Budget | str, **options: Unpack[StudyOptions]
) -> Settled:
    """Return what `study` would settle, without writing or running anything; a seed is drawn anew.

    Raises:
        UsageError: Something that is asked for cannot work.
    """
    return settle_study(Request.of(budget, options), load_scenario(scenario), running_of(options))


def resume_study(
    path: str | Path,
    *,
    scenario: str | Scenario | None = None,
    strict: bool = False,
    until: str = "finalize",
    tell: Tell | None = None,
    **running: Unpack[SweepOptions],
) -> Study:
    """Go on with a study where it stopped; return one that is done as it is.

    Args:
        path: Its folder, which may have moved.
        scenario: Where to get the scenario from, if it was built in Python or has moved.
        strict: As of `study`, for now.
        until: Likewise.
        tell: Likewise.
        **running: How sweeps run from now on: ``address``, ``max_concurrent_trials``,
            ``progress`` and the like; what decides the study stays as it was.

    Raises:
        UsageError: There is no study, or what is asked for cannot work.
        TunerError: As of `study`.
    """
    last = check_step(until)
    check_running(running)
    folder = StudyFolder(_local(path))
    settled = read_settled(folder)
    if next_step(folder.outcomes(), last) is None:
        return read_study(folder)
    source = settled.source if scenario is None else scenario
    if source is None:
        raise ScenarioError(
            f"scenario {settled.scenario!r} was built in Python and is not stored; give it: "
            "tuner.resume_study(path, scenario=...), or --scenario"
        )
    chosen, runs = load_scenario(source), settled.runs(running_of(running))
    return _carry_out(Work(folder, settled, chosen, runs, strict), last, tell)


def load_study(path: str | Path) -> Study:
    """Return how the study in a folder stands; nothing is run.

    Raises:
        StorageError: There is none.
    """
    return read_study(StudyFolder(_local(path)))


def _carry_out(work: Work, until: StepName, tell: Tell | None) -> Study:
    """Take one step after the other, up to ``until`` or to one that does not come to its end."""
    folder = work.folder
    name, outcome = next_step(folder.outcomes(), until), None
    while name is not None and (outcome is None or outcome.has_ended):
        if outcome is not None:
            keep_report(folder, goes_on=True)
        outcome = _take(work, name, tell)
        name = next_step(folder.outcomes(), until)
    if outcome is not None and outcome.status != "interrupted":
        with suppress(KeyboardInterrupt):  # all else is done
            keep_report(folder, goes_on=False)
    return read_study(folder)


def _take(work: Work, name: StepName, tell: Tell | None) -> Outcome:
    """Take a step, and write down what it came to."""
    folder = work.folder
    folder.clear_unbegun()
    if tell is not None:
        tell(replace(read_study(folder)[name], status="waiting", headline="", notes=()))
    try:
        outcome = _ACTS[name](work)
    except SweepBusyError:
        raise  # another process takes the step
    except KeyboardInterrupt:
        outcome = Outcome(name, "interrupted", "interrupted between its trainings")
    except TunerError as error:
        outcome = _failure(folder, name, error)
        _write_down(folder, outcome)
        if outcome.status == "failed":
            raise
    _write_down(folder, outcome)
    if tell is not None:
        tell(read_study(folder)[name])
    return outcome


def _failure(folder: StudyFolder, name: StepName, error: TunerError) -> Outcome:
    """Return how a step ended that raised an error: trainings of a model may be interrupted."""
    cut_off = any(sweep.state.get("status") == "interrupted" for sweep in folder.sweeps_of(name))
    return Outcome(name, "interrupted" if cut_off else "failed", str(error))


def _write_down(folder: StudyFolder, outcome: Outcome) -> None:
    folder.record(replace(outcome, spent=spent_by(folder.sweeps_of(outcome.step))))
    write_atomically(folder.story_file, story(read_study(folder)).encode())


def _made_with() -> dict[str, Any]:
    return {"began": datetime.now(UTC).isoformat(timespec="seconds"), **provenance()}


def _folder(options: StudyOptions, scenario: Scenario) -> StudyFolder:
    name = options.get("name") or f"{scenario.name}-study"
    if not _NAME.fullmatch(name):
        raise SpecError(
            "a study's name starts with a letter or digit, followed by letters, digits, '_', '-' "
            f"or '.', got {name!r}"
        )
    return StudyFolder(_local(options.get("storage_path", "results")) / name)


def _local(path: str | Path) -> Path:
    """Return a folder of this machine.

    Raises:
        SpecError: It is a URI.
    """
    place = place_of(path)
    if isinstance(place, Uri):
        raise SpecError(
            f"a study writes its story and its model to a folder of this machine, got {place}; "
            "name a folder (--storage-path, storage_path=)"
        )
    return place.absolute()
