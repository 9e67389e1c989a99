"""A cross-encoder that learns: BERT with a head of one logit, from a checkpoint folder and back to one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

from onnx_models.export.checkpoint import BertConfig, Checkpoint, bert_config, open_checkpoint
from onnx_models.export.torch_reference import ERRORS, quietly
from onnx_models.export.weight_files import first_line
from onnx_models.specs import ModelSpec
from onnx_models.training import checkpoint_folder, cross_start
from onnx_models.training.layouts import LAYOUTS, LayoutName, PairTokens, padded
from onnx_models.training.settings import Precision
from onnx_models.training.towers import autocast, best_device

_HEAD = ("bert.pooler.", "classifier.")
"""The layers behind BERT: an encoder has the second not at all, and often not the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossSettings:
    """How a cross-encoder is opened."""

    layout: LayoutName = "packed"
    """How a pair is laid out while training; searching always packs."""
    precision: Precision = "fp32"
    device: str | None = None
    """As torch names it; None: the GPU if there is one."""
    seed: int = 2023
    """What a new head is drawn by."""


class CrossScorer:
    """BertForSequenceClassification with one label: the logit of [CLS] through a tanh layer, with no sigmoid.

    `new` names the layers that the checkpoint lacked and that begin with random numbers: `pooler`, `classifier`.
    """

    def __init__(self, source: Path, spec: ModelSpec, settings: CrossSettings | None = None) -> None:
        """Open a checkpoint folder: a cross-encoder's, or an encoder's, which gets a new head.

        Args:
            source: the folder.
            spec: how pairs are read: max_tokens, separator, prefix.
            settings: how it learns.

        Raises:
            UnsupportedCheckpoint: it is no BERT, lacks more than the head, or tells no segments apart.
        """
        chosen = settings or CrossSettings()
        checkpoint = open_checkpoint(source)
        config = _pair_config(checkpoint)
        self._tokenizer = checkpoint_folder.tokenizer_files(source, vocabulary=config.vocabulary)
        with checkpoint_folder.as_file(self._tokenizer) as file:
            self._layout = LAYOUTS[chosen.layout](file, spec, config.max_positions)
        self._spec, self._precision = spec, chosen.precision
        self._device = best_device() if chosen.device is None else torch.device(chosen.device)
        self._network, self.new = _open(checkpoint, chosen.seed)
        self._network.to(self._device)
        self._about = {
            "cross.weights": checkpoint.weights_digest(),
            "cross.layout": chosen.layout,
            **{f"cross.{name}": getattr(spec, name) for name in ("max_tokens", "separator", "prefix")},
        }

    @property
    def modules(self) -> Mapping[str, torch.nn.Module]:
        """The one network."""
        return {"cross": self._network}

    def read(self, query: str, passages: Sequence[tuple[str, str]]) -> list[PairTokens]:
        """One input a (title, abstract), in the order given."""
        return self._layout.read(query, passages)

    def score(self, inputs: Sequence[PairTokens]) -> torch.Tensor:
        """The logits, float32 of shape (n,)."""
        ids, segments, mask = (torch.from_numpy(values).to(self._device) for values in padded(inputs))
        with autocast(self._precision, self._device):
            logits = self._network(input_ids=ids, token_type_ids=segments, attention_mask=mask).logits
        return logits[:, 0].float()

    def save(self, folder: Path) -> None:
        """Put the checkpoint into a set's folder, and [cross] into its set.toml."""
        place = folder / cross_start.PLACE
        checkpoint_folder.put([checkpoint_folder.Folder(place, self._network, self._tokenizer)])
        cross_start.add(folder, self._spec)

    def signature(self) -> Mapping[str, object]:
        """The weights that it began with and how it reads."""
        return self._about


def _pair_config(checkpoint: Checkpoint) -> BertConfig:
    """The shape of a BERT that reads pairs of texts."""
    config = bert_config(checkpoint)
    if config.token_types < 2:
        problem = f"it tells {config.token_types} segment apart, and a cross-encoder reads pairs"
        raise checkpoint.refuse(problem, instead="Use a checkpoint with two segments.")
    return config


def _open(checkpoint: Checkpoint, seed: int) -> tuple[Any, tuple[str, ...]]:
    """The network, and which layers of the head are new."""
    checkpoint.tensors()  # a damaged file is named here
    try:
        with quietly(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network, found = transformers.BertForSequenceClassification.from_pretrained(
                checkpoint.folder,
                num_labels=1,
                dtype=torch.float32,
                local_files_only=True,
                ignore_mismatched_sizes=True,  # a classifier with other labels is replaced; the rest is refused below
                output_loading_info=True,
            )
    except ERRORS as error:
        raise checkpoint.refuse(f"transformers says {first_line(error)!r}", instead="Check config.json.") from error
    other_shapes = (
        key if isinstance(key, str) else key[0] for key in found["mismatched_keys"]
    )  # as the version has it
    drawn = sorted({*found["missing_keys"], *other_shapes})
    lacking = [name for name in drawn if not name.startswith(_HEAD)]
    if lacking:
        raise checkpoint.refuse(f"it has no tensor {lacking[0]!r} of the right shape", instead="Fetch it again.")
    return network, tuple(part for part in ("pooler", "classifier") if any(f"{part}." in name for name in drawn))
