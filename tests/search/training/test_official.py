"""MedCPT's own formats, and its example files, which come without the texts of articles: these are made here."""

import gzip
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from onnx_models.training.dataset import Dataset, DatasetWriter, Kind
from search.training.errors import BadTrainingData
from search.training.observations import Observation, Source
from search.training.official import OfficialLists, OfficialPairs
from search.training.preparing import Recipe, prepare, query_key
from search.training.tables import Table
from search.training.tally import SourceTally, Tally
from search.training.texts import Lookup, stored

QUERIES = {"0": "does moon water help?", "7": "why is the sea asleep?"}


def saved(folder: Path, name: str, value: object) -> Path:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="latin-1")
    return path


def read(source: Source, folder: Path) -> tuple[list[Observation], SourceTally]:
    tally = SourceTally(name=source.name, notes=folder)
    (folder / "work").mkdir()
    found = list(source.read(tally, folder / "work"))
    assert tally.read == len(found) + tally.removed.total()
    return found, tally


def test_pairs_get_the_words_of_their_queries(tmp_path: Path) -> None:
    lines = ['{"qid": "0", "pmid": "11", "click": 3}', '{"qid": 7, "pmid": 12, "click": 1}']
    pairs, queries = saved(tmp_path, "pairs.jsonl", "\n".join(lines)), saved(tmp_path, "qid2info.json", QUERIES)
    assert read(OfficialPairs(path=pairs, queries=queries), tmp_path)[0] == [
        Observation(QUERIES["0"], "11", 3, "0"),
        Observation(QUERIES["7"], "12", 1, "7"),
    ]


def test_lists_give_positives_and_negatives(tmp_path: Path) -> None:
    lists = [{"qid": "7", "pos_pmids": [["11", 3], ["12", 1]], "neg_pmids": ["13"]}]
    source = OfficialLists(path=saved(tmp_path, "l.json", lists), queries=saved(tmp_path, "q.json", QUERIES))
    expected = [("11", 3), ("12", 1), ("13", 0)]
    assert read(source, tmp_path)[0] == [Observation(QUERIES["7"], id, clicks, "7") for id, clicks in expected]


def test_lines_that_are_no_pairs_are_named_by_number(tmp_path: Path) -> None:
    lines = [
        '{"qid": "0", "pmid": "11", "click": 3}',
        "",
        "nonsense",
        "[]",
        '{"qid": "0", "click": 3}',
        '{"qid": "0", "pmid": "11", "click": 0}',
        '{"qid": "0", "pmid": "ÿ", "click": 1}',
        '{"qid": "99", "pmid": "11", "click": 1}',
        '{"qid": "0", "pmid": "11", "click": 18446744073709551615}',
    ]
    pairs = saved(tmp_path, "pairs.jsonl", "\n".join(lines))
    found, tally = read(OfficialPairs(path=pairs, queries=saved(tmp_path, "q.json", QUERIES)), tmp_path)
    assert [one.article for one in found] == ["11"]
    assert tally.removed == {"malformed": 6, "empty line": 1, "query without text": 1}
    places = [line.split("\t")[1] for line in (tmp_path / "rejected.tsv").read_text("utf-8").splitlines()]
    assert places == ["line 2", "line 3", "line 4", "line 5", "line 6", "line 7", "line 9"]


@pytest.mark.parametrize(
    "entry",
    [
        7,
        {"qid": "0", "neg_pmids": ["1"]},
        {"qid": "0", "pos_pmids": ["1"]},
        {"qid": "0", "pos_pmids": [["1", "often"]]},
        {"qid": "0", "pos_pmids": [["1", 10**30]]},
        {"qid": "0", "pos_pmids": [["1", 1]], "neg_pmids": "2"},
        {"qid": None, "pos_pmids": [["1", 1]]},
    ],
)
def test_an_entry_that_is_no_list_is_named_by_number(tmp_path: Path, entry: Any) -> None:
    lists = saved(tmp_path, "l.json", [{"qid": "0", "pos_pmids": [["1", 1]]}, entry])
    found, tally = read(OfficialLists(path=lists, queries=saved(tmp_path, "q.json", QUERIES)), tmp_path)
    assert len(found) == 1
    assert tally.first_reject.startswith("entry 2: ")


