"""One table: which fields of an article are searched, filtered and sorted by, and how. Add a searchable field here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from indexer.article import Article

Kind = Literal["text", "keyword", "number"]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the index: its kind, its boost in a `Match` (0: not matched), and its values in an article."""

    name: str
    kind: Kind
    boost: float
    values: Callable[[Article], Iterable[str | int]]


def _journals(article: Article) -> Iterable[str]:
    names = (article.journal, article.journal_abbreviation, article.journal_nlm)
    plain = (name.replace(".", "") for name in names)
    return dict.fromkeys(name for name in (*names, *plain) if name)


def _mesh_names(article: Article) -> Iterable[str]:
    return [heading.name for heading in article.mesh]


def _flags(article: Article) -> Iterable[str]:
    flags = {
        "abstract": bool(article.abstract),
        "retracted": article.is_retracted,
        "retraction_notice": article.is_retraction_notice,
        "concern": article.has_concern,
    }
    return [name for name, present in flags.items() if present]


FIELDS: tuple[Field, ...] = (
    Field("title", "text", 2.0, lambda a: [a.title, *([a.vernacular_title] if a.vernacular_title else [])]),
    Field("abstract", "text", 1.0, lambda a: [a.abstract, *(o.text for o in a.other_abstracts)]),
    Field("mesh_text", "text", 0.5, lambda a: [*_mesh_names(a), *(c.name for c in a.chemicals)]),
    Field("keyword_text", "text", 0.5, lambda a: a.keywords),
    Field("journal", "keyword", 0.0, _journals),
    Field("type", "keyword", 0.0, lambda a: a.publication_types),
    Field("mesh", "keyword", 0.0, _mesh_names),
    Field("language", "keyword", 0.0, lambda a: a.languages),
    Field("flag", "keyword", 0.0, _flags),
    Field("id", "keyword", 0.0, lambda a: [a.id]),
    Field("year", "number", 0.0, lambda a: [] if a.year is None else [a.year]),
)
"""Keywords are compared ignoring case. `flag` holds abstract, retracted, retraction_notice and concern."""

FIELD: dict[str, Field] = {field.name: field for field in FIELDS}
