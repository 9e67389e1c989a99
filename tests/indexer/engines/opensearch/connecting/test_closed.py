"""Indexes that somebody closed in the cluster: whoever asks is told which, and how to open it."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from indexer.article import Article
from indexer.engines import drop_versions, open_ledger, open_reader, open_writer
from indexer.engines.opensearch.errors import ClosedInCluster
from indexer.engines.protocol import Reader
from indexer.engines.writing import DEFAULT, WriteOptions
from indexer.queries import And, Lexical
from indexer.verify import verify
from tests.indexer.engines.contract import SPACE, article, vector
from tests.indexer.engines.opensearch.reaching import indices
from tests.opensearch.server import Server

REBUILD = WriteOptions(rebuild=True)


@pytest.fixture
def url(node: Server, fresh_index: str) -> str:
    """Of an index of three articles, which is served."""
    location = f"{node.url}/{fresh_index}"
    load(location, "old")
    return location


@pytest.fixture
def reader(url: str) -> Iterator[Reader]:
    with closing(open_reader(url)) as reader:
        yield reader


def load(url: str, title: str, options: WriteOptions = DEFAULT) -> None:
    with closing(open_writer(url, space=SPACE, options=options)) as writer:
        writer.write([article(id, title=title) for id in "123"], {id: vector(int(id)) for id in "123"})
        writer.commit()
        assert writer.publish().is_served


def titles(reader: Reader) -> list[str]:
    return [found.title for found in reader.fetch(["1", "2", "3"]) if isinstance(found, Article)]


def close(node: Server, name: str) -> None:
    node.ask("POST", f"/{name}/_close")


def says(name: str) -> str:
    """The end of what is said of an index."""
    return (
        rf"^Could not [^:]+: '{name}' at '[^']+' is closed \(400, index_closed_exception\)\. "
        rf"Open it \(POST /{name}/_open\), then run the same command again\.$"
    )


@pytest.mark.parametrize(
    "ask",
    [
        lambda reader: reader.search([Lexical(And(()), 10)]),
        lambda reader: reader.fetch(["1"]),
        lambda reader: reader.vectors(["1"]),
        lambda reader: list(reader.rows()),
        lambda reader: reader.info(),
    ],
    ids=["search", "fetch", "vectors", "rows", "info"],
)
def test_a_reader_says_that_its_index_is_closed_and_goes_on_once_it_is_open(
    node: Server, fresh_index: str, reader: Reader, ask: Callable[[Reader], object]
) -> None:
    close(node, f"{fresh_index}-v1")
    with pytest.raises(ClosedInCluster, match=says(f"{fresh_index}-v1")):
        ask(reader)
    node.ask("POST", f"/{fresh_index}-v1/_open")
    node.ask("GET", f"/_cluster/health/{fresh_index}-v1?wait_for_status=yellow")
    assert titles(reader) == ["old"] * 3
    ask(reader)


@pytest.mark.parametrize("part", ["-v1", "-v1-ledger"])
def test_an_index_or_a_ledger_that_is_closed_is_not_loaded_and_nothing_is_taken_for_rejected(
    node: Server, fresh_index: str, url: str, part: str
) -> None:
    with closing(open_writer(url, space=None)) as writer:
        writer.stored(["4"])
        close(node, f"{fresh_index}{part}")
        with pytest.raises(ClosedInCluster, match=says(f"{fresh_index}{part}")):  # noqa: PT012 - whichever is first
            writer.ledger.begin("a.xml", "1")
            writer.write([article("4")], {"4": vector(4)})
            writer.commit()
        assert writer.refused() == []
    with (
        pytest.raises(ClosedInCluster, match=says(f"{fresh_index}{part}")),
        closing(open_writer(url, space=None)) as writer,
    ):
        writer.stored(["1"])


def test_a_version_that_was_closed_while_it_was_loaded_cannot_be_opened(node: Server, fresh_index: str) -> None:
    url = f"{node.url}/{fresh_index}"
    open_writer(url, space=SPACE).close()
    close(node, f"{fresh_index}-v1")
    with pytest.raises(ClosedInCluster, match=says(f"{fresh_index}-v1")):
        open_reader(url)


def test_a_closed_ledger_is_not_taken_for_an_empty_one(node: Server, fresh_index: str, url: str) -> None:
    close(node, f"{fresh_index}-v1-ledger")
    with (
        closing(open_ledger(url)) as ledger,
        pytest.raises(ClosedInCluster, match=says(f"{fresh_index}-v1-ledger")),
    ):
        ledger.entries()
    with pytest.raises(ClosedInCluster, match=says(f"{fresh_index}-v1-ledger")):
        verify(url)


def test_an_old_version_may_be_closed(node: Server, fresh_index: str, url: str, reader: Reader) -> None:
    assert titles(reader) == ["old"] * 3
    load(url, "new", REBUILD)
    close(node, f"{fresh_index}-v1,{fresh_index}-v1-ledger")
    assert titles(reader) == ["new"] * 3
    told = reader.info().versions
    assert [(version.state, version.articles, version.loaders) for version in told] == [
        ("old", None, ()),
        ("served", 3, ()),
    ]
    node.ask("POST", f"/{fresh_index}-v1-ledger/_open")
    node.ask("GET", f"/_cluster/health/{fresh_index}-v1-ledger?wait_for_status=yellow")
    assert drop_versions(url, [], old=True) == [f"{fresh_index}-v1"]
    assert indices(node, fresh_index) == {f"{fresh_index}-v2", f"{fresh_index}-v2-ledger"}
