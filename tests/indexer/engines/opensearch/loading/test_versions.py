"""Which index a writer loads and everyone is served from, on real servers."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from indexer.engines.opensearch.errors import (
    MadeOtherwise,
    NotOurs,
    OtherFormat,
    OtherVectors,
    SeveralServed,
    TakenByAlias,
)
from indexer.engines.opensearch.loading.opening import open_version
from indexer.engines.opensearch.loading.versions import find_versions
from indexer.engines.writing import DEFAULT, Bm25, WriteOptions
from indexer.errors import NoIndex
from tests.indexer.engines.opensearch.reaching import SPACE, connected, indices
from tests.opensearch.server import Server

REBUILD = WriteOptions(rebuild=True)


def serve(node: Server, alias: str, index: str) -> None:
    node.ask("POST", "/_aliases", {"actions": [{"add": {"index": index, "alias": alias}}]})


def test_the_first_version_is_made_with_its_ledger_and_served_by_nobody(node: Server, fresh_index: str) -> None:
    with connected(node, fresh_index) as cluster:
        version = open_version(cluster, SPACE, make=True)
        versions = find_versions(cluster)
    assert (version.name, version.number, version.is_served) == (f"{fresh_index}-v1", 1, False)
    assert (version.meta.space, version.meta.vectors, version.meta.bm25, version.shards) == (SPACE, "lucene", Bm25(), 1)
    assert indices(node, fresh_index) == {f"{fresh_index}-v1", f"{fresh_index}-v1-ledger"}
    assert (versions.served, versions.building) == (None, version)


def test_nothing_is_made_where_nothing_may_be(node: Server, fresh_index: str) -> None:
    with connected(node, fresh_index) as cluster, pytest.raises(NoIndex):
        open_version(cluster, SPACE, make=False)
    assert indices(node, fresh_index) == set()


def test_loaders_that_start_at_once_end_up_in_one_version(node: Server, fresh_index: str) -> None:
    def start(_: int) -> str:
        with connected(node, fresh_index) as cluster:
            return open_version(cluster, SPACE, make=True).name

    with ThreadPoolExecutor(6) as threads:
        assert set(threads.map(start, range(6))) == {f"{fresh_index}-v1"}
    assert indices(node, fresh_index) == {f"{fresh_index}-v1", f"{fresh_index}-v1-ledger"}


def test_a_rebuild_is_made_beside_the_served_version_and_joined_by_the_next(node: Server, fresh_index: str) -> None:
    with connected(node, fresh_index) as cluster:
        open_version(cluster, SPACE, make=True)
        serve(node, fresh_index, f"{fresh_index}-v1")
        rebuilt = open_version(cluster, replace(SPACE, fingerprint="another"), make=True, options=REBUILD)
        again = open_version(cluster, None, make=True, options=REBUILD)
        plain = open_version(cluster, None, make=True)
        versions = find_versions(cluster)
    assert rebuilt.name == again.name == f"{fresh_index}-v2"
    assert plain.name == f"{fresh_index}-v1"
    assert versions.served == plain
    assert versions.building == rebuilt


def test_a_number_whose_ledger_was_left_behind_is_not_given_again(node: Server, fresh_index: str) -> None:
    with connected(node, fresh_index) as cluster:
        open_version(cluster, SPACE, make=True)
        node.ask("DELETE", f"/{fresh_index}-v1")
        assert open_version(cluster, SPACE, make=True).name == f"{fresh_index}-v2"


@pytest.mark.parametrize("kind", ["index", "alias"])
def test_an_index_or_alias_of_somebody_else_is_refused_and_untouched(node: Server, fresh_index: str, kind: str) -> None:
    name = {"index": fresh_index, "alias": f"{fresh_index}x"}[kind]
    node.ask("PUT", f"/{name}", {"mappings": {"properties": {"price": {"type": "long"}}}})
    if kind == "alias":
        serve(node, fresh_index, name)
    before = node.ask("GET", f"/{name}")
    with connected(node, fresh_index) as cluster:
        for options in (DEFAULT, REBUILD):
            with pytest.raises(NotOurs, match="was not made by biocpt"):
                open_version(cluster, SPACE, make=True, options=options)
    assert node.ask("GET", f"/{name}") == before
    assert indices(node, fresh_index) == {name}


@pytest.mark.parametrize("part", ["-v1", "-v1-ledger"])
def test_a_version_or_ledger_cannot_be_named_like_an_alias_of_somebody_else(
    node: Server, fresh_index: str, part: str
) -> None:
    node.ask("PUT", f"/{fresh_index}x")
    serve(node, f"{fresh_index}{part}", f"{fresh_index}x")
    before = node.ask("GET", f"/{fresh_index}x")
    with (
        connected(node, fresh_index) as cluster,
        pytest.raises(TakenByAlias, match=rf"'{fresh_index}{part}' .* an alias of something else has that name"),
    ):
        open_version(cluster, SPACE, make=True)
    assert node.ask("GET", f"/{fresh_index}x") == before


def test_an_alias_of_several_versions_is_told_with_the_way_out(node: Server, fresh_index: str) -> None:
    with connected(node, fresh_index) as cluster:
        open_version(cluster, SPACE, make=True)
        serve(node, fresh_index, f"{fresh_index}-v1")
        open_version(cluster, SPACE, make=True, options=REBUILD)
        serve(node, fresh_index, f"{fresh_index}-v2")
        with pytest.raises(SeveralServed, match=f"names 2 versions at once .{fresh_index}-v1, ") as told:
            find_versions(cluster)
        assert f"to keep '{fresh_index}-v2'" in str(told.value)
        advice = str(told.value).partition("POST /_aliases ")[2]
        node.ask("POST", "/_aliases", json.loads(advice))
        served = find_versions(cluster).served
    assert served is not None
    assert served.name == f"{fresh_index}-v2"


def test_indices_with_longer_names_do_not_concern_us(node: Server, fresh_index: str) -> None:
    for name in ("-vet", "-v1x", "-v01", "x-v1"):
        node.ask("PUT", f"/{fresh_index}{name}")
    with connected(node, fresh_index) as cluster:
        assert find_versions(cluster).all == {}


def test_vectors_of_another_model_need_a_rebuild(node: Server, fresh_index: str) -> None:
    with connected(node, fresh_index) as cluster:
        open_version(cluster, SPACE, make=True)
        other = replace(SPACE, fingerprint="e" * 16)
        with pytest.raises(OtherVectors, match=rf"give it up: `biocpt drop {fresh_index}-v1`"):
            open_version(cluster, other, make=True)
        serve(node, fresh_index, f"{fresh_index}-v1")
        with pytest.raises(OtherVectors, match=r"holds vectors of test .* but was given .* with --rebuild"):
            open_version(cluster, other, make=True)
        assert open_version(cluster, other, make=True, options=REBUILD).meta.space == other


def test_another_format_needs_a_rebuild_and_can_have_one(node: Server, fresh_index: str) -> None:
    with connected(node, fresh_index) as cluster:
        open_version(cluster, SPACE, make=True)
        mapping = node.ask("GET", f"/{fresh_index}-v1/_mapping")[f"{fresh_index}-v1"]["mappings"]
        ours = {**mapping["_meta"]["biocpt"], "format": 999}
        node.ask("PUT", f"/{fresh_index}-v1/_mapping", {"_meta": {"biocpt": ours}})
        serve(node, fresh_index, f"{fresh_index}-v1")
        with pytest.raises(OtherFormat, match=r"format 999.* with --rebuild"):
            open_version(cluster, SPACE, make=True)
        assert open_version(cluster, SPACE, make=True, options=REBUILD).number == 2


def test_a_rebuild_is_made_as_the_served_version_but_for_what_it_is_given(node_36: Server, fresh_index: str) -> None:
    asked = WriteOptions(bm25=Bm25(0.9, 0.4), shards=2, replicas=0, vectors="faiss")
    with connected(node_36, fresh_index) as cluster:
        open_version(cluster, SPACE, make=True, options=asked)
        serve(node_36, fresh_index, f"{fresh_index}-v1")
        alike = open_version(cluster, SPACE, make=True, options=REBUILD)
        serve(node_36, fresh_index, alike.name)
        node_36.ask(
            "POST", "/_aliases", {"actions": [{"remove": {"index": f"{fresh_index}-v1", "alias": fresh_index}}]}
        )
        given = WriteOptions(rebuild=True, bm25=Bm25(1.5, 0.5), shards=1, replicas=1, vectors="lucene")
        other = open_version(cluster, SPACE, make=True, options=given)
    made = [(v.number, v.meta.bm25, v.shards, v.meta.replicas, v.meta.vectors) for v in (alike, other)]
    assert made == [(2, Bm25(0.9, 0.4), 2, 0, "faiss"), (3, Bm25(1.5, 0.5), 1, 1, "lucene")]


@pytest.mark.parametrize(
    ("options", "option"),
    [
        (WriteOptions(vectors="faiss"), "--vectors lucene, not faiss"),
        (WriteOptions(bm25=Bm25(0.9, 0.4)), "--bm25"),
        (WriteOptions(shards=2), "--shards 1, not 2"),
        (WriteOptions(replicas=0), "--replicas"),
    ],
)
def test_options_of_a_new_index_are_not_passed_over_for_one_that_exists(
    node_36: Server, fresh_index: str, options: WriteOptions, option: str
) -> None:
    with connected(node_36, fresh_index) as cluster:
        made = open_version(cluster, SPACE, make=True)
        with pytest.raises(MadeOtherwise, match=f"{option}.*`biocpt drop {made.name}`"):
            open_version(cluster, SPACE, make=True, options=options)
        same = WriteOptions(vectors="lucene", bm25=Bm25(), shards=1)
        assert open_version(cluster, SPACE, make=True, options=same).number == 1


def test_another_kind_of_a_served_index_asks_for_a_rebuild(node_36: Server, fresh_index: str) -> None:
    with connected(node_36, fresh_index) as cluster:
        made = open_version(cluster, SPACE, make=True)
        node_36.ask("POST", "/_aliases", {"actions": [{"add": {"index": made.name, "alias": fresh_index}}]})
        with pytest.raises(MadeOtherwise, match=r"--shards 1, not 2.*\(--rebuild\)"):
            open_version(cluster, SPACE, make=True, options=WriteOptions(shards=2))


def test_a_new_index_is_made_as_asked(node_36: Server, fresh_index: str) -> None:
    asked = WriteOptions(bm25=Bm25(0.9, 0.4), shards=2, replicas=0)
    with connected(node_36, fresh_index) as cluster:
        version = open_version(cluster, None, make=True, options=asked)
    assert (version.meta.space, version.meta.bm25, version.shards) == (None, Bm25(0.9, 0.4), 2)
    made = node_36.ask("GET", f"/{version.name}/_settings?flat_settings=true")[version.name]["settings"]
    assert (made["index.similarity.default.k1"], made["index.similarity.default.b"]) == ("0.9", "0.4")
