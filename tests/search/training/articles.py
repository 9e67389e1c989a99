"""Articles about nothing, in an index in memory."""

from collections.abc import Iterable

from indexer.article import Article, Author
from tests.doubles import ListIndex, ListReader

LOREM = "the patients who drank moon water slept well and woke late while those in the other room did neither of both"
"""Twenty words and more, for abstracts that are long enough."""


def article(id: str, title: str = "", abstract: str = "", *, author: str = "", journal: str = "") -> Article:
    """`author` is such as `Doe Jane`."""
    last, _, fore = author.partition(" ")
    authors = (Author(last_name=last, fore_name=fore, initials=fore[:1]),) if author else ()
    return Article(id=id, title=title, abstract=abstract, authors=authors, journal=journal)


def index_of(articles: Iterable[Article]) -> ListReader:
    index = ListIndex()
    writer = index.open_writer()
    writer.write(list(articles), {})
    writer.commit()
    writer.close()
    return index.open_reader()
