"""The contract of an engine: a Reader that answers probes, a Writer that stores articles with their vectors.

An engine is done when `tests/indexer/engines/test_contract.py` passes with one more parameter.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.article import Article, Deletion
from indexer.ledger import Ledger
from indexer.queries import Hit, Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorSpace:
    """Which vectors an index holds: the model set, the article encoder's fingerprint, width and similarity.

    Two spaces fit each other when fingerprint, dimension and similarity are equal; the rest is only noted.
    """

    model: str
    fingerprint: str
    dimension: int
    similarity: Literal["ip", "cosine"]
    precision: str = ""
    query_fingerprint: str = ""
    """Of the encoder for questions that belongs to these vectors; "" in an index that was made before it was noted."""

    def fits(self, other: "VectorSpace") -> bool:
        """Whether vectors of the two may be compared."""
        mine, theirs = ((s.fingerprint, s.dimension, s.similarity) for s in (self, other))
        return mine == theirs


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionInfo:
    """One of the versions of an index, where its engine keeps several."""

    name: str
    state: Literal["served", "being loaded", "old", "withdrawn"]
    """`withdrawn`: newer than the served one, which was put back in its place."""
    articles: int | None
    """None for one that somebody closed, and which tells nothing."""
    model: str
    """The model set of its vectors; "" for an index without."""
    vectors: str
    """What its vectors are kept in (`VectorEncoding`)."""
    created: str
    """When, ISO 8601 in UTC."""
    loaders: tuple[str, ...] = ()
    """Who is writing to it: one sentence a process, as it last said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexInfo:
    """What an index holds, as of its last commit."""

    location: str
    engine: str
    format: int
    articles: int
    vectors: int
    tombstones: int
    space: VectorSpace | None
    """None for an index without vectors (`--model none`)."""
    data_date: str
    """The newest NLM date (revised, else completed or entered) of any stored article, ISO; "" where none is known."""
    bytes: int
    state: Literal["served", "being loaded"] = "served"
    """A cluster's index that is being loaded for the first time shows what was committed; no alias names it yet."""
    is_attached: bool = False
    """Whether the documents are somebody's, who loads and changes them: only the vectors are ours."""
    versions: tuple[VersionInfo, ...] = ()
    """All there are, by number, for an engine that keeps several; the figures above are of the one that is read."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored under an id: enough to decide whether a record that arrives is newer, or the same."""

    order: int
    deleted: bool
    text_digest: str
    record_digest: str
    has_vector: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One stored id with all that belongs to it: what `copy` carries to another index."""

    record: Article | Deletion
    vector: NDArray[np.float32] | None
    stored: Stored | None = None
    """What is stored beside the record, where the engine tells: `verify` compares the two."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that the engine would not store, and why, in the engine's own words."""

    id: str
    reason: str
    is_superseded: bool = False
    """No fault of the record: another loader stored something newer meanwhile."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What came of publishing a load: whether everyone is served from it, and one line to tell people, or ""."""

    is_served: bool
    note: str = ""


class Reader(Protocol):
    """Answers questions about the index. Safe to share between threads.

    A folder's reader sees one commit, whole, until `refresh`. A cluster's sees what the cluster shows: each commit,
    and before it perhaps a part of what is being written.
    """

    def info(self, *, versions: bool = True) -> IndexInfo:
        """What the index holds; without `versions`, which a cluster has to look at one by one, it costs less."""

    def search(self, probes: Sequence[Probe]) -> list[list[Hit]]:
        """One list a probe, best first, ties by id as strings, at most k long, deletions left out.

        A Lexical probe with no words left after analysis gives an empty list. A Nearest score is the raw inner
        product (`ip`) or the cosine (`cosine`). A list that lacks a part of the index is a PartialHits.

        Raises: VectorMismatch, for a vector of another width, or where the index has none.
        """

    def fetch(self, ids: Sequence[str]) -> list[Article | None]:
        """The articles in the order asked; None where there is none, or it was deleted."""

    def vectors(self, ids: Sequence[str]) -> list[NDArray[np.float32] | None]:
        """The stored vectors in the order asked; None where there is none."""

    def rows(self) -> Iterator[Row]:
        """Every stored id, tombstones too, in no particular order, without holding them all in memory."""

    def refresh(self) -> None:
        """See the newest commit from now on."""

    def close(self) -> None:
        """Let go of files and connections."""


class Writer(Protocol):
    """Stores records; nothing is safe from a crash before `commit`.

    A folder has one writer at a time, and shows nothing before a commit. A cluster takes several at once that have
    shares, or one that has none (IndexLocked for others), and may show, and keep after `close`, what was not
    committed; writing it again changes nothing.
    """

    @property
    def ledger(self) -> Ledger:
        """Which source files are done; kept beside the data."""

    @property
    def space(self) -> VectorSpace | None:
        """The vectors that this index holds."""

    def stored(self, ids: Collection[str]) -> Mapping[str, Stored]:
        """What is stored for these ids, writes since the last commit included; unknown ids are absent."""

    def write(
        self,
        articles: Sequence[Article],
        vectors: Mapping[str, NDArray[np.float32]],
        keep: Collection[str] = (),
    ) -> None:
        """Store articles (their `order` with them), replacing what their ids hold; ids are unique within one call.

        `vectors` holds float32 (d,) by id; an id in `keep` keeps the vector that is stored; any other is left without.
        The caller has compared orders: what is given is written. An article with text and no vector is stored too,
        but in an index with vectors a cluster's `publish` refuses it, and `verify` finds it.
        """

    def delete(self, deletions: Sequence[Deletion]) -> None:
        """Store tombstones with their order; text and vector of these ids are gone."""

    def commit(self) -> None:
        """The acknowledgement: on return everything written so far survives `kill -9` and is visible to new readers."""

    def refused(self) -> list[Refused]:
        """What the engine would not store of the writes before the last commit, each told once; call it after that."""

    def reusable(self, articles: Sequence[Article]) -> Mapping[str, NDArray[np.float32]]:
        """Vectors by id that an older version of this index holds for the very texts of these articles."""

    def publish(self) -> Publication:
        """The load is whole: everyone is served from it now, unless others still load it or their part is missing.

        A folder serves each commit, and has nothing to do. A cluster looks first whether what is stored is sound.

        Raises: UnsoundVersion, where it is not: nobody is served from it.
        """

    def optimize(self) -> None:
        """Merge, build or extend the vector index, drop versions that nothing reads; the answers stay the same."""

    def close(self) -> None:
        """Drop what was not committed and let others write."""
