"""Milliseconds of hybrid searches in a cluster, beside the bare requests, the server's own fusion, and Haystack.

    python benchmarks/opensearch_search.py --cluster http://127.0.0.1:9200

needs $BIOCPT_DATA/scifact (the questions), the set minilm (--home), and a cluster that asks nobody who they are. It
copies the pool's index there, as `biocpt copy` does, and drops it after; `--index` names one of 20,000 articles or more
that is there already. Questions are encoded beforehand; each asks for the best 100 by words and by vector. All ways
take turns, question by question:

- biocpt: `Reader.search` of both lists and reciprocal rank fusion;
- raw: the same `_msearch`, serialised beforehand, by http.client on a connection that is kept, its answer not decoded;
- server: one `hybrid` query of the same two with an RRF pipeline in the request, sent in the same way;
- biocpt, ten articles: the first, and the ten best articles fetched;
- haystack, ten articles: OpenSearchHybridRetriever on the same index, with the same words and vectors. It reads the
  sources of both lists, up to 200 articles (all but the vector), for the ten, as it does by itself.

The first three fetch ids and scores alone, from columns (doc values), and no stored field.

Bars: at most 1.15 times raw, and not slower than server, at the median. The peer's is shown beside.
"""

import argparse
import http.client
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import orjson
from numpy.typing import NDArray
from opensearchpy import OpenSearch

from benchmarks import commandline, environments, folders, peer, pool
from benchmarks.environments import NotRun
from benchmarks.report import Claim, Report, Table
from benchmarks.timing import Spread
from indexer.engines.location import Access, Location
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.contents.encodings import space_type
from indexer.engines.opensearch.loading.versions import find_versions
from indexer.engines.opensearch.reader import OpenSearchReader
from indexer.engines.opensearch.searching.asking import ANSWER, lines
from indexer.engines.opensearch.searching.lists import EF_SEARCH, by_words, through_graph
from indexer.queries import Lexical, Match, Nearest
from onnx_models import find_set, load_encoder
from search.evaluation import topics
from search.fusion import FusionOptions, rrf

DEPTH, SHOWN, WARM_UP = 100, 10, 20
WHOLE, HAYSTACK = "biocpt, ten articles", "haystack, ten articles"
BARS = {"of_raw": 1.15, "of_server": 1.0}
RRF = {"phase_results_processors": [{"score-ranker-processor": {"combination": {"technique": "rrf"}}}]}

Way = Callable[[int], Sequence[str]]
"""Answers the question of that number with ids, best first; of none, where the answer is not decoded."""


@dataclass(frozen=True)
class Questions:
    """Texts and their vectors (n, d), and how the index compares vectors."""

    texts: Sequence[str]
    vectors: NDArray[np.float32]
    kind: str

    def probes(self, number: int) -> tuple[Lexical, Nearest]:
        return Lexical(Match(self.texts[number]), DEPTH), Nearest(self.vectors[number], DEPTH)

    def lists(self, number: int) -> tuple[Any, Any]:
        """What our reader asks the server for."""
        return by_words(self.probes(number)[0]), through_graph(self.vectors[number], DEPTH, None, self.kind)

    def msearch(self, number: int) -> bytes:
        return lines(self.lists(number), seconds=45)

    def hybrid(self, number: int) -> bytes:
        queries = [question.query for question in self.lists(number)]
        body = {
            "size": DEPTH,
            "_source": False,
            "stored_fields": "_none_",
            "docvalue_fields": ["id"],
            "track_total_hits": False,
            "query": {"hybrid": {"pagination_depth": DEPTH, "queries": queries}},
            "search_pipeline": RRF,
        }
        return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def ours(reader: OpenSearchReader, asked: Questions) -> Way:
    def ask(number: int) -> list[str]:
        lexical, dense = reader.search(asked.probes(number))
        return [hit.id for hit in rrf({"lexical": lexical, "dense": dense}, FusionOptions())]

    return ask


def ours_with_articles(reader: OpenSearchReader, asked: Questions) -> Way:
    ids = ours(reader, asked)

    def ask(number: int) -> list[str]:
        return [article.id for article in reader.fetch(ids(number)[:SHOWN]) if article is not None]

    return ask


