"""Emitted requests, sent byte for byte: the lists and the orders that they give are those of `Searcher`."""

import json
import shutil
import subprocess
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest
import urllib3

from indexer.engines.location import Location
from indexer.engines.opensearch.reader import OpenSearchReader
from indexer.queries import Hit
from onnx_models.specs import Similarity
from search.emit import elasticsearch
from search.emit.curl import script
from search.emit.emission import Emission, Emitted, as_json
from search.emit.opensearch import emission
from search.filters import Filters
from search.request import SearchRequest
from search.searcher import Searcher
from tests.opensearch.server import Server
from tests.opensearch.servers import Servers
from tests.search.emit import corpus
from tests.search.emit.test_curl import HOSTILE, needs_curl

pytestmark = [pytest.mark.slow]

QUESTION = SearchRequest(query="statin trial of women with asthma", depth=60, limit=60, rerank=False)
FILTERS = Filters(years=(2000, 2015), types=("Review",), has_abstract=True)
REQUESTS = {
    "plain": QUESTION,
    "filtered": replace(QUESTION, filters=FILTERS),
    "weighted": replace(QUESTION, dense_weight=0.7, boosts=(("title", 3.0),)),
    "ranks": replace(QUESTION, fusion="rrf", rrf_k=10),
    "hostile": replace(QUESTION, query=f"{HOSTILE[0]} $(statin) `trial` \"women\\ {{{{text}}}} \n'valve"),
    "hostile filter": replace(QUESTION, filters=Filters(types=("Review", 'x"}}]{{{text}}}$(id)`id`\\\n'))),
}


@dataclass(frozen=True)
class Index:
    """One on a server, and a searcher of it."""

    server: Server
    searcher: Searcher
    is_new: bool
    """Whether the server is of the 3.x line."""


@pytest.fixture(scope="module", params=["ip", "cosine"])
def index(request: pytest.FixtureRequest, node: Server, servers: Servers) -> Iterator[Index]:
    similarity: Similarity = request.param
    name = f"emit-{uuid.uuid4().hex[:10]}"
    location = f"{node.url}/{name}"
    try:
        corpus.load(location, similarity)
        with closing(corpus.searcher(location, similarity)) as searcher:
            yield Index(node, searcher, node.version.startswith("3"))
    finally:
        servers.delete(name)


def send(server: Server, emitted: Emitted) -> Any:
    """The answer to a request whose bytes go out as they are."""
    answer = urllib3.request(
        emitted.method,
        server.url + emitted.path,
        body=emitted.body,
        headers={"Content-Type": emitted.kind},
        timeout=60,
        retries=False,
    )
    said = orjson.loads(answer.data)
    assert answer.status < 300, said
    return said


def hits(said: Any) -> list[Hit]:
    return [Hit(hit["_id"], hit["_score"]) for hit in said["hits"]["hits"]]


def groups(ranked: Sequence[Hit], *, close: float = 2e-5) -> list[set[str]]:
    """The ids in the order of their scores; those of scores too close to be told apart in single precision together.

    What stands at the end may tie with what is cut off.
    """
    found: list[set[str]] = []
    last = float("inf")
    for hit in ranked:
        if not found or last - hit.score > close * max(1.0, abs(last)):
            found.append(set())
        found[-1].add(hit.id)
        last = hit.score
    return found[:-1]


def same_but_for_ties(found: Sequence[Hit], ours: Sequence[Hit]) -> None:
    """Each hit stands within the span of its equals in the other list."""
    assert len(found) == len(ours)
    at = {hit.id: place for place, hit in enumerate(found)}
    start = 0
    for group in groups(ours):
        assert {at.get(id, -1) for id in group} == set(range(start, start + len(group)))
        start += len(group)


def last_or_tied(lists: Mapping[str, Sequence[Hit]], *, ties: bool) -> set[str]:
    """What the output excepts: hits with the last score of their list; with `ties`, those that tie in a list, too."""
    found: set[str] = set()
    for ranked in lists.values():
        count = Counter(hit.score for hit in ranked)
        last = min(count, default=0.0)
        found |= {hit.id for hit in ranked if hit.score == last or (ties and count[hit.score] > 1)}
    return found


