import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.article import Article, Author
from search.training.errors import BadTrainingData
from search.training.tables import Table
from search.training.texts import Lookup, described, stored
from tests.search.training.articles import article, index_of


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    table = Table(tmp_path / "texts.sqlite")
    yield table
    table.close()


def saved(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_files_are_asked_before_the_index(tmp_path: Path, table: Table) -> None:
    stored([saved(tmp_path / "pmid2info.json", '{"1": ["Of the file", "A"], "2": ["", ""], "3": ["", " "]}')], table)
    index = index_of([article("1", "Of the index", "B"), article("2", "Of the index", "C"), article("4")])
    found = Lookup(table=table, index=index).find(["1", "2", "3", "4", "5", "1"])
    assert {id: (one.title, one.abstract) for id, one in found.items()} == {
        "1": ("Of the file", "A"),
        "2": ("Of the index", "C"),
    }


def test_more_articles_are_found_than_are_asked_for_at_once(table: Table) -> None:
    table.fill((str(n), [f"Title {n}", "", [], []]) for n in range(1200))
    found = Lookup(table=table).find([str(n) for n in range(1300)])
    assert {id: one.title for id, one in found.items()} == {str(n): f"Title {n}" for n in range(1200)}


def test_the_file_that_is_named_last_wins(tmp_path: Path, table: Table) -> None:
    rows = [{"_id": "1", "title": "As BEIR has it", "text": "B"}, {"_id": "2", "title": "Other", "text": "C"}]
    beir = saved(tmp_path / "corpus.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    ours = saved(tmp_path / "pmid2info.json", '\n{ "1" :\n["As MedCPT has it", "A", "more"]}')
    found = Lookup(table=stored([beir, ours], table)).find(["1", "2"])
    assert [found[id].title for id in "12"] == ["As MedCPT has it", "Other"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("pmid2info.json", '{"1": ["a", "b"], "2": ["a"]}', r"'2' is \"\['a'\]\", and not \[title, abstract\]"),
        ("pmid2info.json", '{"1": ["a", "b"], "2"', "entry 2"),
        ("corpus.jsonl", '{"_id": "1", "title": "a"}\nnonsense\n', "record 2: not JSON"),
    ],
)
def test_what_has_no_texts_is_named(tmp_path: Path, table: Table, name: str, text: str, said: str) -> None:
    with pytest.raises(BadTrainingData, match=said):
        stored([saved(tmp_path / name, text)], table)


def test_people_and_journals_are_kept_for_telling_look_ups() -> None:
    people = (Author(last_name="Doe", fore_name="Jane", initials="J"), Author(collective="The Moon Group"))
    found = described(Article(id="1", title="T", authors=people, journal="Annals", journal_nlm="Ann"))
    assert (found.authors, found.journals) == ((("Doe", "Jane", "J"),), ("Annals", "Ann"))


def test_they_come_back_from_a_file_too(tmp_path: Path, table: Table) -> None:
    row = {"id": "1", "title": "T", "journal": "Annals", "authors": [{"last_name": "Doe", "fore_name": "Jane"}]}
    found = Lookup(table=stored([saved(tmp_path / "ours.jsonl", json.dumps(row) + "\n")], table)).find(["1"])["1"]
    assert (found.authors, found.journals) == ((("Doe", "Jane", ""),), ("Annals",))
