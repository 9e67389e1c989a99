import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.training.partitions import Partitions


@settings(max_examples=20)
@given(
    rows=st.lists(st.tuples(st.sampled_from([f"key {n}" for n in range(12)]), st.integers(0, 99)), max_size=60),
    in_memory=st.sampled_from([1, 40, 1 << 20]),
)
def test_groups_are_those_of_a_dict(
    rows: list[tuple[str, int]], in_memory: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("parts") / "parts"
    expected: dict[str, list[int]] = {}
    with Partitions(folder, in_memory=in_memory) as partitions:
        for key, value in rows:
            partitions.add(key, value)
            expected.setdefault(key, []).append(value)
        found = list(partitions.groups())
    assert sorted(found) == sorted(expected.values())
    assert not folder.exists()


FEW_FILES = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
from search.training.partitions import Partitions
with Partitions(Path(sys.argv[1]), in_memory=100) as partitions:
    for number in range(400):
        partitions.add(f"key {number}", number)
    print(sum(len(group) for group in partitions.groups()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of open files there")
def test_few_files_are_open_at_once(tmp_path: Path) -> None:
    """Half as many as a process may open on macOS, so that the other half is left for an index and tables."""
    command = [sys.executable, "-c", FEW_FILES, str(tmp_path / "parts")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3])
    assert (done.returncode, done.stdout) == (0, "400\n"), done.stderr
