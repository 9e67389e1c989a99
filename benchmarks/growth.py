"""How loading, searching and memory grow with the index: 5,000 to 500,000 articles, and the exponents fitted to it.

    python benchmarks/growth.py [--cluster http://127.0.0.1:9200]

needs $BIOCPT_DATA (pool, and scifact for the questions) and the set minilm (--home). Beyond the pool's 44,037 articles
they come again under new ids, with the same vectors, which are ready. Each load, and each search of what it left, is a
process of its own; memory is the most that it held. With --cluster, loading and searching there too, up to the pool's
size. An exponent of 1 is linear growth: time = a * articles ** exponent, fitted by least squares to the logarithms.
"""

import argparse
import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from benchmarks import commandline, folders, machine, pool
from benchmarks.report import Report, Table
from indexer.article import Article
from indexer.engines import open_reader
from indexer.engines.protocol import VectorSpace
from indexer.queries import Lexical, Match, Nearest
from onnx_models import load_encoder
from search.evaluation import topics
from search.fusion import FusionOptions, rrf

SIZES, QUICK_SIZES = (5_000, 20_000, 44_037, 500_000), (1_000, 2_000, 5_000)
POOL = 44_037
DEPTH, QUESTIONS, WARM_UP = 100, 100, 10
FIGURES = {
    "load_seconds": "load, s",
    "load_megabytes": "memory of the load, MB",
    "search_ms": "search p50, ms",
    "search_megabytes": "memory of the search, MB",
}
PMID_STEP = 100_000_000
"""Above every PMID: what is added for each time that an article comes again."""


class Fit(NamedTuple):
    """y = a * x ** exponent, and the share of the logarithms' variance that it explains."""

    exponent: float
    r2: float


def fit(sizes: Sequence[float], values: Sequence[float]) -> Fit:
    """By least squares on the logarithms; at least two sizes."""
    x, y = np.log(sizes), np.log(values)
    slope, height = np.polyfit(x, y, 1)
    residual, total = float(((y - slope * x - height) ** 2).sum()), float(((y - y.mean()) ** 2).sum())
    return Fit(float(slope), 1 - residual / total if total else 1.0)


def repeated(data: Path) -> Iterator[Article]:
    """The pool again and again, each time under new ids."""
    for times in count():
        for article in pool.articles(data):
            id = str(int(article.id) + times * PMID_STEP)
            yield replace(article, id=id, pmid=id)


@dataclass(frozen=True)
class Task:
    """What a process is told: an index, how many articles and where they are; the rest lies in `work`."""

    index: str
    size: int
    data: str
    work: str

    def load(self) -> dict[str, Any]:
        """Load; seconds and memory."""
        rows = np.load(Path(self.work) / "vectors.npy", mmap_mode="r")
        space = VectorSpace(**json.loads((Path(self.work) / "space.json").read_text(encoding="utf-8")))
        vectors = (np.array(rows[place % len(rows)]) for place in count())
        started = time.perf_counter()
        pool.load(self.index, zip(islice(repeated(Path(self.data)), self.size), vectors, strict=False), space)
        seconds = time.perf_counter() - started
        return {"load_seconds": seconds, "load_megabytes": machine.peak_megabytes()}

    def search(self) -> dict[str, Any]:
        """Ask all questions, encoded beforehand; the median time of the later ones, and memory."""
        texts = json.loads((Path(self.work) / "questions.json").read_text(encoding="utf-8"))
        asked = np.load(Path(self.work) / "questions.npy")
        taken = []
        with closing(open_reader(self.index)) as reader:
            for text, vector in zip(texts, asked, strict=True):
                started = time.perf_counter()
                lexical, dense = reader.search((Lexical(Match(text), DEPTH), Nearest(vector, DEPTH)))
                rrf({"lexical": lexical, "dense": dense}, FusionOptions())
                taken.append(1000 * (time.perf_counter() - started))
        return {"search_ms": float(np.median(taken[WARM_UP:])), "search_megabytes": machine.peak_megabytes()}

    def measured(self) -> dict[str, Any]:
        """Both, each by a process of its own."""
        found: dict[str, Any] = {}
        for act in ("load", "search"):
            told = json.dumps([act, self.index, self.size, self.data, self.work])
            command = [sys.executable, __file__, "--child", told]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            found |= json.loads(done.stdout.splitlines()[-1])
        print(f"{self.size:,}: {found}", file=sys.stderr, flush=True)
        return found


