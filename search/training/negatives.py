"""Choose negatives for one query: by chance from a window of its ranking, without what may well answer it."""

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from indexer.article import Article
from indexer.engines.protocol import Reader
from onnx_models import Reranker
from onnx_models.training.dataset import Passage, RankList
from search.errors import BadScores, InvalidRequest
from search.request import MAX_DEPTH, Mode
from search.response import Ranking
from search.training import cutting, denoising, teaching
from search.training.excluding import Exclusions
from search.training.teaching import TEACHERS, Seen, Teaching


@dataclass(frozen=True, slots=True, kw_only=True)
class MiningOptions:
    """Where negatives come from, and which are dropped."""

    mode: Mode = "hybrid"
    from_rank: int = 50
    """The first rank of the window, from 1. What stands above is often relevant though nobody said so."""
    to_rank: int = 200
    """The last; 50 to 200 is what is told of MedCPT's own training."""
    store: int = 32
    """Negatives kept of each query, as MedCPT keeps them."""
    seed: int = 2023
    denoise: float | None = None
    """Drop what the re-ranker gives more than this share of the positives' score (`search.training.denoising`)."""
    teach: Teaching | None = None
    """Whose scores to store with the passages (`search.training.teaching`)."""
    drop_given: bool = False
    """Leave out the negatives that the data has, rather than put the mined ones after them."""

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        if not 1 <= self.from_rank <= self.to_rank <= MAX_DEPTH:
            raise InvalidRequest(
                f"Ranks {self.from_rank} to {self.to_rank} are no window. It begins at 1 or later and ends at "
                f"{MAX_DEPTH:,} or before."
            )
        if self.store < 1:
            raise InvalidRequest(f"store is {self.store!r}; at least 1 negative is kept of each query.")
        if self.denoise is not None and not 0 < self.denoise <= 1:
            raise InvalidRequest(
                f"denoise is {self.denoise!r}; it is a share of the positives' score, above 0, up to 1."
            )

    @property
    def needs_reranker(self) -> bool:
        """Whether passages are read again by a re-ranker."""
        return self.denoise is not None or teaching.needs_reranker(self.teach)


class Chosen(NamedTuple):
    """What was chosen for one query."""

    ids: tuple[str, ...]
    """Of the mined negatives, best rank first."""
    scores: Mapping[str, float] | None
    """A teacher's, by id, of the data's own passages and the mined ones; None where nobody teaches."""
    cut: str
    """What was cut out of the positives, and is cut out of these too (`search.training.cutting`)."""
    counts: Mapping[str, int]
    """What was looked at, and dropped for what reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sift:
    """What one query's negatives have to pass, and how they are read."""

    cut: str
    alike: Exclusions
    """The positives."""
    keep_out: Exclusions
    """What no model is trained on."""

    def readable(self, articles: Sequence[Article | None], counts: Counter[str]) -> list[Passage]:
        """Their texts, less those without any, and near-duplicates of what answers the query."""
        texts = []
        for article in articles:
            passage = None if article is None else cutting.cut(self.cut, article)
            if article is None or passage is None:
                counts["without such a text"] += 1
            elif self.keep_out.why(article.id, *article.passage):
                counts["kept out"] += 1
            elif self.alike.why(*passage):
                counts["near-duplicates"] += 1
            else:
                texts.append(passage)
        return texts


class Chooser:
    """Chooses from rankings over one index."""

    def __init__(
        self, index: Reader, judge: Reranker | None, options: MiningOptions, keep_out: Exclusions | None = None
    ) -> None:
        """`judge` is the re-ranker that denoises and teaches; one is needed where `options.needs_reranker`."""
        self._index, self._judge, self._options = index, judge, options
        self._keep_out = keep_out or Exclusions()

    def choose(self, asked: RankList, ranking: Ranking) -> Chosen:
        """The negatives of the query that was `asked`, out of its ranking.

        Candidates are drawn and looked at until enough are found, so that no more is read than is needed.

        Raises:
            BadScores: the re-ranker gave something that is no finite number.
        """
        counts, given = Counter[str](), self.given(asked)
        window = [hit.id for hit in ranking.fused[self._options.from_rank - 1 : self._options.to_rank]]
        drawn, sift = self._drawn(asked, window, counts), self._sift(asked)
        judged = self._judged(asked.query, given) if self._options.needs_reranker else {}
        kept: list[str] = []
        while drawn and len(kept) < self._options.store:
            lacking = self._options.store - len(kept)
            batch, drawn = drawn[:lacking], drawn[lacking:]
            texts = sift.readable(self._index.fetch(batch), counts)
            if self._options.needs_reranker:
                judged |= self._judged(asked.query, texts)
                texts = self._undisputed(asked, texts, judged, counts)
            kept += [passage.id for passage in texts]
        counts["mined"] = len(kept)
        ids = tuple(id for id in window if id in set(kept))
        scores = self._taught([*(one.id for one in given), *ids], judged, ranking)
        return Chosen(ids, scores, sift.cut, counts)

    def given(self, asked: RankList) -> tuple[Passage, ...]:
        """The passages of the data that stay with the query: positives, and its negatives unless they are dropped."""
        return asked.passages[: len(asked.positives)] if self._options.drop_given else asked.passages

    def _drawn(self, asked: RankList, window: Sequence[str], counts: Counter[str]) -> list[str]:
        """The window without the data's own passages, in an order that the seed and the query's id fix."""
        known = {passage.id for passage in asked.passages}
        candidates = [id for id in window if id not in known]
        counts["candidates"], counts["known"] = len(window), len(window) - len(candidates)
        return random.Random(f"{self._options.seed} {asked.query_id}").sample(candidates, len(candidates))

    def _sift(self, asked: RankList) -> "_Sift":
        positives = [passage for passage, _ in asked.positives]
        alike = Exclusions(like=[Article(id=one.id, title=one.title, abstract=one.abstract) for one in positives])
        return _Sift(cut=cutting.cut_of(positives, self._index), alike=alike, keep_out=self._keep_out)

    def _undisputed(
        self, asked: RankList, texts: Sequence[Passage], judged: Mapping[str, float], counts: Counter[str]
    ) -> list[Passage]:
        """Those that the re-ranker does not take for answers."""
        if self._judge is None or self._options.denoise is None:
            return list(texts)
        positives = [judged[passage.id] for passage, _ in asked.positives]
        scores = [judged[passage.id] for passage in texts]
        stays = denoising.keeps(positives, scores, self._judge.kind, share=self._options.denoise)
        counts["denoised"] += stays.count(False)
        return [passage for passage, stay in zip(texts, stays, strict=True) if stay]

    def _judged(self, query: str, texts: Sequence[Passage]) -> dict[str, float]:
        """The re-ranker's score of each passage, by id."""
        if self._judge is None:
            raise InvalidRequest("Denoising and teaching by a re-ranker need a model set that has one: name it.")
        scores = self._judge.score(query, [(passage.title, passage.abstract) for passage in texts])
        judged = {passage.id: float(score) for passage, score in zip(texts, scores, strict=True)}
        for id, score in judged.items():
            if not math.isfinite(score):
                raise BadScores(self._judge.name, id)
        return judged

    def _taught(self, ids: Sequence[str], judged: Mapping[str, float], ranking: Ranking) -> Mapping[str, float] | None:
        if self._options.teach is None:
            return None
        found = teaching.found_scores(ids, ranking.fused)
        return TEACHERS[self._options.teach](Seen({id: judged[id] for id in ids if id in judged}, found))
