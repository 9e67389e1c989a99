"""Articles a second that the embedded index writes, with vectors that are ready, on one core.

    python benchmarks/index_write.py

needs $BIOCPT_DATA/pool. 44,037 real titles and abstracts with random 384-d vectors are written in batches of 500 and
committed every 10,000, fsync included; then the index is verified. Expected: at least 1,500 a second. Writes
benchmarks/results/index_write.json; exit 1 below that.
"""

import argparse
import gzip
import json
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from indexer.article import Article, MeshHeading
from indexer.engines import open_writer
from indexer.engines.protocol import VectorSpace
from indexer.verify import verify

BAR = 1_500
BATCH, COMMIT, DIMENSION = 500, 10_000, 384


def pool() -> Iterator[Article]:
    path = Path(os.environ["BIOCPT_DATA"]) / "pool" / "pubmed_pool.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as source:
        for place, line in enumerate(source):
            row = json.loads(line)
            if row["title"].strip() and row["abstract"].strip():
                yield Article(
                    id=str(row["pmid"]),
                    pmid=str(row["pmid"]),
                    order=place,
                    title=row["title"],
                    abstract=row["abstract"],
                    journal=row.get("journal") or "",
                    year=int(row["year"]) if row.get("year") else None,
                    mesh=tuple(MeshHeading(name=name) for name in row.get("mesh") or ()),
                )


def load(folder: Path, articles: list[Article]) -> None:
    vectors = np.random.default_rng(0).standard_normal((len(articles), DIMENSION), dtype=np.float32)
    space = VectorSpace(model="random", fingerprint="random", dimension=DIMENSION, similarity="cosine")
    writer = open_writer(str(folder), space=space)
    for start in range(0, len(articles), BATCH):
        batch = articles[start : start + BATCH]
        writer.stored([article.id for article in batch])  # what every load asks first
        writer.write(batch, {article.id: vectors[start + place] for place, article in enumerate(batch)})
        if (start + BATCH) % COMMIT == 0:
            writer.commit()
    writer.commit()
    writer.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "index_write.json")
    out = parser.parse_args().out
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    articles = list(pool())
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "index"
        wall, cpu = time.perf_counter(), time.process_time()
        load(folder, articles)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        found = verify(str(folder))
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    result = {
        "articles": found.articles,
        "sound": found.is_sound,
        "articles_per_second": round(len(articles) / wall),
        "articles_per_cpu_second": round(len(articles) / cpu),
        "megabytes": round(size / 1e6),
        "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "expected_articles_per_second": BAR,
        "cores": 1,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    return 0 if found.is_sound and len(articles) / wall >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
