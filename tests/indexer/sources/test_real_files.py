"""Against real files, read a second time in another way: `findall` here, and the results that JabRef expects."""

import gzip
import os
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from indexer.article import Article, Deletion
from indexer.order import Stamp
from indexer.sources import read

if "BIOCPT_DATA" not in os.environ:
    pytest.skip("BIOCPT_DATA names no folder of real files", allow_module_level=True)

DATA = Path(os.environ["BIOCPT_DATA"])
UPDATE = DATA / "pubmed_xml" / "medline16n0902.xml.gz"
STAMP = Stamp(2016, 902)
XML_FILES = sorted(
    path
    for pattern in ("*.xml", "*.xml.gz", "biopython/pubmed*.xml", "jabref/*.xml", "other/*.xml.gz")
    for path in (DATA / "pubmed_xml").glob(pattern)
    if "Malformed" not in path.name and "seedtk" not in path.name
)


def articles_of(path: Path) -> dict[str, Article]:
    return {item.id: item for item in read(path, STAMP) if isinstance(item, Article)}


def text(element: Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())


def texts(citation: Element, path: str) -> list[str]:
    return [text(found) for found in citation.findall(path)]


def expected(citation: Element, record: Element) -> dict[str, object]:
    """A set of fields, found by path one by one."""
    references = [
        text(found.find("PMID"))
        for found in citation.findall("CommentsCorrectionsList/CommentsCorrections[@RefType='Cites']")
    ]
    listed = [text(found) for found in record.findall(".//Reference/ArticleIdList/ArticleId[@IdType='pubmed']")]
    return {
        "title": text(citation.find("Article/ArticleTitle")),
        "authors": [
            text(author.find("CollectiveName")) or text(author.find("LastName"))
            for author in citation.findall("Article/AuthorList/Author")
            if author.get("ValidYN") != "N" and len(author)
        ],
        "affiliations": texts(citation, "Article/AuthorList/Author/AffiliationInfo/Affiliation"),
        "journal": text(citation.find("Article/Journal/Title")),
        "journal_nlm": text(citation.find("MedlineJournalInfo/MedlineTA")),
        "volume": text(citation.find("Article/Journal/JournalIssue/Volume")),
        "languages": texts(citation, "Article/Language"),
        "publication_types": texts(citation, "Article/PublicationTypeList/PublicationType"),
        "mesh": texts(citation, "MeshHeadingList/MeshHeading/DescriptorName"),
        "qualifiers": texts(citation, "MeshHeadingList/MeshHeading/QualifierName"),
        "major": len(citation.findall("MeshHeadingList/MeshHeading/*[@MajorTopicYN='Y']")),
        "chemicals": texts(citation, "ChemicalList/Chemical/NameOfSubstance"),
        "genes": texts(citation, "GeneSymbolList/GeneSymbol"),
        "grants": texts(citation, "Article/GrantList/Grant/Agency"),
        "keywords": list(dict.fromkeys(filter(None, texts(citation, "KeywordList/Keyword")))),
        "links": [
            found.get("RefType")
            for found in citation.findall("CommentsCorrectionsList/CommentsCorrections")
            if found.get("RefType") != "Cites"
        ],
        "references": list(dict.fromkeys(filter(None, [*references, *listed]))),
        "vernacular_title": text(citation.find("Article/VernacularTitle")),
        "other_abstracts": len(citation.findall("OtherAbstract")),
        "labels": [
            found.get("Label", "") for found in citation.findall("Article/Abstract/AbstractText[@Label]") if text(found)
        ],
    }


def read_fields(article: Article) -> dict[str, object]:
    """The same fields of an article that we read."""
    return {
        "title": article.title,
        "authors": [author.collective or author.last_name for author in article.authors],
        "affiliations": [place for author in article.authors for place in author.affiliations],
        "journal": article.journal,
        "journal_nlm": article.journal_nlm,
        "volume": article.volume,
        "languages": list(article.languages),
        "publication_types": list(article.publication_types),
        "mesh": [heading.name for heading in article.mesh],
        "qualifiers": [qualifier.name for heading in article.mesh for qualifier in heading.qualifiers],
        "major": sum(h.major + sum(q.major for q in h.qualifiers) for h in article.mesh),
        "chemicals": [chemical.name for chemical in article.chemicals],
        "genes": list(article.genes),
        "grants": [grant.agency for grant in article.grants],
        "keywords": list(article.keywords),
        "links": [link.type for link in article.links],
        "references": list(article.references),
        "vernacular_title": article.vernacular_title,
        "other_abstracts": len(article.other_abstracts),
        "labels": [section.label for section in article.sections if section.label],
    }


