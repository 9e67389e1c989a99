"""Articles a second that a cluster is loaded with, by our writer, by raw requests, and by opensearch-py's own loader.

    python benchmarks/opensearch_load.py --cluster http://127.0.0.1:9200 [--articles 20000] [--rounds 2]

needs $BIOCPT_DATA/pool and a cluster that asks nobody who they are, with nothing else to do; where the client runs on
the cluster's machine, as it may, the ratios still hold. Real titles and abstracts with ready 768-d vectors (random, of
unit length) go into a fresh index each time, always with the same mapping, connections and size of requests:

- biocpt: `Writer.stored`, `write` and one `commit`, as `biocpt index` does;
- raw: the same bytes, serialised beforehand, posted by http.client;
- parallel_bulk: opensearchpy.helpers.parallel_bulk over dicts with `vector.tolist()`.

Bars: at least .9 of raw; at least 1.5 of parallel_bulk with at most a fifth of its client's processor time.
"""

import argparse
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import opensearchpy
import orjson
from numpy.typing import NDArray
from opensearchpy.helpers import parallel_bulk

from benchmarks import commandline, raw_bulk
from benchmarks.environments import NotRun
from benchmarks.pool import articles as pool_articles
from benchmarks.report import Claim, Report
from benchmarks.timing import Spread, ratio
from indexer.article import Article
from indexer.decisions import as_stored
from indexer.engines import open_writer
from indexer.engines.opensearch.contents.documents import VECTOR, document
from indexer.engines.opensearch.storing.actions import put
from indexer.engines.opensearch.storing.sending import DEFAULT as LIMITS
from indexer.engines.protocol import VectorSpace
from indexer.engines.writing import WriteOptions

DIMENSION, BATCH = 768, 500
SPACE = VectorSpace(model="random", fingerprint="random", dimension=DIMENSION, similarity="ip")
BARS = {"of_raw": 0.9, "of_parallel_bulk": 1.5, "cpu_of_parallel_bulk": 0.2}


@dataclass(frozen=True)
class Work:
    """What is loaded, and how: vectors (n, 768) in the order of the articles."""

    url: str
    articles: Sequence[Article]
    vectors: NDArray[np.float32]
    connections: int

    @property
    def client(self) -> opensearchpy.OpenSearch:
        return opensearchpy.OpenSearch([self.url], pool_maxsize=self.connections, timeout=300, max_retries=0)


@dataclass(frozen=True)
class Load:
    """One load: seconds on the clock, and of the client's processors."""

    wall: float
    cpu: float


def timed(load: Callable[[], None]) -> Load:
    wall, cpu = time.perf_counter(), time.process_time()
    load()
    return Load(time.perf_counter() - wall, time.process_time() - cpu)


def ours(work: Work, alias: str) -> Load:
    writer = open_writer(f"{work.url}/{alias}", space=SPACE, options=WriteOptions(connections=work.connections))

    def load() -> None:
        for start in range(0, len(work.articles), BATCH):
            batch = work.articles[start : start + BATCH]
            writer.stored([article.id for article in batch])  # what every load asks first
            writer.write(batch, {article.id: work.vectors[start + place] for place, article in enumerate(batch)})
        writer.commit()

    try:
        return timed(load)
    finally:
        writer.close()


def raw(work: Work, index: str) -> Load:
    bodies = list(request_bodies(work))
    return timed(lambda: raw_bulk.post(work.url, index, bodies, connections=work.connections))


def request_bodies(work: Work) -> Iterator[bytes]:
    """The bytes that our writer sends, in requests of the size that it sends."""
    body: list[bytes] = []
    size = 0
    for article, vector in zip(work.articles, work.vectors, strict=True):
        body.append(put(article, None, vector=vector).lines)
        size += len(body[-1])
        if size >= LIMITS.body_bytes:
            yield b"".join(body)
            body, size = [], 0
    if body:
        yield b"".join(body)


def library(work: Work, index: str) -> Load:
    documents = [
        orjson.loads(document(article, stored=as_stored(article, has_vector=True))) for article in work.articles
    ]

    def actions() -> Iterator[dict[str, Any]]:
        for place, source in enumerate(documents):
            source[VECTOR] = work.vectors[place].tolist()
            yield {"_index": index, "_id": source["id"], "_source": source}
            del source[VECTOR]

    def load() -> None:
        client = work.client
        sizes = {"chunk_size": BATCH, "max_chunk_bytes": LIMITS.body_bytes, "thread_count": work.connections}
        for _ in parallel_bulk(client, actions(), **sizes):
            pass
        client.close()

    return timed(load)


