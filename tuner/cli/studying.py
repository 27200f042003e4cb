"""``tuner study``: the playbook as one chain, from a scenario and a budget to a model."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from tuner.cli import run_options as opt
from tuner.cli.exploring import Fix, Like, Nuisance, Scientific, SecondsPerEpoch, fixed_values
from tuner.cli.known_names import DEFAULT_SEARCHER, SCHEDULERS, SEARCHERS, check_names
from tuner.cli.launch import stdout_kept_clean
from tuner.cli.launch_file import is_launch_file, with_launch_file
from tuner.cli.locate import DEFAULT_STORAGE, where
from tuner.cli.option_names import errors_name_options
from tuner.cli.reading import AsJson
from tuner.cli.resume import ScenarioPlace
from tuner.cli.run import options_of_run
from tuner.cli.shared_options import also_takes
from tuner.cli.spellings import duration_s
from tuner.cli.strict_json import dumps
from tuner.errors import SpecError
from tuner.plurals import counted

if TYPE_CHECKING:
    from tuner.pipeline.outcome import Step, Study
    from tuner.pipeline.settled import Settled

__all__ = ["study"]

_BUDGET, _STEPS = "How long", "Steps"
_SEARCH, _RECORD = "What to try", "Record and output"
_REFUSED = ("num_samples", "time_budget", "warm_start")


class LastStep(StrEnum):
    """After which step to stop."""

    explore = "explore"
    audit = "audit"
    refine = "refine"
    adopt = "adopt"
    finalize = "finalize"


def _option(group: str, text: str, *names: str, metavar: str | None = None) -> Any:
    return typer.Option(
        *names, help=text, metavar=metavar, rich_help_panel=group, show_default=False
    )


Target = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO|PATH",
        help="With --budget a scenario (as of tuner run) or a launch file; without it the folder "
        "of a study, or its name below ./results, to go on with.",
        show_default=False,
    ),
]
StudyBudget = Annotated[
    str | None,
    _option(
        _BUDGET, "Of all steps together: 200trials, 5000epochs, 8h, 8gpuh.", "--budget",
        metavar="N<UNIT>",
    ),
]  # fmt: skip
Weight = Annotated[
    list[str] | None,
    _option(
        _BUDGET, "How the budget is shared; 0 leaves refine or adopt out; repeatable. "
        "[dim](default: explore=45, refine=45, adopt=10)[/]",
        metavar="STEP=WEIGHT",
    ),
]  # fmt: skip
Cluster = Annotated[
    str | None,
    _option(
        _BUDGET, "Where it is to run, for budgets of wall time: 2x4gpu; as of tuner plan.",
        metavar="CLUSTER",
    ),
]  # fmt: skip
Until = Annotated[LastStep | None, _option(_STEPS, "Take no further step for now than this one.")]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict", help="Stop where a check of the audit fails that no later step answers.",
        metavar="", rich_help_panel=_STEPS,
    ),
]  # fmt: skip
Show = Annotated[
    bool,
    typer.Option(
        "--show", help="Say how the study in PATH stands; run nothing.",
        metavar="", rich_help_panel=_STEPS,
    ),
]  # fmt: skip
ExploreArm = Annotated[
    str | None,
    _option(
        _STEPS, "Explore with these. [dim](default: fifo+halton)[/]",
        metavar="SCHEDULER+SEARCHER",
    ),
]  # fmt: skip
Rounds = Annotated[
    int | None,
    _option(_STEPS, "Of refine. [dim](default: as many as pay, up to 3)[/]", metavar="N"),
]
Seeds = Annotated[
    int | None,
    _option(_STEPS, "Of adopt. [dim](default: as its share allows, 3 to 10)[/]", metavar="N"),
]
Folds = Annotated[
    int | None,
    _option(
        _STEPS, "Of a cross-validation for each of them. [dim](default: the own split)[/]",
        metavar="K",
    ),
]  # fmt: skip
Ensemble = Annotated[
    int | None,
    _option(
        _STEPS, "Make a model of the K best configurations. [dim](default: of one)[/]", metavar="K"
    ),
]
EnsembleFolds = Annotated[
    int | None,
    _option(_STEPS, "On which each of these is trained. [dim](default: 5)[/]", metavar="K"),
]


RoundScheduler = Annotated[
    str | None,
    _option(
        _SEARCH, f"Of the rounds of refine: {', '.join(SCHEDULERS)}; with keywords. "
        "[dim](default: that of --explore-arm, fifo)[/]",
        metavar="NAME:KEY=VALUE",
    ),
]  # fmt: skip
RoundSearcher = Annotated[
    str | None,
    _option(
        _SEARCH, f"Of the rounds of refine: {', '.join(SEARCHERS)}; with keywords. "
        f"[dim](default: {DEFAULT_SEARCHER}; what the scheduler needs)[/]",
        metavar="NAME:KEY=VALUE",
    ),
]  # fmt: skip
StudyName = Annotated[
    str | None,
    _option(
        _RECORD, "The study's folder below it. [dim](default: SCENARIO-study)[/]", metavar="NAME"
    ),
]
_OWN_WORDS = {"scheduler": RoundScheduler, "searcher": RoundSearcher, "name": StudyName}


@also_takes(options_of_run, but=_REFUSED, instead=_OWN_WORDS)
def study(
    target: Target,
    budget: StudyBudget = None,
    until: Until = None,
    strict: Strict = False,
    show: Show = False,
    scientific: Scientific = None,
    nuisance: Nuisance = None,
    fix: Fix = None,
    explore_arm: ExploreArm = None,
    rounds: Rounds = None,
    seeds: Seeds = None,
    folds: Folds = None,
    ensemble: Ensemble = None,
    ensemble_folds: EnsembleFolds = None,
    weight: Weight = None,
    seconds_per_epoch: SecondsPerEpoch = None,
    like: Like = None,
    cluster: Cluster = None,
    *,
    scenario: ScenarioPlace = None,
    dry_run: opt.DryRun = False,
    as_json: AsJson = False,
    **words: Any,
) -> None:
    """Explore, audit, refine, adopt and finalize a scenario, within one budget.

    Everything lies in one folder, NAME below the storage path, with the story in STUDY.md. The
    same command again, or tuner study PATH, goes on where it stopped and does nothing twice.
    --scheduler and --searcher are those of the rounds of refine: fifo and hyperopt without them.

    Exit codes: 0 fine; 1 a step failed, or --strict stopped it; 2 usage; 130 interrupted.
    """
    command = {name: value for name, value in options_of_run(**words).items() if value is not None}
    asked: dict[str, Any] = {
        "scientific": scientific,
        "nuisance": nuisance,
        "fix": fixed_values(fix) or None,
        "explore_arm": explore_arm,
        "rounds": rounds,
        "seeds": seeds,
        "folds": folds,
        "ensemble": ensemble,
        "ensemble_folds": ensemble_folds,
        "weights": _weights(weight) or None,
        "seconds_per_epoch": None
        if seconds_per_epoch is None
        else duration_s("--seconds-per-epoch", seconds_per_epoch),
        "like": None if like is None else str(where(like)),
        "cluster": cluster,
    }
    own = {name: value for name, value in asked.items() if value is not None}
    how: dict[str, Any] = {"strict": strict, "until": "finalize" if until is None else until.value}
    if budget is None:
        if not show:
            _check_is_study(target)
        _go_on(target, {**own, **command}, how, scenario, show=show, as_json=as_json)
    if show or scenario is not None:
        raise SpecError("--show and --scenario are for the folder of a study; leave out --budget")
    chosen, options = with_launch_file(target, command)
    check_names(chosen, options)
    options = {**_plain(options, as_json), **own}
    as_keywords = () if is_launch_file(target) else tuple(options)
    from tuner.pipeline.studying import plan_study
    from tuner.pipeline.studying import study as run_study

    with errors_name_options(as_keywords), stdout_kept_clean(as_json):
        if dry_run:
            settled = plan_study(chosen, budget, **options)
        else:
            found = run_study(chosen, budget, **how, **options, tell=_tell)
    if dry_run:
        typer.echo(dumps(settled.to_json()) if as_json else "\n".join(_planned(settled)))
        return
    _conclude(found, as_json)


def _go_on(
    target: str,
    options: dict[str, Any],
    how: dict[str, Any],
    scenario: str | None,
    *,
    show: bool,
    as_json: bool,
) -> NoReturn:
    """Go on with the study in a folder, or show it, and exit."""
    from tuner.pipeline.studying import load_study, resume_study

    folder = _study_folder(target)
    if show:
        found = load_study(folder)
    else:
        with errors_name_options(options), stdout_kept_clean(as_json):
            running = _plain(options, as_json)
            found = resume_study(folder, scenario=scenario, **how, **running, tell=_tell)
    _conclude(found, as_json)


def _conclude(found: Study, as_json: bool) -> NoReturn:
    from tuner.cli.tables import with_shown_path

    typer.echo(dumps(found.to_json()) if as_json else with_shown_path(str(found), found.folder))
    raise typer.Exit(found.exit_code)


def _study_folder(target: str) -> Path:
    """Return a study's folder by its path, or by its name below the default folder."""
    here, named = Path(target).expanduser(), DEFAULT_STORAGE / target
    return named if not here.is_dir() and named.is_dir() else here


