import time
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.article import Article, Author, Grant, Link, MeshHeading, Qualifier
from indexer.order import Stamp
from indexer.sources import BrokenSource, Item, Rejected, read

DATA = Path(__file__).parents[2] / "data" / "sources"
STAMP = Stamp(2026, 7)


def read_text(folder: Path, text: str) -> list[Item]:
    path = folder / "export.nbib"
    path.write_text(text, "utf-8")
    return list(read(path, STAMP))


def one(folder: Path, *lines: str) -> Article:
    (item,) = read_text(folder, "\n".join(("PMID- 5", *lines, "")))
    assert isinstance(item, Article), item
    return item


def without_ui(article: Article) -> Article:
    """An article as the text export can say it: no MeSH ids, section marks, ISO abbreviation, cited works."""
    return replace(
        article,
        source="",
        order=0,
        sections=(),
        references=(),
        other_ids={},
        journal_abbreviation="",
        authors=tuple(replace(author, equal_contribution=False) for author in article.authors),
        other_abstracts=tuple(replace(other, type="") for other in article.other_abstracts),
        chemicals=tuple(replace(chemical, ui="") for chemical in article.chemicals),
        mesh=tuple(replace(h, ui="", qualifiers=tuple(replace(q, ui="") for q in h.qualifiers)) for h in article.mesh),
    )


def test_a_record_is_the_same_from_text_as_from_xml() -> None:
    from_text = {item.id: item for item in read(DATA / "glacier.nbib", STAMP)}
    from_xml = {item.id: item for item in read(DATA / "glacier.xml", STAMP)}
    assert list(from_text) == ["900001", "900003"]
    text, xml = from_text["900001"], from_xml["900001"]
    assert isinstance(text, Article)
    assert isinstance(xml, Article)
    assert without_ui(text) == without_ui(xml)
    second = from_text["900003"]
    assert isinstance(second, Article)
    assert (second.year, second.date_text) == (1998, "1998 Dec-1999 Jan")


def test_lines_go_on_where_they_are_indented(tmp_path: Path) -> None:
    article = one(tmp_path, "TI  - A title that", "      goes  on.\r", "stray words", "AB  -", "      Below.")
    assert (article.title, article.abstract) == ("A title that goes on.", "Below.")


def test_records_without_a_blank_line_between_them_are_told_apart(tmp_path: Path) -> None:
    items = read_text(tmp_path, "PMID- 5\nTI  - A\nPMID- 6\nTI  - B")
    assert [item.id for item in items] == ["5", "6"]


def test_a_record_without_a_pmid_is_rejected_and_the_rest_is_read(tmp_path: Path) -> None:
    items = read_text(tmp_path, "PMID- 5\nTI  - A\n\nTI  - B\nPT  - Book\n\nPMID- 6a\n\nPMID- 7\n")
    assert [item.id for item in items] == ["5", "", "6a", "7"]
    assert [item.reason for item in items if isinstance(item, Rejected)] == ["no PMID", "no valid PMID: '6a'"]
    assert [item.position for item in items if isinstance(item, Rejected)] == [2, 3]


@pytest.mark.parametrize(
    ("printed", "date"),
    [
        ("2018", (2018, None, None, "")),
        ("2018 Oct 1", (2018, 10, 1, "")),
        ("2018 Oct", (2018, 10, None, "")),
        ("2013 Mar-Apr", (2013, None, None, "2013 Mar-Apr")),
        ("2000 Spring", (2000, None, None, "2000 Spring")),
        ("undated", (None, None, None, "undated")),
    ],
)
def test_dates_as_printed(tmp_path: Path, printed: str, date: tuple[object, ...]) -> None:
    article = one(tmp_path, f"DP  - {printed}")
    assert (article.year, article.month, article.day, article.date_text) == date


def test_stars_mark_major_topics(tmp_path: Path) -> None:
    article = one(tmp_path, "MH  - *Software", "MH  - Women, Working/*history/psychology")
    assert article.mesh == (
        MeshHeading(name="Software", major=True),
        MeshHeading(
            name="Women, Working",
            qualifiers=(Qualifier(name="history", major=True), Qualifier(name="psychology")),
        ),
    )


def test_authors_without_full_names_and_single_names(tmp_path: Path) -> None:
    article = one(tmp_path, "AU  - Long VK", "AU  - Berg T 3rd", "AD  - Oslo.", "FAU - Madonna", "AU  - Madonna")
    assert article.authors == (
        Author(last_name="Long", initials="VK"),
        Author(last_name="Berg", initials="T", suffix="3rd", affiliations=("Oslo.",)),
        Author(last_name="Madonna"),
    )


