"""Long questions over more fields, or fewer, than a `Match` has of its own: what a server takes is shared out."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from indexer.engines import open_reader, open_writer
from indexer.engines.opensearch.searching.lists import by_words
from indexer.engines.opensearch.searching.translate import MOST_CLAUSES
from indexer.engines.protocol import Reader
from indexer.errors import QuestionTooLarge
from indexer.queries import Boosts, Lexical, Match, Or, PartialHits
from tests.indexer.engines.contract import SPACE, article, vector
from tests.opensearch.server import Server

FIVE: Boosts = (("title", 1.0), ("abstract", 1.0))
"""Beside the three fields that a `Match` searches anyway."""
ONE: Boosts = (("mesh_text", 0.0), ("keyword_text", 0.0))
TEXT = " ".join(f"word{n}" for n in range(2_000))


@pytest.fixture
def reader(node: Server, fresh_index: str) -> Iterator[Reader]:
    """Of an index of one article."""
    url = f"{node.url}/{fresh_index}"
    with closing(open_writer(url, space=SPACE)) as writer:
        writer.write([article("1", title="word1")], {"1": vector(1)})
        assert writer.publish().is_served
    with closing(open_reader(url)) as reader:
        yield reader


@pytest.mark.slow
@pytest.mark.parametrize("boosts", [FIVE, ONE, ()], ids=["five fields", "one field", "three fields"])
def test_a_server_takes_as_many_words_as_are_looked_up(reader: Reader, boosts: Boosts) -> None:
    for query in (Match(TEXT, boosts), Or((Match(TEXT, boosts), Match(TEXT)))):
        (hits,) = reader.search([Lexical(query, 10, within=Match(TEXT, boosts))])
        assert [hit.id for hit in hits] == ["1"]
        assert isinstance(hits, PartialHits)


def clauses(asked: Any) -> int:
    """How many words are looked for, each field counted."""
    match asked:
        case {"match": dict(fields)}:
            return sum(len(said["query"].split()) for said in fields.values())
        case dict():
            return sum(map(clauses, asked.values()))
        case list() | tuple():
            return sum(map(clauses, asked))
        case _:
            return 0


@pytest.mark.parametrize(("boosts", "words"), [(FIVE, 198), (ONE, 990), ((), 330)])  # 990 over 5, 1, 3 fields
def test_the_more_fields_the_fewer_words(boosts: Boosts, words: int) -> None:
    question = by_words(Lexical(Match(TEXT, boosts), 10))
    assert clauses(question.query) == MOST_CLAUSES == 990
    assert (
        f"Only {words} words of each part of the question were looked up, {2_000 - words:,} were not." in question.gap
    )


def test_parts_over_many_fields_share_with_parts_over_few() -> None:
    short = Match("heart lung", FIVE)  # 2 words in 5 fields: 10 of 990 clauses
    question = by_words(Lexical(Or((short, Match(TEXT, ONE), Match(TEXT, FIVE))), 10))
    assert clauses(question.query) == 10 + 163 * (1 + 5)  # 980 / 6
    nothing = tuple((name, 0.0) for name in ("title_abstract", "mesh_text", "keyword_text"))
    assert by_words(Lexical(Match(TEXT, nothing), 10)).query == {"match_none": {}}


def test_more_parts_than_a_server_takes_are_refused_by_their_fields() -> None:
    parts = tuple(Match(f"word{n}", FIVE) for n in range(199))
    assert clauses(by_words(Lexical(Or(parts[:-1]), 10)).query) == 990
    with pytest.raises(QuestionTooLarge, match="199 parts have words to look up, and 198 may have some"):
        by_words(Lexical(Or(parts), 10))
