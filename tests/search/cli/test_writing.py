"""The options by which an index in a cluster is made, shared, rebuilt and dropped."""

from pathlib import Path

import click
import pytest

from indexer.engines import open_writer
from indexer.engines.writing import DEFAULT, Bm25, Share, WriteOptions
from search.cli.writing import copy_into_options, load_options
from tests.indexer.engines.opensearch.proxy import Trouble, between
from tests.indexer.engines.opensearch.reaching import indices
from tests.opensearch.server import Server
from tests.search.cli.in_process import Command


@pytest.fixture
def biocpt(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


@click.command()
@load_options
def loading(writing: WriteOptions) -> WriteOptions:
    """Gives back what it was given."""
    return writing


@click.command()
@copy_into_options
def copying(writing: WriteOptions) -> WriteOptions:
    """The same."""
    return writing


def given(command: click.Command, *options: str) -> object:
    return command.main(list(options), standalone_mode=False)


@pytest.mark.parametrize("command", [loading, copying])
def test_nothing_said_is_what_a_folder_takes(command: click.Command) -> None:
    assert given(command) == DEFAULT


def test_every_option_becomes_what_a_writer_is_asked() -> None:
    made = ("--vectors", "faiss-fp16", "--bm25", "0.9,0.4", "--shards", "8", "--replicas", "0", "--connections", "2")
    asked = WriteOptions(
        rebuild=True,
        drop_old=True,
        other_files=True,
        share=Share(3, 16),
        vectors="faiss-fp16",
        bm25=Bm25(0.9, 0.4),
        shards=8,
        replicas=0,
        connections=2,
    )
    assert given(loading, "--rebuild", "--drop-old", "--other-files", "--shard", "3/16", *made) == asked


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--shard", "0/4"), "'0/4' is no share"),
        (("--shard", "5/4"), "'5/4' is no share"),
        (("--shard", "third"), "'third' is no share"),
        (("--bm25", "0.9"), "not two numbers"),
        (("--bm25", "nan,0.4"), "K1 is 0 or more"),
        (("--bm25", "1,2"), "B is 0 to 1"),
        (("--shards", "0"), "0"),
        (("--drop-old",), "belongs to --rebuild"),
        (("--other-files",), "belongs to --rebuild"),
    ],
)
def test_what_makes_no_sense_is_refused(options: tuple[str, ...], why: str) -> None:
    with pytest.raises(click.UsageError, match=why):
        given(loading, *options)


def test_a_folder_has_no_shares_and_no_versions(biocpt: Command, tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"_id": "1", "title": "Aspirin"}\n')
    folder = str(tmp_path / "index")
    for command in (
        ["index", str(source), "--index", folder, "--model", "none", "--shard", "1/2"],
        ["index", str(source), "--index", folder, "--model", "none", "--rebuild"],
        ["drop", "--old", "--index", folder],
    ):
        result = biocpt(*command)
        assert (result.code, "is a folder, which has no shards" in result.err) == (1, True)
    assert not (tmp_path / "index").exists()


