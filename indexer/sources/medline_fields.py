"""The tags of a MEDLINE record as the fields of an article. Add a tag here."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import zip_longest
from typing import Any, TypeAlias

from indexer.article import Author, Chemical, Grant, Link, MeshHeading, OtherAbstract, Qualifier
from indexer.sources import dates, identifiers, names

Lines: TypeAlias = list[tuple[str, str]]
"""The (tag, value) pairs of one record, in their order."""

_TEXTS = {
    "TI": "title",
    "AB": "abstract",
    "TT": "vernacular_title",
    "JT": "journal",
    "TA": "journal_nlm",
    "JID": "journal_id",
    "PL": "country",
    "VI": "volume",
    "IP": "issue",
    "PG": "pages",
    "COIS": "conflict_of_interest",
    "CI": "copyright",
    "STAT": "status",
    "OWN": "owner",
    "BTI": "book",
    "PB": "publisher",
}
"""Tags of one text; values of a repeated tag are joined by spaces."""

_LISTS = {
    "LA": "languages",
    "PT": "publication_types",
    "OT": "keywords",
    "GS": "genes",
    "SI": "databanks",
    "SB": "subsets",
    "NM": "supplementary_mesh",
}

_DATES = {"DEP": "electronic_date", "EDAT": "entrez_date", "DCOM": "completed_date", "LR": "revised_date"}

_LINKS = {
    "CIN": "CommentIn",
    "CON": "CommentOn",
    "EIN": "ErratumIn",
    "EFR": "ErratumFor",
    "ECI": "ExpressionOfConcernIn",
    "ECF": "ExpressionOfConcernFor",
    "RIN": "RetractionIn",
    "ROF": "RetractionOf",
    "PRIN": "PartialRetractionIn",
    "PROF": "PartialRetractionOf",
    "RPI": "RepublishedIn",
    "RPF": "RepublishedFrom",
    "CRI": "CorrectedandRepublishedIn",
    "CRF": "CorrectedandRepublishedFrom",
    "RRI": "RetractedandRepublishedIn",
    "RRF": "RetractedandRepublishedFrom",
    "UIN": "UpdateIn",
    "UOF": "UpdateOf",
    "SPIN": "SummaryForPatientsIn",
    "ORI": "OriginalReportIn",
}

_PRINTED_DATE = re.compile(r"(\d{4})(?:\s+([A-Za-z]{3,9}|\d{1,2}))?(?:\s+(\d{1,2}))?")
_ISSN = re.compile(r"(\d{4}-\d{3}[\dX])(?:\s+\((\w+)\))?.*", re.IGNORECASE)
_MARKED_ID = re.compile(r"(?P<id>.+?)\s*\[(?P<kind>\w+)\]")
_LINKED_PMID = re.compile(r"(?P<source>.*?)\.?\s*PMID:\s*(?P<pmid>\d+).*", re.DOTALL)
_SUBSTANCE = re.compile(r"(?P<registry>.+?)\s+\((?P<name>.+)\)")


def read_fields(lines: Lines) -> dict[str, Any]:
    """Arguments for `Article`, all but the id; unknown tags and empty values are left out."""
    by_tag: dict[str, list[str]] = {}
    for tag, value in lines:
        if text := " ".join(value.split()):
            by_tag.setdefault(tag, []).append(text)
    fields: dict[str, Any] = {name: " ".join(by_tag[tag]) for tag, name in _TEXTS.items() if tag in by_tag}
    fields.update({name: tuple(dict.fromkeys(by_tag[tag])) for tag, name in _LISTS.items() if tag in by_tag})
    fields.update({name: _date(by_tag[tag][0]) for tag, name in _DATES.items() if tag in by_tag})
    for tag, reader in _READERS.items():
        if tag in by_tag:
            reader(by_tag[tag], fields)
    fields["other_abstracts"] = tuple(_other_abstracts(by_tag.get("OAB", []), by_tag.get("OABL", [])))
    fields["links"] = tuple(_link(_LINKS[tag], value) for tag, value in lines if tag in _LINKS and value)
    fields["authors"] = tuple(_people(lines, full="FAU", short="AU"))
    fields["investigators"] = tuple(_people(lines, full="FIR", short="IR"))
    fields["editors"] = tuple(_people(lines, full="FED", short="ED"))
    fields["title"] = fields.get("title") or fields.get("vernacular_title") or fields.get("book", "")
    return fields


def _date(text: str) -> str:
    """ISO, out of `20180601` and `2018/12/06 06:00`."""
    digits = text.split(" ")[0].replace("/", "")
    return dates.iso(digits[:4], digits[4:6], digits[6:8])


def _publication_date(values: list[str], fields: dict[str, Any]) -> None:
    text = values[0]
    found = _PRINTED_DATE.fullmatch(text)
    month = dates.month_of(found[2]) if found and found[2] else None
    if found and (month or not found[2]):
        fields["year"], fields["month"] = dates.year_of(found[1]), month
        fields["day"] = dates.day_of(found[3]) if found[3] else None
    else:
        fields["year"], fields["date_text"] = dates.first_year(text), text


def _issns(values: list[str], fields: dict[str, Any]) -> None:
    for value in values:
        found = _ISSN.match(value)
        if found:
            name = "issn_linking" if found[2] == "Linking" else "issn"
            fields.setdefault(name, found[1])


def _marked_ids(values: list[str], fields: dict[str, Any]) -> None:
    """`10.1002/jts.22255 [doi]`; the first of each kind stays, so LID goes before AID."""
    for value in values:
        found = _MARKED_ID.fullmatch(value)
        kind, text = (found["kind"], found["id"]) if found else ("doi", value)
        if kind == "doi":
            text = identifiers.doi(text)
        if text and kind in ("doi", "pii"):
            fields.setdefault(kind, text)
        elif text:
            fields.setdefault("other_ids", {}).setdefault(kind, text)


def _pmc(values: list[str], fields: dict[str, Any]) -> None:
    fields["pmc"] = identifiers.pmc(values[0])


def _other_ids(kind: str) -> "Reader":
    def read(values: list[str], fields: dict[str, Any]) -> None:
        fields.setdefault("other_ids", {})[kind] = "; ".join(dict.fromkeys(values))

    return read


def _source_ids(values: list[str], fields: dict[str, Any]) -> None:
    """`NLM: EMS54115`, by source."""
    for value in values:
        source, _, text = value.partition(": ")
        if text.startswith("PMC"):
            fields["pmc"] = fields.get("pmc") or identifiers.pmc(text)
        elif text:
            others = fields.setdefault("other_ids", {})
            others[source] = f"{others[source]}; {text}" if source in others else text


def _mesh(values: list[str], fields: dict[str, Any]) -> None:
    """`Women, Working/*history/psychology`: a descriptor and its subheadings, stars for major topics."""
    headings = []
    for value in values:
        name, *subheadings = (part.strip() for part in value.split("/"))
        qualifiers = (Qualifier(name=part.lstrip("*"), major=part.startswith("*")) for part in subheadings)
        headings.append(MeshHeading(name=name.lstrip("*"), major=name.startswith("*"), qualifiers=tuple(qualifiers)))
    fields["mesh"] = tuple(headings)


def _chemicals(values: list[str], fields: dict[str, Any]) -> None:
    """`0 (Analgesics)`, `EC 3.4.21.5 (Thrombin)`; a name alone for a protocol."""
    fields["chemicals"] = tuple(
        Chemical(name=found["name"], registry=found["registry"]) if found else Chemical(name=value)
        for value in values
        for found in [_SUBSTANCE.fullmatch(value)]
    )


def _grants(values: list[str], fields: dict[str, Any]) -> None:
    fields["grants"] = tuple(_grant(value) for value in values)


def _grant(text: str) -> Grant:
    """`T32 AI007291/AI/NIAID NIH HHS/United States`: number, acronym, agency, country; numbers may hold slashes."""
    number, *rest = text.strip("/").rsplit("/", 2)
    if len(rest) < 2:
        return Grant(id=number, agency="/".join(rest))
    without, _, acronym = number.rpartition("/")
    if without and re.fullmatch(r"[A-Z]{2}", acronym):
        number = without
    return Grant(id=number, agency=rest[0], country=rest[1])


def _other_abstracts(texts: list[str], languages: list[str]) -> Iterator[OtherAbstract]:
    """Each with the language of the same number; either tag may come without the other."""
    for text, language in zip_longest(texts, languages[: len(texts)], fillvalue=""):
        yield OtherAbstract(text=text, language=language)


def _link(kind: str, value: str) -> Link:
    text = " ".join(value.split())
    found = _LINKED_PMID.fullmatch(text)
    return Link(type=kind, source=found["source"], pmid=found["pmid"]) if found else Link(type=kind, source=text)


def _person(tag: str, value: str, full: str) -> Author:
    if tag == "CN":
        return Author(collective=value)
    return names.full(value) if tag == full or "," in value else names.short(value)


def _people(lines: Lines, *, full: str, short: str) -> Iterator[Author]:
    """People in their order: a full name, its short form, then affiliations and ORCID of that one."""
    person: Author | None = None
    awaits_short = False
    for tag, raw in lines:
        value = " ".join(raw.split())
        if not value:
            continue
        if tag == full or (tag == short and not awaits_short) or (tag == "CN" and full == "FAU"):
            if person is not None:
                yield person
            person = _person(tag, value, full)
            awaits_short = tag == full
        elif person is None:
            continue
        elif tag == short:
            person, awaits_short = names.joined(person, value), False
        elif tag == _AFFILIATION_TAGS[full]:
            person = replace(person, affiliations=(*person.affiliations, value))
        elif tag == "AUID" and full == "FAU":
            person = replace(person, orcid=person.orcid or identifiers.orcid(value))
    if person is not None:
        yield person


_AFFILIATION_TAGS = {"FAU": "AD", "FIR": "IRAD", "FED": ""}

Reader: TypeAlias = Callable[[list[str], dict[str, Any]], None]

_READERS: dict[str, Reader] = {
    "DP": _publication_date,
    "IS": _issns,
    "LID": _marked_ids,
    "AID": _marked_ids,
    "PMC": _pmc,
    "MID": _other_ids("mid"),
    "ISBN": _other_ids("isbn"),
    "OID": _source_ids,
    "MH": _mesh,
    "RN": _chemicals,
    "GR": _grants,
}
"""Tags with a form of their own, in the order in which they are read."""
