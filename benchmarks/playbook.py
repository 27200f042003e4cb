"""The playbook's tables: what each factor of training brings, measured on handwritten digits.

    python benchmarks/playbook.py [--only optimizer loss] [--seeds 10] [--page FILE] [--json FILE]

Each table is a sweep of its own in ``--storage-path``, of its values x seeds x folds. The same
command goes on where it was interrupted, and reads what is there; a table with other numbers needs
another folder. ``--page`` writes the tables as ``docs/playbook-tables.md`` has them. ``--quick``
trains an epoch on two folds: whether all of it works, and nothing else.
"""

from __future__ import annotations

import datetime
import platform
import shutil
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from harness import finish, hardware, options

from tuner.playbook.tables.asking import Effort
from tuner.playbook.tables.registry import QUESTIONS
from tuner.playbook.tables.table import Table

PACKAGES = ("torch", "scikit-learn", "ray", "numpy")
FULL = Effort(seeds=1, folds=10)
OF_SEARCHES = Effort(seeds=4, folds=5)
QUICK = Effort(seeds=1, folds=2, epochs=1)

INTRODUCTION = """\
# What each factor of training brings, measured

Articles on tuning print tables such as these as illustrations. These are measured, by \
`python benchmarks/playbook.py`, which also wrote this page: {count} tables, {date}, on {hardware} \
that others used too, with Python {python}, {versions}.

- One factor varies, and everything else is held at a configuration that is stated. What a table \
says holds for that configuration on this data, which are small images of digits (8 x 8 pixels); a \
learning rate, say, is not tuned anew for each value of another factor (`tuner isolate` does that).
- Each value is trained by the same seeds on the same folds. What counts is the last report of a \
training, on examples that it was not trained on; no epoch is chosen by them. The scenario's test \
rows are not looked at.
- Precision and recall are macro averages over the classes.
- Intervals are at 95 %, for the mean over folds with the correction of Nadeau and Bengio (2003), \
since folds share training examples; of searches, over searches.
- *behind* is the distance to the best mean; *p* is that of the paired t-test against it, with the \
same correction, adjusted (Holm) for all pairs of the table's values. Where it is 0.05 or more, no \
difference is claimed; that does not show that there is none.
"""


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--only", nargs="+", choices=QUESTIONS, default=list(QUESTIONS))
    parser.add_argument("--seeds", type=int, help="repetitions of the folds; of `search`, searches")
    parser.add_argument("--folds", type=int, help="of each repetition")
    parser.add_argument("--storage-path", type=Path, default=Path("results/playbook"))
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the tables as Markdown")
    asked = parser.parse_args()
    storage = Path(tempfile.mkdtemp(prefix="playbook-")) if asked.quick else asked.storage_path
    try:
        tables = list(measured(asked, storage))
    finally:
        if asked.quick:
            shutil.rmtree(storage)
    if asked.page:
        asked.page.parent.mkdir(parents=True, exist_ok=True)
        asked.page.write_text(page(tables), encoding="utf-8")
    finish(asked, {table.name: table.to_json() for table in tables}, [])


def measured(asked: Namespace, storage: Path) -> Iterator[Table]:
    """Yield the tables that were asked for, and print each."""
    for name in (name for name in QUESTIONS if name in asked.only):
        question = QUESTIONS[name]
        table = question.measure(effort_of(name, asked), storage_path=str(storage), progress="none")
        print(f"## {name}\n\n{table}\n", flush=True)
        yield table


def effort_of(name: str, asked: Namespace) -> Effort:
    """Return how often each value of a table is measured."""
    effort = QUICK if asked.quick else OF_SEARCHES if name == "search" else FULL
    return Effort(asked.seeds or effort.seeds, asked.folds or effort.folds, effort.epochs)


def page(tables: Sequence[Table]) -> str:
    """Return all tables as one page of Markdown."""
    return "\n".join(_lines(tables)) + "\n"


def _lines(tables: Sequence[Table]) -> Iterator[str]:
    yield INTRODUCTION.format(
        count=len(tables),
        date=datetime.date.today().isoformat(),
        hardware=hardware(),
        python=platform.python_version(),
        versions=", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES),
    )
    yield "| table | what it says |\n|---|---|"
    yield from (f"| [{table.name}](#{table.name}) | {table.conclusion} |" for table in tables)
    for table in tables:
        yield f"\n## {table.name}\n\n{table.question}\n\n{table.to_markdown()}\n"
        yield from (f"- {note}" for note in table.notes())


if __name__ == "__main__":
    main()
