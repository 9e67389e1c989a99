"""What is refused at the door, and that it is left untouched."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest
import tantivy

from indexer.article import Article, Deletion
from indexer.engines import open_reader, open_writer
from indexer.engines.embedded import layout
from indexer.engines.embedded.text import make_text
from indexer.errors import (
    DamagedIndex,
    IndexClosed,
    NoIndex,
    NotAnIndex,
    UnfinishedIndex,
    UnknownEngine,
    UnreadableFormat,
    UnusableId,
    UnusableLocation,
    UnusableVector,
    VectorMismatch,
)
from indexer.ledger import FileEntry, FileLedger
from indexer.order import arrival_stamp, pack
from indexer.queries import Lexical, Match, Nearest
from tests.indexer.engines.contract import SPACE, article, vector


@pytest.fixture
def index(tmp_path: Path) -> Path:
    folder = tmp_path / "index"
    writer = open_writer(str(folder), space=SPACE)
    writer.write([article("1", "heart")], {"1": vector(1)})
    writer.commit()
    writer.close()
    return folder


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def change(index: Path, **facts: object) -> None:
    manifest = index / "index.json"
    manifest.write_bytes(orjson.dumps(orjson.loads(manifest.read_bytes()) | facts))


@pytest.mark.parametrize("location", ["ftp://host/pubmed", "s3://bucket/x", ""])
def test_an_unknown_kind_of_location_is_refused(location: str) -> None:
    with pytest.raises(UnknownEngine, match="folder"):
        open_reader(location)
    with pytest.raises(UnknownEngine):
        open_writer(location, space=None)


def test_no_index_is_told_from_a_foreign_folder(tmp_path: Path) -> None:
    foreign = tmp_path / "photos"
    foreign.mkdir()
    for folder in (tmp_path / "none", foreign):
        with pytest.raises(NoIndex, match=r"biocpt index"):
            open_reader(str(folder))
        with pytest.raises(NoIndex):
            open_writer(str(folder), space=None, create=False)
    (foreign / "cat.jpg").write_text("x")
    (tmp_path / "file").write_text("x")
    for folder in (foreign, tmp_path / "file"):
        with pytest.raises(NotAnIndex, match="untouched"):
            open_reader(str(folder))
        with pytest.raises(NotAnIndex):
            open_writer(str(folder), space=SPACE)
    assert [path.name for path in foreign.iterdir()] == ["cat.jpg"]


@pytest.mark.parametrize("name", ["bad\udcff", "x" * 300])
def test_names_that_no_index_can_have_are_one_line(tmp_path: Path, name: str) -> None:
    location = str(tmp_path / name)
    for open_it in (open_reader, lambda location: open_writer(location, space=None)):
        with pytest.raises(UnusableLocation, match="Name another folder") as caught:
            open_it(location)
        str(caught.value).encode()


def test_a_foreign_index_json_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text('{"pages": 3}')
    with pytest.raises(NotAnIndex, match=r"index\.json is not ours"):
        open_writer(str(tmp_path), space=SPACE)
    assert [path.name for path in tmp_path.iterdir()] == ["index.json"]


@pytest.mark.parametrize(("found", "advice"), [(2, "Upgrade"), (0, "Build the index again"), (None, "Build")])
def test_other_formats_are_refused(index: Path, found: object, advice: str) -> None:
    change(index, format=found)
    with pytest.raises(UnreadableFormat, match=advice):
        open_reader(str(index))
    with pytest.raises(UnreadableFormat):
        open_writer(str(index), space=SPACE)


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": 1'])
def test_a_broken_index_json_is_named(index: Path, content: bytes) -> None:
    (index / "index.json").write_bytes(content)
    with pytest.raises(DamagedIndex, match=r"index\.json is not JSON"):
        open_reader(str(index))


def test_broken_text_files_are_one_line(index: Path) -> None:
    (index / "text" / "meta.json").write_text("{")
    with pytest.raises(DamagedIndex) as caught:
        open_reader(str(index))
    assert "\n" not in str(caught.value)


def test_lost_vectors_are_one_line_and_words_still_answer(index: Path) -> None:
    for path in (index / "vectors" / "data").iterdir():
        path.unlink()
    reader = open_reader(str(index))
    assert [hit.id for hit in reader.search([Lexical(Match("heart"), 5)])[0]] == ["1"]
    with pytest.raises(DamagedIndex, match="vectors"):
        reader.search([Nearest(vector(1), 5)])


def test_creation_cut_short_is_told_and_then_finished(tmp_path: Path) -> None:
    """Killed before index.json was whole, and before tantivy's files were there."""
    (tmp_path / "index.json.new").write_text('{"for')
    with pytest.raises(UnfinishedIndex, match="run it again"):
        open_reader(str(tmp_path))
    open_writer(str(tmp_path), space=SPACE).close()
    for path in (tmp_path / "text").iterdir():
        path.unlink()
    (tmp_path / "text").rmdir()
    with pytest.raises(UnfinishedIndex):
        open_reader(str(tmp_path))
    writer = open_writer(str(tmp_path), space=SPACE)
    writer.write([article("1")], {})
    writer.commit()
    writer.close()
    assert open_reader(str(tmp_path)).info().articles == 1


