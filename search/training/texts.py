"""Where the texts of articles come from: files, and an index; looked up by id, many at a time."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from indexer import sources
from indexer.article import Article, Author
from indexer.engines.protocol import Reader
from indexer.order import Stamp
from search.training import streamed_json
from search.training.errors import BadTrainingData
from search.training.lines import head
from search.training.tables import Table


class Described(NamedTuple):
    """An article as far as training needs it: its texts, and by what people look it up."""

    title: str
    abstract: str
    authors: tuple[tuple[str, str, str], ...] = ()
    """(last name, fore name, initials) of each person."""
    journals: tuple[str, ...] = ()
    """The names of its journal: in full and abbreviated."""

    @property
    def has_text(self) -> bool:
        """Whether there is anything to read."""
        return bool(self.title.strip() or self.abstract.strip())


def described(article: Article) -> Described:
    """What is needed of an article."""
    people = (author for author in article.authors if author.last_name)
    journals = (article.journal, article.journal_abbreviation, article.journal_nlm)
    return Described(
        *article.passage,
        tuple(map(_name, people)),
        tuple(dict.fromkeys(name for name in journals if name)),
    )


def _name(author: Author) -> tuple[str, str, str]:
    return author.last_name, author.fore_name, author.initials


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Files first, then the index: also for what has an entry without text in the files."""

    table: Table | None = None
    index: Reader | None = None

    def find(self, ids: Collection[str]) -> Mapping[str, Described]:
        """The articles that have text; the others are absent."""
        stored = {} if self.table is None else self.table.find(ids)
        of_files = {
            id: Described(value[0], value[1], _names(value[2]), tuple(value[3])) for id, value in stored.items()
        }
        found = {id: article for id, article in of_files.items() if article.has_text}
        others = [id for id in dict.fromkeys(ids) if id not in found]
        if self.index is not None and others:
            articles = zip(others, self.index.fetch(others), strict=True)
            found |= {id: described(article) for id, article in articles if article is not None}
        return {id: article for id, article in found.items() if article.has_text}


def _names(rows: Iterable[list[str]]) -> tuple[tuple[str, str, str], ...]:
    return tuple((last, fore, initials) for last, fore, initials in rows)


def stored(files: Iterable[Path], table: Table) -> Table:
    """The table, filled from these files: pmid2info, or anything that `biocpt index` reads; later ones win.

    Raises:
        BadTrainingData: a file is neither, or has an entry or a record that cannot be read.
        BrokenSource: a file for `biocpt index` breaks off.
    """
    for path in files:
        table.fill((id, tuple(text)) for id, text in _texts(path))
    return table


def _texts(path: Path) -> Iterator[tuple[str, Described]]:
    start = head(path, 1 << 12).lstrip()
    if start.startswith("{") and _opens_with_list(start):
        yield from _from_pmid2info(path)
    else:
        yield from ((article.id, described(article)) for article in articles(path))


def articles(path: Path) -> Iterator[Article]:
    """The articles of a file that `biocpt index` reads; raises as `stored` does."""
    for record in sources.read(path, Stamp(0, 0)):
        if isinstance(record, sources.Rejected):
            raise BadTrainingData(path=path, problem=f"record {record.position:,}: {record.reason}")
        if isinstance(record, Article):
            yield record


def _opens_with_list(start: str) -> bool:
    """Whether the first value of the object is a list, as in `{"123": ["title", "abstract"]`."""
    _, _, rest = start.partition('"')
    _, _, rest = rest.partition('"')
    return rest.lstrip().removeprefix(":").lstrip().startswith("[")


def _from_pmid2info(path: Path) -> Iterator[tuple[str, Described]]:
    for id, value in streamed_json.entries(path):
        if not isinstance(value, list) or len(value) < 2 or not all(isinstance(text, str) for text in value[:2]):
            raise BadTrainingData(path=path, problem=f"{id!r} is {str(value)[:80]!r}, and not [title, abstract]")
        yield id, Described(_text(value[0]), _text(value[1]))


def _text(value: Any) -> str:
    return str(value).encode("utf-8", "replace").decode()
