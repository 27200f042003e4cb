"""The site is built without a warning, hangs together, and needs no network."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browsing import Browser

ROOT = Path(__file__).resolve().parents[2]
SERVICE_PAGES = {"genindex.html", "search.html", "py-modindex.html"}


class Links(HTMLParser):
    """What a page links, loads, and can be linked at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors.add(given.get("id") or "")
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        is_loaded = tag == "link" and given.get("rel") in ("stylesheet", "preload", "icon")
        source = given.get("href") if is_loaded else given.get("src")
        if source:
            self.loaded.append(source)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built elsewhere."""
    built = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html",
         "-d", str(tmp_path_factory.mktemp("doctrees")), str(ROOT / "docs"), str(built)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return built


def pages(site: Path) -> Iterator[Path]:
    yield from (path for path in site.rglob("*.html") if path.name not in SERVICE_PAGES)


@pytest.mark.slow
def test_each_page_can_be_reached_and_each_link_leads_somewhere(site: Path) -> None:
    read = {path: Links(path.read_text()) for path in site.rglob("*.html")}
    broken, reached, waiting = [], set(), [site / "index.html"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        for link in read[page].links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not target.exists():
                broken.append(f"{page.relative_to(site)}: {link}")
            elif target in read:
                waiting.append(target)
                if unquote(parts.fragment) not in read[target].anchors | {""}:
                    broken.append(f"{page.relative_to(site)}: {link}")

    assert not broken
    assert set(pages(site)) <= reached


@pytest.mark.slow
def test_nothing_is_loaded_from_the_network(site: Path) -> None:
    for page in pages(site):
        foreign = [each for each in Links(page.read_text()).loaded if "//" in each]
        assert not foreign, page
    for style in site.rglob("*.css"):
        assert not re.findall(r"(?:url|@import)\s*\(?['\"]?(?:https?:)?//", style.read_text()), (
            style
        )


@pytest.mark.slow
def test_each_page_fits_a_phone_and_says_nothing_to_the_console(
    site: Path, browser: Browser
) -> None:
    for page in pages(site):
        opened = browser.open(page, width=375, height=700)
        assert opened.evaluate("document.documentElement.scrollWidth") <= 375, page
        opened.check_sound(allowed=("file://", "data:"))
        opened.close()
