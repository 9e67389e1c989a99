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
