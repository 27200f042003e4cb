"""Which folder is sent for which scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuner.errors import ScenarioError
from tuner.submission import Code, code_of


@pytest.fixture
def here(tmp_path: Path) -> Path:
    for name in ("mine.py", "tuning/mine.py", "pkg/deep/mine.py", "digits_mlp.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("scenario", "name", "folder"),
    [
        ("mine.py", "mine.py", "."),
        ("tuning/mine.py:OTHER", "mine.py:OTHER", "tuning"),
        ("pkg.deep.mine", "pkg.deep.mine", "."),
        ("mine:OTHER", "mine:OTHER", "."),
        ("digits_mlp", "digits_mlp", None),  # the bundled one, as tuner run has it
        ("digits_mlp.py", "digits_mlp.py", "."),
        ("json.tool", "json.tool", None),  # installed there as well, or refused there
    ],
)
def test_the_folder_of_a_scenario(scenario: str, name: str, folder: str | None, here: Path) -> None:
    assert code_of(scenario, here) == Code(name, None if folder is None else here / folder)


def test_a_larger_folder(here: Path) -> None:
    assert code_of("tuning/mine.py", here, here) == Code("tuning/mine.py", here)
    assert code_of("deep.mine", here, here / "pkg") == Code("deep.mine", here / "pkg")


def test_a_path_from_the_root(here: Path) -> None:
    assert code_of(str(here / "mine.py"), Path("/")) == Code("mine.py", here)


@pytest.mark.parametrize(
    ("scenario", "folder", "message"),
    [("yours.py", None, "yours.py is not there"), ("mine.py", "tuning", "--working-dir")],
)
def test_what_cannot_be_sent(scenario: str, folder: str | None, message: str, here: Path) -> None:
    with pytest.raises(ScenarioError, match=message):
        code_of(scenario, here, None if folder is None else here / folder)
