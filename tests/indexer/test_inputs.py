"""Which files a load reads: folders, odd names, and what is refused before anything is read."""

import hashlib
import json
import os
import sys
from contextlib import closing
from pathlib import Path

import pytest

from indexer.engines import open_writer
from indexer.errors import NoSuchSource
from indexer.ingest import ingest
from indexer.rejects import Rejects
from tests.doubles import HashEncoder, ListIndex
from tests.indexer.loading import articles, five, load
from tests.indexer.pubmed_files import write


@pytest.fixture
def index() -> ListIndex:
    return ListIndex(HashEncoder().space)


def test_a_folder_stands_for_its_files_in_order_of_name(index: ListIndex, tmp_path: Path) -> None:
    write(tmp_path / "pubmed26n0002.xml.gz", five(11))
    write(tmp_path / "pubmed26n0001.xml", five())
    (tmp_path / "README.txt").write_text("About these files.")
    (tmp_path / "pubmed26n0002.xml.gz.md5").write_text(
        hashlib.md5((tmp_path / "pubmed26n0002.xml.gz").read_bytes(), usedforsecurity=False).hexdigest()
    )
    summary = load(index, tmp_path)
    assert [report.name for report in summary.reports] == ["pubmed26n0001.xml", "pubmed26n0002.xml.gz"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_file_whose_name_is_not_utf_8_is_kept_under_a_name_that_is(index: ListIndex, tmp_path: Path) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/mine-\xff.jsonl"))
    file.write_text('{"id": "1", "title": "A."}\n{"id": 1.5}\n')
    rejects = tmp_path / "rejects.jsonl"
    summary = load(index, file, rejects=rejects)
    (entry,) = index.ledger.entries()
    names = {summary.reports[0].name, articles(index)["1"].source, entry.name, json.loads(rejects.read_text())["file"]}
    assert names == {"mine-\ufffd.jsonl"}


def test_a_missing_file_stops_the_load_before_anything_is_read(index: ListIndex, tmp_path: Path) -> None:
    with pytest.raises(NoSuchSource, match=r"none\.xml"):
        load(index, write(tmp_path / "pubmed26n0001.xml", five()), tmp_path / "none.xml")
    assert index.rows == {}


def test_a_folder_with_nothing_to_index_is_told(index: ListIndex, tmp_path: Path) -> None:
    (tmp_path / "picture.png").touch()
    with pytest.raises(NoSuchSource, match=r"\.jsonl"):
        load(index, tmp_path)


def test_a_folder_gives_names_in_any_case_and_no_hidden_files(index: ListIndex, tmp_path: Path) -> None:
    write(tmp_path / "PUBMED26N0001.XML", five())
    write(tmp_path / "pubmed26n0002.XML.GZ", five(6))
    (tmp_path / "._pubmed26n0001.xml").write_bytes(b"\0\5\x16\7")
    summary = load(index, tmp_path)
    assert [report.name for report in summary.named("done")] == ["PUBMED26N0001.XML", "pubmed26n0002.XML.GZ"]
    assert len(summary.reports) == 2


def test_an_index_given_as_a_folder_of_sources_is_refused(index: ListIndex, tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    with closing(open_writer(str(folder), space=None)) as writer:
        list(ingest([write(tmp_path / "a.xml", five())], writer, None, rejects=Rejects(None)))
    with pytest.raises(NoSuchSource, match=r"lab' is an index"):
        load(index, folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_refused_before_anything_is_read(index: ListIndex, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NoSuchSource, match=r"pipe' is a pipe or a device"):
        load(index, tmp_path / "pipe")
