from pathlib import Path

import pytest

from indexer import order
from indexer.article import Article, Author, Chemical, Deletion, Grant, Link, MeshHeading, Qualifier, Section
from indexer.order import Stamp
from indexer.sources import Item, Rejected, read

DATA = Path(__file__).parents[2] / "data" / "sources"
STAMP = Stamp(2026, 1335)


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return list(read(DATA / "glacier.xml", STAMP))


@pytest.fixture(scope="module")
def article(items: list[Item]) -> Article:
    assert isinstance(items[0], Article)
    return items[0]


def read_text(folder: Path, xml: str, name: str = "file.xml") -> list[Item]:
    path = folder / name
    path.write_text(xml, "utf-8")
    return list(read(path, STAMP))


def one(folder: Path, body: str) -> Article:
    """The article whose MedlineCitation holds `body`."""
    (item,) = read_text(folder, f"<MedlineCitationSet><MedlineCitation>{body}</MedlineCitation></MedlineCitationSet>")
    assert isinstance(item, Article), item
    return item


def test_every_record_is_yielded_in_order(items: list[Item]) -> None:
    assert [item.id for item in items] == ["900001", "900002", "900003", "900010", "900011", "900012"]


def test_deletions_are_records_with_their_own_order(items: list[Item]) -> None:
    assert items[4] == Deletion(
        id="900011",
        version=2,
        order=order.pack(STAMP, version=2, position=4, deletion=True),
        source="glacier.xml",
    )


def test_a_version_raises_the_order_above_any_file(items: list[Item]) -> None:
    second = items[2]
    assert isinstance(second, Article)
    assert second.version == 2
    assert second.order > order.pack(Stamp(2090, 9999), version=1)


def test_titles_lose_markup_and_line_ends_but_keep_brackets(article: Article) -> None:
    assert article.title == "[Uptake of H2O by Cryptomonas in meltwater]."
    assert article.vernacular_title == "Wasseraufnahme im Schmelzwasser."


def test_labelled_abstracts_are_one_text_and_sections(article: Article) -> None:
    assert article.abstract == (
        "AIMS: We asked how algae drink. METHODS: Forty ponds (103 cells each) & one lake. They drink slowly."
    )
    assert article.sections == (
        Section(label="AIMS", text="We asked how algae drink.", category="OBJECTIVE"),
        Section(label="METHODS", text="Forty ponds (103 cells each) & one lake.", category="METHODS"),
        Section(label="", text="They drink slowly.", category="UNASSIGNED"),
    )
    assert article.copyright == "Copyright 2020 The Imaginary Society."
    assert [(o.text, o.type, o.language) for o in article.other_abstracts] == [
        ("Algae need water.", "plain-language-summary", "eng")
    ]


def test_authors_carry_affiliations_of_both_forms_and_their_orcid(article: Article) -> None:
    assert article.authors == (
        Author(
            last_name="Østby",
            fore_name="Ane Marie",
            initials="AM",
            suffix="Jr",
            orcid="0000-0002-1825-009X",
            affiliations=("Institute of Ice, Oslo.", "Pond Station, Finse."),
            equal_contribution=True,
        ),
        Author(last_name="Keller", fore_name="Urs", initials="U", affiliations=("Zurich.",)),
        Author(collective="Meltwater Study Group"),
    )
    assert article.investigators == (Author(last_name="Berg", fore_name="Liv", initials="L"),)


def test_journal_and_dates(article: Article) -> None:
    assert (article.journal, article.journal_abbreviation, article.journal_nlm, article.journal_id) == (
        "Annals of imaginary glaciology",
        "Ann. Imag. Glaciol.",
        "Ann Imag Glaciol",
        "9999999",
    )
    assert (article.issn, article.issn_linking, article.country) == ("1234-567X", "1234-5678", "Norway")
    assert (article.volume, article.issue, article.pages) == ("12", "3 Pt 1", "101-10")
    assert (article.year, article.month, article.day, article.date_text) == (2020, 6, 9, "")
    assert (article.electronic_date, article.entrez_date) == ("2020-05-01", "2020-05-04")
    assert (article.completed_date, article.revised_date) == ("2021-03-04", "2022-11-30")


