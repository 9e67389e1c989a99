"""The parts that PubMed's articles and book chapters share: texts, abstracts, people, dates, ids."""

from collections.abc import Iterator
from typing import Any, TypeAlias
from xml.etree.ElementTree import Element

from indexer.article import Author, Grant, OtherAbstract, Section
from indexer.sources import dates, identifiers

Fields: TypeAlias = dict[str, Any]
"""Arguments for `Article`, gathered while its elements are walked."""

_MATH = "{http://www.w3.org/1998/Math/MathML}math"

_NAME_PARTS = {
    "LastName": "last_name",
    "ForeName": "fore_name",
    "FirstName": "fore_name",
    "Initials": "initials",
    "Suffix": "suffix",
    "CollectiveName": "collective",
}


def plain(element: Element) -> str:
    """The text of an element that holds no markup by its definition: names, numbers, codes. Quicker than `flat`."""
    text = element.text
    return text.strip() if text else ""


def flat(element: Element) -> str:
    """The text of an element, markup left out (`H<sub>2</sub>O` is `H2O`), white space made single."""
    text = element.text
    if len(element):
        if element.find(f".//{_MATH}") is not None:
            _flatten_formulas(element)
        text = "".join(element.itertext())
    return " ".join(text.split()) if text else ""


def _flatten_formulas(element: Element) -> None:
    """Joins the symbols of each formula, so that the layout of its source does not show as spaces."""
    for formula in list(element.iter(_MATH)):
        symbols, tail = "".join(part.strip() for part in formula.itertext()), formula.tail
        formula.clear()
        formula.text, formula.tail = symbols, tail


def children(element: Element) -> dict[str, str]:
    """The plain text of each child, by tag; the last of equals."""
    return {child.tag: plain(child) for child in element}


def listed(element: Element) -> tuple[str, ...]:
    """The flat texts of all children, the empty ones left out."""
    return tuple([text for child in element if (text := flat(child))])


def iso_date(element: Element) -> str:
    """The ISO date of an element with Year, Month and Day, as exact as known."""
    parts = children(element)
    return dates.iso(parts.get("Year", ""), parts.get("Month", ""), parts.get("Day", ""))


def publication_date(element: Element, fields: Fields) -> None:
    """Year, month and day of a `PubDate`; seasons and `MedlineDate` as `date_text`, the latter with its first year."""
    parts = children(element)
    free = parts.get("MedlineDate", "")
    year, month, day, season = (parts.get(tag, "") for tag in ("Year", "Month", "Day", "Season"))
    fields["year"] = dates.year_of(year) if year else dates.first_year(free)
    if fields["year"] is not None and month:
        fields["month"] = dates.month_of(month)
        if day and fields["month"] is not None:
            fields["day"] = dates.day_of(day)
    if free:
        fields["date_text"] = free
    elif season or (month and fields.get("month") is None):
        fields["date_text"] = " ".join(filter(None, (year, season or month, day)))


def abstract(element: Element, fields: Fields) -> None:
    """An `Abstract`: the whole text, its labelled sections, and the copyright line."""
    fields["abstract"], sections = _abstract_texts(element)
    if any(section.label for section in sections):
        fields["sections"] = tuple(sections)
    for child in element:
        if child.tag == "CopyrightInformation":
            fields["copyright"] = flat(child)


def other_abstract(element: Element) -> OtherAbstract | None:
    """An `OtherAbstract`, None for an empty one."""
    text, _ = _abstract_texts(element)
    if not text:
        return None
    return OtherAbstract(text=text, type=element.get("Type", ""), language=element.get("Language", ""))


def _abstract_texts(element: Element) -> tuple[str, list[Section]]:
    texts, sections = [], []
    for child in element:
        if child.tag != "AbstractText":
            continue
        text = flat(child)
        if not text:
            continue
        label = child.get("Label", "").strip()
        texts.append(f"{label}: {text}" if label else text)
        sections.append(Section(label=label, text=text, category=child.get("NlmCategory", "")))
    return " ".join(texts), sections


