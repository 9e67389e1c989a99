"""Append-only JSON lines: what a crash can leave, and what is read after it."""

from pathlib import Path

import pytest

from indexer import jsonlog
from indexer.errors import DamagedLog, UnusableLog


def test_a_missing_file_has_no_rows(tmp_path: Path) -> None:
    assert jsonlog.read(tmp_path / "none.jsonl") == []


def test_rows_come_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    jsonlog.append(path, [{"n": 1}, {"n": 2}])
    jsonlog.append(path, [{"n": 3, "text": "zwei\nZeilen"}])
    assert jsonlog.read(path) == [{"n": 1}, {"n": 2}, {"n": 3, "text": "zwei\nZeilen"}]


@pytest.mark.parametrize("torn", [b'{"n":', b'{"n":2}', b"\x00" * 5000, b"\xff\xfe"])
def test_a_torn_last_line_is_neither_read_nor_in_the_way(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"n":1}\n' + torn)
    assert jsonlog.read(path) == [{"n": 1}]
    jsonlog.append(path, [{"n": 3}])
    assert path.read_bytes() == b'{"n":1}\n{"n":3}\n'


def test_a_file_that_is_one_torn_line_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"x" * 200_000)
    jsonlog.append(path, [{"n": 1}])
    assert path.read_bytes() == b'{"n":1}\n'


def test_a_torn_line_longer_than_a_block_is_cut_off_whole(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"n":1}\n' + b"x" * 200_000)
    jsonlog.append(path, [{"n": 2}])
    assert path.read_bytes() == b'{"n":1}\n{"n":2}\n'


@pytest.mark.parametrize("line", [b"{", b"[1]", b""])
def test_damage_before_the_last_line_is_told_with_its_number(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"n":1}\n' + line + b'\n{"n":3}\n')
    with pytest.raises(DamagedLog, match=r"Line 2 of .*log\.jsonl"):
        jsonlog.read(path)


def test_appending_nothing_makes_no_file(tmp_path: Path) -> None:
    jsonlog.append(tmp_path / "log.jsonl", [])
    assert not (tmp_path / "log.jsonl").exists()


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    for use in (lambda: jsonlog.read(tmp_path), lambda: jsonlog.append(tmp_path, [{"n": 1}])):
        with pytest.raises(UnusableLog, match=tmp_path.name):
            use()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").symlink_to("/dev/full")
    with pytest.raises(UnusableLog, match=r"log\.jsonl.*[Cc]heck disk space"):
        jsonlog.append(tmp_path / "log.jsonl", [{"n": 1}])