def lists(index: Index, request: SearchRequest) -> dict[str, list[Hit]]:
    (ranking,) = index.searcher.rank_all([request])
    return ranking.lists


def asked(index: Index, request: SearchRequest) -> Emission:
    return emission(index.searcher, request)


@pytest.mark.parametrize("name", REQUESTS)
def test_the_two_lists_are_those_of_the_searcher_hit_by_hit(index: Index, name: str) -> None:
    ours = lists(index, REQUESTS[name])
    said = send(index.server, asked(index, REQUESTS[name]).of("lists"))
    found = [[hit["sort"][-1] for hit in each["hits"]["hits"]] for each in said["responses"]]
    assert found == [[hit.id for hit in each] for each in ours.values()]
    assert name == "filtered" or len(ours["dense"]) == 60


@pytest.mark.parametrize("name", REQUESTS)
def test_each_list_by_itself_has_the_same_order_and_brings_articles(index: Index, name: str) -> None:
    ours, emitted = lists(index, REQUESTS[name]), asked(index, REQUESTS[name])
    for list_, request in (("lexical", "lexical"), ("dense", "knn")):
        said = send(index.server, emitted.of(request))
        same_but_for_ties(hits(said), ours[list_])
        assert all("title" in hit["_source"] and "embedding" not in hit["_source"] for hit in said["hits"]["hits"])


@pytest.mark.parametrize("name", REQUESTS)
def test_the_servers_fusion_has_our_order_where_the_output_says_so(index: Index, name: str) -> None:
    request = REQUESTS[name]
    emitted = asked(index, request)
    for fusion, called in (("interpolate", "hybrid-min-max"), ("rrf", "hybrid-rrf")):
        if called == "hybrid-rrf" and request.dense_weight != 0.5 and not index.is_new:
            assert any("takes no weights" in note for note in emitted.notes)
            continue
        (ranking,) = index.searcher.rank_all([replace(request, fusion=fusion)])
        excepted = last_or_tied(ranking.lists, ties=fusion == "rrf")
        found = hits(send(index.server, emitted.of(called)))
        assert emitted.of(called).order.startswith(f"The same as `biocpt search --fusion {fusion} --rerank none`")
        kept = [[hit for hit in order if hit.id not in excepted] for order in (found, ranking.fused)]
        least = min(map(len, kept))
        same_but_for_ties(kept[0][:least], kept[1][:least])
        assert least > 10


def test_a_page_is_cut_from_the_same_order(index: Index) -> None:
    whole = hits(send(index.server, asked(index, QUESTION).of("hybrid-rrf")))
    page = hits(send(index.server, asked(index, replace(QUESTION, offset=7, limit=9)).of("hybrid-rrf")))
    assert [hit.score for hit in page] == pytest.approx([hit.score for hit in whole[7:16]])


@pytest.mark.parametrize(
    ("name", "mode"),
    [*((name, "hybrid") for name in REQUESTS), ("hostile filter", "lexical"), ("filtered", "dense")],
)
def test_the_stored_template_gives_what_the_request_itself_gives(index: Index, name: str, mode: Any) -> None:
    request = replace(REQUESTS[name], mode=mode)
    emitted = asked(index, request)
    kind = {"interpolate": "hybrid-min-max", "rrf": "hybrid-rrf"}[request.fusion]
    itself = send(index.server, emitted.of({"hybrid": kind, "lexical": "lexical", "dense": "knn"}[mode]))
    stored = emitted.of("template")
    send(index.server, stored)
    try:
        called = emitted.of("template-call")
        found = send(index.server, called)
        assert hits(found) == hits(itself)
        if mode == "hybrid":
            params = {**orjson.loads(called.body)["params"], "text": "\n".join(HOSTILE)}
            body = orjson.dumps({"id": orjson.loads(called.body)["id"], "params": params})
            assert send(index.server, replace(called, body=body))["hits"]["hits"]
    finally:
        index.server.ask("DELETE", stored.path)


@pytest.mark.parametrize("query", ["?!", " ".join(f"word{at}" for at in range(2_000)), "statin \ud83d trial"])
def test_questions_of_no_words_too_many_or_half_a_letter_are_answered_by_all_requests(index: Index, query: str) -> None:
    emitted = asked(index, replace(QUESTION, query=query))
    called = next(each for each in emitted.requests if each.name == "template-call")
    try:
        answers = {each.name: send(index.server, each) for each in emitted.requests}
    finally:
        index.server.ask("DELETE", emitted.of("template").path)
    assert hits(answers[called.name]) == hits(answers["hybrid-min-max"])
    orjson.dumps(as_json(elasticsearch.emission(index.searcher, replace(QUESTION, query=query))))


