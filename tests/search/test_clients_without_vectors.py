"""Clients that bring no vector, on a real 3.6.0 with ml-commons: the cluster asks our model server, and answers so."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from typing import Any

import pytest

from indexer.article import Article
from indexer.engines import open_reader
from indexer.engines.location import Location
from indexer.engines.opensearch.connectors.bodies import ModelServer
from indexer.engines.opensearch.connectors.installing import install as connect
from indexer.engines.opensearch.connectors.installing import remove as disconnect
from indexer.engines.opensearch.pipelines.installing import install
from indexer.engines.opensearch.pipelines.removing import remove as remove_pipelines
from indexer.fields import searched
from search.fusion import FusionOptions
from search.indexing import LoadOptions, open_load
from search.opening import SearcherOptions, open_searcher
from search.pipelines import wish
from search.request import SearchRequest
from search.response import Ranking
from search.searcher import Searcher
from tests.onnx_models import checkpoints
from tests.opensearch.server import Refusal, Server
from tests.opensearch.servers import Servers
from tests.search.service.serving import in_thread

pytestmark = [pytest.mark.slow, pytest.mark.opensearch]

FIELDS = [f"{name}^{boost:g}" for name, boost in searched().items()]
QUESTION = "statins for patients with heart disease"
HOSTILE = [
    '"statins for the heart"',
    'statins "}}]}}, "size": 0, "x": {"y": "',
    "heart \\ disease \\",
    "${search} ${text} $${ext.ml_inference.vector} heart",
    "heart\ndisease\tand \u2028 stroke",
    '{"match_all": {}}',
    "cœur 心 🫀 insulin",
    '["heart"]',
    "null",
    '"',
    "\\",
    "heart ${",
    "\0 heart \ufeff\U0010ffff",
]
"""Quotes, a text that is JSON by itself, ways out of a string, and names of variables."""


def articles() -> list[Article]:
    """Fewer than are re-ranked; titles that end in no stop, some without an abstract."""
    words = checkpoints.WORDS.split()
    return [
        Article(
            id=f"a{n}",
            order=1,
            title=" ".join(words[(7 * n + k) % len(words)] for k in range(4)),
            abstract="" if n % 9 == 0 else " ".join(words[(11 * n + 3 * k) % len(words)] for k in range(5 + n % 13)),
        )
        for n in range(45)
    ]


@dataclass(frozen=True)
class Place:
    """An index in a cluster that asks our model server."""

    node: Server
    alias: str
    searcher: Searcher
    server: ModelServer

    @property
    def location(self) -> Location:
        return Location(f"{self.node.url}/{self.alias}")

    def ours(self, text: str, limit: int = 10) -> Ranking:
        request = SearchRequest(query=text, fusion="rrf", limit=limit, rerank_mix=1.0)
        return next(self.searcher.rank_all([request]))

    def ask(self, kind: str, body: Mapping[str, Any]) -> list[tuple[str, float]]:
        said = self.node.ask("POST", f"/{self.alias}/_search?search_pipeline={self.alias}-{kind}", body)
        return [(hit["_id"], hit["_score"]) for hit in said["hits"]["hits"]]


@pytest.fixture(scope="module")
def place(ml_node: Server, servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home, alias = tmp_path_factory.mktemp("home"), "test-without-vectors"
    checkpoints.install(home, "medcpt")
    location = Location(f"{ml_node.url}/{alias}")
    writer, encoder = open_load(location, LoadOptions(home=home, model="medcpt"))
    assert encoder is not None
    with closing(writer):
        vectors = encoder.encode([each.passage for each in articles()])
        writer.write(articles(), dict(zip((each.id for each in articles()), vectors, strict=True)))
        writer.commit()
        writer.publish()
    with ExitStack() as opened:
        host, port = opened.enter_context(in_thread(home, "medcpt")).address
        server = ModelServer(url=f"http://{host}:{port}", model_set="medcpt")
        connect(location, server)
        install(location, wish(["neural", "template", "rewrite"], FusionOptions(), fusion="rrf"))
        searcher = opened.enter_context(closing(open_searcher(location, SearcherOptions(home=home, rerank="cross"))))
        yield Place(ml_node, alias, searcher, server)
        remove_pipelines(location)
        disconnect(location, server)
        servers.delete(alias)


def neural(text: str) -> dict[str, Any]:
    """What a client sends that names no model and brings no vector."""
    words = {"multi_match": {"query": text, "type": "most_fields", "fields": FIELDS}}
    meaning = {"neural": {"embedding": {"query_text": text, "k": 100}}}
    return {
        "size": 10,
        "_source": {"excludes": ["embedding"]},
        "query": {"hybrid": {"queries": [words, meaning], "pagination_depth": 100}},
        "ext": {"rerank": {"query_context": {"query_text": text}}},
    }


def template(text: str) -> dict[str, Any]:
    """What a client sends whose template has a place for the vector."""
    words = {"multi_match": {"query": text, "type": "most_fields", "fields": FIELDS}}
    meaning = {"knn": {"embedding": {"vector": "${ext.ml_inference.vector}", "k": 100}}}
    return {
        "size": 10,
        "_source": {"excludes": ["embedding"]},
        "query": {"template": {"hybrid": {"queries": [words, meaning], "pagination_depth": 100}}},
        "ext": {"ml_inference": {"text": text}},
    }


def bare(text: str) -> dict[str, Any]:
    """What a client sends that knows nothing of us."""
    return {"query": {"multi_match": {"query": text, "type": "most_fields", "fields": FIELDS}}}


LEVELS = {"neural": neural, "template": template, "rewrite": bare}


def same_order(found: list[tuple[str, float]], ranking: Ranking) -> None:
    ours = ranking.page
    assert [id for id, _ in found] == [hit.id for hit in ours]
    assert [score for _, score in found] == pytest.approx([hit.score for hit in ours], abs=1e-4)


@pytest.mark.parametrize("level", LEVELS)
def test_one_plain_search_gives_our_own_order_and_scores(place: Place, level: str) -> None:
    same_order(place.ask(level, LEVELS[level](QUESTION)), place.ours(QUESTION))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("level", ["neural", "rewrite"])
def test_hostile_texts_are_texts(place: Place, level: str, text: str) -> None:
    same_order(place.ask(level, LEVELS[level](text)), place.ours(text))


@pytest.mark.parametrize("text", [text for text in HOSTILE if "${search}" not in text])
def test_hostile_texts_in_a_template_are_texts(place: Place, text: str) -> None:
    """But for names of variables in braces, which a client's own template is filled in for."""
    same_order(place.ask("template", template(text)), place.ours(text))


