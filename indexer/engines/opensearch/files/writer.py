"""A `Writer` whose index is yet to be: documents become lines of files, for `_bulk` or for tools that load files."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from indexer.article import Article, Deletion, Record
from indexer.engines.opensearch.contents.documents import document
from indexer.engines.opensearch.contents.encodings import as_kept
from indexer.engines.opensearch.files.parts import Lines
from indexer.engines.opensearch.storing.actions import put
from indexer.engines.protocol import Publication, Refused, Stored, VectorSpace
from indexer.engines.usable import distinct_ids, usable_id, usable_vector
from indexer.engines.writing import VectorEncoding
from indexer.ledger import Ledger

Vector = NDArray[np.float32]

Shape = Literal["bulk", "documents"]
"""Two lines a document, its action and itself; or the document alone."""

SHAPES: tuple[Shape, ...] = get_args(Shape)


class FileWriter:
    """Writes every record that it is given: which is newest, the cluster decides by versions.

    A record's version is its `order`, which a document carries too, so that the files may be loaded in any order, and
    more than once. What they replace cannot be seen from here, and so counts as added.
    """

    def __init__(
        self, lines: Lines, ledger: Ledger, space: VectorSpace | None, *, shape: Shape, vectors: VectorEncoding
    ) -> None:
        """Into `lines`; `vectors` is what the index will keep them in."""
        self._lines, self._ledger, self._space, self._encoding = lines, ledger, space, vectors
        self._line: Callable[[Record, Vector | None], bytes] = {"bulk": _with_action, "documents": _alone}[shape]

    @property
    def ledger(self) -> Ledger:
        """Which source files are in the files."""
        return self._ledger

    @property
    def space(self) -> VectorSpace | None:
        """The vectors that the index will hold."""
        return self._space

    def stored(self, ids: Collection[str]) -> Mapping[str, Stored]:
        """Nothing: what was written is not read again."""
        return {}

    def write(self, articles: Sequence[Article], vectors: Mapping[str, Vector], keep: Collection[str] = ()) -> None:
        """Their lines. Nothing of a call is written if any part of it is unusable."""
        ids = distinct_ids(articles)
        checked = {id: self._kept(id, vectors[id]) for id in ids if id in vectors}
        for article in articles:
            self._lines.add(self._line(article, checked.get(article.id)))

    def delete(self, deletions: Sequence[Deletion]) -> None:
        """Lines of tombstones."""
        for deletion in {usable_id(deletion.id): deletion for deletion in deletions}.values():
            self._lines.add(self._line(deletion, None))

    def commit(self) -> None:
        """All that was written outlives a crash."""
        self._lines.finish()

    def refused(self) -> list[Refused]:
        """None: a file takes everything."""
        return []

    def reusable(self, articles: Sequence[Article]) -> Mapping[str, Vector]:
        """None: there is no older version."""
        return {}

    def publish(self) -> Publication:
        """Nothing to do: whoever loads the files serves them."""
        return Publication(True)

    def optimize(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Drop what was not committed."""
        self._lines.close()

    def _kept(self, id: str, vector: Vector) -> Vector:
        usable = usable_vector(id, vector, self._space, location="the files")
        return usable if self._space is None else as_kept(usable, self._encoding, self._space)


def _with_action(record: Record, vector: Vector | None) -> bytes:
    return put(record, None, vector=vector).lines


def _alone(record: Record, vector: Vector | None) -> bytes:
    return document(record, vector=vector) + b"\n"
