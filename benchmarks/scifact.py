"""Ranking quality on SciFact's 300 test claims, by the commands that users type.

    python benchmarks/scifact.py --model minilm

needs $BIOCPT_DATA/scifact (BEIR form), an installed model set, and `pip install ir-measures`. It indexes the 5,183
abstracts and answers the claims with each system, which takes half an hour: re-ranking reads 15,000 abstracts.
"""

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import ir_measures
from ir_measures import R, nDCG

from benchmarks import commandline
from benchmarks.report import Claim, Report
from benchmarks.timing import Spread

SYSTEMS: dict[str, list[str]] = {
    "lexical": ["--mode", "lexical", "--rerank", "none"],
    "dense": ["--mode", "dense", "--rerank", "none"],
    "hybrid (rrf)": ["--fusion", "rrf", "--rerank", "none"],
    "hybrid (interpolate)": ["--fusion", "interpolate", "--rerank", "none"],
    "hybrid + late": ["--fusion", "rrf", "--rerank", "late"],
}
BARS: dict[str, dict[str, float]] = {
    "lexical": {"nDCG@10": 0.66},
    "dense": {"nDCG@10": 0.64},
    "hybrid (rrf)": {"nDCG@10": 0.71, "R@100": 0.945},
    "hybrid + late": {"nDCG@10": 0.72},
}
REFERENCE = {"lexical": 0.679, "dense": 0.643, "hybrid (rrf)": 0.715, "hybrid (interpolate)": 0.723}
"""nDCG@10 by other tools: bm25s (k1 1.2, b .75), exact search over sentence-transformers' vectors, their fusions."""


def biocpt(*arguments: str) -> float:
    """Run the command; seconds it took."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "from search.cli import main; main()", *arguments], check=True)
    return time.perf_counter() - start


def prepare(data: Path, work: Path) -> tuple[Path, Path, list[ir_measures.Qrel]]:
    """The corpus, the topics of the test claims, and their judgements."""
    work.mkdir(parents=True, exist_ok=True)
    corpus = data / "scifact" / "corpus.jsonl.gz"
    lines = (data / "scifact" / "qrels" / "test.tsv").read_text().splitlines()[1:]
    qrels = [ir_measures.Qrel(*line.split("\t")[:2], int(line.split("\t")[2])) for line in lines]
    judged = {qrel.query_id for qrel in qrels}
    topics = work / "topics.jsonl"
    claims = (data / "scifact" / "queries.jsonl").read_text().splitlines()
    topics.write_text("\n".join(line for line in claims if json.loads(line)["_id"] in judged) + "\n")
    with gzip.open(corpus, "rt") as file:
        assert sum(1 for _ in file) == 5183
    return corpus, topics, qrels


def measure(topics: Path, index: Path, options: list[str], qrels: list[ir_measures.Qrel]) -> dict[str, float]:
    """nDCG@10, recall@100 and seconds a query of one system; a query without hits counts 0."""
    run = index.with_suffix(".trec")
    seconds = biocpt("search", "--topics", str(topics), "--run", str(run), "--index", str(index), *options)
    results = ir_measures.calc_aggregate([nDCG @ 10, R @ 100], qrels, ir_measures.read_trec_run(str(run)))
    figures = {str(name): round(value, 4) for name, value in results.items()}
    return figures | {"seconds": round(seconds, 1)}


def found(table: Mapping[str, Mapping[str, float]], work: Mapping[str, str | int | float]) -> Report:
    """`table`: system → measure → value."""
    claims = [
        Claim(
            claim=f"SciFact {measure}, {system}",
            ours=Spread.alone(table[system][measure]),
            beside="other tools" if measure == "nDCG@10" and system in REFERENCE else "",
            theirs=Spread.alone(REFERENCE[system]) if measure == "nDCG@10" and system in REFERENCE else None,
            bar=BARS.get(system, {}).get(measure),
            bar_on="ours",
        )
        for system in table
        for measure in ("nDCG@10", "R@100")
    ]
    note = "Other tools: bm25s (k1 1.2, b .75), exact search over sentence-transformers' vectors, and their fusions."
    return Report(name="scifact", work=work, claims=tuple(claims), notes=(note,), figures={"table": table})


def measure_all(options: argparse.Namespace) -> Report:
    os.environ["BIOCPT_HOME"] = str(options.home)
    corpus, topics, qrels = prepare(commandline.data(options, "scifact"), options.work)
    os.environ["BIOCPT_PRECISION"] = options.precision
    index = options.work / "index"
    shutil.rmtree(index, ignore_errors=True)
    loading = biocpt("index", str(corpus), "--index", str(index), "--model", options.model)
    systems = {name: flags for name, flags in SYSTEMS.items() if "late" not in flags or not options.quick}
    table = {name: measure(topics, index, flags, qrels) for name, flags in systems.items()}
    work = {"claims": 300, "model": options.model, "precision": options.precision, "load, s": round(loading)}
    return found(table, work)


def main() -> int:
    asked = commandline.parser(__doc__, rounds=1)
    asked.add_argument("--model", default="minilm")
    asked.add_argument("--precision", default="fp32")
    asked.add_argument("--work", type=Path, default=Path("build/scifact"))
    return commandline.run("scifact", asked, measure_all)


if __name__ == "__main__":
    sys.exit(main())
