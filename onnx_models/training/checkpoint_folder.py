"""The folder a trained network is saved in: config.json, model.safetensors, and the tokenizer that it began with."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import safetensors

from onnx_models.errors import StorageFailed
from onnx_models.export import tokenizer_file
from onnx_models.export.torch_reference import quietly
from onnx_models.storage import replacing, storing

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


class Folder(NamedTuple):
    """What a checkpoint folder will hold."""

    path: Path
    network: Any
    """Of transformers."""
    tokenizer: Mapping[str, bytes]


def put(folders: Sequence[Folder]) -> None:
    """Write networks and their tokenizers, and move them into place when all are whole.

    Raises:
        StorageFailed: the disk is full; what was there before is unchanged.
    """
    with replacing(*(folder.path for folder in folders)) as places:
        for folder, place in zip(folders, places, strict=True):
            _write(folder, place)


def _write(folder: Folder, place: Path) -> None:
    try:
        with storing(folder.path), quietly():
            folder.network.save_pretrained(place)
            for name, content in folder.tokenizer.items():
                (place / name).write_bytes(content)
    except safetensors.SafetensorError as error:
        raise StorageFailed(folder=folder.path, reason=str(error)) from error
