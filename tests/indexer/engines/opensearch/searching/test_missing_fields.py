"""Lexical lists of a cluster beside a folder's where many articles have no headings, or no keywords.

Lucene counts a field's articles and its mean length over those that have it, tantivy over all: the same words weigh
otherwise, and here is stated how far the ten best may part by that.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from indexer.article import Article
from indexer.engines import open_reader, open_writer
from indexer.engines.protocol import Reader
from indexer.order import Stamp
from indexer.queries import Lexical, Match
from indexer.sources import read
from tests.opensearch.server import Server

pytestmark = pytest.mark.slow


class Agreement(NamedTuple):
    """Means over the questions: the share of the folder's ten best that the cluster has, and of same first articles."""

    overlap: float
    same_first: float


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    """An update file of MEDLINE; few of its articles have MeSH headings yet."""
    if "BIOCPT_DATA" not in os.environ:
        pytest.skip("BIOCPT_DATA does not name the folder of real articles")
    file = Path(os.environ["BIOCPT_DATA"]) / "pubmed_xml" / "medline16n0902.xml.gz"
    found = [item for item in read(file, Stamp(2016, 902)) if isinstance(item, Article)]
    return list({article.id: article for article in found}.values())


@pytest.fixture(scope="module")
def folder(articles: Sequence[Article], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    location = str(tmp_path_factory.mktemp("medline") / "index")
    store(location, articles)
    with closing(open_reader(location)) as reader:
        yield reader


def store(location: str, articles: Sequence[Article]) -> None:
    with closing(open_writer(location, space=None)) as writer:
        writer.write(articles, {})
        writer.commit()
        writer.publish()


def agreement(cluster: Reader, folder: Reader, questions: Sequence[str]) -> Agreement:
    probes = [Lexical(Match(question), 10) for question in questions]
    pairs = [pair for pair in zip(cluster.search(probes), folder.search(probes), strict=True) if pair[1]]
    shares = [len({hit.id for hit in one} & {hit.id for hit in other}) / len(other) for one, other in pairs]
    first = [one[0].id == other[0].id for one, other in pairs]
    return Agreement(sum(shares) / len(pairs), sum(first) / len(pairs))


def test_the_ten_best_are_nearly_those_of_a_folder(
    node: Server, fresh_index: str, articles: Sequence[Article], folder: Reader
) -> None:
    assert len(articles) == 604
    assert sum(1 for article in articles if article.mesh) == 94
    assert sum(1 for article in articles if article.keywords) == 389
    location = f"{node.url}/{fresh_index}"
    store(location, articles)
    titles = [article.title for article in articles]
    headings = sorted({heading.name for article in articles for heading in article.mesh})
    with closing(open_reader(location)) as cluster:
        found = {
            "titles": agreement(cluster, folder, titles),
            "one heading": agreement(cluster, folder, headings),
            "two headings": agreement(cluster, folder, [f"{one} {other}" for one, other in pairwise(headings)]),
        }
    assert all(each.overlap >= 0.9 for each in found.values()), found
    assert found["titles"].same_first >= 0.98, found
    assert min(each.same_first for each in found.values()) >= 0.8, found
