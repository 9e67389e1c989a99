"""The order in which a server's pipeline answers a `hybrid` query is that of `biocpt search`, but for ties."""

import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise

import pytest

from indexer.article import Article
from indexer.engines import open_reader, open_writer
from indexer.engines.location import Location
from indexer.engines.opensearch.pipelines.installing import install
from indexer.engines.opensearch.pipelines.removing import remove
from indexer.fields import searched
from onnx_models.specs import Similarity
from search.fusion import FUSIONS, FusionOptions
from search.pipelines import FUSION, wish
from search.request import SearchRequest
from search.response import Ranking
from search.searcher import Searcher
from tests.doubles import HashEncoder
from tests.opensearch.server import Server
from tests.opensearch.servers import Servers

pytestmark = [pytest.mark.slow, pytest.mark.opensearch]

WORDS = [
    f"{stem}{end}" for stem in ("cardo", "nephro", "hepat", "pulm", "dermo") for end in ("rin", "lox", "vat", "mab")
]
QUESTIONS = ["cardorin nephrolox", "hepatvat pulmmab dermorin", "dermolox", "cardovat cardomab pulmrin"]
TIE = 2e-6
"""Scores nearer than that are equal: a server has single precision."""
FLOOR = 0.001
"""What a server's min-max gives the last of a list, where ours gives 0."""


def articles() -> list[Article]:
    """Invented words at random. No two texts are equally long, nor over 40 words, up to which BM25 counts them exactly
    and beyond which it rounds: so no two score the same.
    """
    drawn = random.Random(7)
    return [
        Article(
            id=f"a{n}",
            order=1,
            title=" ".join(drawn.choices(WORDS, k=3)),  # counted twice
            abstract=" ".join(drawn.choices(WORDS, k=n + 1)),
        )
        for n in range(34)
    ]


@dataclass(frozen=True)
class Place:
    """An index, our searcher of it, and the server to ask as a client that knows nothing of us."""

    searcher: Searcher
    encoder: HashEncoder
    server: Server
    alias: str

    def ours(self, question: str, kind: str, options: FusionOptions, depth: int) -> Ranking:
        request = SearchRequest(
            query=question,
            fusion=FUSION[kind],
            rrf_k=options.k,
            dense_weight=options.dense_weight,
            depth=depth,
            limit=depth,
        )
        return next(self.searcher.rank_all([request]))

    def theirs(self, question: str, kind: str, depth: int) -> list[tuple[str, float]]:
        """What docs/pipelines.md tells a client to send; the kind "" names no pipeline."""
        fields = [f"{name}^{boost:g}" for name, boost in searched().items()]
        vector = self.encoder.encode([question])[0].tolist()
        words = {"multi_match": {"query": question, "type": "most_fields", "fields": fields}}
        nearest = {"knn": {"embedding": {"vector": vector, "k": depth}}}
        body = {
            "size": depth,
            "_source": False,
            "query": {"hybrid": {"queries": [words, nearest], "pagination_depth": depth}},
        }
        named = f"?search_pipeline={self.alias}-{kind}" if kind else ""
        said = self.server.ask("POST", f"/{self.alias}/_search{named}", body)
        return [(hit["_id"], hit["_score"]) for hit in said["hits"]["hits"]]


@pytest.fixture(scope="module", params=["ip", "cosine"])
def place(request: pytest.FixtureRequest, node: Server, servers: Servers) -> Iterator[Place]:
    similarity: Similarity = request.param
    alias = f"test-fused-{uuid.uuid4().hex[:12]}"
    encoder, location = HashEncoder(dimension=12, similarity=similarity), Location(f"{node.url}/{alias}")
    found = articles()
    with closing(open_writer(location, space=encoder.space)) as writer:
        writer.write(found, dict(zip((a.id for a in found), encoder.encode([a.passage for a in found]), strict=True)))
        writer.commit()
        writer.publish()
    with closing(Searcher(open_reader(location), encoder)) as searcher:
        yield Place(searcher, encoder, node, alias)
    remove(location)
    servers.delete(alias)


def no_two_alike(lists: Mapping[str, Sequence[tuple[str, float]]]) -> bool:
    """Whether no list has a tie, whose order would then change ranks."""
    return all(len({round(score, 5) for _, score in hits}) == len(hits) for hits in lists.values())


