"""What a driver is asked is done once, whole, and by that driver only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tuner.errors import StorageError
from tuner.store import SweepLayout
from tuner.store.requests import is_waiting, post_stop, take_requests, withdraw


def test_a_driver_takes_each_request_once_in_order(layout: SweepLayout) -> None:
    posted = [post_stop(layout, 2), post_stop(layout, 2, trial_id="t000001", now=True)]
    assert all(is_waiting(layout, request) for request in posted)
    assert take_requests(layout, 2) == posted
    assert not any(is_waiting(layout, request) for request in posted)
    assert take_requests(layout, 2) == []


def test_there_is_nothing_to_take_without_a_folder(layout: SweepLayout) -> None:
    assert take_requests(layout, 0) == []
    assert not layout.requests_dir.exists()


def test_a_request_to_a_dead_driver_is_not_done_by_the_next(layout: SweepLayout) -> None:
    old, new = post_stop(layout, 0), post_stop(layout, 1)
    assert take_requests(layout, 1) == [new]
    assert not is_waiting(layout, old)


def test_who_asks_is_told(layout: SweepLayout) -> None:
    request = post_stop(layout, 0)
    assert "@" in request.by
    assert request.at > 0


def test_a_request_can_be_taken_back_until_it_was_taken(layout: SweepLayout) -> None:
    request = post_stop(layout, 0)
    assert withdraw(layout, request)
    assert not withdraw(layout, request)
    assert take_requests(layout, 0) == []


@pytest.mark.parametrize(
    "garbage",
    ["", "{", "[]", "null", "{}", '{"kind": "stop"}', "\x00", '{"id": "x", "more": 1}'],
)
def test_what_is_no_request_is_thrown_away(layout: SweepLayout, garbage: str) -> None:
    request = post_stop(layout, 0)
    (layout.requests_dir / "stop-x.json").write_text(garbage)
    assert take_requests(layout, 0) == [request]
    assert list(layout.requests_dir.iterdir()) == []


def test_a_kind_that_this_version_does_not_know_is_not_done(layout: SweepLayout) -> None:
    request = post_stop(layout, 0)
    path = layout.requests_dir / f"stop-{request.id}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "kind": "pause"}))
    assert take_requests(layout, 0) == []


def test_a_request_that_is_still_being_written_stays(layout: SweepLayout) -> None:
    post_stop(layout, 0)
    unfinished = layout.requests_dir / ".stop-y.json.tmp"
    unfinished.write_text("{")
    assert len(take_requests(layout, 0)) == 1
    assert unfinished.exists()


def test_a_file_that_vanishes_meanwhile_is_no_error(
    layout: SweepLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_stop(layout, 0)
    read: Callable[[Path], bytes] = Path.read_bytes

    def vanish(self: Path) -> bytes:
        self.unlink()
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", vanish)
    assert take_requests(layout, 0) == []


def test_a_folder_that_cannot_be_written(
    layout: SweepLayout, full_disk: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StorageError, match="No space left"):
        post_stop(layout, 0)
    full_disk.undo()
    assert take_requests(layout, 0) == []


def test_a_request_that_cannot_be_removed_is_an_error(
    layout: SweepLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = post_stop(layout, 0)

    def refuse(self: Path, **options: Any) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(StorageError, match="Read-only"):
        take_requests(layout, 0)
    with pytest.raises(StorageError, match="Read-only"):
        withdraw(layout, request)