def test_a_bare_match_is_answered_by_meaning_too(place: Place) -> None:
    found = place.ask("rewrite", {"size": 45, "query": {"match": {"title": "statins"}}})
    assert len(found) == 45
    words = place.node.ask("POST", f"/{place.alias}/_search", {"size": 45, "query": {"match": {"title": "statins"}}})
    assert 0 < len(words["hits"]["hits"]) < 45


def test_what_else_a_search_says_is_kept(place: Place) -> None:
    filters = [{"terms": {"id.any_case": ["a1", "a2", "a3", "a9"]}}]
    query = {"bool": {"must": [bare(QUESTION)["query"]], "filter": filters}}
    body = {"size": 3, "_source": ["id"], "query": query, "aggs": {"n": {"value_count": {"field": "deleted"}}}}
    said = place.node.ask("POST", f"/{place.alias}/_search?search_pipeline={place.alias}-rewrite", body)
    hits = said["hits"]["hits"]
    assert len(hits) == 3
    assert {hit["_id"] for hit in hits} < {"a1", "a2", "a3", "a9"}
    assert all(hit["_source"]["id"] == hit["_id"] for hit in hits)
    assert said["aggregations"]["n"]["value"] == 4
    ours = {hit.id: hit.score for hit in place.ours(QUESTION, limit=45).page}
    assert [hit["_score"] for hit in hits] == pytest.approx([ours[hit["_id"]] for hit in hits], abs=1e-4)


