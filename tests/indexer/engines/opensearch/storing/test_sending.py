"""Bulk requests on their way: how much is sent at once, what is sent again, and when it ends."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from indexer.article import Article
from indexer.engines.location import Access
from indexer.engines.opensearch.connecting.address import parse
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.connection_errors import DiskFull, IndexBlocked
from indexer.engines.opensearch.errors import NoProgress, RequestRefused
from indexer.engines.opensearch.loading.opening import open_version
from indexer.engines.opensearch.storing.actions import put
from indexer.engines.opensearch.storing.bulk import Action
from indexer.engines.opensearch.storing.delivery import of_ours
from indexer.engines.opensearch.storing.patience import Patience
from indexer.engines.opensearch.storing.sending import Limits, Sender
from indexer.errors import IndexerError
from tests.indexer.engines.opensearch.proxy import Proxy, Trouble, between, operations
from tests.indexer.engines.opensearch.reaching import connected
from tests.opensearch.faults import until
from tests.opensearch.server import Server

QUICK = Patience(limit=60, first=0.01, longest=0.05)
SMALL = Limits(body_bytes=20_000, least_bytes=2_000, waiting_bytes=40_000)


@pytest.fixture
def index(node_36: Server, fresh_index: str) -> str:
    with connected(node_36, fresh_index) as cluster:
        return open_version(cluster, None, make=True).name


@pytest.fixture
def proxy(node_36: Server) -> Iterator[Proxy]:
    with between(node_36) as proxy:
        yield proxy


@pytest.fixture
def sender(proxy: Proxy, index: str) -> Iterator[Callable[..., Sender[Action]]]:
    """`sender(limits, patience)`; after the test none of its threads is left."""
    made: list[Sender[Action]] = []
    cluster = Cluster(parse(f"{proxy.url}/{index}"), Access(timeout=100), connections=8)

    def make(limits: Limits = SMALL, patience: Patience = QUICK) -> Sender[Action]:
        made.append(Sender(cluster, of_ours(index), lambda _: None, limits=limits, patience=patience))
        return made[-1]

    yield make
    for sender in made:
        sender.close(grace=0.1)
    cluster.close()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("bulk-")] == []


def actions(number: int, *, size: int = 1000, order: int = 5) -> list[Action]:
    return [put(Article(id=str(n), order=order, title="x" * size), None) for n in range(number)]


def send(sender: Sender[Action], *given: Action) -> None:
    for action in given:
        sender.put(action)
    sender.drain()


def stored(node: Server, index: str) -> dict[str, int]:
    """Id and version of every document, asked without our code."""
    node.ask("POST", f"/{index}/_refresh")
    found = node.ask("POST", f"/{index}/_search?version=true&_source=false&size=10000", {"query": {"match_all": {}}})
    return {hit["_id"]: hit["_version"] for hit in found["hits"]["hits"]}


def test_bodies_are_bounded_and_several_are_under_way(
    sender: Callable[..., Sender[Action]], proxy: Proxy, node_36: Server, index: str
) -> None:
    proxy.trouble = lambda *_: Trouble(pause=0.2)
    send(sender(), *actions(300))
    assert max(len(sent.body) for sent in proxy.sent) <= SMALL.body_bytes
    assert 2 <= proxy.most_at_once() <= SMALL.connections
    assert stored(node_36, index) == {str(n): 5 for n in range(300)}


def test_what_waits_is_bounded_so_that_the_giver_is_slowed_down(
    sender: Callable[..., Sender[Action]], proxy: Proxy
) -> None:
    proxy.trouble = lambda *_: Trouble(pause=0.3)
    one = sender(Limits(connections=1, body_bytes=10_000, waiting_bytes=20_000))
    begun = time.monotonic()
    for action in actions(60):
        one.put(action)
    assert time.monotonic() - begun > 0.5
    assert len(one.unsettled([str(n) for n in range(60)])) <= 40
    one.drain()
    assert one.unsettled([str(n) for n in range(60)]) == {}


def test_a_busy_cluster_is_sent_the_same_in_smaller_bodies(
    sender: Callable[..., Sender[Action]], proxy: Proxy, node_36: Server, index: str
) -> None:
    proxy.trouble = lambda number, _: Trouble(429, "rejected_execution_exception") if number < 12 else None
    send(sender(replace(SMALL, connections=1)), *actions(100))
    assert len(proxy.sent[14].body) <= SMALL.body_bytes // 2
    assert stored(node_36, index) == {str(n): 5 for n in range(100)}


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_node_that_is_away_for_a_while_gets_it_later(
    sender: Callable[..., Sender[Action]], proxy: Proxy, node_36: Server, index: str, status: int
) -> None:
    proxy.trouble = lambda number, _: Trouble(status) if number % 3 else None
    send(sender(), *actions(60))
    assert stored(node_36, index) == {str(n): 5 for n in range(60)}


def test_only_what_was_turned_away_is_sent_again(
    sender: Callable[..., Sender[Action]], proxy: Proxy, node_36: Server, index: str
) -> None:
    proxy.trouble = lambda number, _: Trouble(pass_on=0.5) if number == 0 else None
    send(sender(Limits(connections=1)), *actions(10))
    assert [sent.ids for sent in proxy.sent] == [[str(n) for n in range(10)], [str(n) for n in range(5, 10)]]
    assert len(stored(node_36, index)) == 10


def test_a_document_on_which_the_server_fails_again_and_again_is_refused_if_it_stored_others(
    sender: Callable[..., Sender[Action]], proxy: Proxy, node_36: Server, index: str
) -> None:
    def trouble(_: int, body: bytes) -> Trouble | None:
        ids = [id for id, _ in operations(body)]
        return Trouble(pass_on=1 - 1 / len(ids), item_status=500) if ids[-1] == "poison" else None

    proxy.trouble = trouble
    one = sender(Limits(connections=1))
    send(one, *actions(4), put(Article(id="poison", order=1), None))
    assert [(refused.id, refused.reason) for refused in one.refused()] == [("poison", "the queue is full (500)")]
    assert stored(node_36, index).keys() == set("0123")
    assert proxy.number == 5


def test_a_server_that_fails_on_everything_refuses_nothing(
    sender: Callable[..., Sender[Action]], proxy: Proxy, node_36: Server, index: str
) -> None:
    proxy.trouble = lambda number, _: Trouble(pass_on=0, item_status=500) if number < 7 else None
    one = sender(Limits(connections=1))
    send(one, *actions(4))
    assert one.refused() == []
    assert stored(node_36, index).keys() == set("0123")


def test_an_answer_that_was_lost_does_no_harm(
    sender: Callable[..., Sender[Action]], proxy: Proxy, node_36: Server, index: str
) -> None:
    proxy.trouble = lambda number, _: Trouble(lose_answer=number % 2 == 0)
    one = sender()
    send(one, *actions(80))
    assert stored(node_36, index) == {str(n): 5 for n in range(80)}
    assert one.refused() == []
    assert max(Counter(id for sent in proxy.sent for id in sent.ids).values()) > 1


def test_a_body_that_is_too_large_is_cut_and_a_document_that_is_is_refused(
    sender: Callable[..., Sender[Action]], proxy: Proxy, node_36: Server, index: str
) -> None:
    proxy.trouble = lambda _, body: Trouble(413) if len(body) > 6_000 else None
    one = sender()
    send(one, *actions(40), put(Article(id="huge", order=1, title="x" * 7_000), None))
    (refused,) = one.refused()
    assert (refused.id, "413" in refused.reason) == ("huge", True)
    assert len(stored(node_36, index)) == 40
    assert one.refused() == []


def test_one_id_is_never_under_way_twice(
    sender: Callable[..., Sender[Action]], proxy: Proxy, node_36: Server, index: str
) -> None:
    proxy.trouble = lambda number, _: Trouble(pause=0.05, lose_answer=number == 0)
    one = sender(Limits(body_bytes=1_000))
    for order in range(1, 7):
        one.put(put(Article(id="1", order=order, title="x" * 2000), None))
    one.drain()
    ours = [sent for sent in proxy.sent if sent.ids == ["1"]]
    assert all(earlier.ended <= later.begun for earlier, later in pairwise(ours))
    assert stored(node_36, index) == {"1": 6}


def test_an_older_write_than_what_is_stored_is_superseded(sender: Callable[..., Sender[Action]]) -> None:
    one = sender()
    send(one, *actions(2, order=9))
    send(one, *actions(1, order=8))
    (refused,) = one.refused()
    assert (refused.id, refused.is_superseded) == ("0", True)


def test_patience_ends_and_says_what_the_trouble_was(sender: Callable[..., Sender[Action]], proxy: Proxy) -> None:
    proxy.trouble = lambda *_: Trouble(503)
    one = sender(SMALL, Patience(limit=0.3, first=0.01, longest=0.05))
    with pytest.raises(NoProgress, match=r"503.*goes on when run again"):
        send(one, *actions(5))
    with pytest.raises(NoProgress):
        one.put(actions(1)[0])


def test_progress_renews_the_patience(sender: Callable[..., Sender[Action]], proxy: Proxy) -> None:
    seconds = [0.0]

    def trouble(number: int, body: bytes) -> Trouble | None:
        seconds[0] += 10
        return Trouble(503) if number % 3 else None

    proxy.trouble = trouble
    patience = Patience(limit=35, first=0.01, longest=0.01, clock=lambda: seconds[0])
    send(sender(Limits(connections=1, body_bytes=3_000), patience), *actions(20))
    assert seconds[0] > 200


@pytest.mark.parametrize(
    ("setting", "error"),
    [("index.blocks.write", IndexBlocked), ("index.blocks.read_only_allow_delete", DiskFull)],
)
def test_a_block_is_an_error_at_once(
    sender: Callable[..., Sender[Action]], node_36: Server, index: str, setting: str, error: type[IndexerError]
) -> None:
    node_36.ask("PUT", f"/{index}/_settings", {setting: True})
    one = sender(SMALL, Patience(limit=120))
    begun = time.monotonic()
    try:
        with pytest.raises(error):
            send(one, *actions(5))
        with pytest.raises(error):
            one.drain()
    finally:
        node_36.ask("PUT", f"/{index}/_settings", {setting: None})
    assert time.monotonic() - begun < 60


def test_a_refusal_that_waiting_does_not_mend_reaches_the_giver_while_it_gives(
    sender: Callable[..., Sender[Action]], proxy: Proxy
) -> None:
    proxy.trouble = lambda number, _: Trouble(400, "illegal_argument_exception") if number == 2 else Trouble(pause=0.2)
    one = sender()
    given = iter(actions(5_000))
    with pytest.raises(RequestRefused, match="as told"):
        deque(map(one.put, given), maxlen=0)
    assert len(list(given)) > 1_000


def test_close_does_not_wait_for_a_node_that_never_answers(sender: Callable[..., Sender[Action]], proxy: Proxy) -> None:
    proxy.trouble = lambda *_: Trouble(hang=True)
    one = sender()
    for action in actions(30):
        one.put(action)
    begun = time.monotonic()
    one.close(grace=0.2)
    assert time.monotonic() - begun < 30


def test_close_does_not_wait_for_a_pause_to_end(sender: Callable[..., Sender[Action]], proxy: Proxy) -> None:
    proxy.trouble = lambda *_: Trouble(503)
    one = sender(SMALL, Patience(limit=600, first=100, longest=100))
    for action in actions(30):
        one.put(action)
    until(lambda: bool(proxy.sent))
    begun = time.monotonic()
    one.close()
    assert time.monotonic() - begun < 30


def test_pauses_double_up_to_the_longest_and_are_never_the_same_for_all() -> None:
    patience = Patience(first=0.2, longest=20)
    pauses = [[patience.pause(failures) for _ in range(300)] for failures in range(1, 12)]
    assert [max(row) <= min(20, 0.2 * 2**place) for place, row in enumerate(pauses)] == [True] * 11
    assert all(len(set(row)) == 300 and min(row) < max(row) / 10 for row in pauses)
