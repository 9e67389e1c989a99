"""A `BookDocument`, a book or one chapter of it, as an Article."""

from xml.etree.ElementTree import Element

from indexer.sources import pubmed_elements as parts
from indexer.sources.pubmed_elements import Fields, flat, listed


def read_book_document(element: Element, fields: Fields) -> None:
    """Everything of a `BookDocument` but its PMID; a record without a title of its own has the book's."""
    contributed = ""
    own: dict[str, list[object]] = {"languages": [], "publication_types": [], "authors": []}
    for child in element:
        match child.tag:
            case "ArticleIdList":
                parts.article_ids(child, fields)
            case "Book":
                _book(child, fields)
            case "ArticleTitle":
                fields["title"] = flat(child)
            case "VernacularTitle":
                fields["vernacular_title"] = flat(child)
            case "Pagination":
                fields["pages"] = parts.pagination(child)
            case "Abstract":
                parts.abstract(child, fields)
            case "AuthorList" if child.get("Type") != "editors":
                own["authors"].extend(parts.people(child))
            case "InvestigatorList":
                fields["investigators"] = tuple(parts.people(child))
            case "Language":
                own["languages"].append(flat(child))
            case "PublicationType":
                own["publication_types"].append(flat(child))
            case "KeywordList":
                fields["keywords"] = tuple(dict.fromkeys((*fields.get("keywords", ()), *listed(child))))
            case "GrantList":
                fields["grants"] = parts.grants(child)
            case "ReferenceList":
                parts.reference_pmids(child, fields["cited"])
            case "DateRevised":
                fields["revised_date"] = parts.iso_date(child)
            case "ContributionDate":
                contributed = parts.iso_date(child)
    fields.update({name: tuple(found) for name, found in own.items() if found})
    fields["title"] = fields.get("title") or fields.get("vernacular_title") or fields.get("book", "")
    if fields.get("year") is None and contributed:
        fields["year"] = int(contributed[:4])


def _book(element: Element, fields: Fields) -> None:
    for child in element:
        match child.tag:
            case "BookTitle":
                fields["book"] = flat(child)
            case "Publisher":
                fields["publisher"] = parts.children(child).get("PublisherName", "")
            case "PubDate":
                parts.publication_date(child, fields)
            case "AuthorList" if child.get("Type") == "editors":
                fields["editors"] = (*fields.get("editors", ()), *parts.people(child))
            case "AuthorList":
                fields["authors"] = (*fields.get("authors", ()), *parts.people(child))
            case "Volume":
                fields["volume"] = flat(child)
            case "Isbn":
                parts.add_id(fields, "isbn", flat(child))
            case "ELocationID" if child.get("ValidYN") != "N":
                parts.add_id(fields, child.get("EIdType", "pii"), flat(child))
