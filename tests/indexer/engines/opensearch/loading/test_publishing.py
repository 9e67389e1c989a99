"""The moment of the swap: what others do to a version, or to the one that it replaces, while it is being published."""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import pytest

from indexer.engines.location import Location
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.errors import DropOvertaken, RequestRefused, StillPublished, StillServed, UnsoundVersion
from indexer.engines.opensearch.loading import aliasing, dropping, loaders, publishing
from indexer.engines.opensearch.loading.dropping import drop_from_cluster
from indexer.engines.opensearch.loading.inventory import inventory
from indexer.engines.opensearch.loading.ledger import ClusterLedger
from indexer.engines.opensearch.loading.ledger_index import PUBLISHING, LedgerIndex
from indexer.engines.opensearch.loading.load import PATIENCE, Load
from indexer.engines.opensearch.loading.loaders import Loader
from indexer.engines.opensearch.loading.opening import open_version
from indexer.engines.opensearch.loading.versions import Version, find_versions, ledger_name
from indexer.engines.writing import WriteOptions
from indexer.ledger import FileEntry
from tests.indexer.engines.opensearch.reaching import SPACE, indices, served
from tests.opensearch.server import Server

pytestmark = pytest.mark.slow

REBUILD = WriteOptions(rebuild=True)


@pytest.fixture
def first(cluster: Cluster) -> Version:
    """The version that is served."""
    version = open_version(cluster, SPACE, make=True)
    assert loading(cluster, version).finish().is_served
    return replace(version, is_served=True)


@pytest.fixture
def second(cluster: Cluster, first: Version) -> Version:
    """A rebuild of it."""
    return open_version(cluster, SPACE, make=True, options=REBUILD)


def loading(cluster: Cluster, version: Version, *, patience: float = 60, **options: Any) -> Load:
    return Load(cluster, version, beat=0.1, patience=patience, grace=0, **options)


def rows_of(cluster: Cluster, version: Version) -> LedgerIndex:
    return LedgerIndex(cluster, ledger_name(version.name))


def move_alias(node: Server, alias: str, *, to: Version, away_from: Version) -> None:
    """As an operator does by hand."""
    away, here = {"index": away_from.name, "alias": alias}, {"index": to.name, "alias": alias}
    node.ask("POST", "/_aliases", {"actions": [{"remove": away}, {"add": here}]})


def mark(beat: int = 0, **place: Any) -> dict[str, Any]:
    """Of a publisher on another machine, or at another place."""
    loader = Loader(
        id="publisher-stranger", host="far-away", namespace="", pid=1, share="1/1", state="loading", beat=beat,
        created=0, heard="2026-11-22T10:00:00+00:00",
    )  # fmt: skip
    return {**asdict(loader), "drop_old": True, **place}


def before(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, act: Callable[[], object]) -> None:
    """Have something happen each time right before a step."""
    step = getattr(module, name)

    def acting(*arguments: Any, **options: Any) -> Any:
        act()
        return step(*arguments, **options)

    monkeypatch.setattr(module, name, acting)


