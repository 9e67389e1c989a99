"""A new version beside the one that is served: searches go on, nothing unchanged is encoded, the alias is moved."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.article import Article
from indexer.deleting import delete
from indexer.engines import open_ledger, open_reader, open_writer
from indexer.engines.opensearch.contents.documents import VECTOR
from indexer.engines.opensearch.errors import UnsoundVersion
from indexer.engines.opensearch.loading import publishing
from indexer.engines.protocol import Publication, Reader
from indexer.engines.writing import DEFAULT, WriteOptions
from indexer.ingest import ingest
from indexer.queries import Lexical, Match
from indexer.rejects import Rejects
from tests.doubles import HashEncoder
from tests.indexer.engines.opensearch.reaching import indices, served
from tests.indexer.pubmed_files import Entry, write
from tests.opensearch.server import Server

pytestmark = pytest.mark.slow

REBUILD = WriteOptions(rebuild=True)
AND_DROP = WriteOptions(rebuild=True, drop_old=True)


@pytest.fixture
def url(node_36: Server, fresh_index: str) -> str:
    return f"{node_36.url}/{fresh_index}"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    def entries(numbers: range) -> list[Entry]:
        return [Entry(str(n), title=f"Aspirin trial {n}", abstract=f"Heart {n} " * 3) for n in numbers]

    return [
        write(tmp_path / "pubmed26n0001.xml.gz", entries(range(1, 41))),
        write(tmp_path / "mine.xml", entries(range(41, 51))),
        write(tmp_path / "yours.xml", [Entry("41", title="Yours is newer")]),
    ]


def load(
    url: str,
    files: Sequence[Path],
    options: WriteOptions = DEFAULT,
    *,
    encoder: HashEncoder | None = None,
    publishes: bool = True,
) -> Publication:
    encoder = encoder or HashEncoder()
    with closing(open_writer(url, space=encoder.space, options=options)) as writer:
        for _ in ingest(files, writer, encoder, rejects=Rejects(None)):
            pass
        return writer.publish() if publishes else Publication(False)


def remove(url: str, id: str) -> None:
    with closing(open_writer(url, space=None, create=False)) as writer:
        delete([id], writer)


def articles(url: str) -> dict[str, Article]:
    with closing(open_reader(url)) as reader:
        return {row.record.id: row.record for row in reader.rows() if isinstance(row.record, Article)}


@contextmanager
def searching(url: str) -> Iterator[list[int]]:
    """Searches as fast as they go, by a reader that stays and one that is opened each time; hits of each search."""
    found: list[int] = []
    over = threading.Event()

    def hits(reader: Reader) -> int:
        return len(reader.search([Lexical(Match("aspirin"), 100)])[0])

    def search() -> None:
        with closing(open_reader(url)) as staying:
            while not over.is_set():
                with closing(open_reader(url)) as fresh:
                    found.extend([hits(staying), hits(fresh)])

    with ThreadPoolExecutor(1) as threads:
        searches = threads.submit(search)
        try:
            yield found
        finally:
            over.set()
            searches.result()


def wait_for(condition: Callable[[], bool], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("options", [REBUILD, AND_DROP], ids=["kept", "dropped"])
def test_searches_go_on_while_an_index_is_rebuilt_and_swapped(
    node: Server, fresh_index: str, files: list[Path], options: WriteOptions
) -> None:
    url = f"{node.url}/{fresh_index}"
    assert load(url, files).is_served
    with searching(url) as found:
        wait_for(lambda: len(found) >= 10)
        told = load(url, files, options)
        after = len(found)
        wait_for(lambda: len(found) >= after + 10)
    assert set(found) == {49}
    assert told.is_served
    assert served(node, fresh_index) == {f"{fresh_index}-v2"}
    old = set() if options.drop_old else {f"{fresh_index}-v1", f"{fresh_index}-v1-ledger"}
    assert indices(node, fresh_index) == {f"{fresh_index}-v2", f"{fresh_index}-v2-ledger"} | old
    assert (f"`biocpt drop {fresh_index}-v1`" in told.note) == (not options.drop_old)


def test_texts_that_did_not_change_are_not_encoded_again(url: str, files: list[Path], tmp_path: Path) -> None:
    load(url, files)
    with closing(open_reader(url)) as reader:
        before = reader.vectors(["1", "2", "45"])
    changed = write(tmp_path / "pubmed26n0002.xml.gz", [Entry("2", title="Another text")])
    encoder = HashEncoder()
    assert load(url, [*files, changed], REBUILD, encoder=encoder).is_served
    assert [text[0] for text in encoder.texts_encoded] == ["Aspirin trial 41", "Another text"]  # 41's is superseded
    with closing(open_reader(url)) as reader:
        first, second, third = reader.vectors(["1", "2", "45"])
    assert np.array_equal(first, before[0])  # type: ignore[arg-type]
    assert np.array_equal(third, before[2])  # type: ignore[arg-type]
    assert not np.array_equal(second, before[1])  # type: ignore[arg-type]


def test_another_model_encodes_all_and_answers_after_the_swap(url: str, files: list[Path]) -> None:
    load(url, files)
    other = HashEncoder(dimension=24, name="other")
    assert load(url, files, REBUILD, encoder=other).is_served
    assert len(other.texts_encoded) == 51
    with closing(open_reader(url)) as reader:
        assert reader.info().space == other.space


def test_a_rebuild_that_was_stopped_goes_on_where_it_was(url: str, node_36: Server, files: list[Path]) -> None:
    load(url, files)
    load(url, files[:1], REBUILD, publishes=False)
    assert served(node_36, url.rpartition("/")[2]) == {f"{url.rpartition('/')[2]}-v1"}
    with closing(open_writer(url, space=None, options=REBUILD)) as writer:
        progress = list(ingest(files, writer, HashEncoder(), rejects=Rejects(None)))[-1]
        assert [report.status for report in progress.reports] == ["skipped", "done", "done"]
        assert writer.publish().is_served
    assert articles(url)["41"].title == "Yours is newer"


def test_what_no_file_says_is_in_the_rebuilt_index_too(url: str, files: list[Path]) -> None:
    load(url, files)
    remove(url, "7")
    with closing(open_ledger(url)) as ledger:
        before, order = articles(url), ledger.arrivals()
    assert "7" not in before
    assert load(url, [files[2], files[1], files[0]], REBUILD).is_served  # in another order
    assert articles(url) == before
    with closing(open_ledger(url)) as ledger:
        assert ledger.arrivals() == order


def test_a_deletion_by_hand_during_the_rebuild_counts(url: str, files: list[Path]) -> None:
    load(url, files)
    load(url, files, REBUILD, publishes=False)
    remove(url, "8")
    assert load(url, files, REBUILD).is_served
    assert "8" not in articles(url)


def test_files_that_only_the_served_version_was_given_meanwhile_hold_up_the_swap(
    url: str, node_36: Server, files: list[Path], tmp_path: Path
) -> None:
    load(url, files)
    load(url, files, REBUILD, publishes=False)
    update = write(tmp_path / "pubmed26n0003.xml.gz", [Entry("99", title="News")])
    load(url, [update])
    told = load(url, files, REBUILD)
    assert (told.is_served, "pubmed26n0003" in told.note) == (False, True)
    assert "99" in articles(url)
    assert load(url, [*files, update], REBUILD).is_served
    assert "99" in articles(url)
    assert served(node_36, url.rpartition("/")[2]) == {f"{url.rpartition('/')[2]}-v2"}


@pytest.mark.parametrize("broken", ["other", "width"])
def test_a_vector_that_is_not_what_it_was_is_not_served(
    url: str, node_36: Server, files: list[Path], broken: str
) -> None:
    alias = url.rpartition("/")[2]
    load(url, files)
    load(url, files, REBUILD, publishes=False)
    if broken == "other":
        with closing(open_reader(url)) as reader:
            (vector,) = reader.vectors(["3"])
        assert vector is not None
        node_36.ask("POST", f"/{alias}-v2/_update/3", {"doc": {VECTOR: (-vector).tolist()}})
    else:
        node_36.ask("POST", f"/{alias}-v2/_update/3", {"doc": {VECTOR: None}})
    with pytest.raises(UnsoundVersion, match=r"unlike that of the same text|holds 49 vectors, but notes 50"):
        load(url, files, REBUILD)
    assert served(node_36, alias) == {f"{alias}-v1"}


def test_who_does_not_ask_for_versions_leaves_one_that_is_loaded_unrefreshed(
    url: str, files: list[Path], node_36: Server
) -> None:
    load(url, files)
    count = f"/{url.rpartition('/')[2]}-v2/_count"
    with closing(open_writer(url, space=None, options=REBUILD)) as writer, closing(open_reader(url)) as reader:
        writer.write([Article(id="1", title="Heart")], {})
        writer.commit()
        brief = reader.info(versions=False)
        assert node_36.ask("GET", count)["count"] == 0
        told = reader.info()
        assert node_36.ask("GET", count)["count"] == 1
    assert brief == replace(told, versions=())


def test_the_versions_are_told_with_the_index(url: str, files: list[Path]) -> None:
    alias = url.rpartition("/")[2]
    load(url, files)
    with closing(open_writer(url, space=None, options=REBUILD)) as writer, closing(open_reader(url)) as reader:
        told = reader.info().versions
        assert writer.space is None
        assert [(version.name, version.state, version.articles) for version in told] == [
            (f"{alias}-v1", "served", 50),
            (f"{alias}-v2", "being loaded", 0),
        ]
        assert (told[0].model, told[0].vectors) == ("hash", "lucene")
        assert (told[1].model, len(told[1].loaders), told[0].loaders) == ("", 1, ())


def test_a_version_that_is_being_written_to_is_not_replaced(url: str, files: list[Path]) -> None:
    load(url, files)
    with closing(open_writer(url, space=None, create=False)):
        told = load(url, files, REBUILD)
        assert (told.is_served, "-v1' is being written to (process" in told.note) == (False, True)
    assert load(url, files, REBUILD).is_served


def test_a_load_of_a_version_that_was_replaced_says_so(url: str, node_36: Server, files: list[Path]) -> None:
    alias = url.rpartition("/")[2]
    load(url, files)
    with closing(open_writer(url, space=None, create=False)) as writer:
        load(url, files, REBUILD, publishes=False)
        actions = [
            {"remove": {"index": f"{alias}-v1", "alias": alias}},
            {"add": {"index": f"{alias}-v2", "alias": alias}},
        ]
        node_36.ask("POST", "/_aliases", {"actions": actions})
        told = writer.publish()
    assert (told.is_served, f"{alias}-v2' is served now" in told.note) == (False, True)


@pytest.mark.parametrize("options", [DEFAULT, AND_DROP], ids=["any load", "the same command"])
def test_what_a_publisher_left_undone_after_the_swap_is_done_by_the_next_load(
    url: str, node_36: Server, files: list[Path], options: WriteOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    alias = url.rpartition("/")[2]
    load(url, files)
    with monkeypatch.context() as killing:
        killing.setattr(publishing, "complete", lambda *_: [])  # the injected failure
        load(url, files, AND_DROP)
    assert indices(node_36, alias) == {f"{alias}-v{n}{part}" for n in (1, 2) for part in ("", "-ledger")}
    assert load(url, files, options).is_served
    assert served(node_36, alias) == {f"{alias}-v2"}
    assert indices(node_36, alias) == {f"{alias}-v2", f"{alias}-v2-ledger"}
    left = node_36.ask("POST", f"/{alias}-v2-ledger/_search", {"size": 100})["hits"]["hits"]
    assert {hit["_source"]["kind"] for hit in left} == {"begun", "finished", "arrival", "newest-arrival", "published"}


def test_a_file_that_comes_after_a_deletion_by_hand_during_the_rebuild_brings_the_article_back(
    url: str, files: list[Path], tmp_path: Path
) -> None:
    load(url, files)
    load(url, files, REBUILD, publishes=False)
    with closing(open_writer(url, space=None, options=REBUILD)) as rebuilding:  # its numbers are taken over by now
        remove(url, "8")
        assert rebuilding.publish().is_served
    assert "8" not in articles(url)
    assert load(url, [write(tmp_path / "later.xml", [Entry("8", title="Back again")])]).is_served
    assert articles(url)["8"].title == "Back again"
