"""Milliseconds of hybrid searches in a cluster, beside the bare requests, the server's own fusion, and Haystack.

    python benchmarks/opensearch_search.py --index http://127.0.0.1:9200/pubmed [--peer-python P]

needs $BIOCPT_DATA/scifact (the questions), the model set of the index (--home), and an index of 20,000 articles or more
in a cluster that asks nobody who they are: `biocpt copy ./pool http://127.0.0.1:9200/pubmed` makes one. Questions are
encoded beforehand; each asks for the best 100 by words and by vector. All ways take turns, question by question:

- biocpt: `Reader.search` of both lists and reciprocal rank fusion;
- raw: the same `_msearch`, serialised beforehand, by http.client on a connection that is kept, its answer not decoded;
- server: one `hybrid` query of the same two with an RRF pipeline in the request, sent in the same way;
- biocpt, ten articles: the first, and the ten best articles fetched;
- haystack, ten articles: OpenSearchHybridRetriever on the same index, with the same words and vectors. It reads the
  sources of both lists, up to 200 articles (all but the vector), for the ten, as it does by itself.

The first three fetch ids and scores alone, from columns (doc values), and no stored field.

Bars: at most 1.15 times raw, and not slower than server, at the median. The peer's is shown beside.
Writes benchmarks/results/opensearch_search.json; exit 1 where a bar is missed.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import orjson
from numpy.typing import NDArray

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
from search.cli.options import default_home
from search.evaluation import topics
from search.fusion import FusionOptions, rrf

DEPTH, SHOWN, WARM_UP = 100, 10, 20
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
def haystack(options: argparse.Namespace, index: str, asked: Questions) -> Iterator[Way]:
    """The peer in a process of its own: a number to its stdin, the ids come back."""
    where = address.parse(options.index)
    script = Path(__file__).parent / "peers" / "haystack_hybrid.py"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "texts.json").write_text(json.dumps(asked.texts), encoding="utf-8")
        np.save(folder / "vectors.npy", asked.vectors)
        host, port = where.hosts[0]
        command = [options.peer_python, script, f"{where.scheme}://{host}:{port}", index, folder, str(EF_SEARCH)]
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        with process:
            assert process.stdin is not None
            assert process.stdout is not None
            options.peer_versions = json.loads(process.stdout.readline())

            def ask(number: int) -> list[str]:
                print(number, file=process.stdin, flush=True)
                ids: list[str] = json.loads(process.stdout.readline())  # type: ignore[union-attr]
                return ids

            yield ask
            process.stdin.close()


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


def measured(options: argparse.Namespace) -> dict[str, Any]:
    location = Location(options.index)
    where = address.parse(options.index)
    with closing(Cluster(where, Access())) as cluster, closing(OpenSearchReader(location)) as reader:
        versions = find_versions(cluster)
        version = versions.served or versions.building
        info = reader.info()
        if version is None or info.space is None or info.articles < 20_000:
            raise SystemExit(f"{options.index} has to hold 20,000 articles with vectors")
        texts = [t.query for t in topics.read(Path(os.environ["BIOCPT_DATA"]) / "scifact" / "queries.jsonl")]
        texts = texts[: options.queries + WARM_UP]
        vectors = load_encoder(find_set(options.home, info.space.model).query).encode(texts)
        asked = Questions(texts, vectors, space_type(version.meta.vectors, info.space))
        numbers = range(len(texts))
        raw = posted(where, f"/{version.name}/_msearch?filter_path={ANSWER}", [asked.msearch(n) for n in numbers])
        path = f"/{version.name}/_search?filter_path=hits.hits.fields.id,hits.hits._score"
        server = posted(where, path, [asked.hybrid(n) for n in numbers])
        answers: list[bytes] = []

        def ask_server(number: int) -> Sequence[str]:
            answers.append(server(number))
            return ()

        ways: dict[str, Way] = {
            "biocpt": ours(reader, asked),
            "raw": lambda number: (raw(number), ())[1],
            "server": ask_server,
            "biocpt, ten articles": ours_with_articles(reader, asked),
        }
        if options.peer_python:
            with haystack(options, version.name, asked) as ways["haystack, ten articles"]:
                times, found = in_turn(ways, len(texts))
        else:
            times, found = in_turn(ways, len(texts))
        found["server"] = [fused_of(answer) for answer in answers[WARM_UP:]]
        reported = report(times, found)
        server_version = cluster.request("GET", "/", doing="tell its version")["version"]["number"]
    return {"articles": info.articles, "dimension": info.space.dimension, "server_version": server_version, **reported}


def report(times: dict[str, list[float]], found: dict[str, list[Sequence[str]]]) -> dict[str, Any]:
    p50 = {name: float(np.percentile(values, 50)) for name, values in times.items()}
    p90 = {name: float(np.percentile(values, 90)) for name, values in times.items()}
    result: dict[str, Any] = {
        "questions": len(times["biocpt"]),
        "milliseconds": {name: {"p50": round(p50[name], 2), "p90": round(p90[name], 2)} for name in times},
        "of_raw": round(p50["biocpt"] / p50["raw"], 3),
        "of_server": round(p50["biocpt"] / p50["server"], 3),
        "same_of_server_at_100": overlap(found["biocpt"], found["server"], 100),
        "bars": BARS,
    }
    if "haystack, ten articles" in times:
        whole = "biocpt, ten articles"
        result["of_haystack"] = round(p50[whole] / p50["haystack, ten articles"], 3)
        result["same_of_haystack_at_10"] = overlap(found[whole], found["haystack, ten articles"], SHOWN)
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", required=True)
    parser.add_argument("--home", type=Path, default=os.environ.get("BIOCPT_HOME") or default_home())
    parser.add_argument("--peer-python")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "opensearch_search.json")
    options = parser.parse_args()
    options.peer_versions = None
    result = {**measured(options), "peer": options.peer_versions}
    options.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    return 0 if result["of_raw"] <= BARS["of_raw"] and result["of_server"] <= BARS["of_server"] else 1


if __name__ == "__main__":
    sys.exit(main())
