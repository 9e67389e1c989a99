"""Two writers of one version: the higher order stays, whoever writes when."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

import numpy as np
import pytest

from indexer.article import Article, Deletion
from indexer.engines import open_reader, open_writer
from indexer.engines.protocol import Row, Writer
from indexer.engines.writing import Share, WriteOptions
from indexer.order import Stamp, pack
from tests.indexer.engines.opensearch.reaching import SPACE
from tests.opensearch.server import Server

pytestmark = pytest.mark.slow

OLD, MIDDLE, NEW = (pack(Stamp(2026, number)) for number in (1, 2, 3))
VECTOR = np.ones(8, np.float32)


@pytest.fixture(params=[(1, 2), (2, 1), (2, 2)], ids=["the whole beside a share", "the reverse", "two shares"])
def writers(request: pytest.FixtureRequest, node_36: Server, fresh_index: str) -> Iterator[list[Writer]]:
    """Mine and theirs; the whole is opened last, as nobody joins who loads alone."""
    with ExitStack() as stack:
        opened: dict[int, Writer] = {}
        for place, of in sorted(enumerate(request.param), key=lambda one: -one[1]):
            options = WriteOptions(share=Share(1, of))
            writer = open_writer(f"{node_36.url}/{fresh_index}", space=SPACE, options=options)
            opened[place] = stack.enter_context(closing(writer))
        yield [opened[0], opened[1]]


@pytest.fixture
def url(node_36: Server, fresh_index: str) -> str:
    return f"{node_36.url}/{fresh_index}"


def put(writer: Writer, title: str, order: int) -> None:
    writer.write([Article(id="1", order=order, title=title)], {"1": VECTOR})


def row(url: str) -> Row:
    with closing(open_reader(url)) as reader:
        (found,) = reader.rows()
        return found


def test_a_deletion_decided_on_what_is_under_way_does_not_undo_what_is_newer(writers: list[Writer], url: str) -> None:
    mine, theirs = writers
    put(mine, "mine", OLD)
    assert mine.stored(["1"])["1"].order == OLD
    put(theirs, "theirs", NEW)
    theirs.commit()
    mine.delete([Deletion(id="1", order=MIDDLE)])
    mine.commit()
    assert row(url).record == Article(id="1", order=NEW, title="theirs")
    assert {refused.is_superseded for refused in mine.refused()} == {True}


def test_an_article_that_keeps_its_vector_does_not_undo_what_is_newer(writers: list[Writer], url: str) -> None:
    mine, theirs = writers
    put(mine, "mine", OLD)
    assert mine.stored(["1"])["1"].has_vector
    put(theirs, "theirs", NEW)
    theirs.commit()
    mine.write([Article(id="1", order=MIDDLE, title="mine", journal="Another")], {}, keep=["1"])
    mine.commit()
    assert row(url).record == Article(id="1", order=NEW, title="theirs")
    assert {refused.is_superseded for refused in mine.refused()} == {True}


def test_what_is_newer_replaces_what_another_wrote_meanwhile(writers: list[Writer], url: str) -> None:
    mine, theirs = writers
    put(mine, "mine", OLD)
    assert mine.stored(["1"])
    put(theirs, "theirs", MIDDLE)
    theirs.commit()
    put(mine, "mine again", NEW)
    mine.commit()
    assert row(url).record == Article(id="1", order=NEW, title="mine again")
