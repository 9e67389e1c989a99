"""`biocpt index --emit ndjson`: files in place of an index, and what is said about them."""

import json
from pathlib import Path

import pytest

from tests.search.cli.in_process import Command

SAMPLE = sorted((Path(__file__).parents[3] / "sample").glob("*.xml"))


def test_files_are_written_and_counted(biocpt: Command, tmp_path: Path) -> None:
    done = biocpt("index", *SAMPLE, "--emit", "ndjson", "--to", tmp_path / "to", "--model", "none", "--gzip")
    assert (done.code, done.err) == (0, "")
    assert "89 read = 88 added" in done.out
    assert "files for the index 'pubmed-v1', which searches call 'pubmed'" in done.out
    assert {path.name for path in (tmp_path / "to").glob("*.json")} == {
        "files.json",
        "opensearch-2.json",
        "opensearch-3.json",
        "elasticsearch.json",
    }
    again = biocpt("index", *SAMPLE, "--emit", "ndjson", "--to", tmp_path / "to", "--model", "none", "--gzip", "--json")
    assert {file["status"] for file in again.json["files"]} == {"skipped"}


def test_stdout_gets_documents_and_nothing_else(biocpt: Command, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.jsonl"
    shape = ("--shape", "documents", "--to", "-", "--model", "none", "--rejects", rejects)
    done = biocpt("index", *SAMPLE, "--emit", "ndjson", *shape)
    documents = [json.loads(line) for line in done.out.splitlines()]
    assert len(documents) == 89
    assert all(document["id"] for document in documents)
    assert "89 read = 88 added" in done.err


def test_the_index_to_be_is_named_by_its_url_and_not_reached(
    biocpt: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIOCPT_INDEX", str(tmp_path / "a folder for other commands"))
    plain = biocpt("index", SAMPLE[0], "--emit", "ndjson", "--to", tmp_path / "plain", "--model", "none")
    assert "'pubmed-v1'" in plain.out
    url = ("--index", "https://nowhere.invalid:9200/papers")
    named = biocpt("index", SAMPLE[0], "--emit", "ndjson", "--to", tmp_path / "named", "--model", "none", *url)
    assert "'papers-v1'" in named.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--emit", "ndjson"], "--to FOLDER"),
        (["--to", "x", "--index", "y"], "belong to --emit"),
        (["--shape", "bulk", "--index", "y"], "belong to --emit"),
        (["--emit", "ndjson", "--to", "x", "--rebuild"], "--rebuild is for a cluster"),
        (["--emit", "ndjson", "--to", "x", "--shard", "1/2"], "--shard is for a cluster"),
        (["--emit", "ndjson", "--to", "x", "--index", "y"], "--index names the URL"),
        (["--emit", "ndjson", "--to", "-", "--gzip"], "pipe stdout into gzip"),
        ([], "Missing option '--index'"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_anything_is_made(
    biocpt: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = biocpt("index", SAMPLE[0], "--model", "none", *options)
    assert done.code == 2
    assert said in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_breaks_is_told_and_the_others_are_written(biocpt: Command, tmp_path: Path) -> None:
    (tmp_path / "broken.xml").write_text("<PubmedArticleSet><PubmedArticle>")
    done = biocpt(
        "index", tmp_path / "broken.xml", SAMPLE[0], "--emit", "ndjson", "--to", tmp_path / "to", "--model", "none"
    )
    assert done.code == 1
    assert "Broken:" in done.err
    assert list((tmp_path / "to").glob("part-*"))
