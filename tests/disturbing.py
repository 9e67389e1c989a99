"""Files to load, loads and copies in processes of their own to be disturbed, and the comparison with undisturbed ones.

The driver is `tests.crash_load`. An index here is a folder or a URL.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from indexer.article import Article
from indexer.engines import open_ledger, open_reader
from indexer.engines.protocol import IndexInfo, Row
from indexer.queries import Lexical, Match
from indexer.verify import verify
from tests.indexer.pubmed_files import Entry, write

WORDS = ("aspirin", "statin", "heart", "cancer", "trial", "sleep", "kidney", "insulin", "vaccine", "pain", "survival")


def some_files(folder: Path, articles: int = 300) -> list[Path]:
    """A baseline, an update with revisions and deletions, a third file, and one without a number."""
    words = random.Random(7)

    def entry(pmid: int, version: int = 1) -> Entry:
        title = " ".join(words.choices(WORDS, k=6))
        abstract = " ".join(words.choices(WORDS, k=40)) if pmid % 7 else ""
        return Entry(str(pmid), title=title if pmid % 50 else "", abstract=abstract, version=version)

    revised = [entry(pmid, version=1 + pmid % 2) for pmid in range(1, articles, 5)]
    gone = [(str(pmid), 1) for pmid in range(2, articles, 11)]
    return [
        write(folder / "pubmed26n0001.xml.gz", [entry(pmid) for pmid in range(1, articles)]),
        write(folder / "pubmed26n0002.xml.gz", revised, deleted=gone),
        write(folder / "pubmed26n0003.xml.gz", [entry(pmid) for pmid in range(articles, articles + 60)]),
        write(folder / "mine.xml", [entry(pmid) for pmid in range(1, articles, 9)]),
    ]


def driver(location: Path | str, files: Sequence[Path], *options: str) -> list[str]:
    """The command that loads the files."""
    return [sys.executable, "-m", "tests.crash_load", str(location), *map(str, files), *options]


def environment() -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BIOCPT_")}
    return clean | {"OMP_NUM_THREADS": "1", "XDG_CONFIG_HOME": os.devnull}


def run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, env=environment(), capture_output=True, timeout=600)


def kill_after(command: Sequence[str], seconds: float, *, wait_for: bytes = b"") -> bool:
    """Start, wait, `kill -9`; whether it was still running."""
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        if wait_for:
            assert process.stdout.readline().strip() == wait_for
        time.sleep(seconds)
        was_running = process.poll() is None
        process.kill()
    return was_running


def contents(location: Path | str) -> tuple[IndexInfo, dict[str, Row]]:
    with closing(open_reader(str(location))) as reader:
        rows = list(reader.rows())
        assert len({row.record.id for row in rows}) == len(rows)
        return reader.info(), {row.record.id: row for row in rows}


def found_by_word(location: Path | str) -> dict[str, set[str]]:
    with closing(open_reader(str(location))) as reader:
        lists = reader.search([Lexical(Match(word), k=10_000) for word in WORDS])
    for hits in lists:
        assert len({hit.id for hit in hits}) == len(hits)
    return {word: {hit.id for hit in hits} for word, hits in zip(WORDS, lists, strict=True)}


def assert_same_index(one: Path | str, other: Path | str) -> None:
    """The same ids, records, vectors, words and finished files; neither need be of the other's engine."""
    (info, rows), (other_info, other_rows) = contents(one), contents(other)
    assert (info.articles, info.vectors, info.tombstones) == (
        other_info.articles,
        other_info.vectors,
        other_info.tombstones,
    )
    assert {id: row.record for id, row in rows.items()} == {id: row.record for id, row in other_rows.items()}
    for id, row in rows.items():
        vector, twin = row.vector, other_rows[id].vector
        assert (vector is None) == (twin is None)
        if vector is not None and twin is not None:
            np.testing.assert_allclose(vector, twin, atol=1e-4)
        assert (vector is not None) == (isinstance(row.record, Article) and row.record.has_text)
    assert found_by_word(one) == found_by_word(other)
    assert verify(str(one)).problems == ()
    with closing(open_ledger(str(one))) as mine, closing(open_ledger(str(other))) as theirs:
        assert {entry.name for entry in mine.entries()} == {entry.name for entry in theirs.entries()}
