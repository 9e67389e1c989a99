"""The checkpoint run by transformers on torch: the first choice to compare an export with."""

import importlib.util
import inspect
import pickle
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import safetensors

from onnx_models.export.checkpoint import Checkpoint
from onnx_models.export.weight_files import first_line
from onnx_models.manifest import Kind, Output
from onnx_models.verify import Array, Feed

ERRORS = (
    ArithmeticError,
    AttributeError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    safetensors.SafetensorError,
)
"""What transformers, and optimum above it, let through for a checkpoint that they cannot use: there is no base."""


def is_available() -> bool:
    """Whether torch and transformers are installed; imports neither."""
    return all(importlib.util.find_spec(name) is not None for name in ("torch", "transformers"))


def name() -> str:
    """The reference's name with its versions, for the manifest."""
    from importlib.metadata import version

    return f"torch {version('torch')}, transformers {version('transformers')}"


def compute(checkpoint: Checkpoint, kind: Kind) -> Callable[[Feed, Output], Array]:
    """The checkpoint's forward pass, in float32 with the plain (eager) attention.

    Raises:
        UnsupportedCheckpoint: see `load`.
    """
    import torch

    model = load(checkpoint, kind)
    accepted = inspect.signature(model.forward).parameters

    def forward(feed: Feed, output: Output) -> Array:
        inputs = {key: torch.from_numpy(np.asarray(value)) for key, value in feed.items() if key in accepted}
        with torch.inference_mode():
            result = model(**inputs)
        values = result.logits if output == "logits" else result.last_hidden_state
        return np.asarray((values[:, 0] if output == "cls" else values).numpy(), dtype=np.float32)

    return forward


def load(checkpoint: Checkpoint, kind: Kind, *, attention: str = "eager") -> Any:
    """The model as transformers opens it, once it is sure that every weight comes from the checkpoint.

    Args:
        attention: transformers' name of how it is computed; `eager` is the plain one, `sdpa` torch's own kernel.

    Raises:
        UnsupportedCheckpoint: transformers cannot open it, or would fill what it lacks with random numbers.
    """
    import torch
    import transformers

    tensors = (
        checkpoint.tensors()
    )  # a damaged file is named here; transformers would look for one of TensorFlow's instead
    family = transformers.AutoModel if kind == "encoder" else transformers.AutoModelForSequenceClassification
    try:
        with quietly():
            model, found = family.from_pretrained(
                checkpoint.folder,
                attn_implementation=attention,
                dtype=torch.float32,
                local_files_only=True,
                trust_remote_code=False,  # left open, transformers asks the user to run what lies in the checkpoint
                output_loading_info=True,
            )
    except ERRORS as error:
        raise checkpoint.refuse(f"transformers says {first_line(error)!r}", instead="Check config.json.") from error
    _refuse_gaps(checkpoint, sorted(found["missing_keys"]), kind)
    for tensor_name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise tensors.not_finite(tensor_name)
    return model.eval()


def _refuse_gaps(checkpoint: Checkpoint, missing: list[str], kind: Kind) -> None:
    needed = [key for key in missing if kind == "cross" or not key.startswith("pooler.")]
    if needed:
        shown = ", ".join(repr(key) for key in needed[:5]) + (f" and {len(needed) - 5} more" if needed[5:] else "")
        raise checkpoint.refuse(f"it has no tensor {shown}", instead="Fetch it again.")


@contextmanager
def quietly() -> Iterator[None]:
    """Keep transformers' and torch's warnings to themselves: what matters in them is raised."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(before)
