"""Text to numbers: export the encoders to ONNX, verify, quantise and run them. Knows nothing of articles or indexes."""

from onnx_models.encoder import Encoder, Text
from onnx_models.errors import ModelError
from onnx_models.installed import InstalledModel, InstalledSet, default_home
from onnx_models.installed import find as find_set
from onnx_models.loading import RerankerChoice, load_encoder, load_reranker
from onnx_models.reranker import Reranker, RerankerKind
from onnx_models.runtime import Backend, RunOptions, RunPrecision, Runtime
from onnx_models.specs import KNOWN_SETS, ModelSet, ModelSpec, Similarity

__all__ = [
    "KNOWN_SETS",
    "Backend",
    "Encoder",
    "InstalledModel",
    "InstalledSet",
    "ModelError",
    "ModelSet",
    "ModelSpec",
    "Reranker",
    "RerankerChoice",
    "RerankerKind",
    "RunOptions",
    "RunPrecision",
    "Runtime",
    "Similarity",
    "Text",
    "default_home",
    "find_set",
    "load_encoder",
    "load_reranker",
]
