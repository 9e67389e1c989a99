"""A checkpoint as sentence-transformers opens all-MiniLM-L6-v2: mean pooling, then length 1.

Its own modules.json names both; the checkpoint that we keep has no folder for the pooling.
"""

from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Normalize, Pooling, Transformer


def opened(
    checkpoint: str | Path, *, max_tokens: int, dtype: str = "float32", device: str = "cpu"
) -> SentenceTransformer:
    """The model, ready to encode."""
    body = Transformer(str(checkpoint), model_args={"torch_dtype": getattr(torch, dtype)})
    pooling = Pooling(body.get_word_embedding_dimension(), "mean")
    model = SentenceTransformer(modules=[body, pooling, Normalize()], device=device)
    model.max_seq_length = max_tokens
    return model
