"""Open files of documents for loading, with the encoder of their vectors: the wiring point of `--emit ndjson`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import orjson

from indexer.engines.opensearch.files.errors import NotOurFiles, UnwritableFiles, WrittenOtherwise
from indexer.engines.opensearch.files.parts import Lines, Parts, Stream
from indexer.engines.opensearch.files.writer import FileWriter, Shape
from indexer.engines.protocol import VectorSpace
from indexer.ledger import FileLedger
from onnx_models import Encoder
from search.atomic import writing
from search.emit.index_bodies import NewIndex, index_bodies
from search.indexing import LoadOptions, encoder_for_new

_MANIFEST, _LEDGER = "files.json", "ledger.jsonl"
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """What kind of files are written."""

    shape: Shape = "bulk"
    most: int = 10_000_000
    """Bytes of one file, before it is packed."""
    is_packed: bool = False
    """By gzip."""
    alias: str = "pubmed"
    """The name that the index will be asked by."""


@dataclass(frozen=True, slots=True)
class OpenedFiles:
    """What `open_files` opened."""

    writer: FileWriter
    encoder: Encoder | None
    index: NewIndex
    """That the files are for."""


@contextmanager
def open_files(to: Path | BinaryIO, files: FileOptions, load: LoadOptions) -> Iterator[OpenedFiles]:
    """A writer of documents to a folder or a stream, closed at the end. A folder that was begun is gone on with.

    Raises:
        NotOurFiles, WrittenOtherwise, UnwritableFiles: the folder cannot take them; nothing is written then.
        ModelError: the model cannot be opened.
    """
    encoder, space = encoder_for_new(load.model or load.default_model, load)
    index = NewIndex(alias=files.alias, space=space, writing=load.writing)
    if not isinstance(to, Path):
        with TemporaryDirectory() as folder:
            yield _opened(Stream(to), Path(folder), files, index, encoder)
        return
    _begin(to, files, index)
    opened = _opened(Parts(to, most=files.most, is_packed=files.is_packed), to, files, index, encoder)
    try:
        yield opened
    finally:
        opened.writer.close()


def _opened(lines: Lines, folder: Path, files: FileOptions, index: NewIndex, encoder: Encoder | None) -> OpenedFiles:
    ledger, vectors = FileLedger(folder / _LEDGER), index.meta.vectors
    return OpenedFiles(FileWriter(lines, ledger, index.space, shape=files.shape, vectors=vectors), encoder, index)


def _begin(folder: Path, files: FileOptions, index: NewIndex) -> None:
    """Note in the folder what its files are, and put the bodies of the index beside them, unless that is done."""
    wanted = _manifest(files, index)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = {path.name for path in folder.iterdir()}
        if _MANIFEST in found:
            _compare(folder, orjson.loads((folder / _MANIFEST).read_bytes()), wanted)
        elif found:
            raise NotOurFiles(folder=folder, found=found)
        _write(folder / _MANIFEST, wanted)  # first: with it the folder is ours
        for name, body in index_bodies(index).items():
            _write(folder / f"{name}.json", body)
    except OSError as error:
        raise UnwritableFiles(to=folder, reason=error.strerror or error) from error


def _compare(folder: Path, stored: dict[str, Any], wanted: dict[str, Any]) -> None:
    wanted = orjson.loads(orjson.dumps(wanted))
    differing = [name for name in wanted if stored.get(name) != wanted[name]]
    if differing:
        said = ({name: of.get(name) for name in differing} for of in (stored, wanted))
        begun, asked = (", ".join(f"{name} {value!r}" for name, value in of.items()) for of in said)
        raise WrittenOtherwise(folder=folder, stored=begun, asked=asked)


def _manifest(files: FileOptions, index: NewIndex) -> dict[str, Any]:
    """What must not change from one load into a folder to the next."""
    space: VectorSpace | None = index.space and replace(index.space, precision="")
    return {
        "format": _FORMAT,
        "shape": files.shape,
        "gzip": files.is_packed,
        "index": index.name,
        "shards": index.writing.shards or 1,
        "meta": {**asdict(index.meta), "space": None if space is None else asdict(space)},
    }


def _write(path: Path, body: dict[str, Any]) -> None:
    with writing(path) as partial:
        partial.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
