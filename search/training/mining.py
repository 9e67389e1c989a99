"""Mine negatives for a prepared dataset with a searcher of ours; can be killed anywhere and run again.

What is chosen is noted by ids, some hundred queries a file, in a folder beside the dataset that is to be; when all
queries are done, the texts are looked up and the dataset is written in one step.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from indexer.article import Article
from indexer.engines.protocol import Reader
from onnx_models import Reranker
from onnx_models.training.dataset import Dataset, DatasetWriter, Kind, RankList
from onnx_models.training.errors import DatasetExists, EmptyDataset
from search import atomic
from search.errors import InvalidRequest
from search.request import SearchRequest
from search.searcher import Searcher
from search.training import cutting
from search.training.errors import OtherMining
from search.training.excluding import Exclusions
from search.training.negatives import Chooser, Chosen, MiningOptions

TOGETHER = 256
"""Queries of one file of notes: what a kill can cost."""

_FETCHED_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class MiningProgress:
    """How far mining is."""

    done: int
    """Queries."""
    queries: int
    counts: Mapping[str, int]
    """What was found and dropped so far; a run that went on tells of the whole."""


class Mining:
    """One run: whose queries, by which searcher, into which folder."""

    def __init__(
        self,
        dataset: Dataset,
        searcher: Searcher,
        judge: Reranker | None,
        options: MiningOptions | None = None,
        keep_out: Exclusions | None = None,
    ) -> None:
        """`judge` is the re-ranker that denoises and teaches; None where neither is asked for.

        `keep_out` are articles of the index that are no negatives: those that models are judged by.

        Raises:
            InvalidRequest: a re-ranker is needed, and there is none.
        """
        self._options = options or MiningOptions()
        if self._options.needs_reranker and judge is None:
            raise InvalidRequest("Denoising and teaching by a re-ranker need a model set that has one: name it.")
        self._dataset, self._searcher, self._judge = dataset, searcher, judge
        self._keep_out = keep_out or Exclusions()
        self._chooser = Chooser(searcher.index, judge, self._options, self._keep_out)

    def run(self, out: Path, kind: Kind = "lists") -> Iterator[MiningProgress]:
        """Mine for all queries, and write the dataset when all are done; the same call goes on after a stop.

        Queries without any negative are left out of lists, which nothing could be learnt from, and kept in pairs.

        Raises:
            DatasetExists: `out` is there already.
            OtherMining: it was begun with other data, another index or other options.
            EmptyDataset: no query has a negative.
            SearchError, IndexerError, StorageFailed, OSError: searching or writing failed; what was noted stays.
        """
        if out.exists():
            raise DatasetExists(folder=out)
        notes = Notes(out, self._signature())
        total, counts = self._dataset.count("lists"), Counter[str]()
        for number, asked in enumerate(_chunks(self._dataset.queries())):
            chosen = notes.read(number)
            if chosen is None:
                chosen = self._mine(asked)
                notes.write(number, chosen)
            for one in chosen:
                counts.update(one.counts)
            yield MiningProgress(done=min(total, (number + 1) * TOGETHER), queries=total, counts=dict(counts))
        self._assemble(out, kind, notes, counts)
        notes.remove()

    def _mine(self, asked: Sequence[RankList]) -> list[Chosen]:
        options = self._options
        requests = [SearchRequest(one.query, mode=options.mode, depth=options.to_rank, rerank=False) for one in asked]
        rankings = self._searcher.rank_all(requests)
        return [self._chooser.choose(one, ranking) for one, ranking in zip(asked, rankings, strict=True)]

    def _assemble(self, out: Path, kind: Kind, notes: "Notes", counts: Counter[str]) -> None:
        with DatasetWriter(out, kind, seed=self._options.seed) as writer:
            for number, asked in enumerate(_chunks(self._dataset.queries())):
                chosen = notes.read(number) or []
                for ranked in self._with_texts(asked, chosen):
                    counts["queries"] += 1
                    lacking = len(ranked.negatives) < self._options.store
                    counts["queries with too few negatives"] += lacking
                    counts["queries without negatives"] += not ranked.negatives
                    if ranked.negatives or kind == "pairs":
                        writer.write(ranked)
            if not writer.examples:
                raise EmptyDataset(folder=out, counts="; ".join(f"{name}: {n:,}" for name, n in counts.items()))
            writer.finish({"mining": dict(counts), "settings": self._signature(), "before": dict(self._dataset.counts)})

    def _with_texts(self, asked: Sequence[RankList], chosen: Sequence[Chosen]) -> Iterator[RankList]:
        articles = _articles(self._searcher.index, {id: None for one in chosen for id in one.ids})
        for one, found in zip(asked, chosen, strict=True):
            positives = len(one.positives)
            mined = (cutting.cut(found.cut, articles[id]) for id in found.ids if id in articles)
            passages = (*self._chooser.given(one), *(passage for passage in mined if passage is not None))
            scores = found.scores
            yield RankList(
                query_id=one.query_id,
                query=one.query,
                positives=one.positives,
                negatives=passages[positives:],
                scores=None if scores is None else tuple(scores[passage.id] for passage in passages),
            )

    def _signature(self) -> dict[str, Any]:
        """What has to be equal for notes to be gone on with."""
        info, judge = self._searcher.info, self._judge
        return {
            "data": self._dataset.fingerprint,
            "index": info.location,
            "articles": info.articles,
            "model": info.space.fingerprint if info.space and self._options.mode != "lexical" else None,
            "reranker": f"{judge.name}, {judge.kind}" if judge is not None and self._options.needs_reranker else None,
            "kept out": self._keep_out.fingerprint,
            **asdict(self._options),
        }


class Notes:
    """What was chosen so far, in a hidden folder beside the dataset that it is for."""

    def __init__(self, out: Path, signature: Mapping[str, Any]) -> None:
        """Begin, or go on with what an earlier run with the same signature left.

        Raises:
            OtherMining: an earlier run had another.
        """
        self._folder = out.absolute().with_name(f".{out.absolute().name}.mining")
        self._folder.mkdir(parents=True, exist_ok=True)
        settings = self._folder / "settings.json"
        said = orjson.dumps(signature, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
        if not settings.exists():
            _write(settings, said)
        before = orjson.loads(settings.read_bytes())
        differences = {
            name: (before.get(name), value) for name, value in signature.items() if before.get(name) != value
        }
        if differences:
            raise OtherMining(folder=self._folder, differences=differences)

    def read(self, number: int) -> list[Chosen] | None:
        """What was noted under a number; None where nothing was."""
        file = self._file(number)
        if not file.exists():
            return None
        return [Chosen(tuple(ids), *others) for ids, *others in orjson.loads(file.read_bytes())]

    def write(self, number: int, chosen: Sequence[Chosen]) -> None:
        """Note it in one step."""
        _write(self._file(number), orjson.dumps([tuple(one) for one in chosen]))

    def remove(self) -> None:
        """The dataset is there: nothing is to be gone on with.

        The settings go last: they tell whose the notes are that a kill may leave.
        """
        for file in sorted(self._folder.iterdir()):  # numbers stand before letters
            file.unlink()
        self._folder.rmdir()

    def _file(self, number: int) -> Path:
        return self._folder / f"{number:06}.json"


def _write(file: Path, contents: bytes) -> None:
    with atomic.writing(file) as partial:
        partial.write_bytes(contents)


def _chunks(asked: Iterator[RankList]) -> Iterator[list[RankList]]:
    while chunk := list(islice(asked, TOGETHER)):
        yield chunk


def _articles(index: Reader, ids: Mapping[str, None]) -> dict[str, Article]:
    """These articles; one that was taken out of the index since it was chosen is absent."""
    asked = list(ids)
    batches = (asked[start : start + _FETCHED_AT_ONCE] for start in range(0, len(asked), _FETCHED_AT_ONCE))
    return {
        id: article
        for batch in batches
        for id, article in zip(batch, index.fetch(batch), strict=True)
        if article is not None
    }
