"""How long a search takes: a new process for one question, and one question after another in a running one.

    python benchmarks/search_speed.py --index POOL_INDEX [--peer-python P --peer-model FOLDER]

The index holds the pool's 44,037 titled abstracts (`benchmarks/pool.py`). The peer is what a Python user would put
together: bm25s, sentence-transformers and numpy over the same articles and vectors. Cold runs alternate; medians are
shown. Bars: cold under 1.2 s; warm hybrid without re-ranking p50 under 30 ms beyond query encoding.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from indexer.article import Article
from indexer.engines import open_reader
from search.cli.options import default_home
from search.evaluation import topics
from search.opening import SearcherOptions, open_searcher
from search.request import SearchRequest

QUERY = "statins and breast cancer survival"


def wall(command: Sequence[str | Path]) -> float:
    """Seconds of one process."""
    start = time.perf_counter()
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    return time.perf_counter() - start


def build_peer(index: str, python: str, folder: Path) -> None:
    """The peer's index over the same articles and vectors."""
    articles, vectors = folder / "articles.jsonl", folder / "raw.npy"
    rows = []
    with closing(open_reader(index)) as reader, articles.open("w", encoding="utf-8") as file:
        for row in reader.rows():
            if isinstance(row.record, Article) and row.vector is not None:
                rows.append(row.vector)
                record = row.record
                file.write(json.dumps({"id": record.id, "title": record.title, "abstract": record.abstract}) + "\n")
    np.save(vectors, np.stack(rows))
    script = Path(__file__).parent / "peers" / "hybrid_search.py"
    subprocess.run([python, script, "build", articles, vectors, folder], check=True)


def cold(options: argparse.Namespace) -> dict[str, list[float]]:
    """Wall seconds of whole processes, ours and the peer's in turn."""
    ours = [sys.executable, "-c", "from search.cli import main; main()", "search", QUERY, "--rerank", "none"]
    commands: dict[str, list[str | Path]] = {"biocpt": [*ours, "--index", options.index]}
    with tempfile.TemporaryDirectory() as name:
        if options.peer_python:
            folder = Path(name)
            build_peer(options.index, options.peer_python, folder)
            script = Path(__file__).parent / "peers" / "hybrid_search.py"
            commands["peer"] = [options.peer_python, script, "ask", folder, options.peer_model, QUERY]
        for command in commands.values():
            wall(command)
        times: dict[str, list[float]] = {who: [] for who in commands}
        for _ in range(options.runs):
            for who, command in commands.items():
                times[who].append(wall(command))
    return times


def warm(options: argparse.Namespace) -> list[float]:
    """Milliseconds beyond query encoding, one question after another."""
    asked = topics.read(Path(os.environ["BIOCPT_DATA"]) / "scifact" / "queries.jsonl")[: options.queries + 20]
    opened = open_searcher(options.index, SearcherOptions(home=options.home, rerank="none"))
    with closing(opened) as searcher:
        responses = [searcher.search(SearchRequest(query=topic.query)) for topic in asked]
    return [1000 * (r.seconds["total"] - r.seconds["encode"]) for r in responses[20:]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", required=True)
    parser.add_argument("--home", type=Path, default=os.environ.get("BIOCPT_HOME") or default_home())
    parser.add_argument("--peer-python")
    parser.add_argument("--peer-model")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--queries", type=int, default=300)
    options = parser.parse_args()
    times, beyond = cold(options), warm(options)
    p50, p95 = (float(np.percentile(beyond, q)) for q in (50, 95))
    medians = {who: statistics.median(values) for who, values in times.items()}
    report = {"cold_seconds": times, "cold_median": medians, "warm_ms": {"p50": p50, "p95": p95, "n": len(beyond)}}
    for who, value in medians.items():
        print(
            f"cold {who}: median {value:.2f} s of {options.runs} (min {min(times[who]):.2f}, max {max(times[who]):.2f})"
        )
    print(f"warm, beyond query encoding: p50 {p50:.1f} ms, p95 {p95:.1f} ms over {len(beyond)} queries")
    (Path(__file__).parent / "results" / "search_speed.json").write_text(json.dumps(report, indent=2) + "\n")
    return not (medians["biocpt"] < 1.2 and p50 < 30)


if __name__ == "__main__":
    sys.exit(main())
