"""Articles a second that the embedded index writes, with vectors that are ready, on one core.

    python benchmarks/index_write.py

needs $BIOCPT_DATA/pool. 44,037 real titles and abstracts with random 384-d vectors are written in batches of 500 and
committed every 10,000, fsync included; then the index is verified. Expected: at least 1,500 a second.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from benchmarks import commandline, machine
from benchmarks.pool import articles as pool_articles
from benchmarks.pool import load
from benchmarks.report import Claim, Report
from benchmarks.timing import Spread, in_turn
from indexer.article import Article
from indexer.engines.protocol import VectorSpace
from indexer.verify import verify

BAR = 1_500
DIMENSION = 384
SPACE = VectorSpace(model="random", fingerprint="random", dimension=DIMENSION, similarity="cosine")


def one_load(articles: Sequence[Article], figures: dict[str, Any]) -> float:
    """Load a fresh index and verify it; wall seconds."""
    vectors = np.random.default_rng(0).standard_normal((len(articles), DIMENSION), dtype=np.float32)
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "index"
        wall, cpu = time.perf_counter(), time.process_time()
        load(str(folder), zip(articles, vectors, strict=True), SPACE)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        checked = verify(str(folder))
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if not checked.is_sound or checked.articles != len(articles):
        raise SystemExit(f"the index holds {checked.articles} of {len(articles)} articles, sound: {checked.is_sound}")
    figures["cpu_seconds"].append(cpu)
    figures["megabytes"] = size / 1e6
    return wall


def measure(options: argparse.Namespace) -> Report:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    articles = list(islice(pool_articles(commandline.data(options, "pool")), 5_000 if options.quick else None))
    figures: dict[str, Any] = {"articles": len(articles), "cpu_seconds": []}
    ways = {"biocpt": lambda: one_load(articles, figures)}
    figures["seconds"] = in_turn(ways, 1 if options.quick else options.rounds)["biocpt"]
    figures["peak_megabytes"] = machine.peak_megabytes()
    return found(figures)


def found(figures: Mapping[str, Any]) -> Report:
    count = figures["articles"]
    rates = {name: Spread.of([count / each for each in figures[name]]) for name in ("seconds", "cpu_seconds")}
    return Report(
        name="index_write",
        work={"articles": count, "dimension": DIMENSION, "cores": 1, "rounds": len(figures["seconds"])},
        claims=(
            Claim(
                claim="writing with ready vectors",
                unit="articles/s",
                ours=rates["seconds"],
                bar=BAR,
                bar_on="ours",
            ),
            Claim(claim="the same, by processor seconds", unit="articles/s", ours=rates["cpu_seconds"]),
            Claim(claim="size of the index", unit="MB", ours=Spread.alone(figures["megabytes"])),
            Claim(claim="memory, texts and vectors included", unit="MB", ours=Spread.alone(figures["peak_megabytes"])),
        ),
        figures=figures,
    )


def main() -> int:
    return commandline.run("index_write", commandline.parser(__doc__, rounds=2), measure)


if __name__ == "__main__":
    sys.exit(main())
