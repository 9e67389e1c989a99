"""`biocpt plan`: the numbers people may write, the table, the JSON, and a live cluster's verdict."""

from pathlib import Path

import click
import pytest

from search.cli import quantities
from tests.opensearch.server import Server
from tests.search.cli.in_process import Command

ANY = (click.Context(click.Command("any")), click.Option(["--any"]))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("38M", 38_000_000),
        ("38_000_000", 38_000_000),
        ("38,000,000", 38_000_000),
        ("1.5k", 1_500),
        ("0.5 m", 500_000),
        ("7", 7),
        ("2g", 2_000_000_000),
    ],
)
def test_numbers_of_articles(text: str, number: int) -> None:
    assert quantities.count(*ANY, text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("64GB", 64_000_000_000),
        ("64g", 64_000_000_000),
        ("1GiB", 2**30),
        ("0.5TB", 500_000_000_000),
        ("1_000_000_000b", 10**9),
    ],
)
def test_sizes(text: str, number: int) -> None:
    assert quantities.size(*ANY, text) == number


@pytest.mark.parametrize(
    "text",
    ["", "many", "-1", "1e6", "999999999999999G", "38MB", "3x", "0", "0.2", "1" * 40, "1001G", "١٢", "nan", "1.5.2"],
)
def test_what_is_no_number_of_articles_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        quantities.count(*ANY, text)


@pytest.mark.parametrize("text", ["", "64", "GB", "64 apples", "1B", "8kB", "999MB", "1001TB", "9999999999999TB"])
def test_a_size_has_a_unit_and_is_one_of_a_node(text: str) -> None:
    with pytest.raises(click.BadParameter):
        quantities.size(*ANY, text)


def test_the_table_shows_the_published_memory_of_pubmed(biocpt: Command) -> None:
    answer = biocpt("plan", "--articles", "38M", "--model", "medcpt")
    assert answer.code == 0
    cells = {line.split("  ")[0]: line for line in answer.out.splitlines()}
    for encoding, memory in {"lucene": "267.5 GB", "faiss-fp16": "139.1 GB", "faiss-disk32x": "18.7 GB"}.items():
        assert memory in cells[encoding]
    assert "1,055.6 hours" in answer.out  # 38 million at 10 a second
    assert "beyond 10,000,000 vectors" in answer.out


def test_the_json_has_bytes_nodes_and_hours(biocpt: Command) -> None:
    said = biocpt(
        *("plan", "--articles", "38M", "--replicas", "0", "--node-memory", "32GB", "--nodes", "1"),
        *("--encode-rate", "500", "--json"),
    ).json
    rows = {row["encoding"]: row for row in said["encodings"]}
    assert list(rows) == ["lucene", "faiss", "faiss-fp16", "faiss-disk32x"]
    assert rows["faiss-disk32x"]["memory"] == pytest.approx(9.36e9, rel=0.001)
    assert (rows["faiss-disk32x"]["nodes"], rows["faiss-disk32x"]["fits_nodes"]) == (2, False)  # 9.4 in parts of 8
    assert said["encoding_hours"] == {"500.0": pytest.approx(21.1, abs=0.05)}
    assert (said["dimension"], said["replicas"], said["cluster"]) == (768, 0, None)


def test_the_dimension_is_the_sets_own_unless_given(biocpt: Command) -> None:
    assert biocpt("plan", "--articles", "1k", "--model", "minilm", "--json").json["dimension"] == 384
    assert biocpt("plan", "--articles", "1k", "--dimension", "1024", "--json").json["dimension"] == 1024


def test_an_unknown_set_is_one_line(biocpt: Command, tmp_path: Path) -> None:
    answer = biocpt("plan", "--articles", "1k", "--model", "nosuch", "--home", tmp_path)
    assert answer.code == 1
    assert len(answer.err.splitlines()) == 1


def test_an_index_without_vectors_is_planned_too(biocpt: Command) -> None:
    answer = biocpt("plan", "--articles", "1M", "--model", "none")
    assert "no vectors" in answer.out
    assert "Encoding" not in answer.out


def test_a_folder_has_no_nodes(biocpt: Command) -> None:
    answer = biocpt("plan", "--articles", "1k", "--index", "./pubmed")
    assert answer.code == 0
    assert "is a folder" in answer.err


def test_a_live_cluster_is_judged(biocpt: Command, node: Server) -> None:
    answer = biocpt("plan", "--articles", "100G", "--index", f"{node.url}/pubmed")
    assert f"OpenSearch {node.version}, 1 data node" in answer.out
    assert answer.out.count("does not fit: ") == 4
    small = biocpt("plan", "--articles", "1k", "--index", f"{node.url}/pubmed", "--json").json
    assert all(row["fits_cluster"] for row in small["encodings"])
    assert small["replicas"] == 0
    assert small["cluster"]["version"] == node.version


def test_a_cluster_that_does_not_answer_is_one_line(biocpt: Command) -> None:
    answer = biocpt("plan", "--articles", "1k", "--index", "http://127.0.0.1:1/pubmed")
    assert answer.code == 1
    assert answer.err.startswith("Error: No node answers")


def test_a_load_that_will_not_fit_is_warned_of_before_it_begins(
    biocpt: Command, node: Server, fresh_index: str, tmp_path: Path
) -> None:
    small = tmp_path / "small.jsonl"
    small.write_text('{"id": "1", "title": "Aspirin."}\n', encoding="utf-8")
    where = ("--index", f"{node.url}/{fresh_index}", "--model", "none", "--replicas", "2")
    first, again = (biocpt("index", small, *where) for _ in range(2))
    assert "Warning: This load of about " in first.err
    assert "3 copies of each shard need as many data nodes, and there are 1." in first.err
    assert "Warning" not in again.err


def test_a_load_that_fits_is_not_warned_of(biocpt: Command, node: Server, fresh_index: str, tmp_path: Path) -> None:
    small = tmp_path / "small.jsonl"
    small.write_text('{"id": "1", "title": "Aspirin."}\n', encoding="utf-8")
    answer = biocpt("index", small, "--index", f"{node.url}/{fresh_index}", "--model", "none")
    assert answer.code == 0
    assert "Warning" not in answer.err


@pytest.mark.parametrize("rate", ["nan", "inf", "-inf", "1e-300", "0", "-1", "1e10", "fast"])
def test_a_rate_is_a_number_that_machines_reach(biocpt: Command, rate: str) -> None:
    answer = biocpt("plan", "--articles", "1k", "--encode-rate", rate)
    assert (answer.code, answer.out) == (2, "")


def test_the_largest_plan_keeps_its_columns_apart_and_fits_into_json(biocpt: Command) -> None:
    largest = ("--articles", "1000G", "--dimension", "16000", "--replicas", "100", "--node-memory", "1GB")
    rows = biocpt("plan", *largest, "--encode-rate", "0.001").out.splitlines()[4:8]
    assert [len(row.split()) for row in rows] == [9, 9, 9, 9]  # an encoding, three sizes with units, two counts
    assert biocpt("plan", *largest, "--json").json["articles"] == 10**12


def test_what_the_numbers_of_nodes_leave_out_is_said(biocpt: Command) -> None:
    assert "whether their disks are enough is not counted" in biocpt("plan", "--articles", "1k", "--nodes", "2").out
