"""Parts: whole lines, in order, no file larger than allowed, and none to be seen that is not whole."""

import gzip
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.engines.opensearch.files.errors import FilesBusy, UnwritableFiles
from indexer.engines.opensearch.files.parts import Parts, Stream

documents = st.lists(st.binary(min_size=1, max_size=30).map(lambda raw: raw.replace(b"\n", b" ") + b"\n"), max_size=12)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.slow
@settings(max_examples=30)
@given(documents=documents, most=st.integers(1, 100), finished=st.sets(st.integers(0, 11)))
def test_all_lines_are_there_in_order_and_no_part_is_larger_than_allowed_but_for_one_long_line(
    documents: list[bytes], most: int, finished: set[int]
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        parts = Parts(folder, most=most, is_packed=False)
        for at, lines in enumerate(documents):
            parts.add(lines)
            if at in finished:
                parts.finish()
        parts.finish()
        found = contents(folder)
    assert b"".join(found.values()) == b"".join(documents)
    assert list(found) == [f"part-{number:05d}.ndjson" for number in range(1, len(found) + 1)]
    assert all(len(body) <= most or body in documents for body in found.values())


def test_a_part_is_seen_when_it_is_whole_and_dropped_when_it_is_not(tmp_path: Path) -> None:
    parts = Parts(tmp_path, most=100, is_packed=False)
    parts.add(b"one\n")
    assert list(tmp_path.glob("part-*")) == []
    parts.finish()
    parts.add(b"two\n")
    parts.close()
    assert contents(tmp_path) == {"part-00001.ndjson": b"one\n"}


def test_numbers_go_on_where_the_last_run_ended_and_what_a_crash_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "part-00041.ndjson.gz").write_bytes(b"")
    (tmp_path / ".part-00042.ndjson").write_bytes(b"half a li")
    parts = Parts(tmp_path, most=100, is_packed=False)
    parts.add(b"one\n")
    parts.finish()
    assert list(contents(tmp_path)) == ["part-00041.ndjson.gz", "part-00042.ndjson"]


def test_packed_parts_are_measured_unpacked_and_the_same_for_the_same_lines(tmp_path: Path) -> None:
    for name in ("once", "again"):
        (tmp_path / name).mkdir()
        parts = Parts(tmp_path / name, most=2_000, is_packed=True)
        for _ in range(5):
            parts.add(b"x" * 999 + b"\n")
        parts.finish()
    once, again = contents(tmp_path / "once"), contents(tmp_path / "again")
    assert once == again
    assert [len(gzip.decompress(body)) for body in once.values()] == [2_000, 2_000, 1_000]
    assert all(name.endswith(".ndjson.gz") for name in once)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_told_with_what_to_do(tmp_path: Path) -> None:
    parts = Parts(tmp_path, most=10**9, is_packed=False)
    (tmp_path / ".part-00001.ndjson").symlink_to("/dev/full")
    with pytest.raises(UnwritableFiles, match="No space left"):
        parts.add(b"x" * 10_000_000)
    parts.close()
    assert list(tmp_path.iterdir()) == []


def test_a_stream_gets_lines_at_once() -> None:
    stream = BytesIO()
    lines = Stream(stream)
    lines.add(b"one\n")
    assert stream.getvalue() == b"one\n"
    lines.finish()
    lines.close()
    assert not stream.closed


needs_locks = pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be locked here")


@needs_locks
def test_what_one_process_has_not_finished_is_not_taken_for_whole_by_another(tmp_path: Path) -> None:
    first = Parts(tmp_path, most=100, is_packed=False)
    first.add(b"one\n")
    with pytest.raises(FilesBusy, match="Another process"):
        Parts(tmp_path, most=100, is_packed=False)
    first.finish()
    first.close()
    assert contents(tmp_path) == {"part-00001.ndjson": b"one\n"}
    Parts(tmp_path, most=100, is_packed=False).close()


@needs_locks
def test_a_process_that_was_killed_leaves_nothing_half_written_and_keeps_nobody_out(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from indexer.engines.opensearch.files.parts import Parts\n"
        "parts = Parts(Path(sys.argv[1]), most=20, is_packed=False)\n"
        "parts.add(b'one one one one one\\n'); parts.add(b'two\\n')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, timeout=120)
    assert done.returncode < 0
    parts = Parts(tmp_path, most=100, is_packed=False)
    parts.add(b"three\n")
    parts.finish()
    parts.close()
    assert contents(tmp_path) == {"part-00001.ndjson": b"one one one one one\n", "part-00002.ndjson": b"three\n"}