def test_a_query_that_is_no_text_is_refused(tmp_path: Path) -> None:
    source = OfficialPairs(path=saved(tmp_path, "p", ""), queries=saved(tmp_path, "q.json", {"0": ["moon"]}))
    with pytest.raises(BadTrainingData, match="the query of id '0'"):
        read(source, tmp_path)


def examples() -> Path:
    if "BIOCPT_DATA" not in os.environ:
        pytest.skip("BIOCPT_DATA names no folder of shared data")
    folder = Path(os.environ["BIOCPT_DATA"]) / "medcpt_examples"
    if not folder.is_dir():
        pytest.skip("BIOCPT_DATA has no medcpt_examples")
    return folder


def unpacked(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode()


def prepared(folder: Path, source: Source, kind: Kind, ids: set[str]) -> tuple[Dataset, Mapping[str, Any]]:
    """With a text for each id: its number in words of its own."""
    texts = saved(folder, "pmid2info.json", {id: [f"Title of {id}", f"Abstract of {id}"] for id in sorted(ids)})
    with DatasetWriter(folder / "data", kind) as writer:
        table = stored([texts], Table(writer.workspace / "texts"))
        tally = Tally([source.name], writer.notes, writer.workspace)
        for _ in prepare(
            Recipe(sources=[source], kind=kind, lookup=Lookup(table=table)), writer, tally, writer.workspace
        ):
            pass
        table.close()
        tally.close()
        return writer.finish(tally.as_json()), tally.as_json()["sources"][source.name]


@pytest.mark.slow
def test_the_official_pairs_are_read_whole(tmp_path: Path) -> None:
    folder = examples()
    rows = [json.loads(line) for line in unpacked(folder / "retriever_train_example.jsonl.gz").splitlines()]
    queries: dict[str, str] = json.loads(unpacked(folder / "retriever_qid2info_example.json.gz"))
    paths = folder / "retriever_train_example.jsonl.gz", folder / "retriever_qid2info_example.json.gz"
    source = OfficialPairs(path=paths[0], queries=paths[1])
    dataset, counts = prepared(tmp_path, source, "pairs", {row["pmid"] for row in rows})
    expected = {(query_key(queries[row["qid"]]), row["pmid"]) for row in rows}
    found = [(query_key(pair.query), pair.positive.id) for pair in dataset.pairs(seed=1, epoch=0)]
    assert sorted(found) == sorted(expected)
    assert counts == {
        "read": 42_518,
        "kept": {"pairs": len(expected), "negatives": 0},
        "removed": {"repeated": 42_518 - len(expected)},
    }


@pytest.mark.slow
def test_the_official_lists_are_read_whole(tmp_path: Path) -> None:
    folder = examples()
    lists = json.loads(unpacked(folder / "reranker_train_example.json.gz"))
    ids = {pmid for one in lists for pmid in [*(pmid for pmid, _ in one["pos_pmids"]), *one["neg_pmids"]]}
    paths = folder / "reranker_train_example.json.gz", folder / "reranker_qid2info_example.json.gz"
    dataset, counts = prepared(tmp_path, OfficialLists(path=paths[0], queries=paths[1]), "lists", ids)
    assert counts["read"] == sum(len(one["pos_pmids"]) + len(one["neg_pmids"]) for one in lists)
    known = {one["qid"]: one for one in lists}
    for one in dataset.lists(seed=1, epoch=0):
        assert {pmid for pmid, _ in known[one.query_id]["pos_pmids"]} <= {text.id for text, _ in one.positives}
        assert len(one.negatives) >= 31
        assert one.positives[0][0].title == f"Title of {one.positives[0][0].id}"
