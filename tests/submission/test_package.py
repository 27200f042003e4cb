"""A package holds code, and nothing that is none."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tuner.errors import SpecError
from tuner.submission import package, write_package


def make(folder: Path, *files: str) -> None:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"content of {name}")


def test_code_is_packed_and_what_is_none_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    code = ["mine.py", "pkg/__init__.py", "pkg/words.txt", "results.py"]
    make(folder, *code)
    make(folder, ".git/HEAD", ".env", "pkg/__pycache__/x.pyc", "env/pyvenv.cfg", "env/lib/big.py")
    make(folder, "results/first/sweep.json", "results/first/trials.parquet")
    archive = tmp_path / "package.zip"

    size = write_package(archive, folder, {"launch.toml": "seed = 1\n"})

    with zipfile.ZipFile(archive) as packed:
        assert sorted(packed.namelist()) == sorted([*code, "launch.toml"])
        assert packed.read("pkg/words.txt") == b"content of pkg/words.txt"
        assert packed.read("launch.toml") == b"seed = 1\n"
    assert size == sum((folder / name).stat().st_size for name in code)


def test_without_a_folder(tmp_path: Path) -> None:
    archive = tmp_path / "package.zip"
    assert write_package(archive, None, {"launch.toml": ""}) == 0
    assert zipfile.ZipFile(archive).namelist() == ["launch.toml"]


def test_data_are_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "mine.py")
    for name, size in (("data/a.bin", 3 * 2**20), ("data/b.bin", 2**20), ("c.bin", 2**20)):
        make(tmp_path, name)
        (tmp_path / name).write_bytes(bytes(size))
    monkeypatch.setattr(package, "MOST_BYTES", 2 * 2**20)
    archive = tmp_path / "package.zip"
    with pytest.raises(SpecError, match=r"at most 2 MiB .* has 5 MiB \(data 4 MiB, c.bin 1 MiB"):
        write_package(archive, tmp_path, {})
    assert not archive.exists()


def test_nothing_of_the_users_is_replaced(tmp_path: Path) -> None:
    make(tmp_path / "project", "launch.toml")
    with pytest.raises(SpecError, match=r"launch.toml has the name of a file that is added"):
        write_package(tmp_path / "package.zip", tmp_path / "project", {"launch.toml": ""})
