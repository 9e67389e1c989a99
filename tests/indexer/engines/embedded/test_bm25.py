"""Scores against Lucene's BM25 formula, computed here from the words alone."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from indexer.article import Article
from indexer.engines import open_reader, open_writer
from indexer.queries import Lexical, Match

WORDS = ["heart", "lung", "kidney", "liver", "valv", "bone", "nerv", "blood", "skin", "brain"]
"""Their own stems, so that no analysis stands between the two."""

BOOSTS = {"title_abstract": 1.0, "keyword_text": 0.5}


def bag(article: Article, field: str) -> Counter[str]:
    """Words of a field; the title's count twice beside the abstract's."""
    if field == "keyword_text":
        return Counter(article.keywords)
    return Counter([*article.title.split(), *article.title.split(), *article.abstract.split()])


def score(articles: list[Article], documents: int, words: list[str], wanted: Article) -> float:
    """The sum over fields of boost * idf * (k1 + 1) * tf / (tf + k1 * (1 - b + b * length / mean)), k1 1.2, b .75.

    Up to 40 words a field's length is stored exactly (Lucene's SmallFloat), so nothing is rounded here.
    """
    total = 0.0
    for field, boost in BOOSTS.items():
        bags = [bag(article, field) for article in articles]
        mean = sum(one.total() for one in bags) / documents
        mine = bag(wanted, field)
        for word in words:
            holders = sum(word in one for one in bags)
            idf = math.log(1 + (documents - holders + 0.5) / (holders + 0.5))
            tf = mine[word]
            total += boost * idf * 2.2 * tf / (tf + 1.2 * (0.25 + 0.75 * mine.total() / mean)) if tf else 0.0
    return total


@pytest.mark.parametrize("seed", range(3))
def test_scores_are_those_of_the_formula(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)

    def some(low: int, high: int) -> list[str]:
        return [str(word) for word in rng.choice(WORDS, int(rng.integers(low, high)))]

    articles = [
        Article(id=str(n), title=" ".join(some(1, 8)), abstract=" ".join(some(1, 24)), keywords=tuple(some(0, 5)))
        for n in range(120)
    ]
    writer = open_writer(str(tmp_path / "index"), space=None)
    writer.write(articles[:50], {})
    writer.commit()
    writer.write(articles[50:], {})
    writer.commit()
    writer.close()
    reader = open_reader(str(tmp_path / "index"))
    documents = len(articles) + 2  # the note of each commit counts as one without words, until segments are merged
    for words in (["heart"], ["lung", "valv"], ["bone", "skin", "brain", "blood"]):
        (hits,) = reader.search([Lexical(Match(" ".join(words)), 15)])
        expected = {a.id: score(articles, documents, words, a) for a in articles}
        assert [hit.score for hit in hits] == pytest.approx([expected[hit.id] for hit in hits], rel=1e-5)
        best = sorted(expected.values(), reverse=True)[:15]
        assert [hit.score for hit in hits] == pytest.approx(best, rel=1e-5)


def test_repeating_a_word_does_not_change_the_list(tmp_path: Path) -> None:
    writer = open_writer(str(tmp_path / "index"), space=None)
    writer.write([Article(id="1", title="heart lung"), Article(id="2", title="lung")], {})
    writer.commit()
    writer.close()
    reader = open_reader(str(tmp_path / "index"))
    once, often = reader.search([Lexical(Match("heart lung"), 5), Lexical(Match("heart lung lung heart Lungs"), 5)])
    assert once == often
