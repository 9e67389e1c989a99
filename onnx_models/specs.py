"""What a model is: role, input layout, pooling and similarity; and the table of known sets. Add a model here."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["query", "article", "cross"]
Pooling = Literal["cls", "mean", "last"]
Similarity = Literal["ip", "cosine"]
Layout = Literal["pair", "concat"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One encoder or cross-encoder: where it comes from and how texts become its input."""

    name: str
    role: Role
    checkpoint: str
    """A hub repository (`ncbi/MedCPT-Article-Encoder`), or a note of where the folder came from."""
    revision: str | None = None
    max_tokens: int = 512
    pooling: Pooling = "cls"
    similarity: Similarity = "ip"
    """`ip`: raw vectors, compared by inner product. `cosine`: vectors are normalised to length 1."""
    layout: Layout = "concat"
    """How (title, abstract) becomes input: `pair` of segments, or one text joined by `separator`."""
    separator: str = " "
    prefix: str = ""
    """Put before each text: an instruction such as bge's for queries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSet:
    """The models that belong together: a query encoder, its article encoder, and perhaps a cross-encoder."""

    name: str
    query: ModelSpec
    article: ModelSpec
    cross: ModelSpec | None = None
    rerank_mix: float | None = None
    """The weight of re-rank scores against fused ones; None: 1 for cross, 0.6 for late interaction."""

    @property
    def tied(self) -> bool:
        """Whether queries and articles go through the same weights, so that their token states can be compared."""
        return (self.query.checkpoint, self.query.revision) == (self.article.checkpoint, self.article.revision)


def _bge(size: str) -> ModelSet:
    checkpoint = f"BAAI/bge-{size}-en-v1.5"
    return ModelSet(
        name=f"bge-{size}",
        query=ModelSpec(
            name=f"bge-{size}-query",
            role="query",
            checkpoint=checkpoint,
            similarity="cosine",
            prefix="Represent this sentence for searching relevant passages: ",
        ),
        article=ModelSpec(name=f"bge-{size}-article", role="article", checkpoint=checkpoint, similarity="cosine"),
    )


_MINILM = "sentence-transformers/all-MiniLM-L6-v2"

KNOWN_SETS: dict[str, ModelSet] = {
    "medcpt": ModelSet(
        name="medcpt",
        query=ModelSpec(name="medcpt-query", role="query", checkpoint="ncbi/MedCPT-Query-Encoder", max_tokens=64),
        article=ModelSpec(
            name="medcpt-article", role="article", checkpoint="ncbi/MedCPT-Article-Encoder", layout="pair"
        ),
        cross=ModelSpec(name="medcpt-cross", role="cross", checkpoint="ncbi/MedCPT-Cross-Encoder"),
    ),
    "minilm": ModelSet(
        name="minilm",
        query=ModelSpec(
            name="minilm-query",
            role="query",
            checkpoint=_MINILM,
            max_tokens=256,
            pooling="mean",
            similarity="cosine",
        ),
        article=ModelSpec(
            name="minilm-article",
            role="article",
            checkpoint=_MINILM,
            max_tokens=256,
            pooling="mean",
            similarity="cosine",
        ),
    ),
    "bge-small": _bge("small"),
    "bge-base": _bge("base"),
}
