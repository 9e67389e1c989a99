"""One table: which fields of an article are searched, filtered and sorted by, and how. Add a searchable field here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from indexer.article import Article
from indexer.errors import UnknownField
from indexer.queries import Boosts

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


def _titles(article: Article) -> list[str]:
    return [title for title in (article.title, article.vernacular_title) if title]


def _abstracts(article: Article) -> list[str]:
    return [article.abstract, *(other.text for other in article.other_abstracts)]


FIELDS: tuple[Field, ...] = (
    Field("title_abstract", "text", 1.0, lambda a: [a.title, *_titles(a), *_abstracts(a)]),
    Field("title", "text", 0.0, _titles),
    Field("abstract", "text", 0.0, _abstracts),
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
"""A `Match` searches title and abstract as one text in which the title's words count twice (BM25F, Robertson et al.,
CIKM 2004, with a title boost of 2). Two fields summed, title 2 and abstract 1, rank far worse, because a title's few
words then outweigh all else: nDCG@10 .629 against .691 on SciFact, .287 against .289 on NFCorpus (development part).
`title` and `abstract` alone are for phrases. Keywords are compared ignoring case; `flag` holds abstract, retracted,
retraction_notice and concern."""

FIELD: dict[str, Field] = {field.name: field for field in FIELDS}


def searched(boosts: Boosts = ()) -> dict[str, float]:
    """The fields that a `Match` looks into, with their boosts.

    Raises: UnknownField, where `boosts` names one that is no text field.
    """
    for name, _ in boosts:
        require(name, "text")
    own = {field.name: field.boost for field in FIELDS if field.kind == "text"}
    return {name: boost for name, boost in {**own, **dict(boosts)}.items() if boost > 0}


def require(name: str, kind: Kind) -> None:
    """Raises: UnknownField, where a question names a field that is none of this kind."""
    if name not in FIELD or FIELD[name].kind != kind:
        raise UnknownField(field=name, kind=kind, known=[field.name for field in FIELDS if field.kind == kind])
