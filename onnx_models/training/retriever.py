"""The retriever's objective: two encoders, or one, that bring queries and the articles chosen for them together.

MedCPT's recipe (Jin et al., Bioinformatics 2023) is `ContrastiveSettings()` but for the mask: [CLS] vectors, their raw
inner product, in-batch negatives both ways. Its code masks no false negatives; see `ContrastiveSettings.mask`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from onnx_models import set_file
from onnx_models.errors import BadRunOption, UnsuitableModel
from onnx_models.runtime import TokenBatch
from onnx_models.set_file import SOURCE
from onnx_models.specs import ModelSet, ModelSpec
from onnx_models.tokenizer import Tokens, cut_batches
from onnx_models.training import checkpoint_folder, contrastive, gradient_cache, masking, ranks
from onnx_models.training.dataset import Dataset
from onnx_models.training.masking import Asked
from onnx_models.training.pair_batches import PairBatch, PairBatches
from onnx_models.training.read_ahead import ahead
from onnx_models.training.settings import TrainingSettings
from onnx_models.training.starting import Start
from onnx_models.training.towers import Tower


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastiveSettings:
    """What the loss is made of, and how a batch is worked through."""

    alpha: float = contrastive.ALPHA
    """The share of the direction from queries to articles."""
    scale: float = 1.0
    """What scores are multiplied by: 1 over the temperature. Cosines need about 20."""
    mask: bool = True
    """Whether false negatives are left out; the official code keeps them."""
    negatives: int = 0
    """Of a pair's own, mined or shown, drawn anew each epoch; they stand beside those of the batch."""
    cached: bool = False
    """Gradient caching: two forward passes, with the memory of `pass_tokens` and not of the batch."""
    pass_tokens: int = 4096
    """Most tokens of one forward pass, padding included: texts of like lengths go together."""

    def __post_init__(self) -> None:
        if not 0 <= self.alpha <= 1:
            raise BadRunOption(option="alpha", value=self.alpha, allowed="a share from 0 to 1")
        if not 0 < self.scale < float("inf"):
            raise BadRunOption(option="scale", value=self.scale, allowed="a number above 0")
        if self.negatives < 0:
            raise BadRunOption(option="negatives", value=self.negatives, allowed="a whole number from 0 up")
        if self.pass_tokens < 1:
            raise BadRunOption(option="pass_tokens", value=self.pass_tokens, allowed="a whole number from 1 up")


