"""The public names: those of the map and of the documentation, and each is there."""

from __future__ import annotations

import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import tuner

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_public_names_are_those_of_the_map() -> None:
    mapped = re.findall(r"`(\w+)`", str(tuner.__doc__))

    assert sorted(tuner.__all__) == sorted([*mapped, "__version__"])


def test_the_public_names_are_those_that_the_reference_lists() -> None:
    assert sorted(tuner.__all__) == sorted(_listed())


@pytest.mark.parametrize("name", tuner.__all__)
def test_a_public_name_resolves_and_explains_itself(name: str) -> None:
    assert inspect.getdoc(getattr(tuner, name))
    assert name in dir(tuner)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        tuner.no_such_name  # noqa: B018  (ruff takes it for a useless expression)


def test_no_module_has_the_name_of_a_public_function() -> None:
    modules = {module.name for module in pkgutil.iter_modules(tuner.__path__)}

    assert not modules & set(tuner.__all__)


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_name_used_on_a_page_exists(page: Path) -> None:
    used = set(re.findall(r"\btuner\.([A-Za-z_]\w*)\(", page.read_text()))

    assert used <= set(tuner.__all__)


def _listed() -> list[str]:
    """Return the first column of the table at the top of the page of Python."""
    page = (ROOT / "docs" / "reference" / "python.md").read_text().partition("\n## ")[0]
    return re.findall(r"^\| .*?(\w+)(?:`|</code></a>) \|", page, flags=re.MULTILINE)
