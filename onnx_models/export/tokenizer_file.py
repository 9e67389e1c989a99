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
VOCABULARY = "vocab.txt"

_OPTIONS: dict[str, tuple[str, bool | None]] = {
    "lowercase": ("do_lower_case", True),
    "strip_accents": ("strip_accents", None),
    "handle_chinese_chars": ("tokenize_chinese_chars", True),
}
"""BertTokenizer's options: what tokenizer_config.json calls each, and its default. None: as `lowercase`."""


def write(checkpoint: Path, target: Path, *, vocabulary: int) -> str:
    """Write tokenizer.json into `target`; returns the digest of what it was made from (see `digest`).

    Args:
        vocabulary: how many token embeddings the model has; a tokenizer with more would point outside of them.

    Raises:
        UnsupportedCheckpoint: there is neither tokenizer.json nor vocab.txt, or it does not fit the model.
    """
    made_from = digest(checkpoint)
    if (checkpoint / FILE).is_file():
        shutil.copyfile(checkpoint / FILE, target / FILE)
    else:
        _word_piece(checkpoint, _bert_options(checkpoint)).save(str(target / FILE))
    _check(checkpoint, target / FILE, vocabulary)
    return made_from


def digest(checkpoint: Path) -> str:
    """The SHA-256 of tokenizer.json; where there is none, of vocab.txt with BERT's options.

    Raises:
        UnsupportedCheckpoint: it has neither, or the options are garbled.
    """
    source, words = checkpoint / FILE, checkpoint / VOCABULARY
    if source.is_file():
        return sha256(source)
    if words.is_file():
        options = json.dumps(_bert_options(checkpoint), sort_keys=True)
        return hashlib.sha256((sha256(words) + options).encode()).hexdigest()
    raise UnsupportedCheckpoint(
        folder=checkpoint,
        problem="it has neither tokenizer.json nor vocab.txt",
        instead="Save the tokenizer beside the weights (tokenizer.save_pretrained in transformers).",
    )


def around(file: Path) -> tuple[int, ...]:
    """The ids that a tokenizer.json puts around a text, [CLS] and [SEP]: those of an empty one."""
    tokenizer = tokenizers.Tokenizer.from_file(str(file))
    tokenizer.no_padding()
    return tuple(tokenizer.encode("").ids)


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
    try:
        config = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise _garbled(checkpoint, f"{path.name} is not JSON ({error})") from error
    if not isinstance(config, dict):
        raise _garbled(checkpoint, f"{path.name} is not an object")
    options = {option: config.get(key, default) for option, (key, default) in _OPTIONS.items()}
    for option, (key, default) in _OPTIONS.items():
        if not isinstance(options[option], bool) and options[option] is not default:
            raise _garbled(checkpoint, f"{path.name} has {key} = {options[option]!r}, not true or false")
    return options


def _word_piece(checkpoint: Path, options: dict[str, Any]) -> tokenizers.Tokenizer:
    try:
        text = (checkpoint / VOCABULARY).read_text(encoding="utf-8")
    except ValueError as error:
        raise _garbled(checkpoint, f"{VOCABULARY} is not UTF-8 ({error})") from error
    lines = text.removesuffix("\n").split("\n")  # splitlines() knows more ends
    vocabulary = {line.removesuffix("\r"): number for number, line in enumerate(lines)}
    lacking = [token for token in ("[UNK]", "[CLS]", "[SEP]") if token not in vocabulary]
    if lacking:
        raise _garbled(checkpoint, f"{VOCABULARY} has no {lacking[0]}")
    made = tokenizers.BertWordPieceTokenizer(vocabulary, **options)
    tokenizer: tokenizers.Tokenizer = made._tokenizer
    return tokenizer


def _garbled(checkpoint: Path, problem: str) -> UnsupportedCheckpoint:
    return UnsupportedCheckpoint(folder=checkpoint, problem=problem, instead="Fetch it again.")
