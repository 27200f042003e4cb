"""The report of a study: its story and its sweeps in pictures, beside ``STUDY.md``.

It is no step: it trains nothing, takes none of the budget, and is made of what the folder holds
anyway, so that whoever misses it makes it with ``tuner report``.
"""

from __future__ import annotations

import logging
import time

from tuner.pipeline.folder import StudyFolder
from tuner.reporting.live import live_mark
from tuner.reporting.writing import gather, render, write_report

__all__ = ["keep_report"]

_RELOADS_EVERY_S = 30.0

_log = logging.getLogger(__name__)


def keep_report(folder: StudyFolder, *, goes_on: bool) -> None:
    """Write the report of a study anew; one that cannot be made costs nothing else.

    Args:
        folder: The study's.
        goes_on: Whether further steps follow at once. The page then says so and loads itself
            again, and what takes long to work out is left to the end.
    """
    now = time.time()
    live = live_mark(now, _RELOADS_EVERY_S) if goes_on else None
    try:
        page = render(gather([folder.root]), made=now, costly=not goes_on, live=live)
        write_report(folder.report_file, page)
    except Exception as error:
        _log.warning(
            "the report of %s could not be made: %s; to try again: tuner report %s",
            folder.root,
            error,
            folder.root,
            exc_info=_log.isEnabledFor(logging.DEBUG),
        )