def test_a_version_that_came_to_be_served_while_its_drop_waited_is_not_dropped(
    node_36: Server, cluster: Cluster, first: Version, second: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    alias = cluster.address.alias
    where = Location(str(cluster.address))
    swap = partial(move_alias, node_36, alias, to=second, away_from=first)
    before(monkeypatch, dropping, "living", swap)
    with pytest.raises(StillServed, match=f"{second.name}' is what everyone is served"):
        drop_from_cluster(where, [second.name], old=False, patience=60)
    assert served(node_36, alias) == {second.name}


def test_an_old_version_that_was_served_again_while_its_drop_waited_is_not_dropped(
    node_36: Server, cluster: Cluster, first: Version, second: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    alias = cluster.address.alias
    roll_back = partial(move_alias, node_36, alias, to=first, away_from=second)
    before(monkeypatch, publishing, "living", lambda: None)
    with monkeypatch.context() as meanwhile:
        before(meanwhile, aliasing, "_removals", roll_back)
        assert loading(cluster, second, drop_old=True).finish().is_served
    assert served(node_36, alias) == {first.name}


def test_what_is_about_to_be_served_is_not_dropped(
    node_36: Server, cluster: Cluster, second: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = Location(str(cluster.address))

    def drop() -> None:
        with pytest.raises(StillPublished, match=r"is about to be served \(process \d+ on "):
            drop_from_cluster(where, [second.name], old=False, patience=60)

    before(monkeypatch, publishing, "inspect", drop)
    before(monkeypatch, publishing, "move", drop)
    assert loading(cluster, second).finish().is_served
    assert rows_of(cluster, second).get(PUBLISHING) is None


def test_a_load_that_was_found_unsound_can_be_dropped(node_36: Server, cluster: Cluster, second: Version) -> None:
    load = loading(cluster, second)
    load.created(7)
    with pytest.raises(UnsoundVersion):
        load.finish()
    where = Location(str(cluster.address))
    assert drop_from_cluster(where, [second.name], old=False, patience=60) == [second.name]


def test_a_load_whose_publisher_was_killed_before_the_swap_can_be_dropped_or_run_again(
    node_36: Server, cluster: Cluster, second: Version
) -> None:
    killed = mark(**loaders.place()) | {"pid": 2**22 - 1}  # Linux's highest: hardly one that runs
    rows_of(cluster, second).put(PUBLISHING, PUBLISHING, killed)
    assert loading(cluster, second).finish().is_served
    third = open_version(cluster, SPACE, make=True, options=REBUILD)
    rows_of(cluster, third).put(PUBLISHING, PUBLISHING, killed)
    assert drop_from_cluster(Location(str(cluster.address)), [third.name], old=False, patience=60) == [third.name]
    assert not any(name.startswith(third.name) for name in indices(node_36, cluster.address.alias))
    assert find_versions(cluster).served is not None


def test_a_publisher_that_died_on_another_machine_is_waited_for_no_longer_than_for_a_sign_of_life(
    node_36: Server, cluster: Cluster, second: Version
) -> None:
    rows_of(cluster, second).put(PUBLISHING, PUBLISHING, mark())
    begun = time.monotonic()
    assert drop_from_cluster(Location(str(cluster.address)), [second.name], old=False, patience=1) == [second.name]
    assert 1 <= time.monotonic() - begun < PATIENCE
    assert not any(name.startswith(second.name) for name in indices(node_36, cluster.address.alias))


def test_a_publisher_that_died_on_another_machine_holds_up_no_load(cluster: Cluster, second: Version) -> None:
    rows_of(cluster, second).put(PUBLISHING, PUBLISHING, mark())
    begun = time.monotonic()
    assert loading(cluster, second, patience=180).finish().is_served
    assert time.monotonic() - begun < 180
    assert rows_of(cluster, second).get(PUBLISHING) is None


def test_a_publisher_lives_for_as_long_as_its_inspection_takes(
    cluster: Cluster, second: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaders, "is_gone", lambda _: False)  # as seen from another machine
    where = Location(str(cluster.address))

    def drop() -> None:
        with pytest.raises(StillPublished, match=r"is about to be served \(process \d+ on "):
            drop_from_cluster(where, [second.name], old=False, patience=60)  # over with the next sign of life

    before(monkeypatch, publishing, "inspect", drop)
    assert loading(cluster, second).finish().is_served
    assert [thread.name for thread in threading.enumerate() if thread.name == "heartbeat"] == []


def test_a_version_whose_publishing_begins_right_before_its_removal_is_not_dropped(
    node_36: Server, cluster: Cluster, second: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = rows_of(cluster, second)
    rows.put(PUBLISHING, PUBLISHING, mark())
    beats = [7]

    def begin() -> None:
        if beats:
            rows.put(PUBLISHING, PUBLISHING, mark(beats.pop()))

    before(monkeypatch, dropping, "_let_write", begin)
    with pytest.raises(StillPublished, match="process 1 on far-away"):
        drop_from_cluster(Location(str(cluster.address)), [second.name], old=False, patience=0.5)
    monkeypatch.undo()
    assert loading(cluster, second).finish().is_served


def test_nobody_begins_to_publish_what_is_dropped_in_the_same_moment(
    node_36: Server, cluster: Cluster, first: Version, second: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = loading(cluster, second)

    def publish() -> None:
        with pytest.raises(RequestRefused, match=f"{second.name}-ledger' .* was removed meanwhile"):
            load.finish()

    monkeypatch.setattr(dropping, "living", lambda *_: [])  # we are not seen
    before(monkeypatch, dropping, "remove", publish)
    assert drop_from_cluster(Location(str(cluster.address)), [second.name], old=False, patience=60) == [second.name]
    assert served(node_36, cluster.address.alias) == {first.name}


def test_an_old_version_that_is_served_again_right_before_its_removal_is_not_dropped(
    node_36: Server, cluster: Cluster, first: Version, second: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert loading(cluster, second).finish().is_served
    alias = cluster.address.alias
    before(monkeypatch, aliasing, "_removals", partial(move_alias, node_36, alias, to=first, away_from=second))
    with pytest.raises(DropOvertaken, match=f"while {first.name} was to be dropped: nothing was"):
        drop_from_cluster(Location(str(cluster.address)), [], old=True, patience=60)
    assert served(node_36, alias) == {first.name}


def test_a_filter_that_an_operator_set_on_the_alias_outlives_a_drop(
    node_36: Server, cluster: Cluster, first: Version, second: Version
) -> None:
    alias = cluster.address.alias
    kept = {"filter": {"term": {"has_text": True}}, "search_routing": "1", "index_routing": "1"}
    node_36.ask("POST", "/_aliases", {"actions": [{"add": {"index": first.name, "alias": alias, **kept}}]})
    assert drop_from_cluster(Location(str(cluster.address)), [second.name], old=False, patience=60) == [second.name]
    assert node_36.ask("GET", f"/_alias/{alias}")[first.name]["aliases"][alias] == kept


def test_what_came_to_be_served_right_before_the_swap_is_not_served_beside_it(
    node_36: Server, cluster: Cluster, first: Version, second: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    third = f"{cluster.address.alias}-v3"

    def serve_another() -> None:
        if third not in indices(node_36, cluster.address.alias):
            node_36.ask("PUT", f"/{third}", body_of(node_36, second))
            move_alias(node_36, cluster.address.alias, to=replace(second, name=third), away_from=first)

    before(monkeypatch, publishing, "move", serve_another)
    told = loading(cluster, second).finish()
    assert (told.is_served, "what is served changed" in told.note) == (False, True)
    assert served(node_36, cluster.address.alias) == {third}
    assert rows_of(cluster, second).get(PUBLISHING) is None
    assert "the newer" in loading(cluster, second).finish().note


def test_of_two_first_versions_one_is_served(
    node_36: Server, cluster: Cluster, second: Version, first: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    alias = cluster.address.alias

    def serve(*, by: str) -> None:
        node_36.ask("POST", "/_aliases", {"actions": [{by: {"index": first.name, "alias": alias}}]})

    serve(by="remove")
    before(monkeypatch, publishing, "move", partial(serve, by="add"))
    assert loading(cluster, second).finish().is_served
    assert served(node_36, alias) == {second.name}


def body_of(node: Server, version: Version) -> dict[str, Any]:
    """What another index has to be made with to be a version as well."""
    mappings = node.ask("GET", f"/{version.name}/_mapping")[version.name]["mappings"]
    return {"mappings": {"_meta": mappings["_meta"]}}


def test_files_given_to_the_served_version_while_its_successor_is_inspected_hold_up_the_swap(
    node_36: Server, cluster: Cluster, first: Version, second: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load_another_file() -> None:
        load = loading(cluster, first)
        ClusterLedger(cluster, first.name).tick(FileEntry(name="late.xml", digest="1", finished="2000-01-01T00:00:00"))
        load.finish()

    before(monkeypatch, publishing, "inspect", load_another_file)
    told = loading(cluster, second).finish()
    assert (told.is_served, "late.xml" in told.note) == (False, True)
    assert served(node_36, cluster.address.alias) == {first.name}
    assert rows_of(cluster, second).get(PUBLISHING) is None


def finished(cluster: Cluster, version: Version, *files: tuple[str, str]) -> None:
    for name, digest in files:
        ClusterLedger(cluster, version.name).tick(FileEntry(name=name, digest=digest))


def test_a_rebuild_from_fewer_files_is_not_served_unless_that_is_asked_for(
    node_36: Server, cluster: Cluster, first: Version, second: Version
) -> None:
    finished(cluster, first, ("a.xml", "1"), ("b.xml", "1"), ("c.xml", "1"))
    finished(cluster, second, ("a.xml", "1"))
    told = loading(cluster, second).finish()
    assert (told.is_served, "was given files that it lacks: c.xml, b.xml. " in told.note) == (False, True)
    assert "--other-files" in told.note
    assert served(node_36, cluster.address.alias) == {first.name}
    assert loading(cluster, second, other_files=True).finish().is_served


def test_a_file_that_changed_counts_where_it_changed(cluster: Cluster, first: Version, second: Version) -> None:
    finished(cluster, first, ("a.xml", "1"), ("b.xml", "1"), ("b.xml", "2"))
    finished(cluster, second, ("a.xml", "new"), ("b.xml", "1"))
    told = loading(cluster, second).finish()
    assert (told.is_served, "lacks: b.xml." in told.note) == (False, True)
    finished(cluster, second, ("b.xml", "2"))
    assert loading(cluster, second).finish().is_served


def test_a_version_in_whose_place_the_one_before_was_put_back_is_not_served_again_by_a_rebuild(
    node_36: Server, cluster: Cluster, first: Version, second: Version
) -> None:
    assert loading(cluster, second).finish().is_served
    move_alias(node_36, cluster.address.alias, to=first, away_from=second)
    assert [told.state for told in inventory(cluster)] == ["served", "withdrawn"]
    third = open_version(cluster, SPACE, make=True, options=REBUILD)
    assert third.number == 3
    assert open_version(cluster, SPACE, make=True, options=REBUILD) == third
    assert [told.state for told in inventory(cluster)] == ["served", "withdrawn", "being loaded"]
    assert drop_from_cluster(Location(str(cluster.address)), [second.name], old=False, patience=60) == [second.name]
