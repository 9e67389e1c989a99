"""`biocpt info | show | delete | copy | optimize | verify`: what they print and their exit codes."""

from contextlib import closing
from pathlib import Path

import pytest

from indexer.article import Article
from indexer.engines import open_writer
from tests.doubles import HashEncoder
from tests.indexer.pubmed_files import Entry, write
from tests.search.cli.in_process import Command


@pytest.fixture
def index(biocpt: Command, tmp_path: Path) -> Path:
    file = write(
        tmp_path / "pubmed26n0001.xml", [Entry("1", title="Aspirin."), Entry("2"), Entry("3")], deleted=[("9", 1)]
    )
    assert biocpt("index", file, "--index", tmp_path / "index", "--model", "none").code == 0
    return tmp_path / "index"


def test_info_says_what_the_index_holds_and_whose_data_it_is(biocpt: Command, index: Path) -> None:
    out = biocpt("info", "--index", index).out
    assert "Articles:    3" in out
    assert "National Library of Medicine" in out
    info = biocpt("info", "--index", index, "--json").json
    assert (info["articles"], info["tombstones"], info["files"]) == (3, 1, 1)


@pytest.mark.parametrize("command", ["info", "show", "delete", "optimize", "verify"])
def test_an_index_that_is_not_there_is_one_line_and_is_not_made(biocpt: Command, tmp_path: Path, command: str) -> None:
    ids = ["1"] if command in ("show", "delete") else []
    answer = biocpt(command, *ids, "--index", tmp_path / "none")
    assert (answer.code, len(answer.err.splitlines()), (tmp_path / "none").exists()) == (1, 1, False)
    assert str(tmp_path / "none") in answer.err


def test_show_prints_records_in_the_order_asked_and_names_what_is_missing(biocpt: Command, index: Path) -> None:
    answer = biocpt("show", "2", "404", "1", "--index", index)
    assert (answer.code, answer.err) == (1, "Not in the index: 404\n")
    assert answer.out.index("Id: 2") < answer.out.index("Aspirin.") < answer.out.index("Id: 1")
    data = biocpt("show", "1", "--index", index, "--json").json
    assert (data["articles"][0]["title"], data["missing"]) == ("Aspirin.", [])


@pytest.mark.parametrize("arguments", [["show"], ["show", "--json"], ["delete"], ["delete", "--json"]])
def test_an_id_that_is_not_utf_8_is_not_found(biocpt: Command, index: Path, arguments: list[str]) -> None:
    answer = biocpt(*arguments, "lab-\udcff", "--index", index)
    assert (answer.code, answer.err) == (1, "Not in the index: lab-\ufffd\n")


def test_a_deleted_article_is_gone_and_does_not_come_back_with_its_file(
    biocpt: Command, index: Path, tmp_path: Path
) -> None:
    answer = biocpt("delete", "1", "404", "--index", index)
    assert (answer.code, answer.out) == (0, "1 deleted, 1 not found\n")
    assert "404" in answer.err
    again = biocpt("index", tmp_path / "pubmed26n0001.xml", "--index", index, "--force", "--json").json
    assert again["superseded"] == 1
    assert biocpt("show", "1", "--index", index).code == 1


def test_deleting_nothing_that_is_there_fails(biocpt: Command, index: Path) -> None:
    answer = biocpt("delete", "404", "--index", index, "--json")
    assert (answer.code, answer.json) == (1, {"deleted": [], "missing": ["404"]})


def test_a_copy_holds_the_same_and_a_second_copy_changes_nothing(biocpt: Command, index: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    assert biocpt("copy", index, target, "--json").json["added"] == 3
    assert biocpt("copy", index, target, "--json").json["unchanged"] == 4
    here, there = (biocpt("info", "--index", at, "--json").json for at in (index, target))
    assert {name: here[name] for name in ("articles", "vectors", "tombstones", "files")} == {
        name: there[name] for name in ("articles", "vectors", "tombstones", "files")
    }


def test_an_index_is_not_copied_onto_itself(biocpt: Command, index: Path) -> None:
    assert biocpt("copy", index, index.parent / "." / "index").code == 2


def test_optimize_leaves_the_articles_as_they_are(biocpt: Command, index: Path) -> None:
    data = biocpt("optimize", "--index", index, "--json").json
    assert (data["articles"], data["tombstones"]) == (3, 1)
    assert biocpt("show", "1", "--index", index).code == 0


def test_verify_passes_a_sound_index(biocpt: Command, index: Path) -> None:
    answer = biocpt("verify", "--index", index)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == "3 articles, 0 vectors, 0 without text, 1 deleted: sound\n"
    assert biocpt("verify", "--index", index, "--json").json["sound"] is True


def test_verify_fails_an_index_whose_articles_have_no_vector(biocpt: Command, tmp_path: Path) -> None:
    location = tmp_path / "index"
    with closing(open_writer(str(location), space=HashEncoder().space)) as writer:
        writer.write([Article(id="1", title="Aspirin.")], {})
        writer.commit()
    answer = biocpt("verify", "--index", location)
    assert answer.code == 1
    assert "'1' has text, but no vector" in answer.err
    assert biocpt("verify", "--index", location, "--json").json["sound"] is False


def test_a_copy_into_the_index_itself_is_refused(biocpt: Command, index: Path) -> None:
    for target in (index, index / "sub", index / "text" / "sub"):
        answer = biocpt("copy", index, target)
        assert (answer.code, str(target) in answer.err) == (2, True)
    assert not (index / "sub").exists()


def test_a_copy_into_an_index_with_vectors_names_both(biocpt: Command, index: Path, tmp_path: Path) -> None:
    with closing(open_writer(str(tmp_path / "vectors"), space=HashEncoder().space)) as writer:
        writer.commit()
    answer = biocpt("copy", index, tmp_path / "vectors")
    assert (answer.code, len(answer.err.splitlines())) == (1, 1)
    assert str(tmp_path / "vectors") in answer.err
    assert str(index) in answer.err