@pytest.mark.slow
def test_an_index_is_rebuilt_in_shares_copied_onto_itself_and_its_old_versions_dropped(
    biocpt: Command, node: Server, fresh_index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for place in (1, 2, 3):
        (tmp_path / f"{place}.jsonl").write_text(f'{{"_id": "{place}", "title": "Aspirin {place}"}}\n')
    url = f"{node.url}/{fresh_index}"
    load: tuple[str | Path, ...] = (
        "index",
        *sorted(tmp_path.glob("*.jsonl")),
        "--index",
        url,
        "--model",
        "none",
        "--json",
    )
    assert biocpt(*load).json["served"]
    first = biocpt(*load, "--rebuild", "--shard", "1/2")
    assert (first.code, first.json["served"], "--shard 2/2" in first.err) == (0, False, True)
    versions = biocpt("info", "--index", url, "--json").json["versions"]
    assert [(version["state"], version["articles"]) for version in versions] == [("served", 3), ("being loaded", 2)]
    assert biocpt(*load, "--rebuild", "--shard", "2/2").json["served"]
    assert biocpt("copy", url, url).code == 2
    assert biocpt("copy", url, url, "--rebuild", "--shards", "2", "--json").json["served"]
    shown = biocpt("info", "--index", url).out
    assert f"{fresh_index}-v3: served, 3 articles" in shown
    refused = biocpt("drop", f"{fresh_index}-v1", f"{fresh_index}-v3", "--index", url)
    assert (refused.code, "is not dropped" in refused.err) == (1, True)
    dropped = biocpt("drop", "--old", "--index", url, "--json").json["dropped"]
    assert dropped == [f"{fresh_index}-v1", f"{fresh_index}-v2"]
    assert indices(node, fresh_index) == {f"{fresh_index}-v3", f"{fresh_index}-v3-ledger"}
    assert len(biocpt("search", "aspirin", "--index", url, "--mode", "lexical", "--json").json["hits"]) == 3


def test_drop_asks_what_to_drop(biocpt: Command, tmp_path: Path) -> None:
    result = biocpt("drop", "--index", str(tmp_path))
    assert (result.code, "give --old" in result.err) == (2, True)


@pytest.mark.slow
def test_a_load_without_a_share_that_is_not_served_in_the_end_is_no_success(
    biocpt: Command, node_36: Server, fresh_index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for place in (1, 2):
        (tmp_path / f"{place}.jsonl").write_text(f'{{"_id": "{place}", "title": "Aspirin {place}"}}\n')
    url = f"{node_36.url}/{fresh_index}"
    load = ("index", "1.jsonl", "--index", url, "--model", "none")
    assert biocpt(*load).code == 0
    first = biocpt(*load, "--rebuild", "--shard", "1/2")
    assert (first.code, "is not served yet" in first.err) == (0, True)
    assert biocpt("index", "2.jsonl", "--index", url).code == 0
    for command in (("index", "1.jsonl", "--index", url, "--rebuild"), ("copy", url, url, "--rebuild")):
        if command[0] == "copy":
            biocpt("drop", f"{fresh_index}-v2", "--index", url)
            writing = open_writer(url, space=None)  # somebody is at work on what would be replaced
        answer = biocpt(*command)
        assert (answer.code, "is not served yet" in answer.err) == (1, True)
    writing.close()


def test_what_may_not_be_stored_is_said_when_an_error_ends_a_load(
    biocpt: Command, node_36: Server, fresh_index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl").write_text("".join(f'{{"_id": "{n}", "title": "Aspirin {n}"}}\n' for n in range(7)))
    with between(node_36) as proxy:
        proxy.trouble = lambda *_: Trouble(status=403, kind="cluster_block_exception")
        load = ("index", "a.jsonl", "--index", f"{proxy.url}/{fresh_index}", "--model", "none")
        answer = biocpt(*load)
        assert answer.code == 1
        assert "7 came after the last commit and may not be stored; the same command stores them" in answer.err
        told = biocpt(*load, "--json")
        assert (told.json["added"], told.json["uncommitted"]) == (7, 7)
        proxy.trouble = lambda *_: None
        stored = biocpt(*load, "--json")
    assert (stored.code, stored.json["added"], stored.json["uncommitted"]) == (0, 7, 0)


def test_a_new_index_that_is_not_served_because_a_file_broke_says_so(
    biocpt: Command, node_36: Server, fresh_index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl").write_text('{"_id": "1", "title": "Aspirin"}\n')
    Path("b.jsonl.gz").write_bytes(b"not gzip")
    url = f"{node_36.url}/{fresh_index}"
    both = ("index", "a.jsonl", "b.jsonl.gz", "--index", url, "--model", "none")
    said = f"'{fresh_index}-v1' is not served: 1 file broke. Mend it or leave it out, and run again."
    answer = biocpt(*both)
    assert (answer.code, said in answer.err) == (1, True)
    assert biocpt("index", "a.jsonl", "--index", url).code == 0
    answer = biocpt(*both)
    assert (answer.code, "is not served" in answer.err) == (1, False)
    answer = biocpt(*both, "--rebuild")
    assert (answer.code, said.replace("-v1", "-v2") in answer.err) == (1, True)


@pytest.mark.slow
def test_every_share_has_to_be_given_the_same_files_wherever_they_lie(
    biocpt: Command, node_36: Server, fresh_index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("here", "there"):
        Path(folder).mkdir()
        for place in (1, 2):
            Path(folder, f"{place}.jsonl").write_text(f'{{"_id": "{place}", "title": "Aspirin {place}"}}\n')
    load = ("--index", f"{node_36.url}/{fresh_index}", "--model", "none", "--json", "--shard")
    assert not biocpt("index", "here", *load, "1/2").json["served"]
    refused = biocpt("index", "here/1.jsonl", *load, "2/2")
    said = "in 2 shares of 2 files, but 1 file is named here, without '2.jsonl'. Name the same FILES to every share;"
    assert (refused.code, said in refused.err, len(refused.err.splitlines())) == (1, True, 1)
    assert biocpt("index", "there", *load, "2/2").json["served"]


@pytest.mark.slow
def test_a_file_that_broke_is_left_out_of_a_load_in_shares_as_it_advises(
    biocpt: Command, node_36: Server, fresh_index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl").write_text('{"_id": "1", "title": "Aspirin"}\n')
    Path("b.jsonl.gz").write_bytes(b"not gzip")
    index = ("--index", f"{node_36.url}/{fresh_index}", "--model", "none")
    assert biocpt("index", "a.jsonl", "b.jsonl.gz", *index, "--shard", "1/2").code == 0
    broken = biocpt("index", "a.jsonl", "b.jsonl.gz", *index, "--shard", "2/2")
    advice = "Mend it and run again; to leave it out, do so without --shard, with --rebuild --other-files."
    assert (broken.code, advice in broken.err) == (1, True)
    lacking = biocpt("index", "a.jsonl", *index)
    assert (lacking.code, "given files that are not loaded: b.jsonl.gz." in lacking.err) == (1, True)
    assert biocpt("index", "a.jsonl", *index, "--rebuild", "--other-files", "--json").json["served"]
    assert indices(node_36, fresh_index) == {f"{fresh_index}-v1", f"{fresh_index}-v1-ledger"}
