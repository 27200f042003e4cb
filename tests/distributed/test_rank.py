from __future__ import annotations

import threading
from pathlib import Path

from ray.tune import Checkpoint

from tuner.distributed.layout import Seat, lay_out
from tuner.distributed.rank import Rank, Report, Reports


def test_a_report_waits_until_it_was_dealt_with() -> None:
    reports, passed = Reports(), threading.Event()

    def train() -> None:
        reports.put(Report({"loss": 1.0}, None))
        passed.set()
        reports.end()

    trains = threading.Thread(target=train)
    trains.start()
    first = reports.next(after_one=False)
    assert first == Report({"loss": 1.0}, None)
    assert not passed.is_set()
    assert reports.next(after_one=True) is None
    trains.join(10)
    assert passed.is_set()


def test_only_the_first_rank_reports() -> None:
    reports = Reports()
    second = Rank(lay_out([Seat("a", "h"), Seat("a", "h")])[1], None, reports)

    second.report({"loss": 2.0})  # returns, though nobody deals with it
    reports.end()

    assert reports.next(after_one=False) is None
    assert (second.number, second.world_size, second.device.type) == (1, 2, "cpu")


def test_a_checkpoint_arrives_with_all_its_files(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "deep").mkdir(parents=True)
    (source / "model.pt").write_bytes(b"\x00weights")
    (source / "deep" / "empty").write_bytes(b"")

    report = Report.of({"loss": 1.0}, Checkpoint.from_directory(source))
    report.write_files(target)

    assert (target / "model.pt").read_bytes() == b"\x00weights"
    assert (target / "deep" / "empty").read_bytes() == b""
    assert sorted(report.files or {}) == ["deep/empty", "model.pt"]
