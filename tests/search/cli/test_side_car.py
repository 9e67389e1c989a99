"""Commands that write, verify or copy articles, given a side-car: one line each, and nothing changes."""

from contextlib import closing
from pathlib import Path

from indexer.engines import open_writer
from tests.indexer.attach import museum
from tests.search.cli.in_process import Command

THEIRS = "http://127.0.0.1:9/papers"


def test_each_command_that_would_spoil_it_says_so_in_one_line_and_changes_nothing(
    tmp_path: Path, biocpt: Command
) -> None:
    car = tmp_path / "car"
    museum.empty_side_car(car, THEIRS)
    articles = tmp_path / "articles.jsonl"
    articles.write_text('{"id": "1", "title": "Oak", "abstract": "Boards."}\n', encoding="utf-8")
    with closing(open_writer(str(tmp_path / "ours"), space=None)) as writer:
        writer.commit()
    before = {path: path.read_bytes() for path in car.rglob("*") if path.is_file()}
    for command in (
        ("index", articles, "--index", car, "--model", "none"),
        ("delete", "1", "--index", car),
        ("copy", tmp_path / "ours", car),
        ("copy", car, tmp_path / "new"),
        ("verify", "--index", car),
    ):
        answer = biocpt(*command)
        assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1), answer
        assert f"is the side-car of the index at '{THEIRS}'" in answer.err
    assert {path: path.read_bytes() for path in car.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "new").exists()
