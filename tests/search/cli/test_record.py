"""A record as text: what is shown, and that empty parts are left out."""

from indexer.article import Article, Author, Link, MeshHeading, Qualifier, Section
from search.cli.record import as_text


def test_a_full_record_shows_where_it_appeared_and_what_it_is_filed_under() -> None:
    heading = MeshHeading(name="Aspirin", qualifiers=(Qualifier(name="adverse effects", major=True),))
    article = Article(
        id="7",
        pmid="7",
        title="Aspirin and bleeding.",
        abstract="AIM: To count. RESULT: Few.",
        sections=(Section(label="AIM", text="To count."), Section(label="RESULT", text="Few.")),
        authors=(Author(last_name="Doe", initials="J"),),
        journal_abbreviation="J Tests",
        year=2020,
        month=3,
        volume="4",
        issue="2",
        pages="10-2",
        mesh=(heading, MeshHeading(name="Humans", major=True)),
        links=(Link(type="RetractionIn", pmid="8"),),
    )
    assert as_text(article).splitlines() == [
        "Aspirin and bleeding. [RETRACTED]",
        "Authors: Doe J",
        "Published: J Tests, 2020-03, 4(2):10-2",
        "Id: 7",
        "MeSH: Aspirin/adverse effects*; Humans*",
        "Links: RetractionIn 8",
        "",
        "AIM: To count.",
        "RESULT: Few.",
    ]


def test_a_record_with_nothing_but_an_id_says_so() -> None:
    assert as_text(Article(id="x")) == "(no title)\nId: x"


def test_control_characters_of_a_record_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in as_text(Article(id="1", title="a\x1b]0;owned\x07b", abstract="\x1b[2J"))
