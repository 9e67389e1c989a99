"""SciFact through OpenSearch beside the folder: the same vectors, copied, and the same commands.

    python benchmarks/scifact_opensearch.py --cluster http://127.0.0.1:9200 --folder build/scifact/index

needs $BIOCPT_DATA/scifact, an installed model set, `pip install ir-measures`, and the folder index that
benchmarks/scifact.py leaves. Copies it into new indexes of the cluster (with OpenSearch's BM25, and with Anserini's),
answers the 300 test claims with each, and compares: nDCG@10 with the folder's, the dense lists with exact search, and
with k1 .9, b .4 the sum of the fields title and abstract, which is what Anserini's multifield run is (our own lexical
list searches them as one text, which ranks better). The indexes are dropped after.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import ir_measures
from opensearchpy import OpenSearch

from benchmarks import commandline
from benchmarks.environments import NotRun
from benchmarks.report import Claim, Report, Table
from benchmarks.scifact import biocpt, prepare
from benchmarks.timing import Spread

SYSTEMS = {
    "lexical": ["--mode", "lexical", "--rerank", "none"],
    "dense": ["--mode", "dense", "--rerank", "none"],
    "hybrid (rrf)": ["--fusion", "rrf", "--rerank", "none"],
}
ANSERINI = 0.6647
"""nDCG@10 of Anserini's multifield BM25 (k1 .9, b .4) on SciFact."""
WITHIN = 0.01
"""Bar: how far nDCG@10 may lie from the folder's, and from Anserini's."""
DENSE_OVERLAP = 0.98
"""Bar: share of exact search's best 100 that the dense lists hold."""


def run(topics: Path, index: str, flags: list[str], out: Path) -> dict[str, list[str]]:
    """The ids of each topic, best first."""
    biocpt("search", "--topics", str(topics), "--run", str(out), "--index", index, *flags)
    lists: dict[str, list[str]] = {}
    for line in out.read_text().splitlines():
        topic, _, id, *_ = line.split()
        lists.setdefault(topic, []).append(id)
    return lists


def ndcg(out: Path, qrels: list[ir_measures.Qrel]) -> float:
    measured = ir_measures.calc_aggregate([ir_measures.nDCG @ 10], qrels, ir_measures.read_trec_run(str(out)))
    return round(measured[ir_measures.nDCG @ 10], 4)


def overlap(one: dict[str, list[str]], other: dict[str, list[str]], depth: int) -> float:
    """The mean share of `one`'s best that `other`'s hold."""
    shares = [len({*ids[:depth]} & {*other.get(topic, [])[:depth]}) / len(ids[:depth]) for topic, ids in one.items()]
    return round(sum(shares) / len(shares), 4)


def measure(options: argparse.Namespace) -> Report:
    if not options.cluster:
        raise NotRun("it needs a cluster: name it by --cluster, several times for several versions")
    os.environ["BIOCPT_HOME"] = str(options.home)
    _, topics, qrels = prepare(commandline.data(options, "scifact"), options.work)
    out = options.work / "cluster.trec"
    folder: dict[str, dict[str, list[str]]] = {}
    table: dict[str, dict[str, float]] = {"folder": {}}
    for name, flags in SYSTEMS.items():
        folder[name] = run(topics, str(options.folder), flags, out)
        table["folder"][name] = ndcg(out, qrels)
    for cluster in options.cluster:
        version = OpenSearch(cluster).info()["version"]["number"]
        table[version] = compare(cluster, options.folder, topics, qrels, folder, out)
    return found(table, {"claims": 300})


def found(table: Mapping[str, Mapping[str, float]], work: Mapping[str, str | int | float]) -> Report:
    """`table`: `folder` or a server's version → figure → value."""
    claims = []
    for version, row in table.items():
        if version == "folder":
            continue
        claims += [near(f"nDCG@10, {name}, {version}", row[name], "folder", table["folder"][name]) for name in SYSTEMS]
        both = "title + abstract, k1 .9 b .4"
        claims.append(near(f"nDCG@10, {both}, {version}", row[both], "Anserini", ANSERINI))
        share = Spread.alone(row["dense overlap@100"])
        claims.append(
            Claim(claim=f"overlap with exact search, {version}", ours=share, bar=DENSE_OVERLAP, bar_on="ours")
        )
    figures = list(dict.fromkeys(figure for row in table.values() for figure in row))
    rows = tuple((figure, *(row.get(figure) for row in table.values())) for figure in figures)
    whole = Table(title="All figures; nDCG@10 where nothing else is said", columns=("", *table), rows=rows)
    return Report(name="scifact_opensearch", work=work, claims=tuple(claims), tables=(whole,), figures={"table": table})


def near(claim: str, ours: float, beside: str, theirs: float) -> Claim:
    """A claim that two figures lie within the bar of each other."""
    spreads = {"ours": Spread.alone(ours), "theirs": Spread.alone(theirs)}
    return Claim(claim=claim, beside=beside, bar=WITHIN, bar_on="distance", **spreads)


def main() -> int:
    asked = commandline.parser(__doc__, rounds=1)
    asked.add_argument("--cluster", action="append", help="such as http://127.0.0.1:9200")
    asked.add_argument("--folder", type=Path, default=Path("build/scifact/index"))
    asked.add_argument("--work", type=Path, default=Path("build/scifact"))
    return commandline.run("scifact_opensearch", asked, measure)


def multifield(client: OpenSearch, index: str, topics: Path, qrels: list[ir_measures.Qrel]) -> float:
    """nDCG@10 of BM25 summed over title and abstract."""
    hits = []
    for line in topics.read_text().splitlines():
        topic = json.loads(line)
        query = {"multi_match": {"query": topic["text"], "fields": ["title", "abstract"], "type": "most_fields"}}
        found = client.search(index=index, body={"size": 100, "_source": False, "query": query})
        hits += [ir_measures.ScoredDoc(topic["_id"], hit["_id"], hit["_score"]) for hit in found["hits"]["hits"]]
    return round(ir_measures.calc_aggregate([ir_measures.nDCG @ 10], qrels, hits)[ir_measures.nDCG @ 10], 4)


def compare(
    cluster: str,
    folder: Path,
    topics: Path,
    qrels: list[ir_measures.Qrel],
    wanted: dict[str, dict[str, list[str]]],
    out: Path,
) -> dict[str, float]:
    """One server version: copy, ask, drop."""
    name = f"scifact-{secrets.token_hex(4)}"
    ours, anserini = f"{cluster}/{name}", f"{cluster}/{name}-anserini"
    client = OpenSearch(cluster)
    row: dict[str, float] = {}
    try:
        biocpt("copy", str(folder), ours)
        biocpt("copy", str(folder), anserini, "--bm25", "0.9,0.4")
        for system, flags in SYSTEMS.items():
            found = run(topics, ours, flags, out)
            row[system] = ndcg(out, qrels)
            depth = 100 if system == "dense" else 10
            row[f"{system} overlap@{depth}"] = overlap(wanted[system], found, depth)
        run(topics, anserini, SYSTEMS["lexical"], out)
        row["lexical, k1 .9 b .4"] = ndcg(out, qrels)
        row["title + abstract, k1 .9 b .4"] = multifield(client, f"{name}-anserini", topics, qrels)
    finally:
        client.indices.delete(index=f"{name}*")
    return row


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(error.cmd[3:])} failed")