def test_the_update_file_has_the_records_that_its_keepers_counted() -> None:
    items = list(read(UPDATE, STAMP))
    articles = [item for item in items if isinstance(item, Article)]
    assert (len(articles), [item.id for item in items if isinstance(item, Deletion)]) == (604, ["26432306"])
    assert sum(section.label != "" for a in articles for section in a.sections) == 1085
    assert sum(bool(author.collective) for a in articles for author in a.authors) == 8
    assert sum(bool(a.vernacular_title) for a in articles) == 18
    assert sum(bool(a.date_text) for a in articles) >= 62
    assert all(a.year is not None for a in articles)


@pytest.mark.parametrize("path", XML_FILES, ids=lambda path: path.name)
def test_fields_equal_a_reading_by_paths(path: Path) -> None:
    raw = path.read_bytes()
    root = ElementTree.fromstring(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    ours = articles_of(path)
    citations = [root] if root.tag == "MedlineCitation" else list(root.iter("MedlineCitation"))
    wrappers = {id(citation): parent for parent in [root, *root.iter("PubmedArticle")] for citation in parent}
    seen = Counter(text(citation.find("PMID")) for citation in citations)
    for citation in citations:
        number = text(citation.find("PMID"))
        if not number or seen[number] > 1 or citation.find(".//{*}math") is not None:
            continue  # a later record of the same id replaces; formulas are joined in our own way
        wrapper = wrappers.get(id(citation), citation)
        record = wrapper if wrapper.tag == "PubmedArticle" else citation
        assert read_fields(ours[number]) == expected(citation, record), number


def bib_field(bib: str, name: str) -> str:
    found = re.search(rf"^\s*{name}\s*=\s*\{{(.*?)\}},?\s*$", bib, re.MULTILINE | re.DOTALL)
    return " ".join(found[1].split()) if found else ""


@pytest.mark.parametrize(
    "stem", ["ArticleID", "ArticleItalics", "ArticleNoISSN", "MathML", "PubmedBook", "KeywordSingleEntry"]
)
def test_titles_years_and_dois_are_those_that_jabref_expects(stem: str) -> None:
    path = DATA / "pubmed_xml" / "jabref" / f"MedlineImporterTest{stem}.xml"
    bib = path.with_suffix(".bib").read_text("utf-8")
    (article,) = articles_of(path).values()
    assert article.title == bib_field(bib, "title")
    assert str(article.year or "") == bib_field(bib, "year")
    assert article.doi == bib_field(bib, "doi")


@pytest.mark.parametrize("stem", ["ArticleID", "ArticleItalics", "ArticleNoISSN", "PubmedBook"])
def test_abstracts_are_those_that_jabref_expects(stem: str) -> None:
    path = DATA / "pubmed_xml" / "jabref" / f"MedlineImporterTest{stem}.xml"
    (article,) = articles_of(path).values()
    wanted = bib_field(path.with_suffix(".bib").read_text("utf-8"), "abstract")
    assert re.sub(r"[\s()]", "", article.abstract) == re.sub(r"[\s()\\]", "", wanted)


@pytest.mark.parametrize("path", sorted((DATA / "medline_text" / "p1m").iterdir()), ids=lambda path: path.name)
def test_medline_records_are_all_read(path: Path) -> None:
    raw = path.read_text("utf-8")
    articles = [item for item in read(path, STAMP) if isinstance(item, Article)]
    assert [article.pmid for article in articles] == re.findall(r"^PMID- (\d+)", raw, re.MULTILINE)
    counts = {
        tag: len(re.findall(rf"^{tag} *- \S", raw, re.MULTILINE))
        for tag in ("AB", "MH", "RN", "FAU", "AD", "AUID", "CN")
    }
    assert sum(bool(a.abstract) for a in articles) == counts["AB"]
    assert sum(len(a.mesh) for a in articles) == counts["MH"]
    assert sum(len(a.chemicals) for a in articles) == counts["RN"]
    assert sum(len(a.authors) for a in articles) == counts["FAU"] + counts["CN"]
    assert sum(len(author.affiliations) for a in articles for author in a.authors) == counts["AD"]
    assert sum(bool(author.orcid) for a in articles for author in a.authors) == counts["AUID"]
    assert all(author.initials for a in articles for author in a.authors if author.fore_name)
    assert all(a.year and a.title and a.journal and (a.issn_linking or a.issn) for a in articles)