@dataclass(frozen=True, slots=True)
class Passes:
    """Texts cut into forward passes of like lengths."""

    batches: tuple[TokenBatch, ...]

    @classmethod
    def of(cls, texts: Sequence[Tokens], pass_tokens: int) -> "Passes":
        """Those of these texts, with at most so many tokens each."""
        return cls(tuple(cut_batches(texts, pass_tokens)))

    def in_order(self, vectors: Sequence[torch.Tensor]) -> torch.Tensor:
        """The vectors of all passes as rows in the order of the texts."""
        joined = torch.cat(list(vectors))
        rows = np.concatenate([batch.rows for batch in self.batches])
        return joined[torch.from_numpy(np.argsort(rows)).to(joined.device)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBatch:
    """Pairs with the tokens of their queries and articles, negatives behind the positives."""

    of: PairBatch
    queries: Passes
    articles: Passes


class Retriever:
    """An `Objective`: the towers, the pairs they learn from, and the loss."""

    def __init__(
        self,
        dataset: Dataset,
        start: Start,
        *,
        contrast: ContrastiveSettings,
        settings: TrainingSettings,
        device: torch.device | None = None,
    ) -> None:
        """Raises UnsupportedCheckpoint for a checkpoint that cannot be trained, UnsuitableModel for unequal sides."""
        self._dataset, self._start, self._contrast = dataset, start, contrast
        self.query = Tower(start.query, start.query_checkpoint, precision=settings.precision, device=device)
        self.article = self._article_tower(settings, device)
        self._batches = PairBatches(
            dataset,
            size=settings.batch_size,
            negatives=contrast.negatives,
            seed=settings.seed,
            ranks=ranks.here(),
        )

    @property
    def modules(self) -> Mapping[str, torch.nn.Module]:
        """`query` and `article`; `encoder` where they are one."""
        if self._start.tied:
            return {"encoder": self.query.network}
        return {"query": self.query.network, "article": self.article.network}

    @property
    def batches_in_epoch(self) -> int:
        """Whole batches alone: what is left over is read in another epoch, as each has its own order."""
        return self._batches.count

    def batches(self, epoch: int, start: int) -> Iterator["ReadBatch"]:
        """See `PairBatches.of`."""
        return ahead(map(self._read, self._batches.of(epoch, start)))

    def examples_in(self, batch: "ReadBatch") -> int:
        """Its pairs."""
        return len(batch.of.pairs)

    def backward(self, batch: "ReadBatch") -> float:
        """The loss of the joint batch of all processes; leaves this process's share of its gradients."""
        queries, articles, count = batch.queries, batch.articles, len(batch.of.pairs)
        masked, weights = self._mask(batch.of), self._weights(batch.of)

        def loss(parts: Sequence[torch.Tensor]) -> torch.Tensor:
            query_rows = queries.in_order(parts[: len(queries.batches)])
            article_rows = articles.in_order(parts[len(queries.batches) :])
            columns = torch.cat([ranks.joint(article_rows[:count]), ranks.joint(article_rows[count:])])
            scores = self._contrast.scale * (ranks.joint(query_rows) @ columns.T)
            return contrastive.loss(scores, weights, masked, alpha=self._contrast.alpha)

        work = gradient_cache.cached if self._contrast.cached else gradient_cache.whole
        pieces = [partial(self.query.vectors, each) for each in queries.batches]
        return float(work([*pieces, *(partial(self.article.vectors, each) for each in articles.batches)], loss))

    def signature(self) -> Mapping[str, Any]:
        """Data, weights at the start, how texts are read, and the loss."""
        sides = {"query": self.query, "article": self.article}
        read = {
            f"{side}.{name}": value
            for side, tower in sides.items()
            for name, value in asdict(tower.spec).items()
            if name not in ("name", "role", "checkpoint", "revision")
        }
        return {
            "data": self._dataset.fingerprint,
            "tied": self._start.tied,
            **{f"{side}.weights": tower.weights_digest for side, tower in sides.items()},
            **read,
            **{f"contrast.{name}": value for name, value in asdict(self._contrast).items()},
        }

    def save(self, folder: Path) -> None:
        """Write set.toml and the checkpoints into a set's folder, beside the cross-encoder that it may have."""
        places = ("encoder", "encoder") if self._start.tied else ("query", "article")
        towers = dict(zip(places, (self.query, self.article), strict=True))
        checkpoint_folder.put([tower.to_save(folder / SOURCE / name) for name, tower in towers.items()])
        before = set_file.read(folder) if (folder / set_file.FILE).is_file() else None
        name = folder.resolve().name if before is None else before.name
        query, article = (
            _trained(spec, name, f"{SOURCE}/{place}")
            for spec, place in zip((self._start.query, self._start.article), places, strict=True)
        )
        cross, mix = (None, None) if before is None else (before.cross, before.rerank_mix)
        set_file.write(folder, ModelSet(name=name, query=query, article=article, cross=cross, rerank_mix=mix))

    def _article_tower(self, settings: TrainingSettings, device: torch.device | None) -> Tower:
        if self._start.tied:
            return self.query.reading(self._start.article)
        made = Tower(self._start.article, self._start.article_checkpoint, precision=settings.precision, device=device)
        if made.dimension != self.query.dimension:
            problem = f"its query encoder gives {self.query.dimension} dimensions, its article encoder {made.dimension}"
            raise UnsuitableModel(model=self._start.query.name, problem=problem)
        return made

    def _read(self, batch: PairBatch) -> "ReadBatch":
        passages = [pair.positive for pair in batch.pairs] + list(batch.negatives)
        queries = self.query.read([pair.query for pair in batch.pairs])
        articles = self.article.read([(passage.title, passage.abstract) for passage in passages])
        budget = self._contrast.pass_tokens
        return ReadBatch(of=batch, queries=Passes.of(queries, budget), articles=Passes.of(articles, budget))

    def _mask(self, batch: PairBatch) -> torch.Tensor | None:
        if not self._contrast.mask:
            return None
        asked = [Asked(pair.query_id, pair.query, pair.positive.id, pair.known) for pair in batch.pairs]
        rows = ranks.joined_lists(asked)
        columns = [row.positive for row in rows] + ranks.joined_lists([passage.id for passage in batch.negatives])
        return torch.from_numpy(masking.false_negatives(rows, columns)).to(self.query.device)

    def _weights(self, batch: PairBatch) -> torch.Tensor:
        clicks = ranks.joined_lists([pair.clicks for pair in batch.pairs])
        return contrastive.click_weights(clicks, self.query.device)


def _trained(spec: ModelSpec, set_name: str, checkpoint: str) -> ModelSpec:
    """The side as one of the trained set, with the checkpoint that lies in its folder now."""
    return replace(spec, name=f"{set_name}-{spec.role}", checkpoint=checkpoint, revision=None)
