"""A loader without a share loads alone: others are refused while it lives, and beside others it does as they do."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict

import pytest

from indexer.engines import open_writer
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.errors import LoadedAlone, TakenForDead
from indexer.engines.opensearch.loading import loaders
from indexer.engines.opensearch.loading.alone import ALONE, Lock
from indexer.engines.opensearch.loading.ledger_index import LedgerIndex, Row
from indexer.engines.opensearch.loading.load import Load
from indexer.engines.opensearch.loading.loaders import Loader
from indexer.engines.opensearch.loading.opening import open_version
from indexer.engines.opensearch.loading.versions import Version
from indexer.engines.writing import DEFAULT, Share, WriteOptions
from indexer.errors import IndexLocked
from tests.indexer.engines.contract import article, vector
from tests.indexer.engines.opensearch.reaching import SPACE
from tests.opensearch.server import Server

pytestmark = pytest.mark.slow

SHARE = Share(1, 2)


@pytest.fixture
def load(cluster: Cluster, version: Version) -> Iterator[Callable[..., Load]]:
    """`load(share, beat=…)`: one more load of the version; all are left after the test."""
    made: list[Load] = []

    def begin(share: Share = DEFAULT.share, *, beat: float = 0.1, patience: float = 60.0) -> Load:
        made.append(Load(cluster, open_version(cluster, SPACE, make=False), share, beat=beat, patience=patience))
        return made[-1]

    yield begin
    for one in made:
        one.leave()
    assert [thread.name for thread in threading.enumerate() if thread.name == "heartbeat"] == []


STRANGER = Loader(
    id="loader-stranger",
    host="far-away",
    namespace="",
    pid=1,
    share="1/1",
    state="loading",
    beat=0,
    created=0,
    heard="2026-11-22T10:00:00+00:00",
)


def holder(pid: int = STRANGER.pid) -> dict[str, object]:
    """The lock as a loader on another machine left it."""
    return {**asdict(STRANGER), "pid": pid, "since": STRANGER.heard}


def test_an_older_record_never_takes_the_place_of_a_newer_one(node: Server, fresh_index: str) -> None:
    url = f"{node.url}/{fresh_index}"
    options = WriteOptions(share=SHARE)
    with (
        closing(open_writer(url, space=SPACE, options=options)) as mine,
        closing(open_writer(url, space=SPACE)) as theirs,
    ):
        mine.write([article("1", order=10)], {"1": vector(1)})
        mine.commit()
        mine.stored(["1"])  # decides that 20 is newer than what is stored
        theirs.write([article("1", order=30, year=1999)], {}, keep=["1"])
        theirs.commit()
        mine.write([article("1", "An older text", order=20)], {"1": vector(2)})
        mine.commit()
    now = node.ask("GET", f"/{fresh_index}-v1/_doc/1")
    assert (now["_source"]["order"], now["_version"], now["_source"]["year"]) == (30, 30, 1999)


@pytest.mark.parametrize("share", [Share(), SHARE], ids=["whole", "share"])
def test_nobody_joins_a_loader_that_loads_alone(load: Callable[..., Load], rows: LedgerIndex, share: Share) -> None:
    first = load()
    assert first.is_alone
    with pytest.raises(LoadedAlone, match=r"-v1' has been written to by process \d+ on .* since 20.*with --shard"):
        load(share)
    assert issubclass(LoadedAlone, IndexLocked)
    assert len(loaders.loaders(rows)) == 1
    first.leave()
    assert rows.get(ALONE) is None
    assert load(share).is_alone == (share == Share())


def test_a_served_version_is_loaded_alone_too(load: Callable[..., Load], rows: LedgerIndex) -> None:
    assert load().finish().is_served
    assert rows.get(ALONE) is None
    again = load()
    assert (again.is_served, again.is_alone) == (True, True)
    with pytest.raises(LoadedAlone):
        load(SHARE)
    assert again.finish().is_served
    assert not again.is_alone
    assert rows.get(ALONE) is None


def test_beside_loaders_with_shares_nobody_is_alone(load: Callable[..., Load], rows: LedgerIndex) -> None:
    shared, whole = load(SHARE), load()
    assert (shared.is_alone, whole.is_alone) == (False, False)
    assert rows.get(ALONE) is None
    assert not load(Share(2, 2)).is_alone
    assert not load().is_alone


def test_a_sign_of_life_while_the_lock_is_let_go_does_not_keep_it(cluster: Cluster, version: Version) -> None:
    class BeatenBetween(LedgerIndex):
        def delete(self, id: str, *, after: Row | None = None) -> None:
            if beats:
                assert lock.beat({"beat": beats.pop()})
            super().delete(id, after=after)

    beats = [2, 1]
    rows = BeatenBetween(cluster, f"{version.name}-ledger")
    lock = Lock(rows, STRANGER, patience=60.0)
    lock.take()
    lock.release()
    assert (beats, rows.get(ALONE)) == ([], None)


def test_the_place_of_a_dead_one_is_taken(load: Callable[..., Load], rows: LedgerIndex) -> None:
    rows.put(ALONE, ALONE, holder())
    begun = time.monotonic()
    assert load(patience=1.0).is_alone
    assert time.monotonic() - begun >= 1.0
    rows.put(ALONE, ALONE, {**holder(2**22 + 1), **loaders.place(), "pid": 2**22 + 1})  # above Linux's highest
    assert not load(SHARE, patience=60).is_alone  # at once: its process is known to be gone
    assert rows.get(ALONE) is None


def test_of_many_that_come_at_once_one_is_alone_or_none(load: Callable[..., Load]) -> None:
    come: list[Load] = []

    def begin(share: Share) -> None:
        with suppress(LoadedAlone):
            come.append(load(share))

    threads = [threading.Thread(target=begin, args=(share,)) for share in (Share(), SHARE, Share(), Share(2, 2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert come
    assert [one.is_alone for one in come] in ([True], [False] * len(come))


@pytest.mark.parametrize("share", [Share(), SHARE], ids=["whole", "share"])
def test_who_stood_still_while_another_took_its_place_writes_nothing_more(
    load: Callable[..., Load], share: Share
) -> None:
    silent = load(beat=600.0, patience=1.0)
    silent.confirm()
    other = load(share, patience=1.0)
    assert other.is_alone == (share == Share())
    with pytest.raises(TakenForDead, match="gave no sign of life"):
        silent.confirm()
    other.confirm()


def test_who_stood_still_while_another_went_on_alone_writes_nothing_more(load: Callable[..., Load]) -> None:
    silent = load(SHARE, beat=600.0, patience=1.0)
    other = load(patience=1.0)
    assert other.is_alone
    with pytest.raises(TakenForDead):
        silent.confirm()
    other.leave()
    with pytest.raises(TakenForDead):  # what it decided to write may be older than what was stored meanwhile
        silent.confirm()


def test_who_stood_still_and_was_waited_for_goes_on(load: Callable[..., Load]) -> None:
    silent = load(beat=600.0, patience=1.0)
    time.sleep(1.2)
    silent.confirm()
    assert silent.is_alone


def confirm_until(load: Load, deadline: float) -> None:
    """Again and again, until it raises or the time is over."""
    while time.monotonic() < deadline:
        load.confirm()
        time.sleep(0.05)


def test_a_loader_that_learns_by_its_sign_of_life_that_it_was_given_up_stops(
    load: Callable[..., Load], rows: LedgerIndex
) -> None:
    one = load(beat=0.2)
    rows.put(ALONE, ALONE, holder())
    with pytest.raises(TakenForDead):
        confirm_until(one, time.monotonic() + 60)
    one.leave()
    left = rows.get(ALONE)
    assert left is not None
    assert left.said["id"] == "loader-stranger"
