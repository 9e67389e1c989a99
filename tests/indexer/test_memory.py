"""The memory of a whole load: bounded by bytes, not only by the number of records."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

LOAD = """
import sys
from contextlib import closing
from pathlib import Path
from indexer.engines import open_writer
from indexer.ingest import ingest
from indexer.rejects import Rejects
with closing(open_writer(sys.argv[2], space=None)) as writer:
    *_, summary = ingest([Path(sys.argv[1])], writer, None, rejects=Rejects(None))
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(summary.counts.added, int(peak.split()[1]) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
def test_five_hundred_large_records_are_not_held_at_once(tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for number in range(500):
            file.write(b'{"id": "%d", "title": "Large.", "note": "%s"}\n' % (number, b"lorem ipsum " * 87_000))
    command = [sys.executable, "-c", LOAD, str(path), str(tmp_path / "index")]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    added, peak_mb = map(int, done.stdout.split())
    assert added == 500
    assert peak_mb < 400  # all 500 MB of records, and 256 MB of tantivy's, would be more
