"""The folder a trained network is saved in: config.json, model.safetensors, and the tokenizer that it began with."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import safetensors

from onnx_models.errors import StorageFailed
from onnx_models.export import tokenizer_file
from onnx_models.export.torch_reference import quietly
from onnx_models.storage import storing

_BESIDE = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt")
"""What may lie beside tokenizer.json, for other programs that open the checkpoint."""


def tokenizer_files(checkpoint: Path, *, vocabulary: int) -> dict[str, bytes]:
    """The files of a checkpoint's tokenizer by name; tokenizer.json is made where only vocab.txt is there.

    Raises:
        UnsupportedCheckpoint: there is none, or it does not fit the model.
    """
    with TemporaryDirectory() as folder:
        tokenizer_file.write(checkpoint, Path(folder), vocabulary=vocabulary)
        files = {tokenizer_file.FILE: (Path(folder) / tokenizer_file.FILE).read_bytes()}
    beside = (checkpoint / name for name in _BESIDE)
    return files | {path.name: path.read_bytes() for path in beside if path.is_file()}


@contextmanager
def as_file(files: Mapping[str, bytes]) -> Iterator[Path]:
    """The tokenizer.json among these, as a file for as long as the block lasts."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / tokenizer_file.FILE
        file.write_bytes(files[tokenizer_file.FILE])
        yield file


def put(network: Any, files: Mapping[str, bytes], folder: Path) -> None:
    """Write a network of transformers and its tokenizer, and move them into place.

    Raises:
        StorageFailed: the disk is full; what was there before is unchanged.
    """
    partial, old = (folder.with_name(f".{folder.name}.{suffix}") for suffix in ("partial", "old"))
    for leftover in (partial, old):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        with storing(folder), quietly():
            partial.mkdir(parents=True)
            network.save_pretrained(partial)
            for name, content in files.items():
                (partial / name).write_bytes(content)
            if folder.exists():
                folder.rename(old)
            partial.rename(folder)
    except safetensors.SafetensorError as error:
        raise StorageFailed(folder=folder, reason=str(error)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
