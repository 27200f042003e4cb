"""Links from pages to files of the repository, which lie outside of the site.

On GitHub a page links ``../../ARCHITECTURE.md``. On the site such a file is a page too
(`REPOSITORY_PAGES`), or is named without a link: code is not part of the site.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

__all__ = ["DOCS", "REPOSITORY_PAGES", "ROOT", "rewrite_source", "rewritten"]

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent

REPOSITORY_PAGES = {
    "README.md": "start",
    "ARCHITECTURE.md": "project/architecture",
    "CONTRIBUTING.md": "project/contributing",
    "CHANGELOG.md": "project/changes",
    "benchmarks/README.md": "project/benchmarks",
    "cluster/README.md": "project/cluster",
}
"""Files of the repository, and the page of the site that shows each."""

_LINK = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<target>[^)\s:#]+)(?P<anchor>#[^)\s]*)?\)")
_INCLUDE = re.compile(r"\A(?P<title># .+\n)?\s*```\{include\} (?P<file>\S+)\n```\s*\Z", re.DOTALL)


def rewrite_source(app: Any, page: str, content: list[str]) -> None:
    """Rewrite what Sphinx has read of a page; ``content`` has one text, which is replaced."""
    source = Path(app.env.doc2path(page))
    if source.suffix == ".md":
        included = _INCLUDE.match(content[0])
        if included:
            app.env.note_dependency(str((source.parent / included["file"]).resolve()))
        content[0] = rewritten(content[0], source)


def rewritten(text: str, source: Path) -> str:
    """Return the text of a page as the site has it.

    Args:
        text: Its Markdown, or nothing but the inclusion of a file of the repository, below a
            title if it is to have another one.
        source: Where the page lies, below ``docs/``.
    """
    shown = source
    include = _INCLUDE.match(text)
    if include:
        shown = (source.parent / include["file"]).resolve()
        text = shown.read_text()
        if include["title"]:
            text = include["title"] + text.partition("\n")[2]
    return _LINK.sub(lambda link: _relinked(link, shown, source), text)


def _relinked(link: re.Match[str], shown: Path, page: Path) -> str:
    target = (shown.parent / link["target"]).resolve()
    if not target.is_relative_to(ROOT):
        return link[0]
    if target.is_relative_to(DOCS):
        place = target
    elif (name := target.relative_to(ROOT).as_posix()) in REPOSITORY_PAGES:
        place = (DOCS / REPOSITORY_PAGES[name]).with_suffix(".md")
    elif target.exists():
        return link["text"]
    else:
        return link[0]
    return f"[{link['text']}]({os.path.relpath(place, page.parent)}{link['anchor'] or ''})"
