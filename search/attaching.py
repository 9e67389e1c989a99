"""Open the encoder that makes vectors for somebody's index: the wiring point of `biocpt attach`."""

from dataclasses import dataclass, field
from pathlib import Path

from indexer.engines.protocol import VectorSpace
from onnx_models import Encoder, RunOptions, find_set, load_encoder
from search.indexing import DEFAULT_MODEL


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderOptions:
    """Which model set, and how it runs."""

    home: Path
    model: str | None = None
    """What was asked for; None: what the attachment remembers, and for a new one `default_model`."""
    default_model: str = DEFAULT_MODEL
    run: RunOptions = field(default_factory=RunOptions)


def open_encoder(options: EncoderOptions, remembered: VectorSpace | None) -> tuple[Encoder, VectorSpace]:
    """The article encoder, and the space of its vectors.

    Args:
        options: what was asked for.
        remembered: of an index that is attached already.

    Raises: ModelError, where there is no such set or it cannot be opened.
    """
    name = options.model or (remembered.model if remembered else options.default_model)
    models = find_set(options.home, name)
    encoder = load_encoder(models.article, options.run)
    return encoder, VectorSpace(
        model=models.model_set.name,
        fingerprint=encoder.fingerprint,
        dimension=encoder.dimension,
        similarity=encoder.similarity,
        precision=encoder.runtime.precision,
        query_fingerprint=models.query.identity,
    )
