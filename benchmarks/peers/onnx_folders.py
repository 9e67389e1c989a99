"""Plain ONNX folders, as optimum exports them, for optimum and fastembed to read; run in optimum's environment.

    python onnx_folders.py encoder CHECKPOINT OUT MAX_TOKENS     # a checkpoint as a feature extractor
    python onnx_folders.py cross CHECKPOINT OUT MAX_TOKENS       # OUT/checkpoint and OUT/onnx, of a cross-encoder

The cross-encoder has the checkpoint's tokenizer and shape, and weights drawn at random with a seed: it ranks nothing,
and takes the time and gives the digits of one that was trained.
"""

import json
import sys
from pathlib import Path

import torch
from optimum.onnxruntime import ORTModelForFeatureExtraction, ORTModelForSequenceClassification
from transformers import AutoConfig, AutoTokenizer, BertForSequenceClassification


def with_tokenizer(checkpoint: Path, folder: Path, max_tokens: int) -> None:
    """The tokenizer's files beside a model, cutting where ours cuts."""
    AutoTokenizer.from_pretrained(checkpoint, model_max_length=max_tokens).save_pretrained(folder)
    said = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    said |= {"model_max_length": max_tokens, "max_length": max_tokens}  # fastembed takes the smaller of the two
    (folder / "tokenizer_config.json").write_text(json.dumps(said, indent=2), encoding="utf-8")


def encoder(checkpoint: Path, out: Path, max_tokens: int) -> None:
    ORTModelForFeatureExtraction.from_pretrained(checkpoint, export=True).save_pretrained(out)
    with_tokenizer(checkpoint, out, max_tokens)


def cross(checkpoint: Path, out: Path, max_tokens: int) -> None:
    torch.manual_seed(0)
    config = AutoConfig.from_pretrained(checkpoint, num_labels=1, initializer_range=0.05)
    model = BertForSequenceClassification(config).eval()
    model.save_pretrained(out / "checkpoint")
    with_tokenizer(checkpoint, out / "checkpoint", max_tokens)
    ORTModelForSequenceClassification.from_pretrained(out / "checkpoint", export=True).save_pretrained(out / "onnx")
    with_tokenizer(checkpoint, out / "onnx", max_tokens)


if __name__ == "__main__":
    {"encoder": encoder, "cross": cross}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
