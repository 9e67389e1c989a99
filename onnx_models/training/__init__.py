"""Queries and the passages that answer them → a query encoder, an article encoder, a cross-encoder.

It follows MedCPT's recipe (Jin et al., Bioinformatics 2023). `dataset` is the one format that training reads, and needs
no torch; what computes needs the extra `train`. Names are imported when they are first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx_models.training.dataset import Dataset, DatasetWriter, Pair, Passage, RankList, open_dataset
    from onnx_models.training.loop import Objective, TrainingProgress, train
    from onnx_models.training.reranker import ListSettings, RerankerObjective
    from onnx_models.training.retriever import ContrastiveSettings, Retriever
    from onnx_models.training.settings import TrainingSettings

__all__ = [
    "ContrastiveSettings",
    "Dataset",
    "DatasetWriter",
    "ListSettings",
    "Objective",
    "Pair",
    "Passage",
    "RankList",
    "RerankerObjective",
    "Retriever",
    "TrainingProgress",
    "TrainingSettings",
    "open_dataset",
    "train",
]

_MODULES = {
    "dataset": ("Dataset", "DatasetWriter", "Pair", "Passage", "RankList", "open_dataset"),
    "loop": ("Objective", "TrainingProgress", "train"),
    "reranker": ("ListSettings", "RerankerObjective"),
    "retriever": ("ContrastiveSettings", "Retriever"),
    "settings": ("TrainingSettings",),
}

if not TYPE_CHECKING:  # a type checker would take it as leave for any name

    def __getattr__(name):
        """A public name, from the module where it lives.

        Raises:
            MissingExtra: it computes, and torch or transformers are not installed.
        """
        for module, names in _MODULES.items():
            if name in names:
                globals()[name] = getattr(_imported(module), name)
                return globals()[name]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _imported(module: str) -> object:
    from onnx_models.errors import MissingExtra

    try:
        return import_module(f"{__name__}.{module}")
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "transformers"):
            raise
        raise MissingExtra(what="Training", extra="train") from error


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted({*globals(), *__all__})