def test_indexing_terms(article: Article) -> None:
    assert article.mesh == (
        MeshHeading(name="Ice Cover", ui="D000001", major=True),
        MeshHeading(
            name="Cryptophyta",
            ui="D000002",
            qualifiers=(
                Qualifier(name="metabolism", ui="Q000378", major=True),
                Qualifier(name="physiology", ui="Q000502"),
            ),
        ),
    )
    assert article.chemicals == (
        Chemical(name="Water", ui="D014867", registry="059QF0KO0R"),
        Chemical(name="Carbonic Anhydrases", ui="D002256", registry="EC 4.2.1.1"),
    )
    assert article.supplementary_mesh == ("ICE protocol",)
    assert article.keywords == ("algae", "meltwater")
    assert article.genes == ("aqpZ",)


def test_only_valid_ids_of_the_article_itself_are_kept(article: Article) -> None:
    assert (article.doi, article.pii, article.pmc) == ("10.9999/aig.2020.17", "S-17", "PMC9999901")
    assert article.other_ids == {"NLM": "NIHMS000017", "mid": "NIHMS000017"}


def test_links_and_references(article: Article) -> None:
    assert article.links == (
        Link(type="RetractionIn", source="Ann Imag Glaciol. 2022;14(1):1", pmid="900050"),
        Link(type="ExpressionOfConcernIn", source="Ann Imag Glaciol. 2021;13(2):7"),
    )
    assert article.references == ("800001", "800002")
    assert article.is_retracted
    assert article.has_concern
    assert not article.is_retraction_notice


def test_the_rest_of_the_record(article: Article) -> None:
    assert article.languages == ("ger", "eng")
    assert article.publication_types == ("Journal Article", "Retracted Publication")
    assert article.grants == (Grant(id="R01 ICE0001", agency="Ice Council", country="Norway"),)
    assert article.databanks == ("ClinicalTrials.gov/NCT99999901", "ClinicalTrials.gov/NCT99999902", "GENBANK")
    assert (article.subsets, article.status, article.owner) == (("IM",), "MEDLINE", "NLM")
    assert (article.conflict_of_interest, article.source) == ("None declared.", "glacier.xml")


def test_a_book_chapter_without_a_title_has_its_vernacular_one(items: list[Item]) -> None:
    book = items[1]
    assert isinstance(book, Article)
    assert (book.title, book.book, book.publisher) == ("Kapittel om is", "The Book of Ice", "Ice Press")
    assert book.authors == (Author(collective="Ice Council"),)
    assert book.editors == (Author(last_name="Frost", fore_name="Jack", initials="J"),)
    assert (book.year, book.month, book.entrez_date) == (2011, 2, "2011-03-18")
    assert book.other_ids == {"bookaccession": "NBK999", "isbn": "9780000000002"}
    assert (book.languages, book.publication_types, book.abstract) == (("nor",), ("Review",), "Ice is cold.")


@pytest.mark.parametrize(
    ("printed", "year", "month", "date_text"),
    [
        ("<Year>1998</Year>", 1998, None, ""),
        ("<Year>1998</Year><Month>02</Month>", 1998, 2, ""),
        ("<Year>1998</Year><Season>Spring</Season>", 1998, None, "1998 Spring"),
        ("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", 1998, None, "1998 Dec-1999 Jan"),
        ("<MedlineDate>Winter</MedlineDate>", None, None, "Winter"),
        ("<Year>19x8</Year>", None, None, ""),
        ("<Year>1998</Year><Month>Foo</Month>", 1998, None, "1998 Foo"),
    ],
)
def test_publication_dates(tmp_path: Path, printed: str, year: int | None, month: int | None, date_text: str) -> None:
    article = one(
        tmp_path,
        f"<PMID>7</PMID><Article><Journal><JournalIssue><PubDate>{printed}</PubDate></JournalIssue></Journal></Article>",
    )
    assert (article.year, article.month, article.date_text) == (year, month, date_text)


