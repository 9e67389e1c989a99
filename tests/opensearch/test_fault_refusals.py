"""What a cluster or an index cannot be used for is one line of the command, and nothing is changed."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from indexer.engines import open_writer
from tests.disturbing import driver, run
from tests.doubles import HashEncoder
from tests.opensearch.faults import documents
from tests.opensearch.node import Node
from tests.opensearch.server import Server
from tests.search.cli.in_process import Answer, Command

pytestmark = [pytest.mark.opensearch, pytest.mark.slow]


def indexes(server: Server) -> set[str]:
    return {row["index"] for row in server.ask("GET", "/_cat/indices?format=json&h=index&expand_wildcards=all")}


def line(answer: Answer) -> str:
    """The one line that a refusal is."""
    assert answer.code not in (0, 3)
    assert answer.out == ""
    (said,) = answer.err.splitlines()
    return said


def test_an_index_that_is_not_ours_is_refused_and_untouched(
    biocpt: Command, node: Server, fresh_index: str, files: list[Path], calm: Path
) -> None:
    url = f"{node.url}/{fresh_index}"
    node.ask("PUT", f"/{fresh_index}/_doc/1?refresh=true", {"title": "somebody's"})
    before = node.ask("GET", f"/{fresh_index}"), documents(node, fresh_index)
    commands: list[list[str | Path]] = [
        ["index", *files, "--index", url, "--model", "none"],
        ["index", *files, "--index", url, "--model", "none", "--rebuild"],
        ["copy", calm, url],
        ["search", "aspirin", "--index", url, "--mode", "lexical"],
        ["info", "--index", url],
    ]
    for command in commands:
        assert "was not made by biocpt" in line(biocpt(*command))
    assert (node.ask("GET", f"/{fresh_index}"), documents(node, fresh_index)) == before
    assert {name for name in indexes(node) if name.startswith(fresh_index)} == {fresh_index}


@pytest.mark.parametrize("block", ["write", "read_only"])
def test_a_read_only_index_is_searched_and_takes_nothing(
    biocpt: Command, node_36: Server, fresh_index: str, files: list[Path], block: str
) -> None:
    url = f"{node_36.url}/{fresh_index}"
    run(driver(url, files[:1]))
    before = documents(node_36, fresh_index)
    node_36.ask("PUT", f"/{fresh_index}-v1/_settings", {f"index.blocks.{block}": True})
    try:
        answer = biocpt("delete", "1", "3", "--index", url)
        assert "is blocked and refused to store documents" in answer.err.splitlines()[-1]
        assert answer.code == 1
        assert biocpt("search", "aspirin", "--index", url, "--mode", "lexical", "--rerank", "none").code == 0
        assert documents(node_36, fresh_index) == before
    finally:
        node_36.ask("PUT", f"/{fresh_index}-v1/_settings", {f"index.blocks.{block}": None})


def test_a_closed_index_is_refused_with_what_opens_it_and_an_old_version_may_be_closed(
    biocpt: Command, node: Server, fresh_index: str, files: list[Path], calm: Path
) -> None:
    url = f"{node.url}/{fresh_index}"
    run(driver(url, files[:1]))
    run(driver(url, files[:1], "--rebuild"))
    node.ask("POST", f"/{fresh_index}-v1/_close")
    assert f"{fresh_index}-v1: old, closed, " in biocpt("info", "--index", url).out
    node.ask("POST", f"/{fresh_index}-v2/_close")
    commands: list[list[str | Path]] = [
        ["search", "aspirin", "--index", url, "--mode", "lexical", "--rerank", "none"],
        ["info", "--index", url],
        ["copy", url, f"{url}-copy"],
        ["verify", "--index", url],
    ]
    for command in commands:
        assert f"Open it (POST /{fresh_index}-v2/_open)" in line(biocpt(*command))
    assert f"Open it (POST /{fresh_index}-v2/_open)" in biocpt("copy", calm, url).err.splitlines()[-1]
    assert {name for name in indexes(node) if name.startswith(f"{fresh_index}-copy")} == set()


def test_vectors_of_another_width_are_refused(
    biocpt: Command, node_36: Server, fresh_index: str, files: list[Path], tmp_path: Path
) -> None:
    url = f"{node_36.url}/{fresh_index}"
    run(driver(url, files[:1]))
    before = documents(node_36, fresh_index)
    with closing(open_writer(str(tmp_path / "wide"), space=HashEncoder(dimension=24).space)) as writer:
        writer.commit()
    said = line(biocpt("copy", tmp_path / "wide", url))
    assert "(16-d, ip" in said
    assert "(24-d, ip" in said
    assert documents(node_36, fresh_index) == before


@pytest.mark.parametrize(
    "name", ["_all", "*", "a,b", "-x", "x/_doc/1", "UPPER", "..", "x?y=1", "x#y", "%2e%2e%2f_cluster", "x y", "é", ""]
)
def test_a_hostile_name_is_refused_before_anything_is_asked(
    biocpt: Command, node_36: Server, files: list[Path], calm: Path, name: str
) -> None:
    before, url = indexes(node_36), f"{node_36.url}/{name}"
    commands: list[list[str | Path]] = [
        ["index", *files, "--index", url, "--model", "none"],
        ["copy", calm, url],
        ["search", "aspirin", "--index", url],
    ]
    for command in commands:
        assert "No index can be at" in line(biocpt(*command))
    assert {name for name in indexes(node_36) - before if not name.startswith("test-")} == set()


def test_without_the_plugin_for_vectors_an_index_can_only_be_made_without_them(
    biocpt: Command, start_node: Callable[..., Node], fresh_index: str, files: list[Path], calm: Path
) -> None:
    node = start_node("3.6.0", without=["opensearch-knn", "opensearch-neural-search"])
    url = f"{node.url}/{fresh_index}"
    said = line(biocpt("copy", calm, url))
    assert "has no plugin 'opensearch-knn'" in said
    assert indexes(node) == set()
    assert biocpt("index", *files, "--index", url, "--model", "none").code == 0
    found = biocpt("search", "aspirin", "--index", url, "--mode", "lexical", "--rerank", "none", "--json")
    assert len(found.json["hits"]) == 10
