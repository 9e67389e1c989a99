from pathlib import Path

import pytest

from indexer.article import Article, Deletion, Section
from search.training.excluding import Exclusions
from search.training.observations import Observation
from search.training.own_structure import OwnStructure, labelled
from search.training.tally import SourceTally
from tests.doubles import ListIndex
from tests.search.training.articles import LOREM, index_of

SECTIONS = (
    Section(text=f"We asked why {LOREM}.", label="BACKGROUND", category="BACKGROUND"),
    Section(text="They slept.", label="FINDINGS", category="RESULTS"),
    Section(text="Moon water makes sleepy.", label="MEANING", category="CONCLUSIONS"),
)
WHOLE = f"BACKGROUND: We asked why {LOREM}. RESULTS (n = 2): They slept. CONCLUSIONS: Moon water makes sleepy."


def cut(name: str, *articles: Article, exclusions: Exclusions | None = None) -> tuple[list[Observation], SourceTally]:
    source = OwnStructure(index=index_of(articles), cut=name, exclusions=exclusions or Exclusions())
    tally = SourceTally(name=source.name, notes=Path())
    found = list(source.read(tally, Path()))
    assert tally.read == len(found) + tally.removed.total()
    return found, tally


def test_a_title_finds_its_abstract_alone() -> None:
    found, _ = cut("titles", Article(id="1", title="[Does moon water help?].", abstract=LOREM))
    assert found == [Observation("Does moon water help?", "1", 1, text=("", LOREM))]


def test_a_conclusion_finds_title_and_other_sections() -> None:
    found, _ = cut("conclusions", Article(id="1", title="Moon water", abstract=WHOLE, sections=SECTIONS))
    rest = f"BACKGROUND: We asked why {LOREM}. FINDINGS: They slept."
    assert found == [Observation("Moon water makes sleepy.", "1", 1, text=("Moon water", rest))]


def test_labels_are_read_out_of_an_abstract_without_sections() -> None:
    found, _ = cut("conclusions", Article(id="1", title="Moon water", abstract=WHOLE))
    rest = f"BACKGROUND: We asked why {LOREM}. RESULTS (n = 2): They slept."
    assert found == [Observation("Moon water makes sleepy.", "1", 1, text=("Moon water", rest))]


@pytest.mark.parametrize(
    ("abstract", "labels"),
    [
        (
            "AIM: One. MAIN RESULTS: Two. AUTHORS' CONCLUSIONS: Three.",
            ["AIM", "MAIN RESULTS", "AUTHORS' CONCLUSIONS"],
        ),
        ("Before all. AIM: One.", ["", "AIM"]),
        ("One of DNA: two, and RNA: three.", []),
        ("No labels here.", []),
        ("", []),
    ],
)
def test_a_label_stands_at_the_start_of_a_sentence(abstract: str, labels: list[str]) -> None:
    assert [section.label for section in labelled(abstract)] == labels


@pytest.mark.parametrize(
    ("name", "article", "why"),
    [
        ("titles", Article(id="1", abstract=LOREM), "without title or abstract"),
        ("titles", Article(id="1", title="Only a title here"), "without title or abstract"),
        ("titles", Article(id="1", title="Moon water", abstract=LOREM), "too short"),
        ("titles", Article(id="1", title="On sleeping well", abstract="They slept well."), "too short"),
        ("titles", Article(id="1", title="Moon water slept WELL", abstract=LOREM), "passage contains the query"),
        ("conclusions", Article(id="1", title="Any", abstract=LOREM), "without a conclusion and other sections"),
        ("conclusions", Article(id="1", abstract=f"CONCLUSIONS: {LOREM}."), "without a conclusion and other sections"),
        ("conclusions", Article(id="1", abstract=f"{WHOLE[:-25]} {WHOLE[-25:-1]} indeed."), ""),
        ("conclusions", Article(id="1", title="Moon water makes sleepy", abstract=WHOLE), "passage contains the query"),
        ("titles", Article(id="9", title="Does moon water help?", abstract=LOREM), "excluded by id"),
        ("titles", Article(id="1", title="Does the sun help?", abstract=LOREM), "excluded by title"),
    ],
)
def test_what_teaches_nothing_is_counted_by_reason(name: str, article: Article, why: str) -> None:
    exclusions = Exclusions(["9"], [Article(id="8", title="Does the sun help?")])
    _, tally = cut(name, article, exclusions=exclusions)
    assert dict(tally.removed) == ({why: 1} if why else {})


def test_deleted_articles_are_passed_over() -> None:
    index = ListIndex()
    writer = index.open_writer()
    writer.write([Article(id="1", title="Does moon water help?", abstract=LOREM)], {})
    writer.delete([Deletion(id="1", order=9)])
    writer.commit()
    tally = SourceTally(name="own", notes=Path())
    source = OwnStructure(index=index.open_reader(), cut="titles", exclusions=Exclusions())
    assert list(source.read(tally, Path())) == []
    assert tally.read == 0
