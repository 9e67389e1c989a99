"""Random writes, deletions, commits, merges and reopenings, compared with a plain dict after each commit."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from numpy.typing import NDArray

from indexer.article import Article, Deletion
from indexer.engines import open_reader, open_writer
from indexer.engines.protocol import Stored
from indexer.queries import And, Lexical, Match, Nearest, Range
from indexer.verify import recount
from tests.indexer.engines.contract import SPACE, article, vector

IDS = st.sampled_from(["1", "2", "10", "MED-1", "ä'\"", "x y"])
WORDS = ["heart", "lung", "kidney"]

Held = tuple[Article | Deletion, NDArray[np.float32] | None]


class AnyHistory(RuleBasedStateMachine):
    """`pending` is what the writer holds, `committed` what every reader must see."""

    @initialize()
    def begin(self) -> None:
        self.home = tempfile.TemporaryDirectory()
        self.location = str(Path(self.home.name) / "index")
        self.writer = open_writer(self.location, space=SPACE)
        self.writer.commit()
        self.reader = open_reader(self.location)
        self.committed: dict[str, Held] = {}
        self.pending: dict[str, Held] = {}
        self.order = 0

    @rule(ids=st.lists(IDS, max_size=4, unique=True), word=st.sampled_from(WORDS), how=st.sampled_from("vk-"))
    def write(self, ids: list[str], word: str, how: str) -> None:
        self.order += 1
        articles = [article(id, f"{word} {id}", order=self.order, year=2000 + self.order % 5) for id in ids]
        vectors = {id: vector(self.order) for id in ids} if how == "v" else {}
        self.writer.write(articles, vectors, keep=ids if how == "k" else ())
        for one in articles:
            kept = self.pending[one.id][1] if how == "k" and one.id in self.pending else None
            self.pending[one.id] = (one, vectors.get(one.id, kept))

    @rule(ids=st.lists(IDS, max_size=3, unique=True))
    def delete(self, ids: list[str]) -> None:
        self.order += 1
        deletions = [Deletion(id=id, order=self.order) for id in ids]
        self.writer.delete(deletions)
        self.pending |= {deletion.id: (deletion, None) for deletion in deletions}

    @rule()
    def commit(self) -> None:
        self.writer.commit()
        self.committed = dict(self.pending)

    @rule()
    def optimize(self) -> None:
        self.writer.optimize()
        self.committed = dict(self.pending)

    @rule()
    def reopen(self) -> None:
        self.writer.close()
        self.writer = open_writer(self.location, space=SPACE)
        self.pending = dict(self.committed)

    @invariant()
    def the_writer_knows_what_it_holds(self) -> None:
        stored = self.writer.stored(["1", "2", "10", "MED-1", "ä'\"", "x y"])
        assert {id: _brief(one) for id, one in stored.items()} == {
            id: (record.order, isinstance(record, Deletion), held is not None)
            for id, (record, held) in self.pending.items()
        }

    @invariant()
    def the_reader_sees_the_last_commit(self) -> None:
        self.reader.refresh()
        articles = {id: record for id, (record, _) in self.committed.items() if isinstance(record, Article)}
        vectors = {id: held for id, (_, held) in self.committed.items() if held is not None}
        probes = [Lexical(Match(word), 9) for word in WORDS]
        everything, early, nearest, *by_word = self.reader.search(
            [Lexical(And(()), 9), Lexical(Range("year", 2000, 2002), 9), Nearest(vector(0), 9), *probes]
        )
        assert [hit.id for hit in everything] == sorted(articles)
        assert [hit.id for hit in early] == sorted(id for id, a in articles.items() if (a.year or 0) <= 2002)
        assert [hit.id for hit in nearest] == sorted(vectors, key=lambda id: (-_exact(vectors[id]), id))
        for word, hits in zip(WORDS, by_word, strict=True):
            assert {hit.id for hit in hits} == {id for id, a in articles.items() if word in a.title}
        rows = {row.record.id: row.record for row in self.reader.rows()}
        assert rows == {id: record for id, (record, _) in self.committed.items()}
        counted = recount(self.reader)
        assert (counted.articles, counted.vectors) == (len(articles), len(vectors))
        assert not [problem for problem in counted.problems if "no vector" not in problem]

    def teardown(self) -> None:
        if hasattr(self, "writer"):
            self.writer.close()
            self.reader.close()
            self.home.cleanup()


def _brief(stored: Stored) -> tuple[int, bool, bool]:
    return stored.order, stored.deleted, stored.has_vector


def _exact(stored: NDArray[np.float32]) -> float:
    return float((stored.astype(np.float64) * vector(0)).sum())


TestAnyHistory = pytest.mark.slow(AnyHistory.TestCase)
TestAnyHistory.settings = settings(
    max_examples=8,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