def posted(where: address.Address, path: str, bodies: Sequence[bytes]) -> Callable[[int], bytes]:
    connection = http.client.HTTPConnection(*where.hosts[0], timeout=60)

    def ask(number: int) -> bytes:
        connection.request("POST", path, bodies[number], {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {said[:300]!r}")
        return said

    return ask


@contextmanager
def haystack(options: argparse.Namespace, where: address.Address, index: str, asked: Questions) -> Iterator[peer.Peer]:
    """The peer, open on the index.

    Raises:
        NotRun: it does not install or run here.
    """
    python = environments.python("haystack", options.peers)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "texts.json").write_text(json.dumps(asked.texts), encoding="utf-8")
        np.save(folder / "vectors.npy", asked.vectors)
        host, port = where.hosts[0]
        url = f"{where.scheme}://{host}:{port}"
        with peer.opened(python, "haystack_hybrid.py", url, index, folder, EF_SEARCH) as opened:
            yield opened


def in_turn(ways: dict[str, Way], count: int) -> tuple[dict[str, list[float]], dict[str, list[Sequence[str]]]]:
    """Milliseconds and answers of each way, question by question; another way begins each time."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    found: dict[str, list[Sequence[str]]] = {name: [] for name in ways}
    names = list(ways)
    for number in range(count):
        turn = number % len(names)
        for name in [*names[turn:], *names[:turn]]:
            started = time.perf_counter()
            answer = ways[name](number)
            taken = 1000 * (time.perf_counter() - started)
            if number >= WARM_UP:
                times[name].append(taken)
                found[name].append(answer)
    return times, found


def fused_of(answer: bytes) -> list[str]:
    return [hit["fields"]["id"][0] for hit in json.loads(answer)["hits"]["hits"]]


def overlap(one: Sequence[Sequence[str]], other: Sequence[Sequence[str]], depth: int) -> float:
    """The mean share of the first `depth` ids that two ways have in common."""
    shares = [
        len(set(a[:depth]) & set(b[:depth])) / min(depth, max(len(a), 1)) for a, b in zip(one, other, strict=True)
    ]
    return round(float(np.mean(shares)), 3)


@contextmanager
def pool_in(options: argparse.Namespace) -> Iterator[str]:
    """The index to search: the one that was named, or the pool's, loaded into the cluster and dropped after."""
    if options.index:
        yield options.index
        return
    if not options.cluster:
        raise NotRun("it needs a cluster with nothing else to do: name it by --cluster")
    models = folders.minilm(options.home)
    articles = list(pool.articles(commandline.data(options, "pool")))
    articles = articles[:5_000] if options.quick else articles
    alias = f"search-{secrets.token_hex(6)}"
    try:
        location = f"{options.cluster.rstrip('/')}/{alias}"
        rows = zip(articles, pool.vectors(articles, models), strict=True)
        pool.load(location, rows, pool.space_of(models))
        yield location
    finally:
        with closing(OpenSearch(options.cluster)) as client:
            client.indices.delete(index=f"{alias}*")


def measure(options: argparse.Namespace) -> Report:
    data = commandline.data(options, "scifact", "pool")
    with pool_in(options) as index:
        return measured(options, index, data)


def measured(options: argparse.Namespace, index: str, data: Path) -> Report:
    where = address.parse(index)
    with ExitStack() as stack:
        cluster = stack.enter_context(closing(Cluster(where, Access())))
        reader = stack.enter_context(closing(OpenSearchReader(Location(index))))
        versions = find_versions(cluster)
        version = versions.served or versions.building
        info = reader.info()
        if version is None or info.space is None or (info.articles < 20_000 and not options.quick):
            raise NotRun(f"{index} has to hold 20,000 articles with vectors")
        texts = [topic.query for topic in topics.read(data / "scifact" / "queries.jsonl")]
        texts = texts[: WARM_UP + (40 if options.quick else options.queries)]
        models = (
            folders.minilm(options.home) if info.space.model == "minilm" else find_set(options.home, info.space.model)
        )
        vectors = load_encoder(models.query).encode(texts)
        asked = Questions(texts, vectors, space_type(version.meta.vectors, info.space))
        ways, answers = ours_and_bare(where, version.name, reader, asked)
        not_run, peers = {}, {}
        try:
            opened = stack.enter_context(haystack(options, where, version.name, asked))
            peers = dict(opened.versions)
            ways[HAYSTACK] = lambda number: opened.ask(number)["ids"]
        except NotRun as error:
            not_run["Haystack"] = str(error)
        times, found = in_turn(ways, len(texts))
        found["server"] = [fused_of(answer) for answer in answers[WARM_UP:]]
        work = {
            "OpenSearch": cluster.request("GET", "/", doing="tell its version")["version"]["number"],
            "articles": info.articles,
            "dimension": info.space.dimension,
            "questions": len(texts) - WARM_UP,
        }
    return report(times, overlaps(found), work, peers, not_run)


def ours_and_bare(
    where: address.Address, index: str, reader: OpenSearchReader, asked: Questions
) -> tuple[dict[str, Way], list[bytes]]:
    """Our ways and those without a client of any kind; the server's own answers are kept for later."""
    numbers = range(len(asked.texts))
    raw = posted(where, f"/{index}/_msearch?filter_path={ANSWER}", [asked.msearch(n) for n in numbers])
    path = f"/{index}/_search?filter_path=hits.hits.fields.id,hits.hits._score"
    server = posted(where, path, [asked.hybrid(n) for n in numbers])
    answers: list[bytes] = []
    ways: dict[str, Way] = {
        "biocpt": ours(reader, asked),
        "raw": lambda number: (raw(number), ())[1],
        "server": lambda number: (answers.append(server(number)), ())[1],
        WHOLE: ours_with_articles(reader, asked),
    }
    return ways, answers


def overlaps(found: Mapping[str, list[Sequence[str]]]) -> dict[str, float]:
    """How much the answers have in common, so that nobody compares different work."""
    shares = {"the server's own fusion, best 100": overlap(found["biocpt"], found["server"], 100)}
    if HAYSTACK in found:
        shares["Haystack, best ten"] = overlap(found[WHOLE], found[HAYSTACK], SHOWN)
    return shares


def report(
    times: Mapping[str, Sequence[float]],
    shares: Mapping[str, float],
    work: Mapping[str, str | int | float],
    versions: Mapping[str, str],
    not_run: Mapping[str, str],
) -> Report:
    """`times`: way → milliseconds, question by question."""
    middle = {way: Spread(*np.percentile(values, (50, 10, 90)).tolist(), len(values)) for way, values in times.items()}
    compared = [
        ("hybrid search, of the raw _msearch", "biocpt", "raw", "http.client", BARS["of_raw"]),
        ("hybrid search, of the server's own with RRF", "biocpt", "server", "OpenSearch", BARS["of_server"]),
        ("ten articles end to end, of Haystack's retriever", WHOLE, HAYSTACK, "opensearch-haystack", None),
    ]
    claims = tuple(
        Claim(
            claim=claim,
            unit="ms",
            ours=middle[way],
            beside=beside,
            theirs=middle[other],
            ratio=Spread.alone(round(middle[way].median / middle[other].median, 3)),
            bar=bar,
            at_most=True,
        )
        for claim, way, other, beside, bar in compared
        if other in times
    )
    return Report(
        name="opensearch_search",
        work=work,
        claims=claims,
        tables=(
            Table(title="Share of ours that the other found", columns=("beside", "share"), rows=tuple(shares.items())),
        ),
        versions=versions,
        not_run=not_run,
        notes=("In brackets: the tenth and the ninetieth of a hundred questions; the ratio is that of the medians.",),
        figures={"milliseconds": {way: [round(each, 3) for each in values] for way, values in times.items()}},
    )


def main() -> int:
    asked = commandline.parser(__doc__, rounds=1)
    asked.add_argument("--cluster", help="such as http://127.0.0.1:9200")
    asked.add_argument("--index", help="an index that is there, such as http://127.0.0.1:9200/pubmed")
    asked.add_argument("--queries", type=int, default=300)
    return commandline.run("opensearch_search", asked, measure)


if __name__ == "__main__":
    sys.exit(main())
