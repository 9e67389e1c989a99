"""How long a search takes: a new process for one question, and one question after another in a running one.

    python benchmarks/search_speed.py

needs $BIOCPT_DATA (pool, and scifact for the questions) and the set minilm (--home). The index holds the pool's 44,037
titled abstracts; `--index` names another. The peer is what a Python user would put together: bm25s,
sentence-transformers and numpy over the same articles and vectors. Cold runs alternate. Bars: cold under 1.2 s; warm
hybrid without re-ranking p50 under 30 ms beyond query encoding.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from benchmarks import commandline, environments, folders, peer, pool
from benchmarks.environments import NotRun
from benchmarks.report import Claim, Report
from benchmarks.timing import Spread, in_turn, ratio
from indexer.article import Article
from indexer.engines import open_reader
from search.evaluation import topics
from search.opening import SearcherOptions, open_searcher
from search.request import SearchRequest

QUERY = "statins and breast cancer survival"
PEER, WARM_UP = "sentence-transformers", 20
COLD_BAR, WARM_BAR = 1.2, 30.0


def wall(command: Sequence[str | Path], home: Path) -> float:
    """Seconds of one process."""
    start = time.perf_counter()
    environment = os.environ | {"BIOCPT_HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run(list(map(str, command)), check=True, capture_output=True, env=environment)
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
    peer.once(python, "hybrid_search.py", "build", articles, vectors, folder)


def peer_command(options: argparse.Namespace, index: str, checkpoint: Path, folder: Path) -> list[str | Path]:
    """How to ask the peer, which has built its index and answered once.

    Raises:
        NotRun: it does not install or run here.
    """
    python = environments.python(PEER, options.peers)
    build_peer(index, python, folder)
    peer.once(python, "hybrid_search.py", "ask", folder, checkpoint, QUERY)
    return [python, peer.SCRIPTS / "hybrid_search.py", "ask", folder, checkpoint, QUERY]


def cold(options: argparse.Namespace, index: str, others: Mapping[str, list[str | Path]]) -> dict[str, list[float]]:
    """Wall seconds of whole processes, ours and the peer's in turn."""
    ours = [sys.executable, "-c", "from search.cli import main; main()", "search", QUERY, "--rerank", "none"]
    commands = {"biocpt": [*ours, "--index", index], **others}
    wall(commands["biocpt"], options.home)
    ways = {who: lambda c=command: wall(c, options.home) for who, command in commands.items()}
    return in_turn(ways, 2 if options.quick else options.rounds)


def warm(options: argparse.Namespace, index: str) -> list[float]:
    """Milliseconds beyond query encoding, one question after another."""
    count = WARM_UP + (50 if options.quick else options.queries)
    asked = topics.read(commandline.data(options, "scifact") / "scifact" / "queries.jsonl")[:count]
    opened = open_searcher(index, SearcherOptions(home=options.home, rerank="none"))
    with closing(opened) as searcher:
        responses = [searcher.search(SearchRequest(query=topic.query)) for topic in asked]
    return [1000 * (r.seconds["total"] - r.seconds["encode"]) for r in responses[WARM_UP:]]


def measure(options: argparse.Namespace) -> Report:
    models = folders.minilm(options.home)
    index = options.index
    if not index:
        articles = list(pool.articles(commandline.data(options, "pool")))[: 5_000 if options.quick else None]
        index = str(pool.index(articles, pool.vectors(articles, models), models))
    others, not_run, versions = {}, {}, {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            others["peer"] = peer_command(options, index, folders.checkpoint(models), Path(folder))
            versions = environments.versions(str(others["peer"][0]), "bm25s", PEER, "numpy")
        except NotRun as error:
            not_run[PEER] = str(error)
        seconds = cold(options, index, others)
    with closing(open_reader(index)) as reader:
        held = reader.info(versions=False).articles
    return found({"cold_seconds": seconds, "warm_ms": warm(options, index), "articles": held}, versions, not_run)


def found(figures: Mapping[str, object], versions: Mapping[str, str], not_run: Mapping[str, str]) -> Report:
    """`figures`: `articles`, `cold_seconds` (way → seconds) and `warm_ms`, question by question."""
    seconds, beyond = figures["cold_seconds"], figures["warm_ms"]
    beside = {}
    if "peer" in seconds:
        fraction = ratio(seconds["peer"], seconds["biocpt"])
        beside = {"beside": "bm25s, sentence-transformers and numpy", "theirs": Spread.of(seconds["peer"])}
        beside["ratio"] = fraction
    middle = Spread(*map(float, np.percentile(beyond, (50, 10, 90))), len(beyond))
    return Report(
        name="search_speed",
        work={"articles": figures["articles"], "cold runs": len(seconds["biocpt"]), "warm questions": len(beyond)},
        claims=(
            Claim(
                claim="cold hybrid search, a new process",
                unit="s",
                ours=Spread.of(seconds["biocpt"]),
                bar=COLD_BAR,
                bar_on="ours",
                at_most=True,
                **beside,
            ),
            Claim(
                claim="warm hybrid search beyond query encoding",
                unit="ms",
                ours=middle,
                bar=WARM_BAR,
                bar_on="ours",
                at_most=True,
            ),
        ),
        versions=versions,
        not_run=not_run,
        notes=("The warm search shows in brackets the tenth and the ninetieth of a hundred questions.",),
        figures=figures,
    )


def main() -> int:
    asked = commandline.parser(__doc__, rounds=3)
    asked.add_argument("--index", help="a folder index made by minilm")
    asked.add_argument("--queries", type=int, default=300)
    return commandline.run("search_speed", asked, measure)


if __name__ == "__main__":
    sys.exit(main())
