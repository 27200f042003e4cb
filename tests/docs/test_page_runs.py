"""A page that is wrong fails at its line; one that is right leaves nothing behind."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from page_blocks import read_page
from page_runs import ExampleError, PageRun, in_folder


def run(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "page.md"
    path.write_text(text)
    folder = tmp_path / "folder"
    folder.mkdir()
    with in_folder(folder):
        PageRun(read_page(path)).run()
    return folder


def test_blocks_share_a_folder_and_a_namespace(tmp_path: Path) -> None:
    folder = run(
        tmp_path,
        """<!-- file: sub/own.py -->
```python
NUMBER = 3
```

```python
from sub.own import NUMBER
```

```python
import pandas as pd
pd.DataFrame({"x": [NUMBER]}).to_parquet("x.parquet")
```

```sql
SELECT x FROM 'x.parquet';
COPY (SELECT x + 1 AS y FROM 'x.parquet') TO 'y.csv'
```

<!-- before: cp y.csv z.csv -->
```console
$ tuner simulate branin --num-samples 3 --seed 0 --storage-path results --name s
whatever it printed
$ tuner show s --json   # in the folder that the page made
$ cat y.csv | tail -n 1 > y.txt
```
""",
    )

    assert (folder / "y.txt").read_text() == "4\n"
    assert (folder / "z.csv").exists()
    assert (folder / "results" / "s" / "sweep.json").exists()


def test_nothing_is_left_behind_but_the_folder(tmp_path: Path) -> None:
    before = Path.cwd(), dict(os.environ), list(sys.path)

    run(
        tmp_path,
        """<!-- file: left_behind.py -->
```python
NUMBER = 3
```

```python
import os, sys
import left_behind
os.environ["LEFT_BEHIND"] = "1"
sys.path.append("left_behind")
```
""",
    )

    assert (Path.cwd(), dict(os.environ), list(sys.path)) == before
    assert "left_behind" not in sys.modules


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("\n```python\nx = 1\n\ny = x / 0\n```\n", r"page.md:5: ZeroDivisionError"),
        ("```python\ndef f():\n    return g()\n\nf()\n```\n", r"page.md:3: NameError"),
        ("```python\nx = = 1\n```\n", r"page.md:2: invalid syntax"),
        ("```sql\nSELECT nothing\n```\n", r"page.md:2: .*nothing"),
        ("```toml\nx =\n```\n", r"page.md:2: "),
        ("```json\n{\n```\n", r"page.md:2: "),
        ("```console\nout\n```\n", r"page.md:2: no command"),
        ("```console\n$ true\n$ tuner show nothing\n```\n", r"page.md:3: exit code 2, not 0: "),
        ("```console\n$ true\nout\n$ false | true\n```\n", r"page.md:4: exit code 1, not 0: fal"),
        ("<!-- exit: 2 -->\n```console\n$ tuner ls\n```\n", r"page.md:3: exit code 0, not 2"),
        ("<!-- before: false -->\n", r"page.md:1: exit code 1"),
        ("<!-- file: ../x -->\n```json\n{}\n```\n", r"page.md:3: ../x is not below"),
        ("<!-- file: x.toml -->\n```toml\nx\n```\n", r"page.md:3: "),
        ("<!-- not run: no GPU -->\n```python\nx = =\n```\n", r"page.md:3: invalid syntax"),
        (
            "<!-- not run: no GPU -->\n```console\n$ X=1 tuner run a --no-such-option\n```\n",
            r"page.md:3: unknown option '--no-such-option'",
        ),
        (
            "<!-- data: mnist -->\n```console\n$ tuner data fetsch mnist\n```\n",
            r"page.md:3: .*fetsch",
        ),
        ("<!-- smaller: x -> y -->\n```python\nz = 1\n```\n", r"page.md:3: 'x' is not in"),
        ("<!-- smaller: --max-t 3 -->\n```console\n$ tuner ls\n```\n", r"page.md:3: no command"),
    ],
)
def test_an_example_that_fails_is_told_with_its_line(
    tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(ExampleError, match=problem):
        run(tmp_path, text)


def test_an_exit_code_is_that_of_the_last_command(tmp_path: Path) -> None:
    run(tmp_path, "<!-- exit: 2 -->\n```console\n$ tuner ls\n$ tuner show nothing\n```\n")


@pytest.mark.parametrize(
    "text",
    [
        "<!-- smaller: --num-samples 2 -->\n"
        "```console\n$ tuner simulate branin --num-samples 999 --storage-path results --name s\n"
        "$ tuner show s\n```\n",
        '<!-- smaller: num_samples=999 -> num_samples=2; "t" -> "s" -->\n'
        "```python\nimport tuner\n"
        "tuner.simulate('branin', num_samples=999, storage_path='results', name=\"t\")\n```\n",
    ],
)
def test_an_example_can_be_tried_in_small(tmp_path: Path, text: str) -> None:
    import tuner

    folder = run(tmp_path, text)

    assert len(tuner.load(folder / "results" / "s").trials()) == 2


def test_what_is_not_run_is_not(tmp_path: Path) -> None:
    folder = run(
        tmp_path,
        """<!-- not run: it would write a file -->
```python
open("x", "w")
```

<!-- not run: as well -->
```console
$ touch x
$ tuner simulate branin --num-samples 2 --storage-path results
```

<!-- data: mnist -->
```console
$ touch x
```
""",
    )

    assert list(folder.iterdir()) == []
