"""What a trial costs besides its work: Ray Tune in three settings against ``tuner.run``.

Each run is a driver process of its own with a local Ray of its own, that is up and idle before the
clock starts; the arms of a case take turns within a round. CPU seconds are those of all processes:
driver, raylet, GCS, workers, ended ones included; walls are reported, and depend on the machine.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, replace
from typing import Any

import harness
from overheads.breakdown import breakdown
from overheads.cases import CASES
from overheads.claims import Case
from overheads.driver import Run, drive, measure


def main() -> None:
    """Run the benchmark, or one driver of it."""
    if sys.argv[1:2] == ["--driver"]:
        drive(sys.argv[2])
        return
    arguments = _parser().parse_args()
    if arguments.profile:
        breakdown(arguments.quick)
        return
    figures: dict[str, Any] = {}
    goals: list[harness.Goal] = []
    for name in arguments.case or CASES:
        case = CASES[name](arguments.quick)
        rounds = _in_turns(case, arguments.rounds or (1 if arguments.quick else case.rounds))
        print(f"{case.title}; {len(rounds)} rounds: median (min-max)")
        for line in case.table(rounds):
            print(f"  {line}", flush=True)
        figures[name] = [{label: asdict(run) for label, run in each.items()} for each in rounds]
        found = case.goals(rounds, quick=arguments.quick)
        goals += [replace(goal, what=f"{name}: {goal.what}") for goal in found]
    harness.finish(arguments, figures, goals)


def _parser() -> argparse.ArgumentParser:
    parser = harness.options(__doc__ or "")
    parser.add_argument("--case", nargs="+", choices=list(CASES), help="run these only")
    parser.add_argument("--rounds", type=int, help="how often each arm runs")
    parser.add_argument(
        "--profile", action="store_true", help="show where the driver's time goes, and no more"
    )
    return parser


def _in_turns(case: Case, rounds: int) -> list[dict[str, Run]]:
    found = []
    for turn in range(rounds):
        order = list(case.sides)[:: 1 if turn % 2 == 0 else -1]
        found.append({label: measure(*case.sides[label]) for label in order})
    return found


if __name__ == "__main__":
    main()
