"""Lexical lists of a real cluster beside the embedded engine's, and beside Anserini's figure, on SciFact."""

import gzip
import math
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from indexer.article import Article
from indexer.engines import open_reader, open_writer
from indexer.engines.protocol import Reader
from indexer.engines.writing import DEFAULT, Bm25, WriteOptions
from indexer.queries import Hit, Lexical, Match
from tests.opensearch.server import Server

pytestmark = pytest.mark.slow

ANSERINI = 0.6647
"""nDCG@10 of Anserini's BM25 (k1 .9, b .4) over the fields title and text of BEIR's SciFact: its regression page."""


@pytest.fixture(scope="module")
def scifact() -> Path:
    if "BIOCPT_DATA" not in os.environ:
        pytest.skip("BIOCPT_DATA does not name the folder of real articles")
    return Path(os.environ["BIOCPT_DATA"]) / "scifact"


@pytest.fixture(scope="module")
def claims(scifact: Path, judged: dict[str, set[str]]) -> dict[str, str]:
    """The 300 test claims by id."""
    rows = [orjson.loads(line) for line in (scifact / "queries.jsonl").read_bytes().splitlines()]
    return {row["_id"]: row["text"] for row in rows if row["_id"] in judged}


@pytest.fixture(scope="module")
def judged(scifact: Path) -> dict[str, set[str]]:
    """The articles that answer each test claim."""
    found: dict[str, set[str]] = {}
    for line in (scifact / "qrels" / "test.tsv").read_text().splitlines()[1:]:
        claim, article, grade = line.split("\t")
        if int(grade) > 0:
            found.setdefault(claim, set()).add(article)
    return found


def store(location: str, scifact: Path, options: WriteOptions = DEFAULT) -> None:
    with gzip.open(scifact / "corpus.jsonl.gz") as lines:
        rows = [orjson.loads(line) for line in lines]
    articles = [Article(id=row["_id"], order=1, title=row["title"], abstract=row["text"]) for row in rows]
    with closing(open_writer(location, space=None, options=options)) as writer:
        writer.write(articles, {})
        writer.commit()
        writer.publish()


@pytest.fixture(scope="module")
def embedded(scifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    location = str(tmp_path_factory.mktemp("scifact") / "index")
    store(location, scifact)
    with closing(open_reader(location)) as reader:
        yield reader


def test_the_ten_best_are_those_of_the_embedded_engine(
    node: Server, fresh_index: str, scifact: Path, embedded: Reader, claims: dict[str, str]
) -> None:
    location = f"{node.url}/{fresh_index}"
    store(location, scifact)
    assert len(claims) == 300
    probes = [Lexical(Match(claim), 10) for claim in claims.values()]
    with closing(open_reader(location)) as reader:
        pairs = list(zip(reader.search(probes), embedded.search(probes), strict=True))
    shares = [len(_ids(one) & _ids(other)) / len(other) for one, other in pairs]
    assert sum(shares) / len(shares) >= 0.98
    for one, other in pairs:
        assert [hit.score for hit in one] == pytest.approx([hit.score for hit in other], rel=1e-3)


def test_bm25_as_anserini_sets_it_ranks_as_anserini_does(
    node: Server, fresh_index: str, scifact: Path, claims: dict[str, str], judged: dict[str, set[str]]
) -> None:
    """Asked as Anserini asks, for the sum over title and abstract; our own lists search them as one text."""
    location = f"{node.url}/{fresh_index}"
    store(location, scifact, WriteOptions(bm25=Bm25(0.9, 0.4)))
    gains = []
    for claim, text in claims.items():
        fields = {"query": text, "fields": ["title", "abstract"], "type": "most_fields"}
        body = {"size": 10, "query": {"multi_match": fields}, "_source": ["id"]}
        hits = node.ask("POST", f"/{fresh_index}/_search", body)["hits"]["hits"]
        gains.append(ndcg([hit["_source"]["id"] for hit in hits], judged[claim]))
    assert sum(gains) / len(gains) == pytest.approx(ANSERINI, abs=0.01)


def _ids(hits: list[Hit]) -> set[str]:
    return {hit.id for hit in hits}


def ndcg(found: list[str], relevant: set[str]) -> float:
    """nDCG of a list with judgements of 0 and 1 (Järvelin and Kekäläinen, TOIS 2002)."""
    gain = sum(1 / math.log2(rank + 1) for rank, id in enumerate(found, start=1) if id in relevant)
    return gain / sum(1 / math.log2(rank + 1) for rank in range(1, min(10, len(relevant)) + 1))
