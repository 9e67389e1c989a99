"""How an article is named in a line."""

import pytest

from indexer.article import Article, Author, Link
from search import display


def people(count: int) -> tuple[Author, ...]:
    return tuple(Author(last_name=f"Example{at}", initials="AB") for at in range(count))


def test_three_authors_are_named_and_more_are_et_al() -> None:
    assert display.short_authors(Article(id="1", authors=people(3))) == "Example0 AB, Example1 AB, Example2 AB"
    assert display.short_authors(Article(id="1", authors=people(4))).endswith("Example2 AB, et al.")


def test_a_group_is_named_as_it_is_and_a_suffix_is_kept() -> None:
    authors = (Author(collective="Sample Trial Group"), Author(last_name="Example", initials="A", suffix="Jr"))
    assert display.short_authors(Article(id="1", authors=authors)) == "Sample Trial Group, Example A Jr"


def test_the_shortest_known_name_of_the_journal_is_shown() -> None:
    article = Article(id="1", journal="Journal of Samples", journal_nlm="J Samples", journal_abbreviation="J. Sampl.")
    assert display.short_journal(article) == "J. Sampl."
    assert display.short_journal(Article(id="1", book="A Book")) == "A Book"


@pytest.mark.parametrize(
    ("article", "flags"),
    [
        (Article(id="1"), []),
        (Article(id="1", publication_types=("Retracted Publication",)), ["retracted"]),
        (Article(id="1", links=(Link(type="RetractionOf"),)), ["retraction notice"]),
        (Article(id="1", links=(Link(type="ExpressionOfConcernIn"),)), ["expression of concern"]),
    ],
)
def test_what_a_reader_must_know_is_flagged(article: Article, flags: list[str]) -> None:
    assert display.flags(article) == flags


def test_control_characters_become_spaces_one_for_one() -> None:
    assert display.printable("a\x1b[31mb\x07\x9bc\nTNF-α") == "a [31mb  c TNF-α"
