"""The opened models of a server, each with the names that it answers to."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from onnx_models import Encoder, InstalledModel, Reranker, RerankerChoice, RunOptions, find_set
from onnx_models import load_encoder as open_encoder
from onnx_models import load_reranker as open_reranker
from search.service.errors import UnknownServedModel
from search.service.inference import Embedded, Inference, Scored, ServedModel, Side
from search.service.limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A model that is open, with the names that it answers to."""

    served: ServedModel
    names: tuple[str, ...]
    encoder: Encoder | None = None
    reranker: Reranker | None = None

    def embed(self, texts: Sequence[str]) -> Embedded:
        """Vectors in the order given."""
        if self.encoder is None:
            raise UnknownServedModel(name=self.served.name, served=())
        asked = [passage(text) for text in texts] if self.served.side == "article" else list(texts)
        none = tuple(0 for _ in texts)
        return Embedded(vectors=self.encoder.encode(asked), tokens=none, cut=tuple(False for _ in texts))

    def rerank(self, query: str, documents: Sequence[str]) -> Scored:
        """Logits in the order given."""
        if self.reranker is None:
            raise UnknownServedModel(name=self.served.name, served=())
        logits = self.reranker.score(query, [passage(text) for text in documents]).astype(np.float64)
        return Scored(logits=logits, tokens=tuple(0 for _ in documents), cut=tuple(False for _ in documents))


def open_inference(
    home: Path, sets: Sequence[str], *, rerank: RerankerChoice = "auto", run: RunOptions, limits: Limits
) -> Inference:
    """Open the encoders and the re-ranker of these sets, by name or folder.

    Raises:
        ModelError: a set or one of its models cannot be opened.
    """
    return Inference([engine for name in sets for engine in _engines(home, name, rerank, run)], limits)


def passage(text: str) -> tuple[str, str]:
    """A text as an article: its first line is the title, the rest the abstract."""
    title, _, abstract = text.strip().partition("\n")
    return title.strip(), abstract.strip()


def _engines(home: Path, name: str, rerank: RerankerChoice, run: RunOptions) -> list[Engine]:
    models = find_set(home, name)
    set_name = models.model_set.name
    engines = []
    sides: tuple[tuple[Side, InstalledModel], ...] = (("query", models.query), ("article", models.article))
    for side, model in sides:
        encoder = open_encoder(model, run)
        served = ServedModel(
            name=f"{set_name}-{side}",
            model_set=set_name,
            side=side,
            dimension=encoder.dimension,
            max_tokens=model.spec.max_tokens,
            fingerprint=encoder.fingerprint,
            precision=encoder.runtime.precision,
            kind="encoder",
            similarity=encoder.similarity,
            runtime=str(encoder.runtime),
        )
        engines.append(Engine(served=served, names=_names(served, model), encoder=encoder))
    reranker = open_reranker(models, rerank, run)
    if reranker is not None:
        model = models.cross if reranker.kind == "cross" and models.cross is not None else models.article
        served = ServedModel(
            name=f"{set_name}-rerank",
            model_set=set_name,
            side="rerank",
            dimension=None,
            max_tokens=model.spec.max_tokens,
            fingerprint=model.fingerprint,
            precision="fp32",
            kind=reranker.kind,
            similarity=None,
            runtime="",
        )
        names = _names(served, model) if reranker.kind == "cross" else (served.name,)
        engines.append(Engine(served=served, names=names, reranker=reranker))
    return engines


def _names(served: ServedModel, model: InstalledModel) -> tuple[str, ...]:
    return tuple(dict.fromkeys((served.name, model.spec.name)))