def people(element: Element) -> Iterator[Author]:
    """The authors of an `AuthorList` or `InvestigatorList`, those marked as not valid (old misspellings) left out."""
    for child in element:
        if child.get("ValidYN") != "N" and len(child):
            author = _person(child)
            if author.last_name or author.collective or author.fore_name:
                yield author


def _person(element: Element) -> Author:
    names: dict[str, str] = {}
    affiliations: list[str] = []
    orcid = ""
    for part in element:
        tag = part.tag
        if tag in _NAME_PARTS:
            text = part.text
            names[_NAME_PARTS[tag]] = text.strip() if text and not len(part) else flat(part)
        elif tag == "AffiliationInfo":
            for inner in part:
                if inner.tag == "Affiliation":
                    affiliations.append(flat(inner))
                elif inner.tag == "Identifier":
                    orcid = orcid or _orcid(inner)
        elif tag == "Affiliation":
            affiliations.append(flat(part))
        elif tag == "Identifier":
            orcid = orcid or _orcid(part)
    return Author(
        **names,
        affiliations=tuple(filter(None, affiliations)) if affiliations else (),
        orcid=orcid,
        equal_contribution=element.get("EqualContrib") == "Y",
    )


def _orcid(element: Element) -> str:
    source = element.get("Source", "ORCID").upper()
    return identifiers.orcid(flat(element)) if source == "ORCID" else ""


def grants(element: Element) -> tuple[Grant, ...]:
    """The grants of a `GrantList`."""
    made = []
    for child in element:
        parts = children(child)
        made.append(
            Grant(id=parts.get("GrantID", ""), agency=parts.get("Agency", ""), country=parts.get("Country", ""))
        )
    return tuple(made)


def pagination(element: Element) -> str:
    """`195-210`: MedlinePgn where it is given, else first and last page."""
    parts = children(element)
    first, last = parts.get("StartPage", ""), parts.get("EndPage", "")
    return parts.get("MedlinePgn", "") or (f"{first}-{last}" if first and last else first)


def article_ids(element: Element, fields: Fields) -> None:
    """An `ArticleIdList`: DOI, PMC and PII where the article itself did not give them; the rest into `other_ids`."""
    for child in element:
        kind, text = child.get("IdType", "pubmed"), flat(child)
        if text:
            add_id(fields, kind, text)


def add_id(fields: Fields, kind: str, text: str) -> None:
    """One identifier of a kind; the first of DOI, PMC and PII stays, other kinds gather in `other_ids`."""
    clean = _ID_FIELDS.get(kind)
    if clean is not None:
        name, cleaned = clean, getattr(identifiers, clean)(text) if clean in ("doi", "pmc") else text
        if cleaned and not fields.get(name):
            fields[name] = cleaned
    elif kind not in ("pubmed", "medline"):
        others = fields.setdefault("other_ids", {})
        known = others.get(kind)
        if known is None:
            others[kind] = text
        elif text not in known.split("; "):
            others[kind] = f"{known}; {text}"


_ID_FIELDS = {"doi": "doi", "pmc": "pmc", "pmcid": "pmc", "pii": "pii"}


def reference_pmids(element: Element, found: dict[str, None]) -> None:
    """Adds the PMIDs of a `ReferenceList`, nested ones too, in their order."""
    for child in element.iter("ArticleId"):
        if child.get("IdType", "pubmed") == "pubmed" and (number := identifiers.pmid(flat(child))):
            found[number] = None


def history(element: Element, fields: Fields) -> None:
    """The date of entry, MEDLINE's EDAT: the status `pubmed`, which is not always the day of `entrez` (its CRDT)."""
    for child in element:
        status = child.get("PubStatus")
        if status == "pubmed" or (status == "entrez" and "entrez_date" not in fields):
            fields["entrez_date"] = iso_date(child)