@pytest.mark.parametrize("rest", [["vectors"], ["ledger.jsonl"], ["text"]])
def test_a_lost_text_index_is_not_made_anew(index: Path, rest: list[str]) -> None:
    """It would be empty, and everything else would be deleted or passed over as done."""
    (index / "ledger.jsonl").write_text("{}\n")
    (index / "text" / "meta.json").unlink()
    for path in {"vectors", "ledger.jsonl", "text"} - set(rest):
        remove(index / path)
    before = layout.files_below(index)
    for opened in (lambda: open_reader(str(index)), lambda: open_writer(str(index), space=SPACE)):
        with pytest.raises(DamagedIndex, match=f"meta.json is gone, but there is {rest[0]}"):
            opened()
    assert layout.files_below(index) == before


def test_an_emptied_text_index_beside_a_ledger_with_records_is_refused(index: Path) -> None:
    FileLedger(index / "ledger.jsonl").tick(FileEntry(name="a.jsonl", digest="1", read=1, added=1))
    remove(index / "text")
    make_text(index / "text")
    before = layout.files_below(index)
    with pytest.raises(DamagedIndex, match="ledger names files"):
        open_writer(str(index), space=SPACE)
    assert before <= layout.files_below(index)


def test_a_lost_ledger_does_not_make_new_files_older_than_old_ones(index: Path) -> None:
    writer = open_writer(str(index), space=SPACE)
    for name in ("a", "b", "c"):
        order = pack(arrival_stamp(writer.ledger.arrival(name, "1")), version=2, position=5)
        writer.write([article("1", name, order=order)], {})
    writer.commit()
    writer.close()
    (index / "ledger.jsonl").unlink()
    writer = open_writer(str(index), space=SPACE)
    assert [writer.ledger.arrival(name, "1") for name in ("d", "e", "d")] == [4, 5, 4]
    writer.delete([Deletion(id="1", order=pack(arrival_stamp(7), deletion=True))])
    writer.commit()
    writer.close()
    writer = open_writer(str(index), space=SPACE)
    assert writer.ledger.arrival("f", "1") == 8
    writer.close()


def test_a_file_without_records_may_be_done_before_the_first_commit(tmp_path: Path) -> None:
    writer = open_writer(str(tmp_path), space=None)
    writer.ledger.tick(FileEntry(name="a.jsonl", digest="1", read=1, rejected=1))
    writer.close()
    open_writer(str(tmp_path), space=None).close()


def test_an_index_with_other_fields_is_to_be_built_again(tmp_path: Path) -> None:
    layout.create(tmp_path, None)
    (tmp_path / "text").mkdir()
    fields = tantivy.SchemaBuilder()
    fields.add_text_field("title")
    tantivy.Index(fields.build(), str(tmp_path / "text"))
    for opened in (lambda: open_reader(str(tmp_path)), lambda: open_writer(str(tmp_path), space=None)):
        with pytest.raises(UnreadableFormat, match=r"other fields.*Build the index again"):
            opened()


def test_of_two_that_make_an_index_at_once_the_first_wins(tmp_path: Path) -> None:
    layout.create(tmp_path, SPACE)
    layout.create(tmp_path, None)
    make_text(tmp_path / "text")
    made = (tmp_path / "text" / "meta.json").stat().st_ino
    make_text(tmp_path / "text")
    assert layout.read_space(tmp_path) == SPACE
    assert (tmp_path / "text" / "meta.json").stat().st_ino == made
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.json", "text"]


