"""Small real implementations of our protocols, for tests: HashEncoder, and ListIndex with its Reader and Writer."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from hashlib import blake2b
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from indexer.article import Article, Deletion, text_digest
from indexer.article_json import record_digest
from indexer.engines.protocol import IndexInfo, Publication, Refused, Row, Stored, VectorSpace
from indexer.errors import IndexerError
from indexer.fields import FIELD, FIELDS, Field, searched
from indexer.ledger import FileEntry
from indexer.queries import (
    And,
    Boosts,
    Hit,
    Lexical,
    Match,
    Nearest,
    Not,
    Or,
    Phrase,
    Probe,
    Query,
    Range,
    Term,
    best_first,
)
from onnx_models.encoder import Text
from onnx_models.specs import Similarity

Vector = NDArray[np.float32]
_STOP_WORDS = frozenset(
    {"a", "an", "and", "are", "as", "by", "for", "in", "is", "it", "of", "on", "or", "the", "to", "was", "with"}
)


class HashEncoder:
    """Vectors from words: each word has a fixed random direction, a text is their sum, so like texts lie close."""

    def __init__(self, *, dimension: int = 16, similarity: Similarity = "ip", name: str = "hash-article") -> None:
        self.name = name
        self.fingerprint = f"{name}-{dimension}-{similarity}"
        self.dimension = dimension
        self.similarity: Similarity = similarity
        self.texts_encoded: list[Text] = []

    @property
    def space(self) -> VectorSpace:
        """The space of an index that holds its vectors."""
        return VectorSpace(
            model="hash", fingerprint=self.fingerprint, dimension=self.dimension, similarity=self.similarity
        )

    def encode(self, texts: Sequence[Text]) -> Vector:
        """One row a text; never zero, because every text counts as holding one more word."""
        self.texts_encoded.extend(texts)
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            joined = text if isinstance(text, str) else " ".join(text)
            for word in ["", *_words(joined)]:
                row += _direction(word, self.dimension)
        if self.similarity == "cosine":
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows


@lru_cache(maxsize=20_000)
def _direction(word: str, dimension: int) -> Vector:
    seed = int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big")
    return np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)


class ListLedger:
    """A ledger in memory."""

    def __init__(self) -> None:
        self._entries: list[FileEntry] = []
        self._arrivals: dict[tuple[str, str], int] = {}
        self._begun: set[tuple[str, str]] = set()

    def find(self, name: str, digest: str) -> FileEntry | None:
        """The newest entry of this name and digest."""
        matching = [entry for entry in self._entries if (entry.name, entry.digest) == (name, digest)]
        return matching[-1] if matching else None

    def arrival(self, name: str, digest: str) -> int:
        """1 for the first file that asked, 2 for the next; the same file gets its own again."""
        return self._arrivals.setdefault((name, digest), max(self._arrivals.values(), default=0) + 1)

    def arrivals(self) -> Mapping[tuple[str, str], int]:
        """Every number given or taken over."""
        return dict(self._arrivals)

    def adopt(self, name: str, digest: str, sequence: int) -> None:
        """Take over a number, unless the file has one."""
        self._arrivals.setdefault((name, digest), sequence)

    def begin(self, name: str, digest: str) -> None:
        """Remember that the file was begun."""
        self._begun.add((name, digest))

    def begun(self) -> Set[tuple[str, str]]:
        """Every file begun or finished."""
        return self._begun | {(entry.name, entry.digest) for entry in self._entries}

    def tick(self, entry: FileEntry) -> None:
        """Remember the file."""
        self._entries.append(entry)

    def entries(self) -> list[FileEntry]:
        """All, oldest first."""
        return list(self._entries)


class ListIndex:
    """An index in memory: a dict of rows, replaced as a whole at each commit."""

    def __init__(self, space: VectorSpace | None = None, location: str = "memory") -> None:
        self.space = space
        self.location = location
        self.ledger = ListLedger()
        self.rows: Mapping[str, Row] = {}
        self.commits = 0
        self.writer: ListWriter | None = None

    def open_writer(self) -> "ListWriter":
        """The only writer; raises IndexerError while another is open."""
        if self.writer is not None:
            raise IndexerError(f"Index {self.location!r} is being written by another writer. Close it first.")
        self.writer = ListWriter(self)
        return self.writer

    def open_reader(self) -> "ListReader":
        """A reader of the last commit."""
        return ListReader(self)


class ListWriter:
    """Collects rows beside the index's own until commit."""

    def __init__(self, index: ListIndex) -> None:
        self._index = index
        self._pending: dict[str, Row] = {}

    @property
    def ledger(self) -> ListLedger:
        """The index's ledger."""
        return self._index.ledger

    @property
    def space(self) -> VectorSpace | None:
        """The index's space."""
        return self._index.space

    def stored(self, ids: Collection[str]) -> Mapping[str, Stored]:
        """What is stored or pending under these ids."""
        rows = {id: self._row(id) for id in ids}
        return {id: _stored(row) for id, row in rows.items() if row is not None}

    def write(self, articles: Sequence[Article], vectors: Mapping[str, Vector], keep: Collection[str] = ()) -> None:
        """Articles with the vectors given, or those that they have when in `keep`."""
        ids = [article.id for article in articles]
        if len(set(ids)) < len(ids):
            raise ValueError(f"ids repeat within one write: {[i for i, n in Counter(ids).items() if n > 1]!r}")
        for article in articles:
            old = self._row(article.id)
            kept = old.vector if old is not None and article.id in keep else None
            vector = vectors.get(article.id, kept)
            if vector is not None and (self.space is None or vector.shape != (self.space.dimension,)):
                raise ValueError(f"a vector of shape {vector.shape!r} does not fit {self.space!r}")
            self._pending[article.id] = Row(article, None if vector is None else vector.astype(np.float32))

    def delete(self, deletions: Sequence[Deletion]) -> None:
        """Tombstones in place of what was there."""
        self._pending.update({deletion.id: Row(deletion, None) for deletion in deletions})

    def commit(self) -> None:
        """Put a new dict in place; readers that hold the old one are not disturbed."""
        self._index.rows = {**self._index.rows, **self._pending}
        self._index.commits += 1
        self._pending = {}

    def refused(self) -> list[Refused]:
        """None."""
        return []

    def reusable(self, articles: Sequence[Article]) -> Mapping[str, Vector]:
        """None: there is no older version."""
        return {}

    def publish(self) -> Publication:
        """Nothing to do for a dict."""
        return Publication(True)

    def optimize(self) -> None:
        """Nothing to do for a dict."""

    def close(self) -> None:
        """Drop what is pending and let others write."""
        self._pending = {}
        self._index.writer = None

    def _row(self, id: str) -> Row | None:
        return self._pending.get(id, self._index.rows.get(id))


