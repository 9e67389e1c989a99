"""An article as PubMed describes it, and its deletion: what sources yield, engines store and searches show."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """One author: a person, or a group when `collective` is set."""

    last_name: str = ""
    fore_name: str = ""
    initials: str = ""
    suffix: str = ""
    collective: str = ""
    orcid: str = ""
    affiliations: tuple[str, ...] = ()
    equal_contribution: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualifier:
    """A MeSH subheading of one heading."""

    name: str
    ui: str = ""
    major: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshHeading:
    """A MeSH descriptor with its qualifiers; `major` is the star of the descriptor itself."""

    name: str
    ui: str = ""
    major: bool = False
    qualifiers: tuple[Qualifier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chemical:
    """A substance: its name, MeSH id and registry number (CAS, EC, UNII; "0" where there is none)."""

    name: str
    ui: str = ""
    registry: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of a structured abstract; a part between labelled ones may have no label itself."""

    text: str
    label: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherAbstract:
    """An abstract beside the main one: another language, a plain-language summary, a publisher's own."""

    text: str
    type: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Money that paid for the work."""

    id: str = ""
    agency: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A comment, correction, retraction or the like: how this article is tied to another."""

    type: str
    """NLM's RefType: `RetractionIn`, `ErratumFor`, `CommentOn` …"""
    source: str = ""
    pmid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article. `id` is opaque (a PMID, `MED-10`, another index's id); empty means not known.

    `order` decides between two records of one id: the higher wins, whatever arrives first (`indexer.order`).
    """

    id: str
    order: int = 0
    pmid: str = ""
    version: int = 1
    title: str = ""
    abstract: str = ""
    """The whole abstract as one text; labelled sections as `LABEL: text`, joined by spaces."""
    sections: tuple[Section, ...] = ()
    other_abstracts: tuple[OtherAbstract, ...] = ()
    vernacular_title: str = ""
    authors: tuple[Author, ...] = ()
    investigators: tuple[Author, ...] = ()
    journal: str = ""
    journal_abbreviation: str = ""
    """The ISO abbreviation."""
    journal_nlm: str = ""
    """NLM's own abbreviation (MedlineTA)."""
    journal_id: str = ""
    """The NLM unique id."""
    issn: str = ""
    issn_linking: str = ""
    country: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    year: int | None = None
    month: int | None = None
    day: int | None = None
    date_text: str = ""
    """The date as printed where it is not year, month, day: `2000 Spring-Summer`."""
    electronic_date: str = ""
    """ISO dates, as exact as known: `2015-06-22`, `2015-06`, `2015`."""
    entrez_date: str = ""
    completed_date: str = ""
    revised_date: str = ""
    languages: tuple[str, ...] = ()
    publication_types: tuple[str, ...] = ()
    mesh: tuple[MeshHeading, ...] = ()
    supplementary_mesh: tuple[str, ...] = ()
    chemicals: tuple[Chemical, ...] = ()
    keywords: tuple[str, ...] = ()
    genes: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()
    databanks: tuple[str, ...] = ()
    """Accession numbers as `ClinicalTrials.gov/NCT00000102`; the bank alone where no number is given."""
    doi: str = ""
    pmc: str = ""
    pii: str = ""
    other_ids: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    references: tuple[str, ...] = ()
    """The PMIDs it cites, where PubMed knows them."""
    conflict_of_interest: str = ""
    copyright: str = ""
    subsets: tuple[str, ...] = ()
    status: str = ""
    owner: str = ""
    book: str = ""
    """The title of the book, for a book article (`PubmedBookArticle`)."""
    editors: tuple[Author, ...] = ()
    """Of that book."""
    publisher: str = ""
    source: str = ""
    """The name of the file that it was read from."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Fields of a JSON-lines source that are not ours, kept as they came."""

    @property
    def passage(self) -> tuple[str, str]:
        """(title, abstract): what an article encoder reads."""
        return self.title, self.abstract

    @property
    def has_text(self) -> bool:
        """Whether there is anything to encode."""
        return bool(self.title.strip() or self.abstract.strip())

    @property
    def is_retracted(self) -> bool:
        """Whether it was withdrawn: by its publication type, or by a link to the notice."""
        return "Retracted Publication" in self.publication_types or any(
            link.type in ("RetractionIn", "RetractedandRepublishedIn") for link in self.links
        )

    @property
    def is_retraction_notice(self) -> bool:
        """Whether it is itself the notice that withdraws another article."""
        return "Retraction of Publication" in self.publication_types or any(
            link.type in ("RetractionOf", "RetractedandRepublishedFrom") for link in self.links
        )

    @property
    def has_concern(self) -> bool:
        """Whether an expression of concern was published about it."""
        return any(link.type == "ExpressionOfConcernIn" for link in self.links)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """NLM withdrew this record; stored as a tombstone, so that an older copy arriving later does not revive it."""

    id: str
    order: int = 0
    version: int = 1
    source: str = ""


Record = Article | Deletion


def text_digest(article: Article) -> str:
    """Names the text that is encoded: while it stays, the vector stays. 32 hex digits; "" for no text."""
    if not article.has_text:
        return ""
    text = orjson.dumps(article.passage)
    return hashlib.blake2b(text, digest_size=16).hexdigest()


_DEFAULTS: dict[str, object] = {
    item.name: item.default if item.default is not MISSING else {} for item in fields(Article) if item.name != "id"
}

PARTS: dict[str, type[Any]] = {
    "sections": Section,
    "other_abstracts": OtherAbstract,
    "authors": Author,
    "investigators": Author,
    "editors": Author,
    "mesh": MeshHeading,
    "chemicals": Chemical,
    "grants": Grant,
    "links": Link,
}
"""The fields that hold tuples of these; all other tuples hold strings."""

_PART_FIELDS: dict[type[Any], dict[str, bool]] = {
    kind: {item.name: item.default is MISSING for item in fields(kind)} for kind in (*PARTS.values(), Qualifier)
}
"""The fields of a part, and whether each must be given."""

_STRING_TUPLES = frozenset(name for name, default in _DEFAULTS.items() if default == () and name not in PARTS)

FIELD_NAMES = frozenset((*_DEFAULTS, "id"))
"""Every field of an article."""


def to_json(article: Article, *, without: Iterable[str] = ()) -> bytes:
    """The whole record as one JSON object, empty fields left out; `from_json` is its inverse.

    Fields that `without` names are left out too.

    Raises:
        orjson.JSONEncodeError: a text holds half of a surrogate pair, which is no character; no source yields one.
    """
    stated = _stated(article)
    for name in without:
        stated.pop(name, None)
    return orjson.dumps(stated, default=_compact, option=orjson.OPT_PASSTHROUGH_DATACLASS)


def from_json(data: bytes) -> Article:
    """The article that `to_json` wrote; fields it does not know (a newer version's) are kept in `extra`."""
    stored: dict[str, Any] = orjson.loads(data)
    unknown = {name: stored.pop(name) for name in stored.keys() - FIELD_NAMES}
    if unknown:
        stored["extra"] = {**unknown, **stored.get("extra", {})}
    return from_mapping(stored)


def from_mapping(stored: Mapping[str, Any]) -> Article:
    """An article from its fields as JSON has them: lists for tuples, objects for authors, headings and the like."""
    made = dict(stored)
    for name in made.keys() & PARTS.keys():
        kind = PARTS[name]
        made[name] = tuple(_part(kind, item) for item in made[name])
    for name in made.keys() & _STRING_TUPLES:
        made[name] = tuple(made[name])
    return Article(**made)


def record_digest(record: Record) -> str:
    """Names what a record says, 32 hex digits: equal for two records that differ in `order` and `source` alone."""
    if isinstance(record, Deletion):
        said = orjson.dumps({"deleted": record.id, "version": record.version})
    else:
        stated = _stated(record)
        stated.pop("order", None)
        stated.pop("source", None)
        options = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_SORT_KEYS
        said = orjson.dumps(stated, default=_compact, option=options)
    return hashlib.blake2b(said, digest_size=16).hexdigest()


def _stated(article: Article) -> dict[str, Any]:
    """The fields that are not empty."""
    stated: dict[str, Any] = {"id": article.id}
    for name, default in _DEFAULTS.items():
        value = getattr(article, name)
        if value != default:
            stated[name] = value
    return stated


def _compact(part: object) -> dict[str, Any]:
    """A part without its empty fields."""
    names = _PART_FIELDS.get(type(part))
    if names is None:
        raise TypeError(f"{type(part).__name__} cannot be stored as JSON")
    return {name: value for name, needed in names.items() if (value := getattr(part, name)) or needed}


def _part(kind: type[Any], stored: Mapping[str, Any]) -> Any:
    """One part; fields that it does not have (a newer version's) are left out."""
    make: Callable[..., Any] = kind
    known = {name: _tuple(value) for name, value in stored.items() if name in _PART_FIELDS[kind]}
    if kind is MeshHeading and known.get("qualifiers"):
        known["qualifiers"] = tuple(_part(Qualifier, item) for item in known["qualifiers"])
    return make(**known)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
