from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tuner.capping.on_import import after_import


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A library that has not been imported."""
    name = "tuner_test_library"
    (tmp_path / f"{name}.py").write_text("import sys\nready = 1\nready += 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    finders = list(sys.meta_path)
    yield name
    sys.modules.pop(name, None)
    sys.meta_path[:] = finders


def test_it_is_told_of_when_it_is_complete(library: str) -> None:
    seen: list[ModuleType] = []
    before = list(sys.meta_path)
    after_import(library, lambda module: seen.append(module.ready))
    after_import(library, lambda module: seen.append(module.ready))
    assert not seen
    module = importlib.import_module(library)
    assert seen == [2, 2]
    assert sys.meta_path == before  # nothing is left behind
    assert module.__spec__ is not None
    importlib.reload(module)
    assert seen == [2, 2]


def test_what_is_there_is_told_of_at_once(library: str) -> None:
    module, seen = importlib.import_module(library), []
    after_import(library, seen.append)
    assert seen == [module]


def test_a_library_that_is_missing_is_still_missing(library: str) -> None:
    after_import("tuner_no_such_library", pytest.fail)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("tuner_no_such_library")
    importlib.import_module(library)
