"""Every example of README and of the documentation does what it says.

Each page is a test: its blocks run in order, in a fresh folder. Pages whose examples train run on
the Ray that the tests share, with trials in this process, since each worker would import torch
anew; or with workers of Ray's where a page asks for them: functions are one to a process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from one_process import in_one_process
from page_blocks import Page, PageError, read_page
from page_runs import ExampleError, PageRun, in_folder

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path.relative_to(ROOT)
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "cluster" / "README.md",
        *(ROOT / "docs").rglob("*.md"),
    )
)


def _cases() -> Iterator[object]:
    for path in PAGES:
        try:
            page = read_page(ROOT / path)
        except PageError:  # a test that fails, instead of a collection that does
            yield pytest.param(path, id=str(path))
            continue
        if page.blocks:
            marks = [pytest.mark.ray] if page.needs_ray else []
            yield pytest.param(path, id=str(path), marks=marks)


@pytest.mark.parametrize("path", list(_cases()))
def test_the_examples_of_a_page_run(
    path: Path,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    public_data: Callable[[str], Path],
) -> None:
    page = read_page(ROOT / path)
    if page.needs_ray:
        request.getfixturevalue("ray_cluster")

    def has_data(name: str) -> bool:
        try:
            public_data(name)
        except pytest.skip.Exception:
            return False
        return True

    with in_folder(tmp_path), no_ray_of_its_own(path), workers_of(page):
        PageRun(page, has_data).run()


def test_the_first_scenario_is_the_same_everywhere() -> None:
    pages = ("README.md", "docs/guides/scenarios.md", "docs/recipes/own-scenario.md")
    blocks = (block for page in pages for block in read_page(ROOT / page).blocks)
    texts = [block.text for block in blocks if block.directives.get("file") == "softmax.py"]
    assert len(texts) == len(pages)
    assert len(set(texts)) == 1


@contextmanager
def workers_of(page: Page) -> Iterator[None]:
    """Have trials train in this process, where a page does not ask for workers of Ray's."""
    if page.needs_ray and not page.asks_for_ray:
        with in_one_process():
            yield
    else:
        yield


@contextmanager
def no_ray_of_its_own(path: Path) -> Iterator[None]:
    """Refuse that examples start a Ray: one takes seconds, and all pages are to share it."""
    import ray

    shared = ray.is_initialized()
    yield
    if not shared and ray.is_initialized():
        ray.shutdown()
        raise ExampleError(f"{path}: its examples started a Ray; write <!-- ray --> on the page")
