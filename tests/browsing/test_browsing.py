"""The harness hears what a page does wrong; else the tests that rest on it would say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from browsing import Browser
from devtools import ProtocolError

PAGE = """<!doctype html><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>body {{ height: 3000px; background: white }}
@media (prefers-color-scheme: dark) {{ body {{ background: black }} }}</style>
<p>text</p>{more}"""
POLICY = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'


def page_file(folder: Path, more: str = "", title: str = "a page") -> Path:
    file = folder / "page.html"
    file.write_text(PAGE.format(title=title, more=more))
    return file


def test_a_sound_page_is_sound_and_can_be_asked(browser: Browser, tmp_path: Path) -> None:
    page = browser.open(page_file(tmp_path, title="größe"), width=375, height=600)
    assert page.evaluate("document.title") == "größe"
    assert page.evaluate("[innerWidth, innerHeight]") == [375, 600]
    assert page.evaluate("new Promise(r => setTimeout(() => r({a: [1]}), 5))") == {"a": [1]}
    page.scroll_through()
    assert page.evaluate("scrollY + innerHeight") >= 3000
    page.check_sound()
    page.close()


def test_a_theme_is_that_of_the_system(browser: Browser, tmp_path: Path) -> None:
    page = browser.open(page_file(tmp_path), dark=True)
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(0, 0, 0)"
    page.prefer(dark=False)
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.prefer(dark=True, printing=True)
    assert page.evaluate("matchMedia('print').matches")
    assert page.screenshot(tmp_path / "a.png", full=True).read_bytes().startswith(b"\x89PNG")
    page.close()


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ("<script>throw new Error('boo')</script>", "boo"),
        ("<script>Promise.reject(new Error('late'))</script>", "late"),
        ("<script>console.error('wrong', 1)</script>", "wrong 1"),
        ("<script>console.warn('odd')</script>", "odd"),
        (f"{POLICY}<script>1</script>", "Content Security Policy"),
        ("<img src='missing.png'>", "missing.png"),
        ("<link rel=stylesheet href='https://example.invalid/a.css'>", "example.invalid"),
        ("<script>fetch('data.json').catch(() => 0)</script>", "data.json"),
    ],
)
def test_what_is_wrong_with_a_page_is_heard(
    browser: Browser, tmp_path: Path, more: str, complaint: str
) -> None:
    page = browser.open(page_file(tmp_path, more))
    with pytest.raises(AssertionError) as error:
        page.check_sound()
    assert complaint in str(error.value)
    page.close()


def test_pages_do_not_share_what_they_store(browser: Browser, tmp_path: Path) -> None:
    first, second = (browser.open(page_file(tmp_path)) for _ in range(2))
    first.evaluate("localStorage.setItem('a', '1')")
    first.reload()
    assert first.evaluate("localStorage.getItem('a')") == "1"
    assert second.evaluate("localStorage.getItem('a')") is None
    for page in (first, second):
        page.close()


def test_what_cannot_be_opened_or_evaluated_raises(browser: Browser, tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="ERR_FILE_NOT_FOUND"):
        browser.open(tmp_path / "none.html")
    page = browser.open(page_file(tmp_path))
    with pytest.raises(ProtocolError, match="nothing is not defined"):
        page.evaluate("nothing")
    with pytest.raises(ProtocolError, match="after 0"):
        page.wait_until("1 > 2", patience=0.1)
    page.close()
