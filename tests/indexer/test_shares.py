"""Which files a loader reads, and the numbers of files that carry none."""

from pathlib import Path

import pytest

from indexer import sources
from indexer.engines.writing import Share
from indexer.errors import SameName
from indexer.ledger import FileEntry
from indexer.shares import names_of, register_arrivals, take_share
from tests.doubles import ListLedger
from tests.indexer.pubmed_files import Entry, write


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    names = ["a.xml", "pubmed26n0001.xml", "b.xml", "pubmed26n0002.xml", "c.xml"]
    return [write(tmp_path / name, [Entry(str(place))]) for place, name in enumerate(names, start=1)]


def test_shares_hold_each_file_once(files: list[Path]) -> None:
    for order in (files, files[::-1]):
        shares = [take_share(order, ListLedger(), Share(number, 3)) for number in (1, 2, 3)]
        assert shares == [[files[0], files[1]], [files[2], files[3]], [files[4]]]  # by name: a, b, c, 0001, 0002


def test_a_share_may_be_empty_and_the_whole_is_one_share(files: list[Path]) -> None:
    assert take_share(files, ListLedger(), Share(7, 7)) == []
    assert take_share(files[::-1], ListLedger(), Share()) == files[::-1]


def test_a_folder_is_shared_by_the_names_of_its_files(files: list[Path], tmp_path: Path) -> None:
    taken = take_share([tmp_path], ListLedger(), Share(1, 2))
    assert [path.name for path in taken] == ["a.xml", "c.xml", "pubmed26n0002.xml"]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_loader_numbers_all_unnumbered_files_in_the_order_of_the_list(files: list[Path], number: int) -> None:
    ledger = ListLedger()
    take_share(files, ledger, Share(number, 3))
    assert {name: place for (name, _), place in ledger.arrivals().items()} == {"a.xml": 1, "b.xml": 2, "c.xml": 3}


def test_files_that_cannot_be_read_or_are_not_as_published_get_no_number(files: list[Path]) -> None:
    files[0].with_name("a.xml.md5").write_text("0" * 32)
    files[2].unlink()
    ledger = ListLedger()
    register_arrivals(files, ledger)
    assert [name for name, _ in ledger.arrivals()] == ["c.xml"]


def test_a_finished_file_is_known_by_its_looks(files: list[Path]) -> None:
    ledger = ListLedger()
    ledger.tick(FileEntry(name="a.xml", digest="x", stat=sources.looks(files[0])))
    register_arrivals(files[:3], ledger)
    assert [name for name, _ in ledger.arrivals()] == ["b.xml"]


def test_files_are_listed_by_their_names_in_the_ledger() -> None:
    assert names_of([Path("/here/b.xml"), Path("a/\udcff.xml")]) == ("b.xml", "\ufffd.xml")


def test_files_of_one_name_are_told_apart_by_no_share_and_both_are_named(tmp_path: Path) -> None:
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "part1.xml", [Entry(folder)])
    both = [tmp_path / folder / "part1.xml" for folder in ("here", "there")]
    said = r"'part1\.xml' \('[^']*here/part1\.xml' and '[^']*there/part1\.xml'\).* Rename one; or load without --shard"
    for ask in (lambda: take_share(both, ListLedger(), Share(2, 2)), lambda: names_of(both, Share(2, 2))):
        with pytest.raises(SameName, match=said):
            ask()
    assert names_of(both) == ("part1.xml", "part1.xml")
