"""An encoder that learns: a checkpoint in torch, which reads texts and pools as its exported graph will."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from copy import copy
from pathlib import Path
from typing import assert_never

import numpy as np
import torch
from numpy.typing import NDArray

from onnx_models.encoder import Text
from onnx_models.export import torch_reference
from onnx_models.export.checkpoint import open_checkpoint
from onnx_models.export.job import accepted_input
from onnx_models.runtime import TokenBatch
from onnx_models.specs import ModelSpec, Similarity
from onnx_models.tokenizer import TextTokenizer, Tokens, cut_batches
from onnx_models.training import checkpoint_folder
from onnx_models.training.settings import Precision

_ENCODED_TOKENS = 8192


class Tower:
    """A checkpoint that is trained; also an `Encoder` with the weights as they are now."""

    def __init__(
        self, spec: ModelSpec, checkpoint: Path, *, precision: Precision = "fp32", device: torch.device | None = None
    ) -> None:
        """Raises UnsupportedCheckpoint where transformers cannot open it, or it has no tokenizer."""
        opened = open_checkpoint(checkpoint)
        accepted = accepted_input(opened)
        self.spec = spec
        self.device = device or best_device()
        self.network = torch_reference.load(opened, "encoder", attention="sdpa").to(self.device)
        self.weights_digest = opened.weights_digest()
        self._precision, self._token_types = precision, accepted.token_types
        self._tokenizer_files = checkpoint_folder.tokenizer_files(checkpoint, vocabulary=accepted.vocabulary)
        self._max_positions = accepted.max_length
        self._reader = self._opened_reader()

    def reading(self, spec: ModelSpec) -> "Tower":
        """The same network for texts of another side: one that learns from both."""
        other = copy(self)
        other.spec = spec
        other._reader = other._opened_reader()
        return other

    @property
    def name(self) -> str:
        """The spec's."""
        return self.spec.name

    @property
    def fingerprint(self) -> str:
        """That of the weights it began with: those it has now are nobody's yet."""
        return f"training-{self.weights_digest}"

    @property
    def dimension(self) -> int:
        """The width of a vector."""
        return int(self.network.config.hidden_size)

    @property
    def similarity(self) -> Similarity:
        """How two of its vectors are compared."""
        return self.spec.similarity

    def read(self, texts: Sequence[Text]) -> list[Tokens]:
        """The tokens of each text, in the order given."""
        return [tokens for window in self._reader.windows(texts) for tokens in window]

    def states(self, batch: TokenBatch) -> torch.Tensor:
        """The last hidden states of every token, (rows, longest, hidden), padding included, with their history."""
        inputs = {"input_ids": self._on_device(batch.ids), "attention_mask": self._on_device(batch.mask)}
        if self._token_types > 1:
            inputs["token_type_ids"] = self._on_device(batch.segments)
        with autocast(self._precision, self.device):
            return self.network(**inputs).last_hidden_state

    def vectors(self, batch: TokenBatch) -> torch.Tensor:
        """One vector a row, float32 on the device, with its history; of length 1 where they are compared by cosine."""
        states = self.states(batch).float()
        vectors = _pooled(states, self._on_device(batch.mask), self.spec)
        return torch.nn.functional.normalize(vectors, dim=-1) if self.spec.similarity == "cosine" else vectors

    def encode(self, texts: Sequence[Text]) -> NDArray[np.float32]:
        """One row a text, in the order given, as the weights are now; without dropout, whatever the mode."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        training = self.network.training
        self.network.eval()
        try:
            with torch.no_grad():
                for batch in cut_batches(self.read(texts), _ENCODED_TOKENS):
                    rows[batch.rows] = self.vectors(batch).cpu().numpy()
        finally:
            self.network.train(training)
        return rows

    def to_save(self, path: Path) -> checkpoint_folder.Folder:
        """The checkpoint folder of the weights as they are now: config.json, model.safetensors and the tokenizer."""
        return checkpoint_folder.Folder(path, self.network, self._tokenizer_files)

    def _opened_reader(self) -> TextTokenizer:
        with checkpoint_folder.as_file(self._tokenizer_files) as file:
            return TextTokenizer(file, self.spec, max_positions=self._max_positions)

    def _on_device(self, numbers: NDArray[np.int64]) -> torch.Tensor:
        return torch.from_numpy(numbers).to(self.device, non_blocking=True)


def best_device() -> torch.device:
    """The GPU of this process, if it has one; else the CPU."""
    return torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else torch.device("cpu")


def autocast(precision: Precision, device: torch.device) -> AbstractContextManager[None]:
    """Where networks run: in bf16 only the forward pass is, as torch advises; weights stay float32."""
    context: AbstractContextManager[None] = torch.autocast(
        device.type, dtype=torch.bfloat16, enabled=precision == "bf16"
    )
    return context


def _pooled(states: torch.Tensor, mask: torch.Tensor, spec: ModelSpec) -> torch.Tensor:
    """As `onnx_models.pooling` does, of shape (batch, hidden)."""
    match spec.pooling:
        case "cls":
            return states[:, 0]
        case "mean":
            weights = mask.to(states.dtype)
            return torch.bmm(weights[:, None], states)[:, 0] / weights.sum(dim=1, keepdim=True).clamp(min=1)
        case "last":
            return states[torch.arange(len(states), device=states.device), mask.sum(dim=1) - 1]
        case _:
            assert_never(spec.pooling)
