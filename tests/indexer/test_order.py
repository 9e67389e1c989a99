import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.order import Stamp, arrival_of, arrival_stamp, pack, same_file, stamp_from_name, version_of

PLACES = st.tuples(
    st.integers(1, 500),
    st.integers(1900, 4000),
    st.integers(0, 10**6),
    st.integers(0, 2 * 10**6),
    st.booleans(),
)


@pytest.mark.parametrize(
    ("name", "stamp"),
    [
        ("pubmed26n1335.xml.gz", Stamp(2026, 1335)),
        ("PubMed26N0001.XML", Stamp(2026, 1)),
        ("medline16n0902.xml.gz", Stamp(2016, 902)),
        ("medline99n0001.xml", Stamp(1999, 1)),
        ("/data/updatefiles/pubmed26n12345.xml.gz", Stamp(2026, 12345)),
        ("pubmed26n13.xml.gz", None),
        ("my-export.nbib", None),
    ],
)
def test_the_stamp_is_read_from_nlms_names(name: str, stamp: Stamp | None) -> None:
    assert stamp_from_name(name) == stamp


@given(PLACES, PLACES)
def test_orders_compare_as_version_then_year_number_position_and_deletion_last(
    one: tuple[int, int, int, int, bool], other: tuple[int, int, int, int, bool]
) -> None:
    def packed(place: tuple[int, int, int, int, bool]) -> int:
        version, year, number, position, deletion = place
        return pack(Stamp(year, number), version=version, position=position, deletion=deletion)

    assert (packed(one) < packed(other)) == (one < other)
    assert 0 <= packed(one) < 2**63


def test_an_unnumbered_file_is_newer_than_every_numbered_one_and_than_those_before_it() -> None:
    numbered = pack(Stamp(2090, 999999), position=10**6, deletion=True)
    assert numbered < pack(arrival_stamp(1)) < pack(arrival_stamp(2))


def test_parts_that_are_too_large_saturate() -> None:
    assert pack(Stamp(9999, 10**9), version=10**9, position=10**9, deletion=True) == 2**63 - 1


def test_the_version_can_be_read_again() -> None:
    assert version_of(pack(Stamp(2026, 3), version=7, position=9, deletion=True)) == 7


def test_records_of_one_file_are_known_by_their_order() -> None:
    first, last = pack(Stamp(2026, 3), position=0), pack(Stamp(2026, 3), position=9, deletion=True)
    assert same_file(first, last)
    assert not same_file(first, pack(Stamp(2026, 4)))


@given(PLACES, st.integers(1, 10**6))
def test_the_arrival_is_read_from_an_order_and_is_none_for_a_numbered_file(
    place: tuple[int, int, int, int, bool], sequence: int
) -> None:
    version, year, number, position, deletion = place
    packed = pack(arrival_stamp(sequence), version=version, position=position, deletion=deletion)
    assert arrival_of(packed) == sequence
    assert arrival_of(pack(Stamp(year, number), version=version, position=position, deletion=deletion)) == 0
