"""Writing into a real cluster, beyond what every engine promises: what is sent, versions, vectors that stay."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from indexer.article import Article, Deletion
from indexer.engines import open_writer
from indexer.engines.opensearch.errors import ChangedMeanwhile
from indexer.engines.opensearch.writer import OpenSearchWriter
from indexer.engines.protocol import VectorSpace
from indexer.engines.writing import Share, WriteOptions
from indexer.errors import IndexClosed, IndexerError, UnusableId, UnusableVector, VectorMismatch
from tests.indexer.engines.contract import SPACE, article, vector
from tests.indexer.engines.opensearch.proxy import Proxy, Trouble, between, operations
from tests.opensearch.faults import until
from tests.opensearch.server import Refusal, Server

ALONE = WriteOptions()
SHARED = WriteOptions(share=Share(1, 2))


@pytest.fixture
def proxy(node: Server) -> Iterator[Proxy]:
    with between(node) as proxy:
        yield proxy


@pytest.fixture
def writer(proxy: Proxy, fresh_index: str) -> Iterator[Callable[..., OpenSearchWriter]]:
    """`writer(options)`: one more writer of the index, through the proxy; no thread is left of it after the test."""
    opened: list[OpenSearchWriter] = []

    def open_one(options: WriteOptions = ALONE, space: VectorSpace | None = SPACE) -> OpenSearchWriter:
        made = open_writer(f"{proxy.url}/{fresh_index}", space=space, options=options)
        assert isinstance(made, OpenSearchWriter)
        opened.append(made)
        return made

    yield open_one
    for one in opened:
        one.close()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith(("bulk-", "heartbeat"))] == []


def source(node: Server, index: str, id: str) -> dict[str, object]:
    """A document as the cluster gives it, with its version, asked without our code."""
    found = node.ask("GET", f"/{index}-v1/_doc/{id}")
    return {**found["_source"], "_version": found["_version"]}


def test_stored_tells_of_what_is_under_way(writer: Callable[..., OpenSearchWriter], proxy: Proxy) -> None:
    proxy.trouble = lambda *_: Trouble(pause=0.5)
    one = writer()
    one.write([article("1", order=4), article("2", order=4)], {"1": vector(1)})
    one.delete([Deletion(id="3", order=6)])
    assert {id: (s.order, s.deleted, s.has_vector) for id, s in one.stored(["1", "2", "3", "4"]).items()} == {
        "1": (4, False, True),
        "2": (4, False, False),
        "3": (6, True, False),
    }
    assert proxy.number == 0
    one.commit()
    assert set(one.stored(["1", "2", "3", "4"])) == {"1", "2", "3"}


def test_many_ids_are_asked_for_in_several_requests(writer: Callable[..., OpenSearchWriter], proxy: Proxy) -> None:
    one = writer()
    one.write([article(str(n)) for n in range(2_300)], {})
    one.commit()
    proxy.asked.clear()
    assert len(one.stored([str(n) for n in range(2_500)])) == 2_300
    assert sum("_mget" in asked for asked in proxy.asked) == 3


@pytest.mark.parametrize("options", [ALONE, SHARED], ids=["alone", "with others"])
def test_a_text_that_stays_keeps_its_vector(
    writer: Callable[..., OpenSearchWriter], proxy: Proxy, node: Server, fresh_index: str, options: WriteOptions
) -> None:
    one = writer(options)
    one.write([article("1", order=5), article("2", order=5)], {"1": vector(1), "2": vector(2)})
    one.commit()
    proxy.sent.clear()
    one.stored(["1", "2"])
    one.write([article("1", order=8, year=1999)], {}, keep=["1", "2"])
    one.commit()
    now = source(node, fresh_index, "1")
    np.testing.assert_array_equal(np.array(now["embedding"], np.float32), vector(1))
    assert (now["order"], now["year"], now["has_vector"]) == (8, 1999, True)
    assert one.refused() == []


def test_no_number_of_a_vector_that_stays_is_sent_or_read(
    writer: Callable[..., OpenSearchWriter], proxy: Proxy
) -> None:
    wide = replace(SPACE, dimension=768)
    one = writer(space=wide)
    numbers = np.random.default_rng(3).standard_normal((50, 768)).astype(np.float32)
    articles = [article(str(n), order=5) for n in range(50)]
    one.write(articles, {a.id: row for a, row in zip(articles, numbers, strict=True)})
    one.commit()
    assert sum(len(sent.body) for sent in proxy.sent) > 50 * 768 * 8
    proxy.sent.clear()
    proxy.answered = 0
    ids = [a.id for a in articles]
    one.stored(ids)
    one.write([replace(a, order=6, year=1999) for a in articles], {}, keep=ids)
    one.commit()
    (_, lines), *_ = operations(proxy.sent[0].body)
    assert json.loads(lines.splitlines()[1])["script"]["params"]["doc"]["year"] == 1999
    assert b'"embedding":' not in b"".join(sent.body for sent in proxy.sent)
    assert sum(len(sent.body) for sent in proxy.sent) + proxy.answered < 50 * 2_000


def test_with_others_at_work_a_kept_vector_does_not_let_an_older_record_through(
    writer: Callable[..., OpenSearchWriter], node: Server, fresh_index: str
) -> None:
    mine, theirs = writer(SHARED), writer(WriteOptions(share=Share(2, 2)))
    mine.write([article("1", order=10)], {"1": vector(1)})
    mine.commit()
    theirs.stored(["1"])  # they decide on what is stored now: order 20 is newer
    mine.write([article("1", order=30, year=1999)], {}, keep=["1"])
    mine.commit()
    theirs.write([article("1", "An older text", order=20)], {"1": vector(2)})
    theirs.commit()
    assert [refused.is_superseded for refused in theirs.refused()] == [True]
    now = source(node, fresh_index, "1")
    assert (now["order"], now["_version"], now["year"]) == (30, 30, 1999)


def test_an_update_that_was_lost_on_the_way_back_is_not_taken_for_a_strangers(
    writer: Callable[..., OpenSearchWriter], proxy: Proxy, node: Server, fresh_index: str
) -> None:
    one = writer()
    one.write([article("1", order=5)], {"1": vector(1)})
    one.commit()
    proxy.trouble = lambda number, _: Trouble(lose_answer=number == 1)
    one.write([article("1", order=6, year=1999)], {}, keep=["1"])
    one.commit()
    assert one.refused() == []
    assert proxy.number == 3
    assert (source(node, fresh_index, "1")["order"], source(node, fresh_index, "1")["_version"]) == (6, 6)


def stranger(node: Server, index: str, id: str, **changes: object) -> None:
    """Somebody changes a document, though we load alone: by hand, or a request of a dead loader that is late."""
    node.ask("POST", f"/{index}-v1/_update/{id}", {"doc": changes})


def test_a_vector_is_kept_when_a_stranger_changed_the_record_but_not_its_text(
    writer: Callable[..., OpenSearchWriter], node: Server, fresh_index: str
) -> None:
    one = writer()
    one.write([article("1", order=5)], {"1": vector(1)})
    one.commit()
    one.stored(["1"])
    stranger(node, fresh_index, "1", order=6, year=1998)
    one.write([article("1", order=7, year=1999)], {}, keep=["1"])
    one.commit()
    now = source(node, fresh_index, "1")
    assert (now["order"], now["year"], len(str(now["embedding"])) > 8) == (7, 1999, True)


def test_a_vector_of_another_text_is_not_kept(
    writer: Callable[..., OpenSearchWriter], node: Server, fresh_index: str
) -> None:
    one = writer()
    one.write([article("1", order=5), article("2", order=5)], {"1": vector(1), "2": vector(1)})
    one.commit()
    one.stored(["1", "2"])
    stranger(node, fresh_index, "1", order=6, text_digest="of another text")
    stranger(node, fresh_index, "2", order=9, text_digest="of another text")
    one.write([article("2", order=7, year=1999)], {}, keep=["2"])
    one.commit()
    assert [refused.is_superseded for refused in one.refused()] == [True]
    one.write([article("1", order=7, year=1999)], {}, keep=["1"])
    with pytest.raises(ChangedMeanwhile, match=r"'1'.*Run the same command again"):
        one.commit()


def test_the_highest_order_is_kept_too(writer: Callable[..., OpenSearchWriter], node: Server, fresh_index: str) -> None:
    highest = (1 << 63) - 1
    one = writer()
    one.write([article("1", order=highest)], {"1": vector(1)})
    one.commit()
    one.write([article("1", order=highest, year=1999)], {}, keep=["1"])
    one.commit()
    now = source(node, fresh_index, "1")
    assert (now["_version"], now["year"], now["has_vector"]) == (highest, 1999, True)


def test_a_record_of_a_repaired_file_replaces_one_of_a_higher_order(
    writer: Callable[..., OpenSearchWriter], node: Server, fresh_index: str
) -> None:
    one = writer()
    one.write([article("1", "Wrong", order=9)], {"1": vector(1)})
    one.commit()
    one.write([article("1", "Right", order=7)], {"1": vector(2)})
    one.commit()
    assert one.refused() == []
    now = source(node, fresh_index, "1")
    assert (now["title"], now["order"], now["_version"]) == ("Right", 7, 9)


def test_a_tombstone_outlives_what_the_cluster_forgets_of_deletes(
    writer: Callable[..., OpenSearchWriter], node: Server, fresh_index: str
) -> None:
    one = writer()
    node.ask("PUT", f"/{fresh_index}-v1/_settings", {"index.gc_deletes": "0s"})
    one.write([article("1", order=3)], {"1": vector(1)})
    one.delete([Deletion(id="1", order=8)])
    one.commit()
    node.ask("POST", f"/{fresh_index}-v1/_flush")
    node.ask("POST", f"/{fresh_index}-v1/_refresh")
    one.close()
    other = writer()
    other.write([article("1", order=5)], {"1": vector(1)})
    other.write([article("1", order=8)], {})  # what the cluster has is read: the very order may be stored again
    other.commit()
    assert source(node, fresh_index, "1")["_version"] == 8
    other.delete([Deletion(id="1", order=9)])
    other.commit()
    with pytest.raises(Refusal) as caught:
        node.ask("PUT", f"/{fresh_index}-v1/_doc/1?version=5&version_type=external_gte", {"id": "1"})
    assert caught.value.status == 409


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ([(article("1"), np.zeros(7, np.float32))], VectorMismatch),
        ([(article("1"), np.full(8, np.nan, np.float32))], UnusableVector),
        ([(article("1"), np.full(8, np.inf, np.float32))], UnusableVector),
        ([(article("1"), vector(1)), (article("1"), vector(1))], ValueError),
        ([(article("1" * 513), vector(1))], UnusableId),
        ([(article(""), vector(1))], UnusableId),
    ],
    ids=["width", "NaN", "infinity", "twice", "long id", "no id"],
)
def test_what_no_engine_stores_is_refused_before_anything_is_sent(
    writer: Callable[..., OpenSearchWriter],
    proxy: Proxy,
    given: list[tuple[Article, np.ndarray[tuple[int], np.dtype[np.float32]]]],
    error: type[Exception],
) -> None:
    one = writer()
    with pytest.raises(error):
        one.write([article("0"), *(a for a, _ in given)], {a.id: row for a, row in given})
    one.commit()
    assert proxy.number == 0
    assert one.stored(["0", "1"]) == {}


def test_an_id_that_is_too_long_cannot_be_deleted_and_is_not_stored(writer: Callable[..., OpenSearchWriter]) -> None:
    one = writer()
    assert one.stored(["1" * 513]) == {}
    with pytest.raises(UnusableId):
        one.delete([Deletion(id="1" * 513, order=1)])


def test_close_does_not_wait_for_a_cluster_that_fell_silent(
    writer: Callable[..., OpenSearchWriter], proxy: Proxy
) -> None:
    one = writer()
    one.write([article("1", order=5)], {"1": vector(1)})
    one.commit()
    one.stored(["1"])

    def conflict(*_: object) -> Trouble:
        proxy.is_down = True  # from when this is answered: what is stored now cannot be read
        return Trouble(pass_on=0.0, item_status=409)

    proxy.trouble = conflict
    asked = len(proxy.asked)
    one.write([article("1", order=8, journal="x" * 6_000_000)], {}, keep=["1"])  # enough to be sent at once
    until(lambda: any("_mget" in path for path in proxy.asked[asked:]))
    begun = time.monotonic()
    one.close()
    assert time.monotonic() - begun < 60


def test_commit_flushes_where_the_cluster_acknowledges_before_it_syncs(
    writer: Callable[..., OpenSearchWriter], node: Server, fresh_index: str
) -> None:
    def flushes() -> int:
        return int(node.ask("GET", f"/{fresh_index}-v1/_stats/flush")["_all"]["primaries"]["flush"]["total"])

    one = writer()
    one.write([article("1")], {})
    one.commit()
    assert flushes() == 0
    node.ask("PUT", f"/{fresh_index}-v1/_settings", {"index.translog.durability": "async"})
    one.write([article("2")], {})
    one.commit()
    assert flushes() == 1


def test_a_served_version_shows_each_commit_and_one_being_loaded_is_not_refreshed(
    writer: Callable[..., OpenSearchWriter], node: Server, fresh_index: str
) -> None:
    def shown(name: str) -> int:
        return int(node.ask("GET", f"/{name}/_count")["count"])

    one = writer()
    one.write([article("1")], {"1": vector(1)})
    one.commit()
    assert shown(f"{fresh_index}-v1") == 0
    assert one.publish().is_served
    one.close()
    assert shown(fresh_index) == 1
    two = writer()
    two.write([article("2")], {"2": vector(2)})
    two.commit()
    assert shown(fresh_index) == 2


def test_optimize_leaves_few_segments_and_the_same_documents(
    writer: Callable[..., OpenSearchWriter], node: Server, fresh_index: str
) -> None:
    one = writer()
    for start in range(0, 80, 10):
        one.write(
            [article(str(n)) for n in range(start, start + 10)], {str(n): vector(n) for n in range(start, start + 10)}
        )
        one.commit()
        node.ask("POST", f"/{fresh_index}-v1/_refresh")
    one.optimize()
    found = node.ask("GET", f"/{fresh_index}-v1/_stats/segments,docs")["_all"]["primaries"]
    assert found["segments"]["count"] <= 5
    assert found["docs"]["count"] == 80


def test_a_closed_writer_says_so(writer: Callable[..., OpenSearchWriter]) -> None:
    one = writer()
    one.close()
    one.close()
    calls: list[Callable[[], object]] = [
        one.commit,
        one.publish,
        lambda: one.stored(["1"]),
        lambda: one.write([article("1")], {}),
        lambda: one.delete([Deletion(id="1", order=1)]),
    ]
    for call in calls:
        with pytest.raises(IndexClosed):
            call()


def test_closing_after_the_node_went_away_is_quiet(
    writer: Callable[..., OpenSearchWriter], proxy: Proxy, fresh_index: str
) -> None:
    one = writer()
    proxy.trouble = lambda *_: Trouble(401)
    one.write([article("1")], {})
    with pytest.raises(IndexerError):
        one.commit()
    one.close()
