"""Reports hold every number of the evaluation, show titles as they are, and are the same twice."""

import os
import re
import sys
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt
from markdown_it.token import Token

from onnx_models.errors import MissingExtra
from search.evaluation.evaluation import Evaluation
from search.evaluation.report import html, markdown, tables
from tests.search.evaluation.invented import NAMES, NASTY, evaluation

GOLDEN = Path(__file__).parents[2] / "data" / "evaluation" / "report.md"
"""`BIOCPT_WRITE_GOLDEN=1 pytest tests/search/evaluation/test_report.py` writes it from `invented.py`; read the diff."""


@cache
def usual() -> str:
    return html(evaluation())


def parsed(shown: str) -> etree._Element:
    """By a parser that forgives nothing: the page is well-formed as XML too."""
    return etree.fromstring(shown.encode())


def words(element: etree._Element) -> str:
    return " ".join("".join(map(str, element.itertext())).split())


def html_rows(shown: str) -> list[list[str]]:
    return [[words(cell) for cell in row] for row in parsed(shown).iterfind(".//{*}tr")]


def markdown_rows(of: Evaluation) -> list[list[str]]:
    """By markdown-it's reading of GitHub's tables."""
    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(markdown(of))
    rows: list[list[str]] = []
    for before, token in pairwise(tokens):
        if token.type == "tr_open":
            rows.append([])
        if before.type in ("td_open", "th_open"):
            rows[-1].append(plain(token))
    return rows


def plain(token: Token) -> str:
    assert all(child.type in ("text", "text_special", "html_entity") for child in token.children or ()), token.children
    return " ".join("".join(child.content for child in token.children or ()).split())


def all_tables(of: Evaluation) -> list[tables.Table]:
    found = (part(of) for part in (tables.systems, tables.contrasts, tables.coverage, tables.stages, tables.lost))
    return [
        *(table for table in (*found, tables.sweep(of), tables.facts(of)) if table is not None),
        *map(tables.top_tens, of.worst),
    ]


SIZES = [
    evaluation(systems=1, topics=1, sweep=False),
    evaluation(systems=2, topics=5),
    evaluation(systems=8, topics=60),
    evaluation(systems=2, topics=3, sweep=False, runs=True),
]


@pytest.mark.parametrize("of", SIZES, ids=["one", "two", "eight", "runs"])
@pytest.mark.parametrize("rows", [html_rows, markdown_rows])
def test_every_row_of_every_table_is_in_the_report_cell_by_cell(of: Evaluation, rows: object) -> None:
    shown = html_rows(html(of)) if rows is html_rows else markdown_rows(of)
    for table in all_tables(of):
        for row in (table.columns, *table.rows):
            assert [" ".join(cell.split()) for cell in row] in shown


@pytest.mark.parametrize("of", SIZES, ids=["one", "two", "eight", "runs"])
def test_rows_are_as_long_as_their_header(of: Evaluation) -> None:
    assert {len(row) == len(table.columns) for table in all_tables(of) for row in table.rows} == {True}


def test_numbers_are_those_of_the_evaluation() -> None:
    of = evaluation(systems=3)
    for row, system in zip(tables.systems(of).rows, of.systems, strict=True):
        assert system.speed is not None
        assert float(row[1]) == pytest.approx(system.means["nDCG@10"], abs=5e-5)
        assert float(row[2]) == pytest.approx(system.means["R@100"], abs=5e-5)
        assert int(row[3]) == system.topics
        assert float(row[4].replace(",", "")) == pytest.approx(1000 * system.speed.median, rel=0.05)
    compared = tables.contrasts(of)
    assert compared is not None
    for row, one in zip(compared.rows, of.contrasts, strict=True):
        assert [float(cell) for cell in row[2:5]] == pytest.approx([one.difference, one.low, one.high], abs=5e-5)
        assert row[5:] == ("<0.0001", "0.0432", str(one.wins), str(one.losses), str(one.ties))


def test_what_became_of_each_relevant_article_is_counted_and_explained() -> None:
    of = evaluation(systems=2)
    table = tables.lost(of)
    assert table is not None
    counts = [[int(cell.split(" ")[0].replace(",", "")) for cell in row[2:]] for row in table.rows]
    assert counts[-1] == [sum(column) for column in zip(*counts[:-1], strict=True)]
    assert "not indexed" not in [row[0] for row in table.rows]  # nothing was
    assert all(row[1] for row in table.rows[:-1])


def test_stages_stand_in_the_order_of_a_search_whichever_system_lost_there_first() -> None:
    table = tables.lost(evaluation(systems=2))
    assert table is not None
    assert [row[0] for row in table.rows] == [
        "in no list",
        "only lexical, fused out",
        "only dense, fused out",  # by the second system alone
        "below the cut",
        "re-ranked down",
        "found by both",
        "All judged relevant",
    ]


