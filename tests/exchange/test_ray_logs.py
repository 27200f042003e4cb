"""The reports that Ray's loggers wrote, torn or whole."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tuner.exchange.ray_logs import RayLog


def test_no_file_is_no_report(tmp_path: Path) -> None:
    assert list(RayLog(tmp_path)) == []


def test_a_report_per_line_in_order_and_nested(tmp_path: Path) -> None:
    reports = [{"loss": 0.5, "val": {"acc": 1}, "sizes": [1, 2]}, {"loss": 0.25}]
    _write(tmp_path, *map(json.dumps, reports))

    assert list(RayLog(tmp_path)) == reports


def test_not_a_number_survives_also_as_ray_spells_that_of_numpy(tmp_path: Path) -> None:
    _write(tmp_path, '{"a": NaN, "b": "null", "c": {"d": -Infinity}, "config": {"act": "null"}}')

    (report,) = RayLog(tmp_path)

    assert math.isnan(report["a"])
    assert math.isnan(report["b"])
    assert report["c"] == {"d": -math.inf}
    assert report["config"] == {"act": "null"}


def test_a_line_torn_at_any_byte_costs_that_line_alone(tmp_path: Path) -> None:
    whole, last = json.dumps({"loss": 1.0}), json.dumps({"loss": 0.5, "note": "é"})
    for length in range(1, len(last.encode()) - 1):
        torn = last.encode()[:length]
        (tmp_path / "result.json").write_bytes(whole.encode() + b"\n" + torn)
        log = RayLog(tmp_path)
        assert list(log) == [{"loss": 1.0}]
        assert log.damaged == 1


def test_a_restored_process_that_wrote_on_behind_a_torn_line_is_read_on(tmp_path: Path) -> None:
    _write(tmp_path, '{"loss": 1.0}', '{"lo{"loss": 0.5}', "", "[1]", '{"loss": 0.25}')
    log = RayLog(tmp_path)

    assert [report["loss"] for report in log] == [1.0, 0.25]
    assert log.damaged == 2
    assert len(list(log)) == 2
    assert log.damaged == 2, "counted anew in each iteration"


def test_a_table_alone_gives_back_what_it_can(tmp_path: Path) -> None:
    (tmp_path / "progress.csv").write_bytes(
        b"loss,val/acc,good,note,sizes,names,trial_id,late\r\n"
        b"nan,0.5,True,1_000,\"[1, 2]\",['a'],1e234567,\r\n"
        b"-inf,-1e-3,False,text,[],x,1e234567,3\r\n"
    )

    first, second = RayLog(tmp_path)

    assert math.isnan(first.pop("loss"))
    assert first == {
        "val/acc": 0.5, "good": True, "note": "1_000", "sizes": [1, 2], "names": "['a']",
        "trial_id": "1e234567",
    }  # fmt: skip
    assert (second["loss"], second["val/acc"], second["good"]) == (-math.inf, -0.001, False)
    assert second["late"] == 3.0


@pytest.mark.parametrize("torn", [b"0.25", b"0.2,1", b"0.25,10"])
def test_a_torn_row_is_left_out_even_if_it_looks_whole(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / "progress.csv").write_bytes(b"loss,epoch\r\n0.5,1\r\n" + torn)
    log = RayLog(tmp_path)

    assert list(log) == [{"loss": 0.5, "epoch": 1.0}]
    assert log.damaged == 1


def test_lines_are_preferred_to_the_table_unless_there_are_none(tmp_path: Path) -> None:
    (tmp_path / "progress.csv").write_text("loss\n2.0\n")
    _write(tmp_path, '{"loss": 1.0}')
    assert list(RayLog(tmp_path)) == [{"loss": 1.0}]
    (tmp_path / "result.json").write_text("")
    assert list(RayLog(tmp_path)) == [{"loss": 2.0}]
    (tmp_path / "progress.csv").write_text("")
    assert list(RayLog(tmp_path)) == []


def _write(folder: Path, *lines: str) -> None:
    (folder / "result.json").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