def _stored(row: Row) -> Stored:
    record = row.record
    deleted = isinstance(record, Deletion)
    return Stored(
        order=record.order,
        deleted=deleted,
        text_digest="" if isinstance(record, Deletion) else text_digest(record),
        record_digest=record_digest(record),
        has_vector=row.vector is not None,
    )


class ListReader:
    """Answers from the dict of the last commit it saw."""

    def __init__(self, index: ListIndex) -> None:
        self._index = index
        self._rows = index.rows

    def info(self, *, versions: bool = True) -> IndexInfo:
        """Counts over the rows."""
        articles = self._articles()
        dates = (a.revised_date or a.completed_date or a.entrez_date for a in articles.values())
        return IndexInfo(
            location=self._index.location,
            engine="list",
            format=1,
            articles=len(articles),
            vectors=sum(row.vector is not None for row in self._rows.values()),
            tombstones=len(self._rows) - len(articles),
            space=self._index.space,
            data_date=max(dates, default=""),
            bytes=0,
        )

    def search(self, probes: Sequence[Probe]) -> list[list[Hit]]:
        """One exact list a probe."""
        return [self._answer(probe) for probe in probes]

    def fetch(self, ids: Sequence[str]) -> list[Article | None]:
        """Articles in the order asked."""
        articles = self._articles()
        return [articles.get(id) for id in ids]

    def vectors(self, ids: Sequence[str]) -> list[Vector | None]:
        """Vectors in the order asked."""
        return [self._rows[id].vector if id in self._rows else None for id in ids]

    def rows(self) -> Iterator[Row]:
        """Every row, tombstones too."""
        yield from self._rows.values()

    def refresh(self) -> None:
        """Take the newest dict."""
        self._rows = self._index.rows

    def close(self) -> None:
        """Nothing is held open."""

    def _articles(self) -> dict[str, Article]:
        return {id: row.record for id, row in self._rows.items() if isinstance(row.record, Article)}

    def _answer(self, probe: Probe) -> list[Hit]:
        articles = self._articles()
        allowed = [a for a in articles.values() if probe.within is None or _matches(probe.within, a)]
        match probe:
            case Lexical(query=query, k=k):
                scores = _bm25(query, articles, allowed)
            case Nearest(vector=vector, k=k):
                scores = self._nearness(vector, allowed)
            case _:
                assert_never(probe)
        return best_first([Hit(id, score) for id, score in scores.items()])[:k]

    def _nearness(self, vector: Vector, allowed: Sequence[Article]) -> dict[str, float]:
        space = self._index.space
        if space is None or vector.shape != (space.dimension,):
            raise IndexerError(f"A vector of shape {vector.shape!r} cannot be compared with {space!r}.")
        found = {article.id: self._rows[article.id].vector for article in allowed}
        scores = {id: float(stored @ vector) for id, stored in found.items() if stored is not None}
        if space.similarity == "cosine":
            length = float(np.linalg.norm(vector)) or 1.0
            norms = {id: float(np.linalg.norm(stored)) for id, stored in found.items() if stored is not None}
            scores = {id: score / (length * (norms[id] or 1.0)) for id, score in scores.items()}
        return scores