@pytest.mark.parametrize(
    "body",
    [
        {"query": {"match_all": {}}, "sort": [{"_doc": "asc"}]},
        {"query": {"term": {"id": "a7"}}},
        {"size": 0, "aggs": {"n": {"value_count": {"field": "deleted"}}}},
        {"query": {"match": {"title": "heart"}}, "sort": ["id"]},
    ],
)
def test_a_search_for_no_text_is_answered_as_ever(place: Place, body: dict[str, Any]) -> None:
    """So that the pipeline can be the default."""
    without = place.node.ask("POST", f"/{place.alias}/_search", body)
    through = place.node.ask("POST", f"/{place.alias}/_search?search_pipeline={place.alias}-rewrite", body)
    assert (through["hits"], through.get("aggregations")) == (without["hits"], without.get("aggregations"))


@pytest.mark.parametrize("source", [False, ["title"], {"excludes": ["abstract"]}, ["title", "abstract"]])
def test_text_left_out_of_source_is_an_error_and_never_a_silent_change(place: Place, source: object) -> None:
    with pytest.raises(Refusal, match="_source"):
        place.ask("neural", {**neural(QUESTION), "_source": source})


@pytest.mark.parametrize("source", [False, ["year"], {"excludes": ["abstract", "embedding"]}])
def test_a_client_that_knows_nothing_of_us_may_leave_out_what_it_likes(place: Place, source: object) -> None:
    same_order(place.ask("rewrite", {**bare(QUESTION), "_source": source}), place.ours(QUESTION))


def test_the_words_of_title_and_abstract_are_never_glued(place: Place) -> None:
    """No title ends in a stop; a score of glued words would differ, as of 'heartblood'."""
    (cross,) = [place.searcher.reranker]
    assert cross is not None
    scores = dict(place.ask("neural", {**neural(QUESTION), "size": 45}))
    found = articles()
    apart = cross.score(QUESTION, [each.passage for each in found])
    glued = cross.score(QUESTION, [(f"{each.title}{each.abstract}", "") for each in found])
    assert list(scores.values()) == pytest.approx([float(apart[int(id[1:])]) for id in scores], abs=1e-4)
    assert sum(abs(apart - glued) > 1e-3) > 20


def test_as_the_default_it_serves_clients_that_name_no_pipeline_and_our_own_answers_stay(place: Place) -> None:
    before = place.ours(QUESTION).page
    install(place.location, wish(["rewrite"], FusionOptions(), fusion="rrf", default="rewrite"))
    try:
        said = place.node.ask("POST", f"/{place.alias}/_search", bare(QUESTION))
        same_order([(hit["_id"], hit["_score"]) for hit in said["hits"]["hits"]], place.ours(QUESTION))
        assert place.ours(QUESTION).page == before
        with closing(open_reader(place.location)) as reader:
            assert reader.info().articles == len(articles())
    finally:
        place.node.ask("PUT", f"/{place.alias}/_settings", {"index.search.default_pipeline": None})


def test_everything_is_as_it_should_be_when_it_is_installed_again(place: Place) -> None:
    report = connect(place.location, place.server)
    assert {model.outcome for model in report.models} == {"unchanged"}
    assert not report.settings
    kinds = ["neural", "template", "rewrite"]
    again = install(place.location, wish(kinds, FusionOptions(), fusion="rrf"))
    assert {outcome for _, outcome in again.pipelines} == {"unchanged"}


@pytest.mark.parametrize("text", ["${parameters.search}", "${parameters.queries}", "${ml_inference.parameters}"])
@pytest.mark.parametrize("level", LEVELS)
def test_names_of_ml_commons_own_variables_are_no_way_out(place: Place, level: str, text: str) -> None:
    """It reads them as variables, wherever they stand: a search may be refused, and changes nothing."""
    with suppress(Refusal):
        assert len(place.ask(level, LEVELS[level](f"heart {text} disease"))) == 10
    same_order(place.ask(level, LEVELS[level](QUESTION)), place.ours(QUESTION))
