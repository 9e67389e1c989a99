"""What every engine promises about storing (`indexer.engines.protocol`), run over each implementation."""

import numpy as np
import pytest

from indexer.article import Article, Author, Deletion, Link, MeshHeading, Qualifier, text_digest
from indexer.errors import IndexerError
from indexer.queries import And, Lexical, Match, Nearest, Not, Probe, Query, Range, Term
from tests.indexer.engines.contract import SPACE, Engine, article, ids, load, nearest, vector


def test_an_empty_index_answers_with_empty_lists(engine: Engine) -> None:
    reader = load(engine, [])
    assert reader.search([Lexical(Match("heart"), 5), Nearest(vector(1), 5), Lexical(And(()), 5)]) == [[], [], []]
    assert reader.fetch(["1"]) == [None]
    assert list(reader.rows()) == []
    assert (reader.info().articles, reader.info().vectors, reader.info().data_date) == (0, 0, "")


def test_writes_show_after_commit_and_refresh(engine: Engine) -> None:
    reader = load(engine, [article("1", "heart")])
    writer = engine.writer(SPACE)
    writer.write([article("2", "heart")], {"2": vector(2)})
    writer.commit()
    reader.refresh()
    assert set(ids(reader, Match("heart"))) == set(nearest(reader, vector(2))) == {"1", "2"}
    writer.close()


def test_what_was_not_committed_can_be_written_again(engine: Engine) -> None:
    load(engine, [article("1"), article("3")])
    writer = engine.writer(SPACE)
    writer.write([article("2")], {"2": vector(2)})
    writer.delete([Deletion(id="1", order=9)])
    writer.close()
    again = engine.writer(SPACE)
    again.write([article("2")], {"2": vector(2)})
    again.delete([Deletion(id="1", order=9)])
    again.commit()
    again.close()
    assert set(nearest(engine.reader(), vector(0))) == {"2", "3"}


def test_nothing_shows_before_commit_nor_before_refresh(transactional: Engine) -> None:
    reader = load(transactional, [article("1", "heart")])
    writer = transactional.writer(SPACE)
    writer.write([article("2", "heart")], {"2": vector(2)})
    reader.refresh()
    assert (ids(reader, Match("heart")), nearest(reader, vector(2))) == (["1"], ["1"])
    writer.commit()
    assert (ids(reader, Match("heart")), nearest(reader, vector(2))) == (["1"], ["1"])
    reader.refresh()
    assert set(ids(reader, Match("heart"))) == {"1", "2"}
    writer.close()


def test_close_drops_what_was_not_committed(transactional: Engine) -> None:
    load(transactional, [article("1")])
    writer = transactional.writer(SPACE)
    writer.write([article("2")], {"2": vector(2)})
    writer.delete([Deletion(id="1", order=9)])
    writer.close()
    reader = transactional.reader()
    assert nearest(reader, vector(0)) == ["1"]
    again = transactional.writer(SPACE)
    assert set(again.stored(["1", "2"])) == {"1"}
    again.close()


def test_one_writer_at_a_time(transactional: Engine) -> None:
    writer = transactional.writer(SPACE)
    with pytest.raises(IndexerError, match="writ"):
        transactional.writer(SPACE)
    writer.close()
    transactional.writer(SPACE).close()


def test_optimize_leaves_the_answers(engine: Engine) -> None:
    articles = [article(str(n), f"heart {'valve ' * (n % 4)}") for n in range(30)]
    load(engine, articles)
    writer = engine.writer(SPACE)
    writer.delete([Deletion(id=str(n), order=5) for n in range(0, 30, 3)])
    writer.commit()
    probes: list[Probe] = [
        Lexical(Term("id", tuple("123456789")), 9),
        Nearest(vector(50), 20),
        Lexical(Match("valve"), 30),
    ]
    before = engine.reader().search(probes)
    writer.optimize()
    writer.close()
    after = engine.reader().search(probes)
    assert [{hit.id for hit in hits} for hits in after] == [{hit.id for hit in hits} for hits in before]
    assert after[:2] == before[:2]


def test_stored_tells_of_commits_and_of_pending_writes(engine: Engine) -> None:
    old, new = article("1", "heart", order=3), article("2", "lung", order=4)
    load(engine, [old])
    writer = engine.writer(SPACE)
    writer.write([new], {})
    writer.delete([Deletion(id="3", order=5)])
    stored = writer.stored(["1", "2", "3", "4"])
    assert {id: (s.order, s.deleted, s.has_vector) for id, s in stored.items()} == {
        "1": (3, False, True),
        "2": (4, False, False),
        "3": (5, True, False),
    }
    assert [stored[id].text_digest for id in "123"] == [text_digest(old), text_digest(new), ""]
    assert stored["1"].record_digest != stored["2"].record_digest != ""
    writer.commit()
    assert writer.stored(["1", "2", "3", "4"]) == stored
    writer.close()


