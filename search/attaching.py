"""Open the encoder that makes vectors for somebody's index: the wiring point of `biocpt attach`."""

from indexer.engines.protocol import VectorSpace
from onnx_models import Encoder
from search.indexing import LoadOptions, encoder_of


def open_encoder(options: LoadOptions, remembered: VectorSpace | None) -> tuple[Encoder, VectorSpace]:
    """The article encoder, and the space of its vectors.

    Args:
        options: what was asked for.
        remembered: of an index that is attached already, which keeps its own model unless another was asked for.

    Raises: ModelError, where there is no such set or it cannot be opened.
    """
    return encoder_of(options.model or (remembered.model if remembered else options.default_model), options)
