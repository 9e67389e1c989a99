"""Damaged files of tantivy and Lance: each is told in one line, whatever is asked, and never as a panic."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from indexer.article import Deletion
from indexer.engines import open_reader, open_writer
from indexer.engines.embedded.checksums import damaged_files
from indexer.engines.embedded.layout import files_below, storage_errors
from indexer.errors import DamagedIndex, IndexerError
from indexer.queries import And, Lexical, Match, Nearest, Phrase, Range
from tests.indexer.engines.contract import SPACE, article, vector
from tests.indexer.replacing import put

KINDS = [".fast", ".fieldnorm", ".idx", ".pos", ".store", ".term", ".del", "meta.json"]


@pytest.fixture
def index(tmp_path: Path) -> Path:
    folder = tmp_path / "index"
    writer = open_writer(str(folder), space=SPACE)
    ids = [str(n) for n in range(30)]
    writer.write([article(id, f"heart failure n{id}", year=2000) for id in ids], {id: vector(int(id)) for id in ids})
    writer.commit()
    writer.delete([Deletion(id="3", order=2)])
    writer.commit()
    writer.close()
    return folder


def ask(location: str) -> None:
    reader = open_reader(location)
    reader.info()
    reader.search([Lexical(Match("heart"), 5), Lexical(Phrase("heart failure"), 5), Lexical(And(()), 99)])
    reader.search([Nearest(vector(1), 5, Range("year", 1999, 2001))])
    reader.fetch(["1", "2"])
    reader.vectors(["1", "2"])
    assert len(list(reader.rows())) <= 30
    reader.close()


def change(location: str) -> None:
    writer = open_writer(location, space=SPACE)
    try:
        writer.delete([Deletion(id="5", order=3)])
        writer.write([article("6", "lung", order=3)], {"6": vector(6)})
        writer.optimize()
    finally:
        writer.close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_damage_to_text_is_one_line(index: Path, kind: str) -> None:
    """Files lost, emptied, cut in half and flipped: the answer may be right, or one line."""
    rng = np.random.default_rng(3)
    whole = {path: path.read_bytes() for path in files_below(index)}
    for path in [path for path in whole if path.parent.name == "text" and path.name.endswith(kind)]:
        content = whole[path]
        flipped = bytearray(content)
        for place in rng.integers(0, len(content), 5):
            flipped[place] ^= 255
        for broken in (None, b"", content[: len(content) // 2], bytes(flipped)):
            for act in (ask, change):
                spoil(index, whole, path, broken)
                one_line_or_fine(act, index)


def spoil(index: Path, whole: dict[Path, bytes], path: Path, broken: bytes | None) -> None:
    """The index as it was, but for one file."""
    for found in files_below(index) - whole.keys():
        found.unlink()
    for known, content in whole.items():
        put(known, content)
    if broken is None:
        path.unlink()
    else:
        put(path, broken)


def one_line_or_fine(act: Callable[[str], None], index: Path) -> None:
    told = ""
    try:
        act(str(index))
    except IndexerError as error:
        told = str(error)
    assert "\n" not in told


def test_a_lost_positions_file_stops_a_deletion_in_one_line(index: Path) -> None:
    next((index / "text").glob("*.pos")).unlink()
    with pytest.raises(DamagedIndex, match="cannot be used"):
        change(str(index))


def test_a_panic_becomes_one_line() -> None:
    class PanicException(BaseException):
        """As Rust names it."""

    with pytest.raises(DamagedIndex, match="index out of bounds"), storage_errors("x"):
        raise PanicException("index out of bounds\nmore")
    with pytest.raises(KeyboardInterrupt), storage_errors("x"):
        raise KeyboardInterrupt


def test_places_in_lances_source_are_not_told(index: Path) -> None:
    for path in (index / "vectors" / "data").iterdir():
        path.unlink()
    with pytest.raises(DamagedIndex) as caught:
        open_reader(str(index)).search([Nearest(vector(1), 5)])
    assert ".rs" not in str(caught.value)


def test_deletes_of_a_commit_that_never_came_about_are_no_damage(index: Path) -> None:
    """A commit writes SEGMENT.OPSTAMP.del before meta.json names it, so a kill can leave one that nobody reads."""
    (committed,) = (index / "text").glob("*.del")
    segment = committed.name.partition(".")[0]
    (index / "text" / f"{segment}.999999.del").touch()
    assert damaged_files(index) == []
    put(committed, b"")
    assert len(damaged_files(index)) == 1


def test_the_rest_of_a_creation_cut_short_is_made_anew(index: Path, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    (begun / "text").mkdir(parents=True)
    (begun / "text" / ".managed.json").write_text("[]")
    (begun / "index.json").write_bytes((index / "index.json").read_bytes())
    open_writer(str(begun), space=SPACE).close()
    assert open_writer(str(begun), space=SPACE).stored(["1"]) == {}
