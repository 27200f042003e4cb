"""What is built and installed: the whole of ``tuner``, and no top-level name but that one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "tuner", "scenarios")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a source distribution, so that this one is known to be whole too.

    Both are built from a copy: setuptools would leave its ``build/`` in the checkout, and take
    deleted modules from there the next time.
    """
    copy = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=ignored)
        else:
            shutil.copy2(ROOT / name, copy / name)
    dist = tmp_path_factory.mktemp("dist")
    _python("-m", "build", "--no-isolation", "--outdir", str(dist), str(copy), cwd=dist)
    (built,) = dist.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel is installed without its dependencies."""
    target = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--no-deps", "--no-index", "--no-compile", "--target", str(target)]
    _python("-m", "pip", "install", *options, str(wheel), cwd=target)
    return target


def test_the_wheel_claims_only_the_name_tuner(wheel: Path) -> None:
    top_level = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert {name for name in top_level if not name.endswith(".dist-info")} == {"tuner"}


def test_the_wheel_holds_every_module_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    packed = {name for name in names if ".dist-info/" not in name}

    assert packed == (
        {f"tuner/{path}" for path in _modules(ROOT / "tuner")}
        | {f"tuner/bundled/{path}" for path in _modules(ROOT / "scenarios")}
        | {f"tuner/{path}" for path in _assets(ROOT / "tuner")}
        | {"tuner/py.typed", "tuner/simulation/recordings/digits_mlp.parquet"}
    )


def test_the_metadata_are_those_of_pyproject(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (info,) = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name}
    metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
    entry_points = archive.read(f"{info}/entry_points.txt").decode()

    assert metadata["Name"] == "tuner"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert set(metadata.get_all("Provides-Extra", [])) == {
        "bohb", "dev", "jobs", "keras", "rl", "surrogates", "torch",
    }  # fmt: skip
    assert "tuner = tuner.cli:main" in entry_points
    assert "Apache License" in archive.read(f"{info}/licenses/LICENSE").decode()


def test_a_users_scenarios_folder_wins_over_an_installed_wheel(site: Path, tmp_path: Path) -> None:
    assert _import_beside_a_users_scenarios(tmp_path, PYTHONPATH=str(site)) == [
        str(tmp_path / "scenarios" / "__init__.py"),
        str(site / "tuner" / "bundled" / "__init__.py"),
    ]


def test_a_users_scenarios_folder_wins_over_an_editable_install(tmp_path: Path) -> None:
    assert _import_beside_a_users_scenarios(tmp_path) == [
        str(tmp_path / "scenarios" / "__init__.py"),
        str(ROOT / "scenarios" / "__init__.py"),
    ]


def test_the_installed_wheel_finds_its_bundled_scenarios(site: Path, tmp_path: Path) -> None:
    code = "from tuner.scenario import bundled_scenarios as b; print(*sorted(b()), sep='\\n')"
    found = _python("-c", code, cwd=tmp_path, PYTHONPATH=str(site)).split()

    assert found == sorted(path.stem for path in (ROOT / "scenarios").glob("[!_]*.py"))


def _import_beside_a_users_scenarios(folder: Path, **environment: str) -> list[str]:
    """Return the files of ``scenarios`` and ``tuner.bundled`` as a process in ``folder`` sees."""
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "__init__.py").touch()
    code = "import scenarios, tuner.bundled as b; print(scenarios.__file__, b.__file__, sep='\\n')"
    return _python("-c", code, cwd=folder, **environment).splitlines()


def _modules(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}


def _assets(folder: Path) -> set[str]:
    """Return the scripts and styles of figures and reports."""
    found = (path for path in folder.glob("*/assets/*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in found}


def _python(*arguments: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
