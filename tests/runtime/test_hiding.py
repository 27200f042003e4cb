from __future__ import annotations

from pathlib import Path

import pytest

import tuner
from tuner.errors import SpecError
from tuner.runtime.hiding import check_nothing_hides_tuner, what_hides_tuner


def test_a_package_or_a_module_of_its_name_hides_it(tmp_path: Path) -> None:
    assert what_hides_tuner(tmp_path) is None
    (tmp_path / "tuner").mkdir()
    assert what_hides_tuner(tmp_path) is None, "a folder without __init__.py hides nothing"
    (tmp_path / "tuner.py").touch()
    assert what_hides_tuner(tmp_path) == tmp_path / "tuner.py"
    (tmp_path / "tuner" / "__init__.py").touch()
    assert what_hides_tuner(tmp_path) == tmp_path / "tuner"


def test_tuner_does_not_hide_itself(tmp_path: Path) -> None:
    root = Path(tuner.__file__).parents[1]
    assert what_hides_tuner(root) is None
    (tmp_path / "tuner").symlink_to(root / "tuner")
    assert what_hides_tuner(tmp_path) is None


def test_a_sweep_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_nothing_hides_tuner()
    (tmp_path / "tuner.py").touch()
    with pytest.raises(SpecError, match=r"tuner\.py hides the installed tuner there; rename it"):
        check_nothing_hides_tuner()
    with pytest.raises(SpecError, match="hides the installed tuner"):
        tuner.run("digits_mlp", num_samples=1, storage_path=str(tmp_path / "r"), progress="none")
    assert not list((tmp_path / "r").glob("*")), "the name stays free"
