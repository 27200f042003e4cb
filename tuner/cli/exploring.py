"""The verbs ``explore`` and ``refine``: cover a space, and propose and search the next one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.cli import launch
from tuner.cli import run_options as opt
from tuner.cli.forecasting import forecast_parts
from tuner.cli.known_names import check_names
from tuner.cli.launch_file import is_launch_file, split_arm, with_launch_file
from tuner.cli.locate import open_sweep
from tuner.cli.option_names import errors_name_options
from tuner.cli.reading import AsJson, SweepPath
from tuner.cli.resume import ScenarioPlace
from tuner.cli.run import options_of_run
from tuner.cli.shared_options import also_takes
from tuner.cli.spellings import duration_s
from tuner.cli.strict_json import dumps
from tuner.errors import SpecError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tuner.playbook.exploration.exploring import Exploration
    from tuner.playbook.refinement.refining import Refinement

__all__ = ["explore", "fixed_values", "refine"]

_ROLES, _BUDGET = "Roles", "How long"

BudgetText = Annotated[
    str | None,
    typer.Option(
        "--budget", help="As many trials as fit into it: 100trials, 500epochs, 2h, 8gpuh.",
        metavar="N<UNIT>", rich_help_panel=_BUDGET, show_default=False,
    ),
]  # fmt: skip
SecondsPerEpoch = Annotated[
    str | None,
    typer.Option(
        help="How long a trial trains for a unit of its time, for budgets of time.",
        metavar="DURATION", rich_help_panel=_BUDGET, show_default=False,
    ),
]  # fmt: skip
Like = Annotated[
    str | None,
    typer.Option(
        help="An earlier sweep that says so.",
        metavar="PATH", rich_help_panel=_BUDGET, show_default=False,
    ),
]  # fmt: skip
Scientific = Annotated[
    list[str] | None,
    typer.Option(
        help="Its effect is asked for: each value gets the same number of trials; repeatable.",
        metavar="NAME", rich_help_panel=_ROLES, show_default=False,
    ),
]  # fmt: skip
Nuisance = Annotated[
    list[str] | None,
    typer.Option(
        help="Tuned for each value of the scientific ones, or refined like any other; repeatable.",
        metavar="NAME", rich_help_panel=_ROLES, show_default=False,
    ),
]  # fmt: skip
Fix = Annotated[
    list[str] | None,
    typer.Option(
        help="Stays at a value, and leaves the space; repeatable.",
        metavar="NAME=VALUE", rich_help_panel=_ROLES, show_default=False,
    ),
]  # fmt: skip


@also_takes(options_of_run)
def explore(
    scenario: opt.Scenario,
    budget: BudgetText = None,
    scientific: Scientific = None,
    nuisance: Nuisance = None,
    fix: Fix = None,
    seconds_per_epoch: SecondsPerEpoch = None,
    like: Like = None,
    *,
    dry_run: opt.DryRun = False,
    as_json: AsJson = False,
    **words: Any,
) -> None:
    """Cover a space evenly, with the same number of trials for all that is compared.

    Quasi-random search, by default without early stopping, of as many trials as the budget pays
    for. What it will take is said first; --dry-run ends there.

    Exit codes: as those of tuner run.
    """
    chosen, options = with_launch_file(scenario, options_of_run(**words))
    check_names(chosen, options)
    if isinstance(options.get("warm_start"), list):
        options["warm_start"] = [open_sweep(path) for path in options["warm_start"]]
    seconds = None
    if seconds_per_epoch is not None:
        seconds = duration_s("--seconds-per-epoch", seconds_per_epoch)
    progress = options.pop("progress", "lines" if as_json else "auto")
    from tuner.playbook.exploration.exploring import plan_exploration

    as_keywords = () if is_launch_file(scenario) else tuple(options)
    with errors_name_options(as_keywords), launch.stdout_kept_clean(as_json):
        exploration = plan_exploration(
            chosen,
            budget,
            scientific=scientific or (),
            nuisance=nuisance or (),
            fix=fixed_values(fix),
            seconds_per_epoch=seconds,
            like=None if like is None else open_sweep(like),
            **options,
        )
    if as_json and dry_run:
        typer.echo(dumps(_as_json(exploration)))
    elif not as_json:
        _print(_exploration_parts(exploration, options))
    if dry_run:
        return
    with errors_name_options(as_keywords), launch.stdout_kept_clean(as_json):
        sweep = exploration.run(progress)
    raise typer.Exit(launch.conclude(sweep, as_json))


@also_takes(options_of_run)
def refine(
    path: SweepPath,
    *,
    run: Annotated[
        bool, typer.Option("--run", help="Search the proposed space: one round.")
    ] = False,
    rounds: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Search so many proposed spaces, each after the last.",
            show_default=False,
        ),
    ] = None,
    python: Annotated[
        bool, typer.Option("--python", help="Print the space as Python to paste, and only that.")
    ] = False,
    scenario: ScenarioPlace = None,
    budget: BudgetText = None,
    nuisance: Nuisance = None,
    fix: Fix = None,
    as_json: AsJson = False,
    **words: Any,
) -> None:
    """Propose the next space after a sweep, and say why; --run and --rounds search it.

    Rounds lie beside the sweep as NAME-r1, NAME-r2 and so on. One that is there already is gone
    on with, and not run again.
    """
    given = {name: value for name, value in options_of_run(**words).items() if value is not None}
    options = split_arm(given, "the command line")
    sweep = open_sweep(path)
    if (budget is not None or options) and not (run or rounds):
        named = ", ".join(["budget"] * (budget is not None) + list(options))
        raise SpecError(f"{named}: for sweeps to be run; add --run, or leave it out")
    if isinstance(options.get("warm_start"), list):
        options["warm_start"] = [open_sweep(each) for each in options["warm_start"]]
    if as_json and (run or rounds):
        options.setdefault("progress", "lines")
    from tuner.playbook.refinement.rounds import refine as refine_sweep

    shown = not as_json and not python
    with errors_name_options(options), launch.stdout_kept_clean(as_json or python):
        found = refine_sweep(
            sweep,
            rounds=rounds or int(run),
            scenario=scenario,
            budget=budget,
            nuisance=nuisance or (),
            fix=fixed_values(fix),
            tell=(lambda each: _print(_refinement_parts(each))) if shown else None,
            **options,
        )
    if python:
        typer.echo(found.python)
    elif as_json:
        typer.echo(dumps(found.to_json()))
    else:
        _print(_refinement_parts(found))
    if found.sweeps:
        raise typer.Exit(found.sweeps[-1].exit_code)


def fixed_values(fix: Sequence[str] | None) -> dict[str, Any]:
    """Return ``NAME=VALUE`` as names and values: JSON where it is some, else text."""
    values: dict[str, Any] = {}
    for text in fix or ():
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise SpecError(f"what is fixed is NAME=VALUE, such as --fix l1=0; got {text!r}")
        try:
            values[name.strip()] = json.loads(value)
        except ValueError:
            values[name.strip()] = value.strip()
    return values


def _as_json(exploration: Exploration) -> dict[str, Any]:
    return {
        "spec": exploration.plan.spec.to_json(),
        "forecast": exploration.forecast.to_json(),
        "budget": None if exploration.budget is None else str(exploration.budget),
        "roles": dict(exploration.roles),
        "fixed": dict(exploration.fixed),
        "strata": exploration.strata,
        "remarks": list(exploration.remarks),
    }


def _print(parts: Iterator[RenderableType]) -> None:
    from tuner.cli.terminal import stdout_console

    console = stdout_console()
    for part in parts:
        console.print(part)


def _exploration_parts(
    exploration: Exploration, options: dict[str, Any]
) -> Iterator[RenderableType]:
    from rich.text import Text

    from tuner.cli.tables import facts

    yield from forecast_parts(exploration.forecast, options)
    told: dict[str, Any] = {}
    for role in ("scientific", "nuisance", "fixed"):
        names = [name for name, given in exploration.roles.items() if given == role]
        if names:
            told[role] = ", ".join(
                f"{name}={exploration.fixed[name]}" if name in exploration.fixed else name
                for name in names
            )
    if told:
        yield Text()
        yield facts(told)
    for remark in exploration.remarks:
        yield Text(remark, "dim")


def _refinement_parts(found: Refinement) -> Iterator[RenderableType]:
    from rich.text import Text

    from tuner.cli.grid import empty_table

    yield Text.assemble(
        (f"round {found.round}", "bold"),
        f"  after {found.sweep}: {found.basis}",
    )
    yield Text()
    table = empty_table("#hyperparameter", "#", "space", "why")
    for change in found.changes:
        space = f"{change.old}\n-> {change.new}" if change.kinds else change.old
        table.add_row(
            Text(change.name),
            Text("+".join(change.kinds) or "keep", "green" if change.kinds else "dim"),
            Text(space),
            Text(change.why, "dim"),
        )
    yield table
    for remark in found.remarks:
        yield Text(remark, "dim")
    if not found.is_new:
        yield Text("nothing to change")
    for sweep in found.sweeps:
        yield Text(f"ran {sweep.place}", "dim")