def test_formulas_are_joined_without_the_spaces_of_their_layout(tmp_path: Path) -> None:
    formula = (
        '<mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML">\n <mml:mi>p</mml:mi>\n <mml:mo>&lt;</mml:mo>\n'
        " <mml:mn>0.05</mml:mn>\n</mml:math>"
    )
    article = one(
        tmp_path,
        f"<PMID>7</PMID><Article><Abstract><AbstractText>Seen ( {formula} ) twice.</AbstractText></Abstract></Article>",
    )
    assert article.abstract == "Seen ( p<0.05 ) twice."


def test_the_affiliation_of_old_records_belongs_to_the_first_author(tmp_path: Path) -> None:
    article = one(
        tmp_path,
        "<PMID>7</PMID><Article><Affiliation>Bergen.</Affiliation><AuthorList>"
        "<Author><LastName>A</LastName></Author><Author><LastName>B</LastName></Author></AuthorList></Article>",
    )
    assert [author.affiliations for author in article.authors] == [("Bergen.",), ()]


def test_the_first_pmid_of_the_citation_is_the_articles(tmp_path: Path) -> None:
    article = one(
        tmp_path,
        "<PMID Version='x'> 0012 </PMID><CommentsCorrectionsList><CommentsCorrections RefType='CommentOn'>"
        "<PMID>99</PMID></CommentsCorrections></CommentsCorrectionsList><PMID>13</PMID>",
    )
    assert (article.id, article.pmid, article.version) == ("12", "12", 1)


@pytest.mark.parametrize("root", ["PubmedArticle", "MedlineCitation"])
def test_a_single_record_may_be_the_root(tmp_path: Path, root: str) -> None:
    body = "<PMID Version='1'>5</PMID>"
    xml = (
        f"<{root}>{body}</{root}>"
        if root == "MedlineCitation"
        else f"<{root}><MedlineCitation>{body}</MedlineCitation></{root}>"
    )
    assert [item.id for item in read_text(tmp_path, xml)] == ["5"]


def test_a_file_of_deletions_alone(tmp_path: Path) -> None:
    items = read_text(
        tmp_path,
        "<PubmedArticleSet><DeleteCitation><PMID>5</PMID><PMID>x</PMID></DeleteCitation></PubmedArticleSet>",
    )
    assert [type(item) for item in items] == [Deletion, Rejected]


def test_an_empty_set_has_no_records(tmp_path: Path) -> None:
    assert read_text(tmp_path, "<PubmedArticleSet>\n</PubmedArticleSet>") == []


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("<PubmedArticle> </PubmedArticle>", "a 'PubmedArticle' without a MedlineCitation or BookDocument"),
        ("<PubmedArticle><MedlineCitation/></PubmedArticle>", "no PMID"),
        ("<PubmedArticle><MedlineCitation><PMID>12a</PMID></MedlineCitation></PubmedArticle>", "no valid PMID: '12a'"),
        ("<PubmedArticle><MedlineCitation><PMID>0</PMID></MedlineCitation></PubmedArticle>", "no valid PMID: '0'"),
        ("<Other/>", "a 'Other' without a MedlineCitation or BookDocument"),
    ],
)
def test_a_bad_record_is_rejected_and_the_file_goes_on(tmp_path: Path, record: str, reason: str) -> None:
    good = "<PubmedArticle><MedlineCitation><PMID>5</PMID></MedlineCitation></PubmedArticle>"
    items = read_text(tmp_path, f"<PubmedArticleSet>{good}{record}{good}</PubmedArticleSet>")
    assert len(items) == 3
    rejected = items[1]
    assert isinstance(rejected, Rejected)
    assert (rejected.position, rejected.reason) == (2, reason)