def stand_in_the_order_of(found: Sequence[str], scores: Mapping[str, float], *, within: float) -> bool:
    """Whether each stands below none whose score is lower by more than `within`."""
    return all(scores[after] <= scores[before] + within for before, after in pairwise(found))


def floored(ranking: Ranking, options: FusionOptions) -> dict[str, float]:
    """The server's min-max: the last of each list gets a thousandth, not 0."""
    scores = {hit.id: hit.score for hit in FUSIONS["interpolate"](ranking.lists, options)}
    for name, hits in ranking.lists.items():
        lowest = min(hit.score for hit in hits)
        for hit in hits:
            scores[hit.id] += options.weights[name] * FLOOR * (hit.score == lowest)
    return scores


@pytest.mark.parametrize("depth", [20, 100])
def test_rrf_of_the_server_is_our_rrf(place: Place, depth: int) -> None:
    options = FusionOptions(k=30)
    install(Location(f"{place.server.url}/{place.alias}"), wish(["rrf"], options))
    for question in QUESTIONS:
        ours = place.ours(question, "rrf", options, depth)
        assert no_two_alike(ours.lists), "the test's articles are to have no ties"
        scores = {hit.id: hit.score for hit in FUSIONS["rrf"](ours.lists, options)}
        theirs = place.theirs(question, "rrf", depth)
        assert dict(theirs) == pytest.approx({id: scores[id] for id, _ in theirs}, abs=TIE)
        assert stand_in_the_order_of([id for id, _ in theirs], scores, within=TIE)
        assert {id for id, score in theirs if score > min(scores.values())} >= {
            hit.id for hit in ours.fused if hit.score > ours.fused[-1].score + TIE
        }


@pytest.mark.parametrize("dense_weight", [0.5, 0.7])
@pytest.mark.parametrize("depth", [20, 100])
def test_min_max_of_the_server_is_our_default_fusion_but_for_a_thousandth(
    place: Place, depth: int, dense_weight: float
) -> None:
    options = FusionOptions(dense_weight=dense_weight)
    install(Location(f"{place.server.url}/{place.alias}"), wish(["min-max"], options))
    for question in QUESTIONS:
        ours = place.ours(question, "min-max", options, depth)
        if min(hit.score for hit in ours.lists["dense"]) < 0 and place.encoder.similarity == "ip":
            continue  # the server's scores of negative products are bent: see the test below
        scores = floored(ours, options)
        theirs = place.theirs(question, "min-max", depth)
        assert dict(theirs) == pytest.approx({id: scores[id] for id, _ in theirs}, abs=TIE)
        exact = {hit.id: hit.score for hit in FUSIONS["interpolate"](ours.lists, options)}
        assert stand_in_the_order_of([id for id, _ in theirs], exact, within=FLOOR + TIE)
        assert theirs[0][0] == ours.fused[0].id


def test_min_max_of_the_server_bends_inner_products_below_zero(place: Place) -> None:
    if place.encoder.similarity == "cosine":
        return  # their scores are not bent
    options = FusionOptions()
    install(Location(f"{place.server.url}/{place.alias}"), wish(["min-max"], options))
    ours = place.ours(QUESTIONS[0], "min-max", options, 100)
    assert min(hit.score for hit in ours.lists["dense"]) < 0
    bent = {hit.id: 1 + hit.score if hit.score >= 0 else 1 / (1 - hit.score) for hit in ours.lists["dense"]}
    low, high = min(bent.values()), max(bent.values())
    words = {hit.id: hit.score for hit in ours.lists["lexical"]}
    theirs = dict(place.theirs(QUESTIONS[0], "min-max", 100))
    only_near = [id for id in theirs if id not in words and bent[id] > low]
    assert only_near
    assert {id: theirs[id] for id in only_near} == pytest.approx(
        {id: 0.5 * (bent[id] - low) / (high - low) for id in only_near}, abs=TIE
    )


@pytest.mark.parametrize("kind", ["min-max", "rrf"])
def test_as_the_default_it_answers_a_client_that_names_no_pipeline(place: Place, kind: str) -> None:
    install(Location(f"{place.server.url}/{place.alias}"), wish([], FusionOptions(), default=kind))
    assert place.theirs(QUESTIONS[1], "", 20) == place.theirs(QUESTIONS[1], kind, 20) != []
    other = {"min-max": "rrf", "rrf": "min-max"}[kind]
    assert place.theirs(QUESTIONS[1], other, 20) != place.theirs(QUESTIONS[1], kind, 20)
