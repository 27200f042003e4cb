"""How well a sweep's slots were used, from when and where its trials ran."""

from __future__ import annotations

from overheads.driver import Run


def busy_share(run: Run) -> float:
    """Return the share of slot seconds in which a trial ran, once the sweep was warm.

    Warm: from when as many workers as there are slots had begun a trial, or the last that ever
    did where they were fewer; up to when the last trial began, as slots run empty after that.
    """
    first: dict[int, float] = {}
    for span in sorted(run.spans, key=lambda span: span.began):
        first.setdefault(span.process, span.began)
    begins = sorted(first.values())
    warm = begins[min(run.work.slots, len(begins)) - 1]
    until = max(span.began for span in run.spans)
    busy = sum(max(0.0, min(s.ended, until) - max(s.began, warm)) for s in run.spans)
    return busy / (run.work.slots * (until - warm))


def slots_used(run: Run) -> int:
    """Return how many trials ran at a time at most."""
    begins = [(span.began, 1) for span in run.spans]
    ends = [(span.ended, -1) for span in run.spans]
    running = most = 0
    for _, change in sorted(begins + ends):
        running += change
        most = max(most, running)
    return most
