"""How an article is named in a line: short authors, journal, year, flags."""

from indexer.article import Article, Author

_AUTHORS_SHOWN = 3
_CONTROLS = dict.fromkeys((*range(32), *range(127, 160)), " ")


def printable(text: str) -> str:
    """The text with control characters as spaces, as long as before: records come from outside, terminals obey."""
    return text.translate(_CONTROLS)


def short_authors(article: Article, shown: int = _AUTHORS_SHOWN) -> str:
    """`Smith J, Doe A, Roe B, et al.`; the group's name for a collective author; "" where there is none."""
    names = [name for name in map(_short_name, article.authors) if name]
    return ", ".join(names[:shown] + (["et al."] if len(names) > shown else []))


def _short_name(author: Author) -> str:
    if author.collective:
        return author.collective
    return " ".join(part for part in (author.last_name, author.initials, author.suffix) if part)


def short_journal(article: Article) -> str:
    """The abbreviation where known, else the title; the book's title for a book article."""
    return article.journal_abbreviation or article.journal_nlm or article.journal or article.book


def flags(article: Article) -> list[str]:
    """What a reader must know before relying on it: `retracted`, `retraction notice`, `expression of concern`."""
    marks = {
        "retracted": article.is_retracted,
        "retraction notice": article.is_retraction_notice,
        "expression of concern": article.has_concern,
    }
    return [name for name, present in marks.items() if present]
