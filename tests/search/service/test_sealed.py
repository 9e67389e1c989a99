"""Joined fields are taken apart where the digest says, and what is not whole is refused."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.article import Article, text_digest
from search.service.sealed import BrokenSeal, passage

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def joined(title: str, abstract: str) -> str:
    """As the re-rank processor joins title, has_text, text_digest and abstract: with nothing in between."""
    article = Article(id="1", order=0, title=title, abstract=abstract)
    return f"{title}{'true' if article.has_text else 'false'}{text_digest(article)}{abstract}"


@given(TEXT, TEXT)
def test_title_and_abstract_are_as_they_were(title: str, abstract: str) -> None:
    if title.strip() or abstract.strip():
        assert passage(joined(title, abstract), 0) == (title, abstract)


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        ("a cohort study", "background"),
        ("It is true" + "0" * 32, "true" + "f" * 32 + " and more"),
        ("truetrue", "true"),
        ("", "An abstract alone."),
        ("A title alone", ""),
    ],
)
def test_texts_that_look_like_a_seal_are_none(title: str, abstract: str) -> None:
    assert passage(joined(title, abstract), 0) == (title, abstract)


def test_a_text_full_of_what_looks_like_seals_is_given_up_soon() -> None:
    """Each costs a digest of the whole text: a body of 2 MB would hold the server up for minutes."""
    begun = time.process_time()
    with pytest.raises(BrokenSeal):
        passage(f"true{'0' * 32}" * 50_000, 0)
    assert time.process_time() - begun < 10


def test_an_article_without_text_is_whole() -> None:
    assert passage("false", 0) == ("", "")


@pytest.mark.parametrize("left", ["", "A title", "A titletrue", "An abstract."])
def test_a_document_without_its_digest_is_refused(left: str) -> None:
    with pytest.raises(BrokenSeal, match=r"Document 3 .*_source"):
        passage(left, 3)


@given(TEXT.filter(str.strip), TEXT.filter(str.strip))
def test_a_document_that_lacks_title_or_abstract_is_refused(title: str, abstract: str) -> None:
    whole = joined(title, abstract)
    for part in (whole.removeprefix(title), whole.removesuffix(abstract)):
        if part != whole:
            with pytest.raises(BrokenSeal):
                passage(part, 0)