def _check_is_study(target: str) -> None:
    """Refuse a scenario, which begins a study, without a budget.

    Raises:
        SpecError: It is one.
    """
    from tuner.scenario.bundled import bundled_scenarios

    folder = _study_folder(target)
    if folder.is_file() or (not folder.is_dir() and target in bundled_scenarios()):
        raise SpecError(
            f"--budget is missing, and a study of {target} begins with one, such as --budget "
            "200trials"
        )


def _plain(options: dict[str, Any], as_json: bool) -> dict[str, Any]:
    return {"progress": "lines", **options} if as_json else options


def _tell(step: Step) -> None:
    """Say on stderr that a step begins, or what it came to."""
    typer.echo(f"[{step.name}] {step.headline or 'begins'}", err=True)
    for note in step.notes:
        typer.echo(f"  {note}", err=True)


def _planned(settled: Settled) -> Sequence[str]:
    from tuner.budgets import budget_text
    from tuner.pipeline.dividing import amount_text
    from tuner.pipeline.steps import STEPS

    division = settled.division
    budget = budget_text(division.budget)
    lines = [f"{settled.scenario}: {settled.metric} ({settled.mode}), {budget}"]
    for step in STEPS:
        amount = division.planned(step)
        told = amount_text(amount, division.budget.unit) if amount else "-"
        lines.append(f"{step:9} {told}")
    if division.rounds:
        each = amount_text(division.rounds[0], division.budget.unit)
        lines.append(f"refine in {counted(len(division.rounds), 'round')} of {each}")
    else:
        lines.append(f"no refine: {division.why_no_rounds}")
    if division.seeds:
        lines.append(f"adopt over {counted(division.seeds, 'seed')}")
    lines.append(f"finalize: {settled.final}" + (f" ({w})" if (w := settled.why_final) else ""))
    return lines


def _weights(texts: Sequence[str] | None) -> dict[str, float]:
    weights: dict[str, float] = {}
    for text in texts or ():
        step, _, number = text.partition("=")
        try:
            weights[step.strip()] = float(number)
        except ValueError:
            message = f"--weight takes STEP=WEIGHT, such as refine=60; got {text!r}"
            raise SpecError(message) from None
    return weights
