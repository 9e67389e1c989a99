"""Ranking quality on SciFact's 300 test claims, by the commands that users type.

    python benchmarks/scifact.py --model minilm

needs $BIOCPT_DATA/scifact (BEIR form), an installed model set, and `pip install ir-measures`. It indexes the 5,183
abstracts, answers the claims with each system, prints nDCG@10 and recall@100 beside the bars, and writes
benchmarks/results/scifact.json. Exit 1 where a bar is missed.
"""

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import ir_measures
from ir_measures import R, nDCG

SYSTEMS: dict[str, list[str]] = {
    "lexical": ["--mode", "lexical", "--rerank", "none"],
    "dense": ["--mode", "dense", "--rerank", "none"],
    "hybrid (rrf)": ["--rerank", "none"],
    "hybrid (interpolate)": ["--fusion", "interpolate", "--rerank", "none"],
    "hybrid + late": ["--rerank", "late"],
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--work", type=Path, default=Path("build/scifact"))
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results" / "scifact.json")
    options = parser.parse_args()
    corpus, topics, qrels = prepare(Path(os.environ["BIOCPT_DATA"]), options.work)
    os.environ["BIOCPT_PRECISION"] = options.precision
    index = options.work / "index"
    shutil.rmtree(index, ignore_errors=True)
    loading = biocpt("index", str(corpus), "--index", str(index), "--model", options.model)
    table = {name: measure(topics, index, flags, qrels) for name, flags in SYSTEMS.items()}
    missed = [
        f"{name}: {measure} {table[name][measure]} < {bar}"
        for name, bars in BARS.items()
        for measure, bar in bars.items()
        if table[name][measure] < bar
    ]
    print("| system | nDCG@10 | bar | elsewhere | recall@100 | bar |\n|---|---|---|---|---|---|")
    for name, row in table.items():
        bars = BARS.get(name, {})
        cells = (row["nDCG@10"], bars.get("nDCG@10", ""), REFERENCE.get(name, ""), row["R@100"], bars.get("R@100", ""))
        print(f"| {name} | " + " | ".join(map(str, cells)) + " |")
    report = {"model": options.model, "precision": options.precision, "load_seconds": round(loading, 1), "table": table}
    options.results.parent.mkdir(exist_ok=True)
    options.results.write_text(json.dumps(report, indent=2) + "\n")
    print("\n".join(missed) or "Every bar is met.")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
