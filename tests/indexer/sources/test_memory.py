import gzip
import subprocess
import sys
from pathlib import Path

import pytest

GLACIER = Path(__file__).parents[2] / "data" / "sources" / "glacier.xml"

READ = """
import sys
from pathlib import Path
from indexer.order import Stamp
from indexer.sources import read
count = sum(1 for _ in read(Path(sys.argv[1]), Stamp(2026, 1)))
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(count, int(peak.split()[1]) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
def test_a_file_of_30_000_records_is_read_in_under_300_mb(tmp_path: Path) -> None:
    text = GLACIER.read_text("utf-8")
    first = text[text.index("<PubmedArticle>") : text.index("<PubmedBookArticle>")]
    path = tmp_path / "pubmed26n0001.xml.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"<PubmedArticleSet>")
        for number in range(1, 30_001):
            file.write(first.replace("900001", str(number)).encode())
        file.write(b"</PubmedArticleSet>")
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    count, peak_mb = map(int, done.stdout.split())
    assert count == 30_000
    assert peak_mb < 300