@pytest.mark.slow
def test_processes_that_make_one_index_at_once_agree(tmp_path: Path) -> None:
    script = (
        "import sys; from indexer.engines import open_writer; from indexer.errors import IndexLocked\n"
        "try: open_writer(sys.argv[1], space=None).close()\n"
        "except IndexLocked: pass"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "index")]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate()[1] for process in started] == [""] * 4
    open_writer(str(tmp_path / "index"), space=None).close()


def test_a_new_index_is_open_to_readers_before_its_first_commit(tmp_path: Path) -> None:
    writer = open_writer(str(tmp_path), space=SPACE)
    reader = open_reader(str(tmp_path))
    assert reader.search([Nearest(vector(1), 5), Lexical(Match("x"), 5)]) == [[], []]
    writer.close()


@pytest.mark.parametrize(
    "other",
    [replace(SPACE, fingerprint="0" * 16), replace(SPACE, dimension=16), replace(SPACE, similarity="cosine")],
)
def test_vectors_of_another_space_are_refused_with_both_named(index: Path, other: object) -> None:
    with pytest.raises(VectorMismatch, match=r"vectors of test \(8-d, ip, fingerprint ffff.*given vectors of test"):
        open_writer(str(index), space=other)  # type: ignore[arg-type]
    open_writer(str(index), space=SPACE).close()


def test_model_and_precision_are_only_noted(index: Path) -> None:
    open_writer(str(index), space=replace(SPACE, model="renamed", precision="int8")).close()


def test_the_encoder_for_questions_is_kept_and_does_not_decide_what_fits(tmp_path: Path) -> None:
    noted = replace(SPACE, query_fingerprint="q" * 16)
    open_writer(str(tmp_path), space=noted).close()
    assert open_reader(str(tmp_path)).info().space == noted
    open_writer(str(tmp_path), space=SPACE).close()


def test_an_index_made_before_it_was_noted_opens(index: Path) -> None:
    space = orjson.loads((index / "index.json").read_bytes())["space"]
    del space["query_fingerprint"]
    change(index, space=space)
    assert open_reader(str(index)).info().space == SPACE


def test_an_index_without_vectors_refuses_them(tmp_path: Path) -> None:
    open_writer(str(tmp_path), space=None).close()
    with pytest.raises(VectorMismatch, match="holds no vectors"):
        open_writer(str(tmp_path), space=SPACE)
    writer = open_writer(str(tmp_path), space=None)
    with pytest.raises(VectorMismatch):
        writer.write([article("1")], {"1": vector(1)})
    writer.close()


def test_unusable_vectors_and_ids_store_nothing(index: Path) -> None:
    writer = open_writer(str(index), space=SPACE)
    good = article("2")
    with pytest.raises(VectorMismatch, match=r"shape \(5,\)"):
        writer.write([good, article("3")], {"3": np.ones(5, np.float32)})
    with pytest.raises(UnusableVector, match="'3'"):
        writer.write([good, article("3")], {"3": np.full(8, np.inf, np.float32)})
    for id in ("", "x" * 513, "\ud800"):
        with pytest.raises(UnusableId):
            writer.write([good, Article(id=id)], {})
        with pytest.raises(UnusableId):
            writer.delete([Deletion(id=id)])
    assert writer.stored(["2", "3", "\ud800"]) == {}
    writer.commit()
    writer.close()
    assert open_reader(str(index)).info().articles == 1


def test_a_question_of_nan_is_refused(index: Path) -> None:
    with pytest.raises(UnusableVector, match="question"):
        open_reader(str(index)).search([Nearest(np.full(8, np.nan, np.float32), 5)])


def test_what_is_closed_says_so(index: Path) -> None:
    reader = open_reader(str(index))
    reader.close()
    with pytest.raises(IndexClosed):
        reader.fetch(["1"])
    with pytest.raises(IndexClosed):
        reader.refresh()
    writer = open_writer(str(index), space=SPACE)
    writer.close()
    writer.close()
    with pytest.raises(IndexClosed):
        writer.stored(["1"])
    with pytest.raises(IndexClosed):
        writer.commit()


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DamagedIndex, match="Not a directory"):
        open_writer(str(tmp_path / "file" / "index"), space=SPACE)