@pytest.mark.parametrize(
    ("line", "grant"),
    [
        ("T32 AI007291/AI/NIAID NIH HHS/United States", ("T32 AI007291", "NIAID NIH HHS", "United States")),
        ("076053/Wellcome Trust/United Kingdom", ("076053", "Wellcome Trust", "United Kingdom")),
        ("/076053/Z/04/Z/Wellcome Trust/United Kingdom", ("076053/Z/04/Z", "Wellcome Trust", "United Kingdom")),
        ("17", ("17", "", "")),
    ],
)
def test_grants_may_hold_slashes(tmp_path: Path, line: str, grant: tuple[str, str, str]) -> None:
    number, agency, country = grant
    assert one(tmp_path, f"GR  - {line}").grants == (Grant(id=number, agency=agency, country=country),)


def test_links_and_retractions(tmp_path: Path) -> None:
    article = one(
        tmp_path,
        "CIN - J Ice. 2015 Apr;101(2):263. PMID: 25",
        "RIN - J Ice. 2016;1(1):1. PMID:",
        "      26",
        "EIN - J Ice. 2009;49(3):253. Kornman, Tony",
    )
    assert article.links == (
        Link(type="CommentIn", source="J Ice. 2015 Apr;101(2):263", pmid="25"),
        Link(type="RetractionIn", source="J Ice. 2016;1(1):1", pmid="26"),
        Link(type="ErratumIn", source="J Ice. 2009;49(3):253. Kornman, Tony"),
    )
    assert article.is_retracted


def test_a_book_has_its_own_title_where_the_record_has_none(tmp_path: Path) -> None:
    article = one(tmp_path, "BTI - The Book", "PB  - Ice Press", "FED - Frost, Jack", "ED  - Frost J")
    assert (article.title, article.book, article.publisher) == ("The Book", "The Book", "Ice Press")
    assert article.editors == (Author(last_name="Frost", fore_name="Jack", initials="J"),)


@pytest.mark.parametrize(
    ("lines", "abstracts"),
    [
        (["OABL- fre"], []),
        (["OAB - Un texte."], [("Un texte.", "")]),
        (["OABL- fre", "OABL- ger", "OAB - Un texte."], [("Un texte.", "fre")]),
    ],
    ids=["language alone", "text alone", "more languages"],
)
def test_other_abstracts_and_their_languages_may_come_apart(
    tmp_path: Path, lines: list[str], abstracts: list[tuple[str, str]]
) -> None:
    article = one(tmp_path, "TI  - T", *lines)
    assert [(other.text, other.language) for other in article.other_abstracts] == abstracts


@pytest.mark.parametrize("torn", ["PMID- 2976", "PMID- 29768150\nOWN - NL", "PMID- 29768150\nSTAT- MEDLINE"])
def test_a_last_record_without_text_and_line_end_was_cut_off(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "export.nbib"
    path.write_text("PMID- 29768149\nTI  - A complete record.\n\n" + torn)
    items = read(path, STAMP)
    assert next(items).id == "29768149"
    with pytest.raises(BrokenSource, match="broke at record 2: its last record is cut off"):
        next(items)


@pytest.mark.parametrize("tag", ["TI  ", "BTI ", "AB  ", "TT  "])
def test_a_last_record_with_text_needs_no_line_end(tmp_path: Path, tag: str) -> None:
    (item,) = read_text(tmp_path, f"PMID- 5\n{tag}- Said.\nSO  - J. 2020")
    assert isinstance(item, Article)


def test_a_record_that_is_only_a_pmid_is_whole_where_a_line_end_closes_it(tmp_path: Path) -> None:
    assert [item.id for item in read_text(tmp_path, "PMID- 5\nOWN - NLM\n\nPMID- 6\n")] == ["5", "6"]


def test_a_value_of_very_many_lines_is_read_in_linear_time(tmp_path: Path) -> None:
    started = time.process_time()
    article = one(tmp_path, "AB  - a", *["      b"] * 250_000)
    assert len(article.abstract) == 500_001
    assert time.process_time() - started < 10  # quadratic joining took 16 s


def test_bytes_that_are_not_utf_8_break_the_file(tmp_path: Path) -> None:
    path = tmp_path / "latin.nbib"
    path.write_bytes(b"PMID- 5\nTI  - " + "Ångström".encode("latin-1") + b" and more\n")
    with pytest.raises(BrokenSource, match="not UTF-8"):
        list(read(path, STAMP))