def prepare(options: argparse.Namespace, work: Path) -> None:
    """Vectors, questions and the space that processes read, so that none of them opens a model."""
    models = folders.minilm(options.home)
    data = commandline.data(options, "pool", "scifact")
    articles = list(islice(pool.articles(data), max(QUICK_SIZES) if options.quick else POOL))
    np.save(work / "vectors.npy", pool.vectors(articles, models))
    texts = [topic.query for topic in topics.read(data / "scifact" / "queries.jsonl")][: WARM_UP + QUESTIONS]
    (work / "questions.json").write_text(json.dumps(texts), encoding="utf-8")
    np.save(work / "questions.npy", load_encoder(models.query).encode(texts))
    space = pool.space_of(models)
    named = {name: getattr(space, name) for name in space.__slots__}
    (work / "space.json").write_text(json.dumps(named), encoding="utf-8")


def measure(options: argparse.Namespace) -> Report:
    sizes = QUICK_SIZES if options.quick else SIZES
    figures: dict[str, dict[str, Any]] = {"folder": {}}
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        prepare(options, work)
        for size in sizes:
            with tempfile.TemporaryDirectory(dir=work) as home:
                task = Task(str(Path(home) / "index"), size, str(options.data), name)
                figures["folder"][str(size)] = task.measured()
        if options.cluster:
            figures["OpenSearch"] = in_cluster(options, [size for size in sizes if size <= POOL], name)
    not_run = {} if options.cluster else {"OpenSearch": "no cluster was named by --cluster"}
    return found(figures, not_run)


def in_cluster(options: argparse.Namespace, sizes: Sequence[int], work: str) -> dict[str, Any]:
    """The same in indexes that are dropped after; the client's memory tells little, and is kept out."""
    from opensearchpy import OpenSearch

    figures: dict[str, Any] = {}
    for size in sizes:
        alias = f"growth-{secrets.token_hex(6)}"
        try:
            task = Task(f"{options.cluster.rstrip('/')}/{alias}", size, str(options.data), work)
            figures[str(size)] = {k: v for k, v in task.measured().items() if not k.endswith("megabytes")}
        finally:
            with closing(OpenSearch(options.cluster)) as client:
                client.indices.delete(index=f"{alias}*")
    return figures


def found(figures: Mapping[str, Mapping[str, Mapping[str, Any]]], not_run: Mapping[str, str]) -> Report:
    """`figures`: engine → articles → figure → value."""
    return Report(
        name="growth",
        work={"questions": QUESTIONS, "candidates": DEPTH, "dimension": 384},
        claims=(),
        tables=tuple(table(engine, by_size) for engine, by_size in figures.items()),
        not_run=not_run,
        notes=(
            "An exponent of 1 is linear growth; it is fitted by least squares to the logarithms, over all sizes.",
            "A folder compares vectors one by one while they fit into memory, and looks into an index beyond.",
        ),
        figures=figures,
    )


def table(engine: str, by_size: Mapping[str, Mapping[str, Any]]) -> Table:
    """A row a size, then exponent and R² of each column."""
    known = [name for name in FIGURES if all(row.get(name) for row in by_size.values())]
    sizes = [int(size) for size in by_size]
    rows: list[tuple[str | float | None, ...]] = [
        (f"{int(size):,}", *(round(row[name], 1) for name in known)) for size, row in by_size.items()
    ]
    fits = [fit(sizes, [row[name] for row in by_size.values()]) for name in known]
    rows.append(("exponent", *(round(each.exponent, 2) for each in fits)))
    rows.append(("R²", *(round(each.r2, 3) for each in fits)))
    return Table(title=engine, columns=("articles", *(FIGURES[name] for name in known)), rows=tuple(rows))


def main() -> int:
    if sys.argv[1:2] == ["--child"]:
        act, *told = json.loads(sys.argv[2])
        task = Task(*told)
        print(json.dumps(task.load() if act == "load" else task.search()))
        return 0
    asked = commandline.parser(__doc__, rounds=1)
    asked.add_argument("--cluster", help="an OpenSearch with nothing else to do, such as http://127.0.0.1:9200")
    return commandline.run("growth", asked, measure)


if __name__ == "__main__":
    sys.exit(main())
