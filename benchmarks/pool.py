"""44,037 real PubMed records with title and abstract ($BIOCPT_DATA/pool): as articles, as JSON lines, as an index.

    python benchmarks/pool.py OUT.jsonl     # what `biocpt index` reads

The index that benchmarks of speed search has the vectors of the titles alone, which take a sixth of the time that the
abstracts' take to make, and no less to search.
"""

import gzip
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from numpy.typing import NDArray

from benchmarks.commandline import WORK
from indexer.article import Article, MeshHeading
from indexer.engines import open_writer
from indexer.engines.protocol import VectorSpace
from onnx_models import InstalledSet, load_encoder

Matrix = NDArray[np.float32]
Vector = NDArray[np.float32]

KEPT = ("pmid", "title", "abstract", "journal", "year", "mesh")
BATCH, COMMIT = 500, 10_000


def articles(data: Path) -> Iterator[Article]:
    """In file order; `order` is the place in the file."""
    path = data / "pool" / "pubmed_pool.jsonl.gz"
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


def vectors(found: Sequence[Article], models: InstalledSet) -> Matrix:
    """Of the titles, (n, d); kept under build/benchmarks, and made again for more articles or another model."""
    path = WORK / f"pool-{models.article.fingerprint[:12]}.npy"
    if path.is_file() and len(rows := np.load(path)) >= len(found):
        kept: Matrix = rows[: len(found)]
        return kept
    print(f"Encoding {len(found):,} titles …", file=sys.stderr, flush=True)
    made = load_encoder(models.article).encode([article.title for article in found])
    WORK.mkdir(parents=True, exist_ok=True)
    np.save(path, made)
    return made


def space_of(models: InstalledSet) -> VectorSpace:
    """What `biocpt index` notes of the model."""
    return VectorSpace(
        model=models.model_set.name,
        fingerprint=models.article.fingerprint,
        dimension=models.article.manifest.hidden_size,
        similarity=models.article.spec.similarity,
        query_fingerprint=models.query.identity,
    )


def load(location: str, found: Iterable[tuple[Article, Vector]], space: VectorSpace) -> None:
    """Write articles with their vectors as a load does: batches of 500, a commit every 10,000."""
    remaining, written = iter(found), 0
    with closing(open_writer(location, space=space)) as writer:
        while batch := list(islice(remaining, BATCH)):
            writer.stored([article.id for article, _ in batch])  # what every load asks first
            writer.write([article for article, _ in batch], {article.id: vector for article, vector in batch})
            written += len(batch)
            if written % COMMIT == 0:
                writer.commit()
        writer.commit()


def index(found: Sequence[Article], rows: Matrix, models: InstalledSet) -> Path:
    """The folder index of these articles, kept under build/benchmarks."""
    folder = WORK / f"pool-{len(found)}-{models.article.fingerprint[:12]}"
    if not folder.is_dir():
        partial = WORK / f".{folder.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        load(str(partial), zip(found, rows, strict=True), space_of(models))
        partial.rename(folder)
    return folder


def main(out: Path) -> None:
    count = 0
    pool = Path(os.environ["BIOCPT_DATA"]) / "pool" / "pubmed_pool.jsonl.gz"
    with gzip.open(pool, "rt", encoding="utf-8") as source, out.open("w", encoding="utf-8") as file:
        for line in source:
            row = json.loads(line)
            if row["title"].strip() and row["abstract"].strip():
                record = {"id": row["pmid"], **{name: row[name] for name in KEPT if row.get(name)}}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
                count += 1
    print(f"{count:,} records", file=sys.stderr)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
