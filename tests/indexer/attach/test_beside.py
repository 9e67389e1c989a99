"""Vectors beside somebody's index, in a folder and in a cluster: theirs is only read."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from indexer.attach.attaching import Attaching
from indexer.attach.beside import SideCar, fill_beside
from indexer.attach.filling import FillOptions
from indexer.attach.tally import Outcome
from indexer.engines import open_reader
from indexer.engines.location import Location
from indexer.engines.opensearch.attached.beside_reader import BesideReader
from indexer.engines.opensearch.attached.errors import NotBeside, UnmappedField
from indexer.engines.opensearch.attached.field_map import FieldMap
from indexer.engines.protocol import Reader
from indexer.queries import And, Lexical, Match, Nearest, Not, Query, Range, Term
from tests.doubles import HashEncoder
from tests.indexer.attach import museum
from tests.indexer.attach.conftest import ended
from tests.opensearch.server import Server

Fill = Callable[..., Outcome]
DOCUMENTS = museum.tools(80)
READ_ONLY = {"knn": False}


@pytest.fixture(params=["folder", "cluster"])
def where(request: pytest.FixtureRequest, node_36: Server, fresh_index: str, tmp_path: Path) -> Location:
    """Of the side-car."""
    return Location(str(tmp_path / "car") if request.param == "folder" else f"{node_36.url}/{fresh_index}-car")


@pytest.fixture
def theirs(node_36: Server, fresh_index: str) -> Location:
    """An index that takes no vectors, and that nobody may write to by now."""
    location = museum.make(node_36, f"{fresh_index}-theirs", DOCUMENTS, settings=READ_ONLY)
    block(node_36, fresh_index, blocked=True)
    return location


def block(node: Server, index: str, *, blocked: bool) -> None:
    node.ask("PUT", f"/{index}-theirs/_settings", {"index.blocks.write": blocked})


@pytest.fixture
def fill(theirs: Location, where: Location, encoder: HashEncoder) -> Fill:
    """`fill(order)`: as `--sidecar … --apply` does."""

    def run(order: int = 1, map: FieldMap = museum.MAP, *, dry_run: bool = False) -> Outcome:
        with closing(Attaching(theirs)) as attaching:
            note = attaching.side_car(where, map)
            car = SideCar(location=where, note=note, space=encoder.space, order=order)
            return ended(fill_beside(attaching.theirs(note.map), car, encoder, FillOptions(dry_run=dry_run)))

    return run


@pytest.fixture
def reader(fill: Fill, where: Location) -> Iterator[Reader]:
    fill()
    with closing(open_reader(where)) as reader:
        yield reader


def test_the_side_car_is_searched_for_both_lists_with_their_ids(reader: Reader, encoder: HashEncoder) -> None:
    assert isinstance(reader, BesideReader)
    question = encoder.encode(["a chisel that rounds chair legs"])[0]
    words, near = reader.search([Lexical(Match("rounds chair legs"), 5), Nearest(question, 10)])
    ids = list(DOCUMENTS)
    scores = encoder.encode([(said["name"], said["story"]) for said in DOCUMENTS.values()]) @ question
    order = sorted(range(len(ids)), key=lambda number: (-scores[number], ids[number]))[:10]
    assert [hit.id for hit in near] == [ids[number] for number in order]
    assert all("rounds chair legs" in DOCUMENTS[hit.id]["story"] for hit in words)
    (found,) = reader.fetch([near[0].id])
    assert found is not None
    assert found.abstract == DOCUMENTS[near[0].id]["story"]
    info = reader.info()
    assert (info.articles, info.vectors, info.is_attached) == (80, 80, True)


@pytest.mark.parametrize(
    "within",
    [
        Term("journal", ("NORTH",)),
        And((Term("material", ("ash", "iron")), Range("year", 1905, 1950))),
        Term("weight", ("2.50",)),
        Not(Term("flag", ("retracted",))),
        Term("flag", ("abstract",)),
        Term("id", ("tool/7 é",)),
    ],
)
def test_filters_let_the_same_through_in_both_lists(reader: Reader, encoder: HashEncoder, within: Query) -> None:
    words, near = reader.search(
        [Lexical(Match("workshop"), 500, within), Nearest(encoder.encode(["oak"])[0], 500, within)]
    )
    assert {hit.id for hit in words} == {hit.id for hit in near} != set()


def test_a_filter_without_a_field_is_an_error_of_both(reader: Reader, encoder: HashEncoder) -> None:
    for probe in (
        Lexical(Match("oak"), 5, Term("mesh", ("x",))),
        Nearest(encoder.encode(["oak"])[0], 5, Term("mesh", ("x",))),
    ):
        with pytest.raises(UnmappedField, match="mesh"):
            reader.search([probe])


def test_nothing_of_theirs_is_written_and_a_second_run_mends_what_they_changed(
    node_36: Server, fresh_index: str, fill: Fill, where: Location, encoder: HashEncoder
) -> None:
    index = f"{fresh_index}-theirs"
    mapping = node_36.ask("GET", f"/{index}")
    first = fill(1)
    assert (first.tally.encoded, first.with_vector, first.tally.settled) == (80, 80, 80)
    assert node_36.ask("GET", f"/{index}") == mapping
    assert museum.sources(node_36, index) == DOCUMENTS
    block(node_36, fresh_index, blocked=False)
    node_36.ask("DELETE", f"/{index}/_doc/tool%2F5%20%C3%A9?refresh=true")
    changed = {**DOCUMENTS["tool/6 é"], "story": "Told anew."}
    emptied = {**DOCUMENTS["tool/7 é"], "story": "", "name": ""}
    museum.store(node_36, index, {"tool/6 é": changed, "tool/7 é": emptied, "new": museum.tool(200)})
    encoder.texts_encoded.clear()
    second = fill(2)
    tally = second.tally
    assert (tally.encoded, tally.fresh, tally.cleared) == (2, 77, 2)
    assert tally.read == tally.settled == 81  # their 80, and one of the side-car's that is gone from theirs
    assert (len(encoder.texts_encoded), second.documents, second.with_vector) == (2, 80, 79)
    with closing(open_reader(where)) as reader:
        vectors = reader.vectors(["tool/6 é", "tool/5 é", "tool/7 é"])
        assert vectors[0] is not None
        np.testing.assert_allclose(vectors[0], HashEncoder().encode([(changed["name"], "Told anew.")])[0], rtol=1e-6)
        assert vectors[1:] == [None, None]


def test_a_dry_run_makes_nothing(fill: Fill, where: Location, encoder: HashEncoder) -> None:
    outcome = fill(dry_run=True)
    assert (outcome.tally.encoded, outcome.with_vector, encoder.texts_encoded) == (80, 0, [])
    assert not Path(where.name).exists()


def test_a_dry_run_over_one_that_is_there_tells_what_a_run_would_do(
    node_36: Server, fresh_index: str, fill: Fill, encoder: HashEncoder
) -> None:
    fill(1)
    encoder.texts_encoded.clear()
    block(node_36, fresh_index, blocked=False)
    changed = {**DOCUMENTS["tool/6 é"], "story": "Told anew."}
    emptied = {**DOCUMENTS["tool/7 é"], "story": "", "name": ""}
    node_36.ask("DELETE", f"/{fresh_index}-theirs/_doc/tool%2F5%20%C3%A9?refresh=true")
    museum.store(node_36, f"{fresh_index}-theirs", {"tool/6 é": changed, "tool/7 é": emptied, "new": museum.tool(200)})
    tallies = [fill(2, dry_run=dry).tally for dry in (True, True, False)]
    assert [(tally.encoded, tally.fresh, tally.cleared) for tally in tallies] == [(2, 77, 2)] * 3
    assert len(encoder.texts_encoded) == 2


def test_one_id_under_two_routings_is_counted_and_has_one_vector_whenever_it_is_run(
    node_36: Server, fresh_index: str, where: Location, encoder: HashEncoder
) -> None:
    """Two documents with one `_id` lie in two shards: to a side-car they are one."""
    settings = {**READ_ONLY, "number_of_shards": 5}
    theirs = museum.make(node_36, f"{fresh_index}-theirs", museum.tools(20), settings=settings)
    for number in range(6):
        path = f"/{fresh_index}-theirs/_doc/twin?routing=r{number}&refresh=true"
        node_36.ask("PUT", path, museum.tool(100 + number))
    count = node_36.ask("GET", f"/{fresh_index}-theirs/_count")["count"]
    twins = count - 21
    assert twins > 0
    for order in (1, 2):
        with closing(Attaching(theirs)) as attaching:
            note = attaching.side_car(where, museum.MAP)
            car = SideCar(location=where, note=note, space=encoder.space, order=order)
            outcome = ended(fill_beside(attaching.theirs(note.map), car, encoder, FillOptions()))
        tally = outcome.tally
        assert (tally.read, tally.settled, tally.twins) == (count, count, twins)
        assert (outcome.documents, outcome.with_vector) == (count, 21)
        assert (tally.encoded, tally.fresh) == ((21, 0) if order == 1 else (0, 21))


def test_a_side_car_of_another_map_is_refused(fill: Fill) -> None:
    fill()
    with pytest.raises(NotBeside, match="another field map"):
        fill(2, FieldMap(text=("story",)))


def test_every_document_is_a_row_with_its_vector(reader: Reader) -> None:
    rows = {row.record.id: row for row in reader.rows()}
    assert rows.keys() == DOCUMENTS.keys()
    assert all(row.vector is not None for row in rows.values())
