"""Every example of README and of the documentation does what it says.

Each page is a test: its blocks run in order, in a fresh folder. Pages whose examples train run on
the Ray that the tests share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from page_blocks import PageError, read_page
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

    with in_folder(tmp_path), no_ray_of_its_own(path):
        PageRun(page, has_data).run()


@contextmanager
def no_ray_of_its_own(path: Path) -> Iterator[None]:
    """Refuse that examples start a Ray: one takes seconds, and all pages are to share it."""
    import ray

    shared = ray.is_initialized()
    yield
    if not shared and ray.is_initialized():
        ray.shutdown()
        raise ExampleError(f"{path}: its examples started a Ray; write <!-- ray --> on the page")
