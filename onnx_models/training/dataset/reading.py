"""Read a dataset: all its examples once an epoch, in an order that seed and epoch fix, from any example on."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from onnx_models.training.dataset import header
from onnx_models.training.dataset.examples import Kind, Pair, Passage, RankList
from onnx_models.training.dataset.shards import Share, in_order
from onnx_models.training.dataset.stores import NUMBER, Rows, Texts


class Dataset:
    """What was written, read by row as it is asked for; safe to share between threads."""

    def __init__(self, folder: Path, described: header.Header) -> None:
        self.folder, self._header = folder, described
        self._queries, self._passages = Texts(folder, "queries", 2), Texts(folder, "passages", 3)
        self._positives, self._negatives = Rows(folder, "positives", NUMBER), Rows(folder, "negatives", NUMBER)
        self._scores = Rows(folder, "scores", header.SCORE) if described.has_scores else None

    @property
    def kind(self) -> Kind:
        """What it was prepared for; either kind can be read from it."""
        return self._header.kind

    @property
    def examples(self) -> int:
        """How many of its kind."""
        return self.count(self.kind)

    def count(self, kind: Kind) -> int:
        """How many examples of a kind: pairs, or lists, one a query."""
        return sum(self._header.shards[kind])

    @property
    def passages(self) -> int:
        """How many texts can answer."""
        return self._header.passages

    @property
    def fingerprint(self) -> str:
        """Names the data: whoever resumes a training has to have the same."""
        return self._header.fingerprint

    @property
    def counts(self) -> Mapping[str, Any]:
        """What came of each source, and what each filter removed."""
        return self._header.counts

    def pairs(self, *, seed: int, epoch: int, start: int = 0, rank: int = 0, ranks: int = 1) -> Iterator[Pair]:
        """Each query with each of its positives, once an epoch over all ranks, in a random order.

        Args:
            seed: What the order is drawn by, with the epoch.
            epoch: From 0.
            start: How many of this rank's examples to skip, to go on where a run was stopped; cheap.
            rank: Which of `ranks` readers asks: it gets every `ranks`-th example, so their numbers differ by 1 at most.
            ranks: How many share the epoch.

        Raises:
            NoSuchShare: a number is negative, or `rank` is none of the ranks.
        """
        share = Share(seed, epoch, start, rank, ranks).check()
        return (self._pair(int(query), int(which)) for query, which in self._order("pairs", 2, share))

    def lists(self, *, seed: int, epoch: int, start: int = 0, rank: int = 0, ranks: int = 1) -> Iterator[RankList]:
        """Each query with all its passages, once an epoch over all ranks, in a random order; see `pairs`."""
        share = Share(seed, epoch, start, rank, ranks).check()
        return (self._list(int(row[0])) for row in self._order("lists", 1, share))

    def queries(self) -> Iterator[RankList]:
        """Each query with all its passages, in the order in which they were written."""
        return map(self._list, range(len(self._queries)))

    def _order(self, kind: Kind, width: int, share: Share) -> Iterator[Any]:
        return in_order(self.folder / kind, self._header.shards[kind], width, share)

    def _pair(self, query: int, which: int) -> Pair:
        id, text = self._queries[query]
        positives = self._positives[query].reshape(-1, 2)
        row, clicks = (int(number) for number in positives[which])
        return Pair(
            query_id=id,
            query=text,
            positive=Passage(*self._passages[row]),
            clicks=clicks,
            known=frozenset(self._passages.first(int(known)) for known in positives[:, 0]),
            negatives=self._texts(self._negatives[query]),
        )

    def _list(self, query: int) -> RankList:
        id, text = self._queries[query]
        positives = self._positives[query].reshape(-1, 2)
        clicks = [int(number) for number in positives[:, 1]]
        scores = () if self._scores is None else tuple(float(score) for score in self._scores[query])
        return RankList(
            query_id=id,
            query=text,
            positives=tuple(zip(self._texts(positives[:, 0]), clicks, strict=True)),
            negatives=self._texts(self._negatives[query]),
            scores=scores or None,
        )

    def _texts(self, rows: Any) -> tuple[Passage, ...]:
        return tuple(Passage(*self._passages[int(row)]) for row in rows)


def open_dataset(folder: Path) -> Dataset:
    """The dataset in a folder.

    Raises:
        BadDataset: there is none, or it is not as it was written.
    """
    return Dataset(folder, header.read(folder))
