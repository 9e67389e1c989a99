"""Hybrid search inside one process, ours beside bm25s with numpy, txtai and LanceDB: same articles, vectors, questions.

    python benchmarks/embedded_search.py

needs $BIOCPT_DATA (pool, and scifact for the questions) and the set minilm (--home). Each loads the pool with vectors
that are ready, then all answer each question in turn. Questions are encoded beforehand; each looks at 100 candidates by
words and 100 by vectors, compared exactly, for its ten best ids. Ours writes durably to disk, as LanceDB does; the
other two hold all in memory. Tools cut words and fuse in their own ways, so the answers' overlap with ours is shown.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from benchmarks import commandline, environments, folders, peer, pool
from benchmarks.environments import NotRun
from benchmarks.report import Claim, Report, Table
from benchmarks.timing import Spread
from indexer.article import Article
from indexer.engines import open_reader
from indexer.queries import Lexical, Match, Nearest
from onnx_models import load_encoder
from search.evaluation import topics
from search.fusion import FusionOptions, rrf

DEPTH, SHOWN, WARM_UP = 100, 10, 10
OURS = "biocpt"
PEERS = {"bm25s": "sentence-transformers", "txtai": "sentence-transformers", "lancedb": "lancedb"}
"""Tool → the environment that has it."""

Way = Callable[[int], tuple[float, Sequence[str]]]
"""Answers the question of that number: seconds, and ten ids, best first."""


@dataclass(frozen=True)
class Work:
    """What is loaded and asked; vectors (n, d) and (questions, d) of length 1."""

    articles: Sequence[Article]
    vectors: pool.Matrix
    texts: Sequence[str]
    asked: pool.Matrix

    def write(self, folder: Path) -> None:
        """As peers/embedded.py reads it."""
        with (folder / "articles.jsonl").open("w", encoding="utf-8") as file:
            for article in self.articles:
                file.write(json.dumps({"id": article.id, "text": f"{article.title} {article.abstract}"}) + "\n")
        (folder / "questions.json").write_text(json.dumps(list(self.texts)), encoding="utf-8")
        np.save(folder / "vectors.npy", self.vectors)
        np.save(folder / "questions.npy", self.asked)


@dataclass
class Found:
    """What was measured, by tool."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    ids: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    load_seconds: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    not_run: dict[str, str] = field(default_factory=dict)


def work_of(options: argparse.Namespace) -> Work:
    models = folders.minilm(options.home)
    data = commandline.data(options, "pool", "scifact")
    articles = list(pool.articles(data))[: 5_000 if options.quick else None]
    count = WARM_UP + (20 if options.quick else options.queries)
    texts = [topic.query for topic in topics.read(data / "scifact" / "queries.jsonl")][:count]
    return Work(articles, pool.vectors(articles, models), texts, load_encoder(models.query).encode(texts))


def ours(work: Work, home: Path, folder: Path, stack: ExitStack, found: Found) -> Way:
    """Load a fresh folder, and search it without a model."""
    started = time.perf_counter()
    pool.load(str(folder), zip(work.articles, work.vectors, strict=True), pool.space_of(folders.minilm(home)))
    found.load_seconds[OURS] = time.perf_counter() - started
    reader = stack.enter_context(closing(open_reader(str(folder))))

    def ask(number: int) -> tuple[float, Sequence[str]]:
        started = time.perf_counter()
        probes = (Lexical(Match(work.texts[number]), DEPTH), Nearest(work.asked[number], DEPTH))
        lexical, dense = reader.search(probes)
        ids = [hit.id for hit in rrf({"lexical": lexical, "dense": dense}, FusionOptions())][:SHOWN]
        return time.perf_counter() - started, ids

    return ask


def theirs(tool: str, folder: Path, options: argparse.Namespace, stack: ExitStack, found: Found) -> Way:
    """A peer that has loaded.

    Raises:
        NotRun: it does not install or run here.
    """
    python = environments.python(PEERS[tool], options.peers)
    opened = stack.enter_context(peer.opened(python, "embedded.py", tool, folder))
    found.versions |= opened.versions
    found.load_seconds[tool] = float(opened.ask()["load_seconds"])

    def ask(number: int) -> tuple[float, Sequence[str]]:
        answer = opened.ask(number)
        return float(answer["seconds"]), answer["ids"]

    return ask


def question_by_question(ways: Mapping[str, Way], count: int, found: Found) -> None:
    """Each question of each, another beginning each time; the first ones warm up."""
    names = list(ways)
    for name in names:
        found.seconds[name], found.ids[name] = [], []
    for number in range(count):
        first = number % len(names)
        for name in [*names[first:], *names[:first]]:
            seconds, ids = ways[name](number)
            if number >= WARM_UP:
                found.seconds[name].append(seconds)
                found.ids[name].append(ids)


def measure(options: argparse.Namespace) -> Report:
    work, found = work_of(options), Found()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        work.write(folder)
        ways = {OURS: ours(work, options.home, folder / "index", stack, found)}
        for tool in PEERS:
            try:
                with ExitStack() as own:
                    ways[tool] = theirs(tool, folder, options, own, found)
                    stack.push(own.pop_all())
            except NotRun as error:
                found.not_run[tool] = str(error)
        question_by_question(ways, len(work.texts), found)
    return report(found, {"articles": len(work.articles), "dimension": work.vectors.shape[1]})


def report(found: Found, work: Mapping[str, str | int | float]) -> Report:
    milliseconds = {name: [1000 * each for each in values] for name, values in found.seconds.items()}
    middle = {
        name: Spread(*np.percentile(values, (50, 10, 90)).tolist(), len(values))
        for name, values in milliseconds.items()
    }
    claims = tuple(
        Claim(
            claim=f"hybrid search in one process, of {tool}",
            unit="ms",
            ours=middle[OURS],
            beside=tool,
            theirs=middle[tool],
            ratio=Spread.alone(middle[OURS].median / middle[tool].median),
        )
        for tool in PEERS
        if tool in middle
    )
    rows = tuple(
        (tool, round(found.load_seconds[tool], 1), overlap(found.ids[OURS], found.ids[tool])) for tool in middle
    )
    columns = ("tool", "load, s", "share of our ten best")
    return Report(
        name="embedded_search",
        work={**work, "questions": len(milliseconds[OURS])},
        claims=claims,
        tables=(Table(title="Loading, once, and what the others found of our ten best", columns=columns, rows=rows),),
        versions=found.versions,
        not_run=found.not_run,
        notes=("In brackets: the tenth and the ninetieth of a hundred questions; the ratio is that of the medians.",),
        figures={
            "milliseconds": {name: [round(each, 3) for each in values] for name, values in milliseconds.items()},
            "load_seconds": found.load_seconds,
        },
    )


def overlap(one: Sequence[Sequence[str]], other: Sequence[Sequence[str]]) -> float:
    """The mean share of `one`'s ids that `other` has."""
    return round(float(np.mean([len({*a} & {*b}) / max(len(a), 1) for a, b in zip(one, other, strict=True)])), 3)


def main() -> int:
    asked = commandline.parser(__doc__, rounds=1)
    asked.add_argument("--queries", type=int, default=200)
    return commandline.run("embedded_search", asked, measure)


if __name__ == "__main__":
    sys.exit(main())
