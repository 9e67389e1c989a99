"""Documents a second that `biocpt attach --apply` gives vectors, against encoding alone and updating alone.

    python benchmarks/attach.py --cluster http://127.0.0.1:9200 [--articles 1000] [--rounds 3]

needs $BIOCPT_DATA/pool, the model set minilm, and a cluster that asks nobody who they are, with nothing else to do.
Real titles and abstracts lie in an index of somebody's, made anew for each way that writes:

- attach: `Attaching.apply`, which reads, encodes and updates at once, to the last acknowledgement;
- encode: the same texts in the same batches by the same encoder, and nothing else;
- update: the same updates, serialised beforehand, posted by http.client over as many connections.

If all of it overlapped, the first would take as long as the slower of the other two. The encoder has one thread, so
that a cluster on a machine of two processors has the other. Bar: at least .9 of the slower.
"""

import argparse
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import opensearchpy

from benchmarks import commandline, raw_bulk
from benchmarks.environments import NotRun
from benchmarks.pool import articles as pool_articles
from benchmarks.report import Claim, Report
from benchmarks.timing import Spread, rates, ratio
from indexer.article import Article, text_digest
from indexer.attach.attaching import Attaching
from indexer.attach.filling import CHUNK, SLICE, FillOptions
from indexer.attach.writing import LIMITS
from indexer.engines.location import Location
from indexer.engines.opensearch.attached import changes, record
from indexer.engines.opensearch.attached.field_map import FieldMap
from indexer.engines.opensearch.attached.pages import all_documents
from indexer.engines.opensearch.connecting.address import parse
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.protocol import VectorSpace
from onnx_models import Encoder, RunOptions
from search.attaching import open_encoder
from search.indexing import LoadOptions

WAYS = ("attach", "encode", "update")
MAP = FieldMap(title="title", text=("abstract",))
MAPPING = {"properties": {"title": {"type": "text"}, "abstract": {"type": "text"}}}
BAR = 0.9


@dataclass(frozen=True)
class Work:
    """Whose vectors are made, by what, and where they go."""

    url: str
    articles: Sequence[Article]
    encoder: Encoder
    space: VectorSpace


def make(work: Work, index: str) -> Location:
    """Their index, with their documents."""
    client = opensearchpy.OpenSearch([work.url], timeout=300)
    settings = {"index": {"knn": True, "number_of_shards": 1, "number_of_replicas": 0}}
    client.indices.create(index=index, body={"settings": settings, "mappings": MAPPING})
    lines = [
        part
        for article in work.articles
        for part in ({"index": {"_id": article.id}}, {"title": article.title, "abstract": article.abstract})
    ]
    if client.bulk(body=lines, index=index, refresh=True)["errors"]:
        raise SystemExit("the server refused a document")
    client.close()
    return Location(f"{work.url}/{index}")


