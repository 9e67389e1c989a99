from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import lance
import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.article import Article, Deletion, text_digest
from indexer.article_json import record_digest
from indexer.engines import open_writer
from indexer.engines.protocol import Row, Stored, VectorSpace
from indexer.errors import DamagedIndex
from indexer.ledger import FileEntry
from indexer.order import arrival_stamp, pack
from indexer.verify import recount, verify
from tests.doubles import ListIndex
from tests.indexer.replacing import put

SPACE = VectorSpace(model="test", fingerprint="f", dimension=4, similarity="ip")
GOOD = np.ones(4, np.float32)


def index_of(rows: Sequence[tuple[Article | Deletion, NDArray[np.float32] | None]]) -> ListIndex:
    index = ListIndex(SPACE)
    index.rows = {record.id: Row(record, vector) for record, vector in rows}
    return index


def test_a_sound_index_is_counted(tmp_path: Path) -> None:
    writer = open_writer(str(tmp_path / "index"), space=SPACE)
    articles = [Article(id="1", title="Heart"), Article(id="2", abstract="Lung"), Article(id="3", journal="BMJ")]
    writer.write(articles, {"1": GOOD, "2": GOOD})
    writer.delete([Deletion(id="4")])
    writer.commit()
    writer.close()
    found = verify(str(tmp_path / "index"))
    assert (found.articles, found.vectors, found.tombstones, found.textless) == (3, 2, 1, 1)
    assert found.is_sound
    assert found.problems == ()


@pytest.mark.parametrize(
    ("record", "vector", "complaint"),
    [
        (Article(id="1", title="Heart"), None, "'1' has text, but no vector."),
        (Article(id="1"), GOOD, "'1' has a vector, but no text."),
        (Deletion(id="1"), GOOD, "'1' was deleted, but has a vector."),
        (Article(id="1", title="Heart"), np.ones(3, np.float32), "'1' has a vector of 3 numbers instead of 4."),
        (Article(id="1", title="Heart"), np.full(4, np.nan, np.float32), "'1' has a vector with NaN or infinity."),
    ],
)
def test_each_fault_is_named(record: Article | Deletion, vector: NDArray[np.float32] | None, complaint: str) -> None:
    found = recount(index_of([(record, vector)]).open_reader())
    assert found.problems == (complaint,)
    assert not found.is_sound


def test_an_index_without_vectors_needs_none() -> None:
    index = index_of([(Article(id="1", title="Heart"), None)])
    index.space = None
    assert recount(index.open_reader()).is_sound


def test_many_faults_are_counted_and_some_are_shown() -> None:
    found = recount(index_of([(Article(id=str(n), title="x"), None) for n in range(250)]).open_reader())
    assert (len(found.problems), found.problem_count) == (100, 250)


def test_vectors_that_belong_to_no_record_are_noticed(tmp_path: Path) -> None:
    """Rows slipped into Lance behind the writer's back, and named by the next commit."""
    location = tmp_path / "index"
    writer = open_writer(str(location), space=SPACE)
    writer.write([Article(id="1", title="Heart")], {"1": GOOD})
    writer.commit()
    writer.close()
    writer = open_writer(str(location), space=SPACE)
    table = lance.dataset(str(location / "vectors"))
    stray = table.to_table()
    stray = stray.set_column(0, "slot", [[77]])
    lance.write_dataset(stray, table, mode="append")
    writer.write([Article(id="2", title="Lung")], {"2": GOOD})
    writer.commit()
    writer.close()
    assert verify(str(location)).problems == ("The index says that it holds 3 vectors, but 2 belong to its records.",)


def stored_index(location: Path) -> list[Path]:
    """An index of 50 articles; its text files."""
    writer = open_writer(str(location), space=SPACE)
    articles = [Article(id=str(n), title=f"Heart of report {n}", abstract="Lung and liver.") for n in range(50)]
    writer.write(articles, {article.id: GOOD for article in articles})
    writer.commit()
    writer.close()
    return sorted(path for path in (location / "text").iterdir() if len(path.stem) == 32)


def test_a_flipped_bit_in_any_text_file_is_found(tmp_path: Path) -> None:
    for path in stored_index(tmp_path / "index"):
        whole = path.read_bytes()
        for place in (0, len(whole) // 3, len(whole) - 20, len(whole) - 3):
            broken = bytearray(whole)
            broken[place] ^= 4
            put(path, bytes(broken))
            with suppress(DamagedIndex):  # where it cannot even be opened
                assert any(path.name in problem for problem in verify(str(tmp_path / "index")).problems)
        put(path, whole)
    assert verify(str(tmp_path / "index")).is_sound


def test_records_unlike_their_digests_are_named() -> None:
    right, wrong = Article(id="1", title="Heart"), Article(id="2", title="Lung")
    stored = Stored(0, False, text_digest(right), record_digest(right), False)
    index = index_of([])
    index.rows = {"1": Row(right, GOOD, stored), "2": Row(wrong, GOOD, replace(stored, has_vector=True))}
    assert recount(index.open_reader()).problems == (
        "'1' has a vector, but is noted as having none.",
        "'2' is not what its digests say: it was changed or damaged.",
    )


def test_a_record_that_its_id_does_not_find_is_named() -> None:
    index = index_of([(Article(id="1", title="Heart"), GOOD)])
    index.rows = {"2": index.rows["1"]}
    assert recount(index.open_reader()).problems == ("'1' is stored, but asking for it gives something else.",)


def test_a_lost_ledger_shows_where_unnumbered_files_were_read(tmp_path: Path) -> None:
    location = str(tmp_path / "index")
    writer = open_writer(location, space=None)
    order = pack(arrival_stamp(writer.ledger.arrival("mine.jsonl", "1")))
    writer.write([Article(id="1", order=order)], {})
    writer.commit()
    writer.close()
    assert verify(location).is_sound
    (tmp_path / "index" / "ledger.jsonl").unlink()
    (problem,) = verify(location).problems
    assert problem.startswith("There are records of unnumbered file 1, but the ledger knows 0")


def test_files_done_without_any_record_are_noticed(tmp_path: Path) -> None:
    location = str(tmp_path / "index")
    writer = open_writer(location, space=None)
    writer.ledger.tick(FileEntry(name="a.jsonl", digest="1", read=3, added=3))
    writer.close()
    assert verify(location).problems == ("The ledger names files that gave 3 articles, but there is none.",)
