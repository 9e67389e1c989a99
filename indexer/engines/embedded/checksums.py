"""Checksums of tantivy's files: each ends with the CRC-32 of what stands before. Lance's files hold none."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from indexer.engines.embedded.layout import Layout, storage_errors, suppress_missing

_MAGIC = 1337
_TAIL = struct.Struct("<II")
"""The last bytes: how long the footer before them is, and a fixed number. The footer is JSON with the key `crc`."""

_BLOCK = 1 << 20


def damaged_files(folder: Path) -> list[str]:
    """One sentence for each file of the last commit's text that is not as it was written.

    Raises: DamagedIndex, where the list of files cannot be read.
    """
    layout = Layout(folder)
    with storage_errors(folder):
        meta: dict[str, Any] = orjson.loads((layout.text / "meta.json").read_bytes())
        paths = sorted(path for path in layout.text.iterdir() if _is_committed(path.name, meta["segments"]))
        return list(_damaged(paths))


def _is_committed(name: str, segments: list[dict[str, Any]]) -> bool:
    """Whether a file belongs to the last commit; `SEGMENT.OPSTAMP.del` may be of a commit that never came about."""
    stem, _, rest = name.partition(".")
    for segment in segments:
        if stem == str(segment["segment_id"]).replace("-", ""):
            deletes = segment.get("deletes")
            return not rest.endswith("del") or (deletes is not None and rest == f"{deletes['opstamp']}.del")
    return False


def _damaged(paths: list[Path]) -> Iterator[str]:
    for path in paths:
        with suppress_missing():  # merged away meanwhile
            if not is_whole(path):
                yield f"The file text/{path.name} was changed or damaged: its checksum differs."


def is_whole(path: Path) -> bool:
    """Whether a file has the checksum that it names; False where it names none."""
    size = path.stat().st_size
    if size < _TAIL.size:
        return False
    with path.open("rb") as file:
        file.seek(size - _TAIL.size)
        length, magic = _TAIL.unpack(file.read(_TAIL.size))
        left = size - _TAIL.size - length
        if magic != _MAGIC or left < 0:
            return False
        file.seek(left)
        wanted = _crc_named(file.read(length))
        file.seek(0)
        found = 0
        while left > 0 and (block := file.read(min(_BLOCK, left))):
            found = zlib.crc32(block, found)
            left -= len(block)
    return found == wanted


def _crc_named(footer: bytes) -> object:
    try:
        return orjson.loads(footer).get("crc")
    except (ValueError, AttributeError):
        return None
