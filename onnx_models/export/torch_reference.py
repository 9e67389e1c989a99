"""The checkpoint run by transformers on torch: the first choice to compare an export with."""

import importlib.util
import inspect
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from onnx_models.manifest import Kind, Output
from onnx_models.verify import Array, Feed


def is_available() -> bool:
    """Whether torch and transformers are installed; imports neither."""
    return all(importlib.util.find_spec(name) is not None for name in ("torch", "transformers"))


def name() -> str:
    """The reference's name with its versions, for the manifest."""
    from importlib.metadata import version

    return f"torch {version('torch')}, transformers {version('transformers')}"


def compute(checkpoint: Path, kind: Kind) -> Callable[[Feed, Output], Array]:
    """The checkpoint's forward pass, in float32 with the plain (eager) attention."""
    import torch
    import transformers

    family = transformers.AutoModel if kind == "encoder" else transformers.AutoModelForSequenceClassification
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = family.from_pretrained(
            checkpoint, attn_implementation="eager", dtype=torch.float32, local_files_only=True
        ).eval()
    accepted = inspect.signature(model.forward).parameters

    def forward(feed: Feed, output: Output) -> Array:
        inputs = {key: torch.from_numpy(np.asarray(value)) for key, value in feed.items() if key in accepted}
        with torch.inference_mode():
            result = model(**inputs)
        values = result.logits if output == "logits" else result.last_hidden_state
        return np.asarray((values[:, 0] if output == "cls" else values).numpy(), dtype=np.float32)

    return forward
