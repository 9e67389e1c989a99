"""An article as PubMed describes it, and its deletion: what sources yield, engines store and searches show."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
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

    def __repr__(self) -> str:
        values = ((item, getattr(self, item.name)) for item in fields(self))
        known = (f"{item.name}={value!r}" for item, value in values if value and value != item.default)
        return f"Article({', '.join(known)})"

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
