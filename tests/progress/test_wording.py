"""What a sweep comes to, as short texts."""

from __future__ import annotations

from tuner.progress.wording import ended_text, resources_text


def test_resources() -> None:
    assert resources_text({"CPU": (2.0, 4.0), "GPU": (0.5, 1)}) == "CPU 2/4, GPU 0.5/1"
    assert resources_text({"memory": (0.0, 15.6e9)}) == "memory 0/14.5GiB"


def test_how_many_have_ended() -> None:
    assert ended_text(3, 10) == "3 of 10 trials ended"
    assert ended_text(1, None) == "1 trial ended"
