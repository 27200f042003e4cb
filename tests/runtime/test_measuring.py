from __future__ import annotations

from tuner.runtime.measuring import forget_peak, peak_memory

MIB = 2**20


def test_the_peak_is_that_of_what_came_after_it_was_forgotten() -> None:
    held = bytearray(300 * MIB)
    held[::4096] = b"x" * len(held[::4096])  # else the pages are not there
    del held
    large = peak_memory()
    forget_peak()
    small = peak_memory()
    assert large is not None
    assert small is not None
    assert large - small > 200 * MIB
    assert small > MIB
