"""Writes the pages of ``docs/reference`` that say what the code says; part of ``make docs``."""

from __future__ import annotations

from pages import write
from repository import DOCS

if __name__ == "__main__":
    write(DOCS / "reference")
