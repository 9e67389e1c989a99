"""A `MedlineCitation`, with its `PubmedData`, as an Article: one walk over the elements, each tag to its reader."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias
from xml.etree.ElementTree import Element

from indexer.article import Chemical, Link, MeshHeading, Qualifier
from indexer.sources import identifiers
from indexer.sources import pubmed_elements as parts
from indexer.sources.pubmed_elements import Fields, children, flat, listed, plain

Reader: TypeAlias = Callable[[Element, Fields], None]


def read_citation(element: Element, fields: Fields) -> None:
    """Everything of a `MedlineCitation` but its PMID."""
    fields["status"], fields["owner"] = element.get("Status", ""), element.get("Owner", "")
    _each(element, fields, _CITATION)


def read_pubmed_data(element: Element, fields: Fields) -> None:
    """History, identifiers and references of a `PubmedData` (or `PubmedBookData`)."""
    _each(element, fields, _PUBMED_DATA)


def _each(element: Element, fields: Fields, readers: dict[str, Reader]) -> None:
    for child in element:
        reader = readers.get(child.tag)
        if reader is not None:
            reader(child, fields)


def _put(name: str) -> Reader:
    """A reader that stores the flat text of its element in a field."""

    def put(element: Element, fields: Fields) -> None:
        fields[name] = flat(element)

    return put


def _put_plain(name: str) -> Reader:
    """The same, for an element without markup."""

    def put(element: Element, fields: Fields) -> None:
        fields[name] = plain(element)

    return put


def _article(element: Element, fields: Fields) -> None:
    _each(element, fields, _ARTICLE)
    affiliation = fields.pop("affiliation", "")
    authors = fields.get("authors", ())
    if affiliation and authors and not authors[0].affiliations:
        fields["authors"] = (replace(authors[0], affiliations=(affiliation,)), *authors[1:])


def _journal(element: Element, fields: Fields) -> None:
    _each(element, fields, _JOURNAL)


def _issue(element: Element, fields: Fields) -> None:
    _each(element, fields, _ISSUE)


def _authors(element: Element, fields: Fields) -> None:
    fields["authors"] = (*fields.get("authors", ()), *parts.people(element))


def _investigators(element: Element, fields: Fields) -> None:
    fields["investigators"] = (*fields.get("investigators", ()), *parts.people(element))


def _location(element: Element, fields: Fields) -> None:
    if element.get("ValidYN") != "N" and (text := flat(element)):
        parts.add_id(fields, element.get("EIdType", "pii"), text)


def _language(element: Element, fields: Fields) -> None:
    fields["languages"] = (*fields.get("languages", ()), plain(element))


def _databanks(element: Element, fields: Fields) -> None:
    found: dict[str, None] = {}
    for bank in element:
        name = flat(bank[0]) if len(bank) and bank[0].tag == "DataBankName" else ""
        numbers = [number for inner in bank if inner.tag == "AccessionNumberList" for number in listed(inner)]
        if name:
            found.update(dict.fromkeys([f"{name}/{number}" for number in numbers] or [name]))
    fields["databanks"] = tuple(found)


def _electronic_date(element: Element, fields: Fields) -> None:
    if element.get("DateType", "Electronic") == "Electronic":
        fields["electronic_date"] = parts.iso_date(element)


def _journal_info(element: Element, fields: Fields) -> None:
    texts = children(element)
    fields["country"], fields["journal_nlm"] = texts.get("Country", ""), texts.get("MedlineTA", "")
    fields["journal_id"], fields["issn_linking"] = texts.get("NlmUniqueID", ""), texts.get("ISSNLinking", "")


def _chemicals(element: Element, fields: Fields) -> None:
    chemicals = []
    for child in element:
        registry = name = ui = ""
        for part in child:
            if part.tag == "NameOfSubstance":
                name, ui = flat(part), part.get("UI", "")
            elif part.tag == "RegistryNumber":
                registry = plain(part)
        if name:
            chemicals.append(Chemical(name=name, ui=ui, registry=registry))
    fields["chemicals"] = tuple(chemicals)


def _mesh(element: Element, fields: Fields) -> None:
    headings = []
    for child in element:
        name, ui, major = "", "", False
        qualifiers = []
        for part in child:
            star = part.get("MajorTopicYN") == "Y"
            if part.tag == "DescriptorName":
                name, ui, major = plain(part), part.get("UI", ""), star
            elif part.tag == "QualifierName":
                qualifiers.append(Qualifier(name=plain(part), ui=part.get("UI", ""), major=star))
        if name:
            headings.append(MeshHeading(name=name, ui=ui, major=major, qualifiers=tuple(qualifiers)))
    fields["mesh"] = tuple(headings)


def _links(element: Element, fields: Fields) -> None:
    links, cited = [], fields["cited"]
    for child in element:
        kind, number = child.get("RefType", ""), identifiers.pmid(child.findtext("PMID", ""))
        if kind != "Cites":
            source = child.find("RefSource")
            links.append(Link(type=kind, source="" if source is None else flat(source), pmid=number))
        elif number:
            cited[number] = None
    fields["links"] = tuple(links)


def _references(element: Element, fields: Fields) -> None:
    parts.reference_pmids(element, fields["cited"])


def _keywords(element: Element, fields: Fields) -> None:
    fields["keywords"] = tuple(dict.fromkeys((*fields.get("keywords", ()), *listed(element))))


def _other_id(element: Element, fields: Fields) -> None:
    text = flat(element)
    if text.startswith("PMC"):
        parts.add_id(fields, "pmc", text)
    elif text:
        parts.add_id(fields, element.get("Source", "NLM"), text)


def _other_abstract(element: Element, fields: Fields) -> None:
    made = parts.other_abstract(element)
    if made is not None:
        fields["other_abstracts"] = (*fields.get("other_abstracts", ()), made)


def _subset(element: Element, fields: Fields) -> None:
    fields["subsets"] = (*fields.get("subsets", ()), plain(element))


_ARTICLE: dict[str, Reader] = {
    "Journal": _journal,
    "ArticleTitle": _put("title"),
    "VernacularTitle": _put("vernacular_title"),
    "Pagination": lambda element, fields: fields.update(pages=parts.pagination(element)),
    "ELocationID": _location,
    "Abstract": parts.abstract,
    "AuthorList": _authors,
    "Affiliation": _put("affiliation"),
    "Language": _language,
    "DataBankList": _databanks,
    "GrantList": lambda element, fields: fields.update(grants=parts.grants(element)),
    "PublicationTypeList": lambda element, fields: fields.update(publication_types=listed(element)),
    "ArticleDate": _electronic_date,
}

_JOURNAL: dict[str, Reader] = {
    "ISSN": _put_plain("issn"),
    "JournalIssue": _issue,
    "Title": _put("journal"),
    "ISOAbbreviation": _put_plain("journal_abbreviation"),
}

_ISSUE: dict[str, Reader] = {
    "Volume": _put_plain("volume"),
    "Issue": _put_plain("issue"),
    "PubDate": parts.publication_date,
}

_CITATION: dict[str, Reader] = {
    "DateCompleted": lambda element, fields: fields.update(completed_date=parts.iso_date(element)),
    "DateRevised": lambda element, fields: fields.update(revised_date=parts.iso_date(element)),
    "Article": _article,
    "MedlineJournalInfo": _journal_info,
    "ChemicalList": _chemicals,
    "SupplMeshList": lambda element, fields: fields.update(supplementary_mesh=listed(element)),
    "CitationSubset": _subset,
    "CommentsCorrectionsList": _links,
    "GeneSymbolList": lambda element, fields: fields.update(genes=listed(element)),
    "MeshHeadingList": _mesh,
    "OtherID": _other_id,
    "OtherAbstract": _other_abstract,
    "KeywordList": _keywords,
    "CoiStatement": _put("conflict_of_interest"),
    "InvestigatorList": _investigators,
}

_PUBMED_DATA: dict[str, Reader] = {
    "History": parts.history,
    "ArticleIdList": parts.article_ids,
    "ReferenceList": _references,
}
