"""`--other-files`: a rebuild may lack what the served version had when it began, and nothing that came meanwhile."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from indexer.engines import open_ledger, open_writer
from indexer.engines.opensearch.loading.alone import Lock
from indexer.engines.protocol import Publication
from indexer.engines.writing import DEFAULT, WriteOptions
from indexer.ingest import ingest
from indexer.rejects import Rejects
from tests.doubles import HashEncoder
from tests.indexer.pubmed_files import Entry, write
from tests.opensearch.server import Server

pytestmark = pytest.mark.slow

OTHER = WriteOptions(rebuild=True, other_files=True)


@pytest.fixture
def url(node_36: Server, fresh_index: str) -> str:
    return f"{node_36.url}/{fresh_index}"


def file(folder: Path, name: str, *pmids: str, title: str = "Title") -> Path:
    return write(folder / name, [Entry(pmid, title=title) for pmid in pmids])


def load(url: str, files: Sequence[Path], options: WriteOptions = DEFAULT, *, publishes: bool = True) -> Publication:
    encoder = HashEncoder()
    with closing(open_writer(url, space=encoder.space, options=options)) as writer:
        for _ in ingest(files, writer, encoder, rejects=Rejects(None)):
            pass
        return writer.publish() if publishes else Publication(False)


@pytest.mark.parametrize("began_as", [OTHER, WriteOptions(rebuild=True)], ids=["asked at first", "asked later"])
def test_a_file_that_came_during_the_rebuild_is_not_passed_over(
    url: str, tmp_path: Path, began_as: WriteOptions
) -> None:
    last_year = file(tmp_path, "pubmed26n0001.xml", "1")
    this_year = file(tmp_path, "pubmed27n0001.xml", "1")
    meanwhile = file(tmp_path, "lab.xml", "2")
    load(url, [last_year])
    load(url, [this_year], began_as, publishes=False)
    load(url, [meanwhile])
    told = load(url, [this_year], OTHER)
    assert not told.is_served
    assert "was given files since the rebuild began that it lacks: lab.xml. Load them with --rebuild too." in told.note
    assert load(url, [this_year, meanwhile], OTHER).is_served
    assert {entry.name for entry in open_ledger(url).entries()} == {"pubmed27n0001.xml", "lab.xml"}


def test_a_file_that_changed_during_the_rebuild_is_not_passed_over(url: str, tmp_path: Path) -> None:
    mine = file(tmp_path, "mine.xml", "1")
    this_year = file(tmp_path, "pubmed27n0001.xml", "2")
    load(url, [mine])
    load(url, [this_year], OTHER, publishes=False)
    load(url, [file(tmp_path, "mine.xml", "1", title="Changed")])
    assert "lacks: mine.xml. " in load(url, [this_year], OTHER).note


def test_a_file_that_was_there_before_may_be_named_again_meanwhile(url: str, tmp_path: Path) -> None:
    mine = file(tmp_path, "mine.xml", "1")
    this_year = file(tmp_path, "pubmed27n0001.xml", "2")
    load(url, [mine])
    load(url, [this_year], OTHER, publishes=False)
    mine.touch()
    load(url, [mine])
    assert load(url, [this_year], OTHER).is_served


def test_who_did_not_ask_is_told_what_the_option_would_pass_over(url: str, tmp_path: Path) -> None:
    mine, yours, new = (file(tmp_path, name, "1") for name in ("mine.xml", "yours.xml", "new.xml"))
    load(url, [mine, yours])
    rebuild = WriteOptions(rebuild=True)
    load(url, [new], rebuild, publishes=False)
    load(url, [file(tmp_path, "later.xml", "2")])
    told = load(url, [new], rebuild).note
    assert "was given files that it lacks: later.xml, yours.xml, mine.xml. " in told
    assert "or add --other-files if it is to be without those that were there when the rebuild began." in told
    assert "lacks: later.xml. Load them with --rebuild too." in load(url, [new, mine, yours], rebuild).note


def test_a_file_that_came_after_the_rebuild_was_killed_at_its_very_beginning_is_not_passed_over(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last_year, this_year, new = (
        file(tmp_path, name, "1") for name in ("pubmed26n0001.xml", "pubmed27n0001.xml", "new.xml")
    )
    load(url, [last_year])

    def killed(_: Lock) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Lock, "take", killed)
    with pytest.raises(KeyboardInterrupt):
        load(url, [this_year], OTHER)
    monkeypatch.undo()
    load(url, [new])
    told = load(url, [this_year], OTHER)
    assert (told.is_served, "since the rebuild began that it lacks: new.xml. " in told.note) == (False, True)
