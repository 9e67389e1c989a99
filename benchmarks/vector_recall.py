"""How many of the best vectors the embedded index finds, and in what time: exact search, and Lance's index.

    python benchmarks/vector_recall.py [--count 300000] [--dimension 768] [--vectors ROWS.npy]

Rows are drawn to be as hard as MedCPT's: raw inner products, lengths that carry information, one common direction (most
cosines are high), a spectrum that decays, loose clusters; the best scores lie at 65 to 80, the mean near 40. Beside
them rows of a real encoder: those of `--vectors` (float32, (n, d)), or with $BIOCPT_DATA and the set minilm
those of the pool's titles; 100 of them, left out, are the questions.

Expected: recall@10 and recall@100 of at least .97 through the index, with and without filters; 1 for exact search.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from numpy.typing import NDArray

from benchmarks import commandline, environments, pool
from benchmarks.report import Claim, Report, Table
from benchmarks.timing import Spread
from indexer.engines.embedded.nearest import Slots, VectorSearch
from indexer.engines.embedded.text import Note
from indexer.engines.embedded.vectors import VectorStore
from indexer.engines.embedded.view import VectorView
from indexer.engines.protocol import VectorSpace
from onnx_models import find_set
from onnx_models.errors import ModelError

Matrix = NDArray[np.float32]

BAR = 0.97
QUESTIONS = 100
SHARES = {"all": 1.0, "half": 0.5, "5 %": 0.05, "0.5 %": 0.005}


class Listed:
    """A filter without text."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._holds = np.bincount(slots) > 0

    def count(self) -> int:
        return len(self._slots)

    def slots(self) -> Slots:
        return self._slots

    def among(self, slots: Slots) -> Slots:
        within = slots[slots < len(self._holds)]
        return within[self._holds[within]]


def like_medcpt(count: int, dimension: int) -> tuple[Matrix, Matrix]:
    """(rows, questions)."""
    rng = np.random.default_rng(0)
    spectrum = (1 / np.arange(1, dimension + 1) ** 0.35).astype(np.float32)
    spectrum /= np.linalg.norm(spectrum)
    common = rng.standard_normal(dimension, dtype=np.float32) * spectrum
    common *= 5.5 / np.linalg.norm(common)
    centres = rng.standard_normal((2_000, dimension), dtype=np.float32) * spectrum * 4

    def draw(size: int) -> Matrix:
        noise = rng.standard_normal((size, dimension), dtype=np.float32) * spectrum * 3
        rows = common + centres[rng.integers(0, len(centres), size)] + noise
        return rows * np.exp(rng.normal(0, 0.08, (size, 1))).astype(np.float32)

    rows = np.concatenate([draw(min(20_000, count - start)) for start in range(0, count, 20_000)])
    return rows, draw(QUESTIONS) * np.float32(1.3)


def asked_apart(rows: Matrix) -> tuple[Matrix, Matrix]:
    """(rows, questions): some rows, taken out."""
    chosen = np.random.default_rng(0).permutation(len(rows))
    return rows[np.sort(chosen[QUESTIONS:])], rows[chosen[:QUESTIONS]]


def asked_of(search: VectorSearch, rows: Matrix, questions: Matrix, share: float) -> dict[str, float]:
    """Recall at 10 and 100, and milliseconds a question, among a random share of the rows."""
    kept = np.flatnonzero(np.random.default_rng(1).random(len(rows)) < share)
    allowed = None if share == 1 else Listed(kept)
    recall10, recall100, seconds = [], [], []
    for question in questions:
        scores = rows @ question
        right = kept[np.argsort(-scores[kept])[:100]].tolist()
        began = time.perf_counter()
        hits = [int(hit.id) for hit in search.nearest(question, 100, allowed)]
        seconds.append(time.perf_counter() - began)
        recall10.append(len({*right[:10]} & {*hits[:10]}) / len(right[:10]))
        recall100.append(len({*right} & {*hits}) / len(right))
    return {
        "recall@10": round(float(np.mean(recall10)), 4),
        "recall@100": round(float(np.mean(recall100)), 4),
        "p50_ms": round(1e3 * float(np.median(seconds)), 1),
    }


def run(rows: Matrix, questions: Matrix, name: str) -> dict[str, object]:
    space = VectorSpace(model=name, fingerprint=name, dimension=rows.shape[1], similarity="ip")
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "vectors"
        store = VectorStore(folder, space, Note(), exact_bytes=0)
        for slot, row in enumerate(rows):
            store.put(slot, str(slot), row)
        store.flush()
        began = time.process_time()
        store.tidy()
        built = time.process_time() - began
        version = store.note(len(rows)).version
        exact = VectorView(folder, space, version, exact_bytes=sys.maxsize).open()
        through = VectorView(folder, space, version, exact_bytes=0).open()
        return {
            "vectors": name,
            "count": len(rows),
            "dimension": rows.shape[1],
            "build_cpu_seconds": round(built, 1),
            "exact": asked_of(exact, rows, questions[:20], 1.0),
            "index": {share: asked_of(through, rows, questions, part) for share, part in SHARES.items()},
        }


def found(runs: Sequence[Mapping[str, Any]]) -> Report:
    """A row a way of searching, and what is claimed of the worst."""
    rows = []
    for each in runs:
        named = (each["vectors"], each["count"], each["dimension"])
        rows.append((*named, "exact, all", *each["exact"].values()))
        rows += [(*named, f"index, {share}", *figures.values()) for share, figures in each["index"].items()]
    columns = ("vectors", "rows", "dimension", "search", "recall@10", "recall@100", "p50 ms")
    worst = min(min(row[4], row[5]) for row in rows)
    return Report(
        name="vector_recall",
        work={"questions": QUESTIONS},
        claims=(
            Claim(
                claim="recall of vector search, the worst of all below",
                ours=Spread.alone(worst),
                bar=BAR,
                bar_on="ours",
            ),
        ),
        tables=(
            Table(
                title="Recall and time, among all rows and a random share of them", columns=columns, rows=tuple(rows)
            ),
        ),
        figures={"runs": list(runs)},
    )


def titles(options: argparse.Namespace) -> Matrix | None:
    """The vectors of the pool's titles; None without articles, or without the model."""
    try:
        data, models = commandline.data(options, "pool"), find_set(options.home, "minilm")
    except (environments.NotRun, ModelError) as error:
        print(f"Without vectors of a real encoder: {error}", file=sys.stderr)
        return None
    return pool.vectors(list(islice(pool.articles(data), 5_000 if options.quick else None)), models)


def measure(options: argparse.Namespace) -> Report:
    if options.quick:
        options.count, options.dimension = 20_000, 128
    runs = [run(*like_medcpt(options.count, options.dimension), "like MedCPT, drawn")]
    if options.vectors:
        runs.append(run(*asked_apart(np.load(options.vectors).astype(np.float32)), options.vectors_name))
    elif (rows := titles(options)) is not None:
        runs.append(run(*asked_apart(rows), "MiniLM, PubMed titles"))
    return found(runs)


def main() -> int:
    asked = commandline.parser(__doc__, rounds=1)
    asked.add_argument("--count", type=int, default=300_000)
    asked.add_argument("--dimension", type=int, default=768)
    asked.add_argument("--vectors", type=Path)
    asked.add_argument("--vectors-name", default="a real encoder")
    return commandline.run("vector_recall", asked, measure)


if __name__ == "__main__":
    sys.exit(main())
