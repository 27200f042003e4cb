"""Pages are read as the convention of CONTRIBUTING says, and what it does not know is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_blocks import Block, Page, PageError, read_page


def page(tmp_path: Path, text: str) -> Page:
    path = tmp_path / "page.md"
    path.write_text(text)
    return read_page(path)


def test_blocks_come_with_their_line_language_and_comments(tmp_path: Path) -> None:
    text = """# A page

<!-- file: a.py -->
```python
x = 1
```

- in a list

  <!-- exit: 3 -->

  <!-- smaller: --max-t 3 -->
  ```console
  $ tuner ls
  ```

```text
only shown
```
"""
    assert page(tmp_path, text).blocks == (
        Block(5, "python", "x = 1\n", {"file": "a.py"}),
        Block(14, "console", "$ tuner ls\n", {"exit": "3", "smaller": "--max-t 3"}),
    )


def test_a_hidden_command_is_a_block_at_its_place(tmp_path: Path) -> None:
    text = "```python\n1\n```\n\n<!-- before: tuner ls -->\n\n```sql\nSELECT 1\n```\n"

    first, hidden, last = page(tmp_path, text).blocks

    assert (first.language, last.language) == ("python", "sql")
    assert hidden == Block(5, "console", "$ tuner ls\n", hidden=True)


def test_directives_of_the_site_and_plain_comments_are_left_alone(tmp_path: Path) -> None:
    text = "<!-- about this page -->\n\nText.\n\n```{toctree}\nstart\n```\n"

    assert page(tmp_path, text).blocks == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("```\nx\n```\n", "page.md:2: a block names its language"),
        ("```pyhton\nx\n```\n", "page.md:2: a block names its language .* got 'pyhton'"),
        ("```{code-block} python\nx\n```\n", "page.md:2: .*code-block.* is not tried"),
        ("<!-- exitcode: 1 -->\n```sql\n1\n```\n", "page.md:1: .* got 'exitcode: 1'"),
        ("<!-- not run -->\n```sql\n1\n```\n", "page.md:1: .* got 'not run'"),
        ("<!-- not run: -->\n```sql\n1\n```\n", "page.md:1: 'not run' needs a text: why"),
        ("<!-- exit: 1 -->\n\nText.\n\n```sql\n1\n```\n", "page.md:1: no block stands directly"),
        ("Text.\n\n<!-- smaller: --max-t 3 -->\n", "page.md:3: no block stands directly"),
    ],
)
def test_what_the_convention_does_not_know_is_refused(
    tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(PageError, match=problem):
        page(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("```console\n$ tuner run digits_mlp\n```\n", True),
        ("```python\nsweep = tuner.run('digits_mlp')\n```\n", True),
        ("<!-- before: tuner run digits_mlp -->\n", True),
        ("<!-- ray -->\n\n```python\n1\n```\n", True),
        ("<!-- not run: an hour -->\n```console\n$ tuner run digits_mlp\n```\n", False),
        ("```console\n$ tuner simulate digits_mlp\n```\n", False),
        ("```python\ntuner.simulate('digits_mlp')\n```\n", False),
    ],
)
def test_a_page_that_trains_needs_ray(tmp_path: Path, text: str, needed: bool) -> None:
    assert page(tmp_path, text).needs_ray is needed