def timed(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def attach(work: Work, location: Location) -> float:
    with closing(Attaching(location)) as attaching:
        plan = attaching.plan(MAP, work.space)
        run = attaching.apply(plan, work.encoder, FillOptions())
        seconds = timed(lambda: [None for _ in run])
        if attaching.theirs(MAP).count() != with_vector(location, plan.record):
            raise SystemExit("attach: some documents have no vector")
        return seconds


def with_vector(location: Location, said: record.Record) -> int:
    client = opensearchpy.OpenSearch([location.name.rpartition("/")[0]])
    index = location.name.rpartition("/")[2]
    found: int = client.count(index=index, body={"query": dict(said.has_vector)})["count"]
    client.close()
    return found


def encode(work: Work) -> float:
    def run() -> None:
        for start in range(0, len(work.articles), CHUNK):
            part = sorted(work.articles[start : start + CHUNK], key=lambda article: sum(map(len, article.passage)))
            for first in range(0, len(part), SLICE):
                work.encoder.encode([article.passage for article in part[first : first + SLICE]])

    return timed(run)


def update(work: Work, location: Location) -> float:
    index = location.name.rpartition("/")[2]
    bodies = list(request_bodies(work, location))
    return timed(lambda: raw_bulk.post(work.url, index, bodies, connections=LIMITS.connections))


def request_bodies(work: Work, location: Location) -> Iterator[bytes]:
    """The bytes that attaching sends, in requests of the size that it sends."""
    with closing(Attaching(location)) as attaching, closing(Cluster(parse(location.name), location.access)) as cluster:
        plan = attaching.plan(MAP, work.space)
        record.note(cluster, attaching.index, plan.mapping or {})
        documents = list(all_documents(cluster, attaching.index, {"match_all": {}}, MAP.encoded))
    texts = {article.id: article for article in work.articles}
    vectors = work.encoder.encode([texts[document.id].passage for document in documents])
    body: list[bytes] = []
    for document, vector in zip(documents, vectors, strict=True):
        digest, added = text_digest(texts[document.id]), plan.record.added
        fields = {added.vector: vector, added.digest: digest, added.model: work.space.fingerprint}
        body.append(changes.put_in(document, fields, digest).lines)
        if sum(map(len, body)) >= LIMITS.body_bytes:
            yield b"".join(body)
            body = []
    if body:
        yield b"".join(body)


def one_round(work: Work, ways: Sequence[str]) -> dict[str, float]:
    """Each way once, in the order given."""
    seconds: dict[str, float] = {}
    client = opensearchpy.OpenSearch([work.url], timeout=300)
    for way in ways:
        index = f"attach-{uuid.uuid4().hex[:12]}"
        try:
            if way == "encode":
                seconds[way] = encode(work)
            else:
                location = make(work, index)
                seconds[way] = attach(work, location) if way == "attach" else update(work, location)
        finally:
            client.indices.delete(index=index, ignore_unavailable=True)
        time.sleep(1)  # what the server still tidies up is nobody's
        print(f"{way}: {len(work.articles) / seconds[way]:.0f}/s", file=sys.stderr)
    client.close()
    return seconds


def found(figures: Mapping[str, Sequence[float]], work: Mapping[str, str | int | float]) -> Report:
    """`figures`: way → seconds round by round."""
    count = int(work["articles"])
    rate = {way: rates(seconds, count) for way, seconds in figures.items()}
    slower = [min(pair) for pair in zip(rate["encode"], rate["update"], strict=True)]
    claim = Claim(
        claim="giving vectors to somebody's documents, of the slower of encoding and updating alone",
        unit="documents/s",
        ours=Spread.of(rate["attach"]),
        beside="the slower alone",
        theirs=Spread.of(slower),
        ratio=ratio(rate["attach"], slower),
        bar=BAR,
    )
    return Report(
        name="attach",
        work=work,
        claims=(claim,),
        notes=("The client ran on the server's machine, its encoder on one thread.",),
        figures={way: list(seconds) for way, seconds in figures.items()},
    )


def measure(options: argparse.Namespace) -> Report:
    if not options.cluster:
        raise NotRun("it needs a cluster with nothing else to do: name it by --cluster")
    wanted = 200 if options.quick else options.articles
    articles = list(islice(pool_articles(commandline.data(options, "pool")), wanted))
    run = RunOptions(threads=1)
    encoder, space = open_encoder(LoadOptions(home=options.home, model="minilm", run=run), None)
    task = Work(options.cluster.rstrip("/"), articles, encoder, space)
    rounds = 1 if options.quick else options.rounds
    turns = [[*WAYS[turn % 3 :], *WAYS[: turn % 3]] for turn in range(rounds)]
    seconds = [one_round(task, turn) for turn in turns]
    client = opensearchpy.OpenSearch([task.url])
    work: dict[str, Any] = {
        "OpenSearch": client.info()["version"]["number"],
        "articles": len(articles),
        "dimension": space.dimension,
        "connections": LIMITS.connections,
        "rounds": rounds,
    }
    client.close()
    return found({way: [each[way] for each in seconds] for way in WAYS}, work)


def main() -> int:
    asked = commandline.parser(__doc__, rounds=2)
    asked.add_argument("--cluster", help="such as http://127.0.0.1:9200")
    asked.add_argument("--articles", type=int, default=400)
    return commandline.run("attach", asked, measure)


if __name__ == "__main__":
    sys.exit(main())