def test_parts_of_all_are_counts_and_percents() -> None:
    covered = tables.coverage(evaluation())
    assert covered is not None
    # 3,999 of 4,000 are 99.975 %, and 70 of 77 are 90.909 %.
    assert [row[1:] for row in covered.rows] == [("4,000", "3,999 (100.0%)"), ("77", "70 (90.9%)")]


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 8), st.integers(1, 40))
def test_no_system_and_no_contrast_is_lost_however_many(systems: int, topics: int) -> None:
    of = evaluation(systems=systems, topics=topics)
    shown = markdown_rows(of)
    for system in of.systems:
        assert any(system.name in row[0] and f"{system.means['nDCG@10']:.4f}" in row for row in shown)
    for one in of.contrasts:
        assert any(row[:3] == [one.system, one.measure, f"{one.difference:+.4f}"] for row in shown)


def test_titles_are_shown_as_they_are_and_never_run() -> None:
    of = evaluation()
    assert "<script" not in usual()
    assert any(NASTY in cell for row in html_rows(usual()) for cell in row)
    assert any(NASTY in cell for row in markdown_rows(of) for cell in row)
    assert "<script" not in markdown(of).replace("\\<", "")


@given(st.text(st.characters(exclude_categories=["Cs"])))
@settings(max_examples=30, deadline=None)
def test_any_text_keeps_a_markdown_table_whole(text: str) -> None:
    of = replace(evaluation(runs=True, sweep=False), facts={"machine": text})
    assert all(len(row) == 2 for row in markdown_rows(of) if row[:1] == ["machine"])


def test_signs_that_no_page_can_hold_become_a_sign_that_says_so() -> None:
    of = replace(evaluation(), source="before\x00\x1b\ud800after")
    assert "before\ufffd\ufffd\ufffdafter" in words(parsed(html(of)))


def test_such_signs_in_names_are_drawn_as_that_sign_too() -> None:
    of = evaluation(systems=2)
    odd = tuple(replace(one, name=f"{one.name}\x1b\x08") for one in of.systems)
    shown = parsed(html(replace(of, systems=odd)))
    assert any("lexical\ufffd\ufffd" in words(svg) for svg in shown.iterfind(".//{*}svg"))


def test_the_page_asks_nothing_of_any_network() -> None:
    shown = parsed(usual())
    assert not list(shown.iterfind(".//{*}script"))
    assert not list(shown.iterfind(".//{*}link"))
    links = [
        str(value) for node in shown.iter("*") for name, value in node.items() if str(name).endswith(("href", "src"))
    ]
    assert all(link.startswith("#") for link in links)
    assert not re.search(r"url\((?!#)|@import", usual())


def test_every_plot_has_its_own_ids_a_title_and_a_description() -> None:
    shown = parsed(usual())
    ids = [node.get("id") for node in shown.iter("*") if node.get("id")]
    assert len(ids) == len(set(ids))
    drawn = list(shown.iterfind(".//{*}svg"))
    assert [svg[0].text for svg in drawn] == [
        "nDCG@10 against latency",
        "Differences to lexical by topic, in nDCG@10",
        "Where relevant articles were lost",
        "Recall against depth",
    ]
    for svg in drawn:
        assert svg.get("role") == "img"
        assert svg.get("aria-labelledby") == f"{svg[0].get('id')} {svg[1].get('id')}"
        assert svg[1].text


def test_every_table_has_a_caption_and_headers_with_scope() -> None:
    for table in parsed(usual()).iterfind(".//{*}table"):
        assert words(table[0])
        heads = list(table.iterfind(".//{*}th"))
        assert {head.get("scope") for head in heads} == {"col", "row"}


def test_what_is_not_there_leaves_no_empty_section() -> None:
    titles = [words(title) for title in parsed(html(SIZES[3])).iterfind(".//{*}h2")]
    assert titles == ["Systems", "The largest losses", "How to do it again"]
    assert [line for line in markdown(SIZES[3]).splitlines() if line.startswith("## ")] == [
        f"## {one}" for one in titles
    ]


def test_articles_that_were_lost_are_listed_by_topic() -> None:
    listed = html_rows(usual())
    assert ["T0", "Does zorblax 0 help?", "only lexical, fused out", "90000004 90000005"] in listed


def test_a_fence_outgrows_the_fences_in_a_recipe() -> None:
    of = evaluation(systems=1)
    of = replace(of, systems=(replace(of.systems[0], toml="# ```` \n"),))
    assert "\n`````toml\n# ````\n`````\n" in markdown(of)


def test_the_same_evaluation_gives_the_same_report() -> None:
    assert html(evaluation()) == usual()
    assert markdown(evaluation()) == markdown(evaluation())


def test_the_markdown_is_as_it_was_read() -> None:
    written = markdown(evaluation(systems=2, topics=2))
    if os.environ.get("BIOCPT_WRITE_GOLDEN"):
        GOLDEN.write_text(written, encoding="utf-8")
    assert written == GOLDEN.read_text(encoding="utf-8")


def test_names_stand_in_the_report_whole_however_long() -> None:
    assert NAMES[5] in words(parsed(html(evaluation(systems=6))))


@pytest.mark.parametrize("lacking", ["jinja2", "matplotlib"])
def test_what_is_not_installed_is_named_with_what_installs_it(lacking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, lacking, None)
    with pytest.raises(MissingExtra, match=r"pip install 'biocpt-search\[eval\]'"):
        html(evaluation())
