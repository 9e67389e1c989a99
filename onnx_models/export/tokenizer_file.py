"""The tokenizer.json of a checkpoint: copied, or made from vocab.txt as BERT's first releases have it."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import tokenizers

from onnx_models.errors import UnsupportedCheckpoint
from onnx_models.manifest import sha256

FILE = "tokenizer.json"


def write(checkpoint: Path, target: Path, *, vocabulary: int) -> str:
    """Write tokenizer.json into `target`; returns the digest of what it was made from.

    Args:
        vocabulary: how many token embeddings the model has; a tokenizer with more would point outside of them.

    Raises:
        UnsupportedCheckpoint: there is neither tokenizer.json nor vocab.txt, or it does not fit the model.
    """
    source, words = checkpoint / FILE, checkpoint / "vocab.txt"
    if source.is_file():
        shutil.copyfile(source, target / FILE)
        digest = sha256(source)
    elif words.is_file():
        options = _bert_options(checkpoint)
        _word_piece(words, options).save(str(target / FILE))
        digest = hashlib.sha256((sha256(words) + json.dumps(options, sort_keys=True)).encode()).hexdigest()
    else:
        raise UnsupportedCheckpoint(
            folder=checkpoint,
            problem="it has neither tokenizer.json nor vocab.txt",
            instead="Save the tokenizer beside the weights (tokenizer.save_pretrained in transformers).",
        )
    _check(checkpoint, target / FILE, vocabulary)
    return digest


def _check(checkpoint: Path, file: Path, vocabulary: int) -> None:
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(file))
    except Exception as error:  # tokenizers raises bare Exception for a malformed file
        raise UnsupportedCheckpoint(
            folder=checkpoint, problem=f"its tokenizer cannot be read ({error})", instead="Fetch it again."
        ) from error
    highest = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1)
    if highest >= vocabulary:
        raise UnsupportedCheckpoint(
            folder=checkpoint,
            problem=f"its tokenizer gives ids up to {highest}, its model has {vocabulary} token embeddings",
            instead="Use the tokenizer that the model was trained with.",
        )


def _bert_options(checkpoint: Path) -> dict[str, Any]:
    """BertTokenizer's options from tokenizer_config.json, with its defaults."""
    path = checkpoint / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {
        "lowercase": config.get("do_lower_case", True),
        "strip_accents": config.get("strip_accents"),
        "handle_chinese_chars": config.get("tokenize_chinese_chars", True),
    }


def _word_piece(words: Path, options: dict[str, Any]) -> tokenizers.Tokenizer:
    lines = words.read_text(encoding="utf-8").removesuffix("\n").split("\n")  # splitlines() knows more ends
    vocabulary = {line.removesuffix("\r"): number for number, line in enumerate(lines)}
    made = tokenizers.BertWordPieceTokenizer(vocabulary, **options)
    tokenizer: tokenizers.Tokenizer = made._tokenizer
    return tokenizer