def with_the_body_of(client: opensearchpy.OpenSearch, made: str, index: str) -> None:
    """A new index with settings and mapping of the one that our writer made."""
    (said,) = client.indices.get(index=made).values()
    settings = said["settings"]["index"]
    for own in ("uuid", "version", "creation_date", "provided_name", "replication"):
        settings.pop(own, None)
    client.indices.create(index=index, body={"settings": {"index": settings}, "mappings": said["mappings"]})


def one_round(work: Work, ways: Sequence[str]) -> dict[str, Load]:
    """Each way once, on an index of its own, in the order given."""
    client, alias = work.client, f"load-{uuid.uuid4().hex[:12]}"
    loads: dict[str, Load] = {}
    open_writer(f"{work.url}/{alias}-body", space=SPACE).close()  # whose mapping the others take
    try:
        for way in ways:
            if way == "biocpt":
                index, loads[way] = f"{alias}-v1", ours(work, alias)
            else:
                index = f"{alias}-{way}"
                with_the_body_of(client, f"{alias}-body-v1", index)
                loads[way] = raw(work, index) if way == "raw" else library(work, index)
            client.indices.refresh(index=index)
            if (found := client.count(index=index)["count"]) != len(work.articles):
                raise SystemExit(f"{way}: {found} of {len(work.articles)} documents arrived")
            client.indices.delete(index=index)
            time.sleep(2)  # what the server still tidies up is nobody's
            print(f"{way}: {len(work.articles) / loads[way].wall:.0f}/s, {loads[way].cpu:.1f} s", file=sys.stderr)
    finally:
        client.indices.delete(index=f"{alias}*")
        client.close()
    return loads


def found(figures: Mapping[str, Any], work: Mapping[str, str | int | float], peer: str) -> Report:
    """`figures`: way → `wall` and `cpu`, seconds round by round."""
    count = int(work["articles"])
    rate = {way: [count / wall for wall in each["wall"]] for way, each in figures.items()}
    ours, cpu = Spread.of(rate["biocpt"]), {way: each["cpu"] for way, each in figures.items()}
    claims = [
        Claim(
            claim=f"loading, of {name}",
            unit="articles/s",
            ours=ours,
            beside=beside,
            theirs=Spread.of(rate[way]),
            ratio=ratio(rate["biocpt"], rate[way]),
            bar=BARS[f"of_{way}"],
        )
        for way, name, beside in (
            ("raw", "raw requests with the same bytes", "http.client"),
            ("parallel_bulk", "parallel_bulk", "opensearch-py"),
        )
    ]
    processor = Claim(
        claim="client's processor time, of parallel_bulk's",
        unit="s",
        ours=Spread.of(cpu["biocpt"]),
        beside="opensearch-py",
        theirs=Spread.of(cpu["parallel_bulk"]),
        ratio=ratio(cpu["biocpt"], cpu["parallel_bulk"]),
        bar=BARS["cpu_of_parallel_bulk"],
        at_most=True,
    )
    return Report(
        name="opensearch_load",
        work=work,
        claims=(*claims, processor),
        versions={"opensearch-py": peer},
        notes=("The client ran on the server's machine, and shared its processors.",),
        figures=figures,
    )


def measure(options: argparse.Namespace) -> Report:
    if not options.cluster:
        raise NotRun("it needs a cluster with nothing else to do: name it by --cluster")
    wanted = 2_000 if options.quick else options.articles
    articles = list(islice(pool_articles(commandline.data(options, "pool")), wanted))
    vectors = np.random.default_rng(0).standard_normal((len(articles), DIMENSION), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    task = Work(options.cluster.rstrip("/"), articles, vectors, options.connections)
    ways, rounds = ("biocpt", "raw", "parallel_bulk"), 1 if options.quick else options.rounds
    turns = [[*ways[turn % 3 :], *ways[: turn % 3]] for turn in range(rounds)]
    loads = [one_round(task, turn) for turn in turns]
    figures = {
        way: {"wall": [each[way].wall for each in loads], "cpu": [each[way].cpu for each in loads]} for way in ways
    }
    work = {
        "OpenSearch": task.client.info()["version"]["number"],
        "articles": len(articles),
        "dimension": DIMENSION,
        "connections": task.connections,
        "rounds": rounds,
    }
    return found(figures, work, opensearchpy.__versionstr__)


def main() -> int:
    asked = commandline.parser(__doc__, rounds=2)
    asked.add_argument("--cluster", help="such as http://127.0.0.1:9200")
    asked.add_argument("--articles", type=int, default=20_000)
    asked.add_argument("--connections", type=int, default=WriteOptions().connections)
    return commandline.run("opensearch_load", asked, measure)


if __name__ == "__main__":
    sys.exit(main())