def test_a_record_comes_back_as_it_went_in(engine: Engine) -> None:
    rich = Article(
        id="MED-10",
        order=(1 << 63) - 1,
        title="β-blockers in Sjögren's syndrome",
        abstract="BACKGROUND: none.",
        authors=(Author(last_name="Nkemelu", initials="A", affiliations=("Lagos",)), Author(collective="SHIP Group")),
        mesh=(MeshHeading(name="Heart", major=True, qualifiers=(Qualifier(name="injuries"),)),),
        links=(Link(type="RetractionIn", pmid="7"),),
        year=2016,
        other_ids={"pubget": "12"},
        extra={"score": 1.5, "tags": ["a", "b"]},
    )
    assert load(engine, [rich]).fetch(["MED-10"]) == [rich]


def test_write_replaces_what_the_id_held(engine: Engine) -> None:
    load(engine, [article("1", "heart"), article("2", "heart")])
    writer = engine.writer(SPACE)
    writer.write([article("1", "lung", order=2)], {"1": vector(77)})
    writer.write([article("1", "liver", order=3)], {"1": vector(78)})
    writer.commit()
    writer.close()
    reader = engine.reader()
    assert [ids(reader, Match(word)) for word in ("heart", "lung", "liver")] == [["2"], [], ["1"]]
    np.testing.assert_array_equal(reader.vectors(["1"])[0], vector(78))
    assert (reader.info().articles, reader.info().vectors) == (2, 2)


def test_a_vector_stays_only_where_it_is_kept(engine: Engine) -> None:
    load(engine, [article("1"), article("2"), article("3")])
    writer = engine.writer(SPACE)
    writer.write([article("1", "new"), article("2", "new"), article("3", "new")], {"3": vector(9)}, keep=["1", "4"])
    writer.commit()
    writer.close()
    one, two, three = engine.reader().vectors(["1", "2", "3"])
    np.testing.assert_array_equal(one, vector(0))
    assert two is None
    np.testing.assert_array_equal(three, vector(9))


def test_an_id_twice_in_one_write_is_refused(engine: Engine) -> None:
    writer = engine.writer(SPACE)
    with pytest.raises(ValueError, match=r"twice|repeat"):
        writer.write([article("1"), article("1")], {})
    writer.close()


def test_a_deletion_leaves_a_tombstone_and_nothing_else(engine: Engine) -> None:
    load(engine, [article("1", "heart", year=2000), article("2", "heart", year=2000)])
    writer = engine.writer(SPACE)
    deletion = Deletion(id="1", order=8, source="a.xml")
    writer.delete([deletion, Deletion(id="9", order=8)])
    writer.commit()
    writer.close()
    reader = engine.reader()
    assert (reader.fetch(["1"]), reader.vectors(["1"])) == ([None], [None])
    queries: list[Query] = [Match("heart"), And(()), Range("year", None, None), Not(Match("lung"))]
    assert [ids(reader, query) for query in queries] == [["2"]] * 4
    assert ids(reader, Term("id", ("1", "9"))) == []
    assert nearest(reader, vector(0)) == nearest(reader, vector(0), within=And(())) == ["2"]
    info = reader.info()
    assert (info.articles, info.vectors, info.tombstones) == (1, 1, 2)
    assert deletion in [row.record for row in reader.rows()]


def test_a_deleted_id_can_come_back(engine: Engine) -> None:
    load(engine, [article("1", "heart")])
    writer = engine.writer(SPACE)
    writer.delete([Deletion(id="1", order=2)])
    writer.commit()
    writer.write([article("1", "lung", order=3)], {"1": vector(3)})
    writer.commit()
    writer.close()
    reader = engine.reader()
    assert ids(reader, And(())) == nearest(reader, vector(3)) == ["1"]
    assert (reader.info().articles, reader.info().tombstones) == (1, 0)


def test_fetch_and_vectors_keep_the_order_asked(engine: Engine) -> None:
    reader = load(engine, [article(id) for id in "abcd"])
    found = reader.fetch(["d", "x", "a", "d"])
    assert [a.id if a else None for a in found] == ["d", None, "a", "d"]
    fourth, none, first, _ = reader.vectors(["d", "x", "a", "d"])
    assert none is None
    np.testing.assert_array_equal(fourth, vector(3))
    np.testing.assert_array_equal(first, vector(0))


def test_rows_give_each_id_once_with_its_vector(engine: Engine) -> None:
    writer = engine.writer(SPACE)
    writer.write([article("1"), article("2")], {"1": vector(1)})
    writer.commit()
    writer.write([article("1", "new")], {}, keep=["1"])
    writer.delete([Deletion(id="3", order=2)])
    writer.commit()
    writer.close()
    rows = {row.record.id: row for row in engine.reader().rows()}
    assert sorted(rows) == ["1", "2", "3"]
    np.testing.assert_array_equal(rows["1"].vector, vector(1))
    assert rows["2"].vector is rows["3"].vector is None
    assert isinstance(rows["3"].record, Deletion)


def test_info_gives_the_newest_date_of_any_article(engine: Engine) -> None:
    dated = [
        article("1", entrez_date="2015-06-22"),
        article("2", entrez_date="2019-01-01", completed_date="2014-02"),
        article("3", entrez_date="2020", revised_date="2016-03-04"),
    ]
    reader = load(engine, dated)
    assert reader.info().data_date == "2016-03-04"
    assert reader.info().space == SPACE