def _words(text: str) -> list[str]:
    """Lower-case words without stop words, a plural s removed: a poor man's English analyzer."""
    found = re.findall(r"\w+", text.lower())
    return [re.sub(r"(?<=\w{3})(?<!s)s$", "", word) for word in found if word not in _STOP_WORDS]


def _field_words(field: Field, article: Article) -> list[str]:
    return [word for value in field.values(article) for word in _words(str(value))]


def _matches(query: Query, article: Article) -> bool:
    match query:
        case Match(text=text, boosts=boosts):
            wanted = set(_words(text))
            return any(not wanted.isdisjoint(_field_words(FIELD[name], article)) for name in searched(boosts))
        case Phrase(text=text):
            return _holds_phrase(_words(text), article)
        case And(parts=parts):
            return all(_matches(part, article) for part in parts)
        case Or(parts=parts):
            return any(_matches(part, article) for part in parts)
        case Not(part=part):
            return not _matches(part, article)
        case Term(field=name, values=values):
            held = {str(value).casefold() for value in FIELD[name].values(article)}
            return any(value.casefold() in held for value in values)
        case Range(field=name, low=low, high=high):
            numbers = [int(value) for value in FIELD[name].values(article)]
            return any((low is None or low <= n) and (high is None or n <= high) for n in numbers)
        case _:
            assert_never(query)


def _holds_phrase(wanted: list[str], article: Article) -> bool:
    for name in ("title", "abstract"):
        words = _field_words(FIELD[name], article)
        starts = range(len(words) - len(wanted) + 1) if wanted else range(0)
        if any(words[start : start + len(wanted)] == wanted for start in starts):
            return True
    return False


def _scored_texts(query: Query) -> list[tuple[str, Boosts]]:
    """The texts that add to a score, with their boosts: those of Match and Phrase, outside of Not."""
    match query:
        case Match(text=text, boosts=boosts):
            return [(text, boosts)]
        case Phrase(text=text):
            return [(text, ())]
        case And(parts=parts) | Or(parts=parts):
            return [text for part in parts for text in _scored_texts(part)]
        case Not() | Term() | Range():
            return []
        case _:
            assert_never(query)


def _bm25(query: Query, articles: Mapping[str, Article], allowed: Sequence[Article]) -> dict[str, float]:
    """BM25 (Robertson and Zaragoza 2009; k1 = 1.2, b = .75, Lucene's idf), summed over fields with their boosts."""
    terms = [(word, dict(boosts)) for text, boosts in _scored_texts(query) for word in _words(text)]
    scores = dict.fromkeys((a.id for a in allowed if _matches(query, a)), 0.0)
    for field in (field for field in FIELDS if field.kind == "text"):
        bags = {id: Counter(_field_words(field, article)) for id, article in articles.items()}
        mean_length = sum(bag.total() for bag in bags.values()) / max(1, len(bags)) or 1.0
        for term, boosts in terms:
            holders = sum(term in bag for bag in bags.values())
            idf = math.log(1 + (len(bags) - holders + 0.5) / (holders + 0.5))
            for id in scores:
                count, length = bags[id][term], bags[id].total()
                weight = count / (count + 1.2 * (0.25 + 0.75 * length / mean_length))
                scores[id] += boosts.get(field.name, field.boost) * idf * weight
    return scores