def test_what_the_server_would_refuse_is_left_out_and_said(index: Index) -> None:
    many = Filters(ids=tuple(f"A{at}" for at in range(10_000)))
    emitted = asked(index, replace(QUESTION, filters=many, rrf_k=10_001))
    assert {each.name for each in emitted.requests} == {"lists", "lexical", "knn", "hybrid-min-max"}
    assert [note.split(":")[0] for note in emitted.notes] == ["No query for rrf is shown", "No template is shown"]
    for each in emitted.requests:
        send(index.server, each)


def test_a_list_by_itself_ends_at_its_depth(index: Index) -> None:
    request = replace(QUESTION, depth=7, limit=5, offset=4)
    emitted = asked(index, request)
    ours = lists(index, request)
    for list_, name in (("lexical", "lexical"), ("dense", "knn")):
        assert len(hits(send(index.server, emitted.of(name)))) == len(ours[list_][4:9]) == 3


@needs_curl
@pytest.mark.parametrize("name", ["hostile", "hostile filter"])
def test_the_script_runs_in_bash_and_gives_the_same_answers(index: Index, name: str) -> None:
    emitted = asked(index, REQUESTS[name])
    emitted = replace(emitted, requests=[each for each in emitted.requests if "template" not in each.name])
    done = subprocess.run(
        [shutil.which("bash") or "bash", "-c", script(emitted)], capture_output=True, timeout=120, check=True
    )
    wanted = [ids(send(index.server, request)) for request in emitted.requests]
    assert [ids(answer) for answer in objects(done.stdout.decode())] == wanted


def ids(answer: Any) -> list[list[str]]:
    """Of each list in an answer, by whatever it names hits."""
    parts = answer.get("responses", [answer])
    return [[hit.get("_id") or hit["sort"][-1] for hit in part["hits"]["hits"]] for part in parts]


def objects(text: str) -> Iterator[Any]:
    """JSON objects that stand one behind the other."""
    while text := text.strip():
        found, end = json.JSONDecoder().raw_decode(text)
        yield found
        text = text[end:]


def test_bodies_taken_out_of_the_json_are_the_same_bytes(index: Index) -> None:
    emitted = asked(index, QUESTION)
    printed = orjson.dumps(as_json(emitted), option=orjson.OPT_INDENT_2)
    assert all(each in printed for request in emitted.requests for each in request.objects)


def test_several_shards_are_said_to_give_another_order(node: Server, servers: Servers, fresh_index: str) -> None:
    location = f"{node.url}/{fresh_index}"
    corpus.load(location, "cosine", shards=2)
    with closing(corpus.searcher(location, "cosine")) as searcher:
        emitted = emission(searcher, QUESTION)
        assert all("2 shards" in emitted.of(name).order for name in ("hybrid-min-max", "hybrid-rrf"))
        said = send(node, emitted.of("lists"))
        (ranking,) = searcher.rank_all([QUESTION])
        found = [[hit["sort"][-1] for hit in each["hits"]["hits"]] for each in said["responses"]]
        assert found == [[hit.id for hit in each] for each in ranking.lists.values()]


def test_through_the_graph_the_request_asks_as_the_searcher_does(node: Server, fresh_index: str) -> None:
    """Where more vectors match than are compared one by one, the two-list request goes through the graph too."""
    location = f"{node.url}/{fresh_index}"
    corpus.load(location, "ip")
    with closing(OpenSearchReader(Location(location), most_exact=10)) as reader:
        searcher = Searcher(reader, corpus.encoder("ip"))
        emitted = emission(searcher, QUESTION)
        first, second = (orjson.loads(line) for line in emitted.of("lists").objects[1::2])
        assert "script_score" not in second["query"]
        assert orjson.loads(emitted.of("knn").body)["query"] == second["query"]
        assert orjson.loads(emitted.of("lexical").body)["query"] == first["query"]
        assert "one by one" not in emitted.of("knn").order
