"""The bytes of a source file, unpacked where it is gzip: streamed, bounded, with every byte before a break."""

import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from indexer.sources.records import Damaged, Refused

CHUNK = 1 << 15
"""Bytes handed on at a time, at most: few enough that a parsed piece stays in the processor's cache."""

_GZIP_MAGIC = b"\x1f\x8b"

_OTHER_PACKERS = {
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}


@dataclass(slots=True)
class Meter:
    """How many bytes of a file have been handed on, unpacked: a bound for the memory that its records take."""

    unpacked: int = 0

    def count(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The same pieces, each counted before it is handed on."""
        for piece in pieces:
            self.unpacked += len(piece)
            yield piece


def chunks(path: Path) -> Iterator[bytes]:
    """The contents of `path` in pieces of about `CHUNK` bytes.

    Raises:
        Damaged: gzip data that end too early or fail their checksum, another kind of archive, or an empty file;
            after everything that could still be unpacked.
        OSError: the file cannot be opened or read.
    """
    with path.open("rb") as file:
        first = file.read(CHUNK)
        if not first:
            raise Refused("the file is empty; download it again.")
        for magic, packer in _OTHER_PACKERS.items():
            if first.startswith(magic):
                raise Refused(f"it is a {packer} archive; unpack it first (gzip is read as it is).")
        raw = _pieces(first, file.read)
        yield from _gunzip(raw) if first.startswith(_GZIP_MAGIC) else raw


def _pieces(first: bytes, read: Callable[[int], bytes]) -> Iterator[bytes]:
    piece = first
    while piece:
        yield piece
        piece = read(CHUNK)


def _gunzip(raw: Iterator[bytes]) -> Iterator[bytes]:
    """Unpacks one gzip member after another. Not `gzip.open`: that loses what it had read when the data break off."""
    member = zlib.decompressobj(wbits=31)
    started = False
    for data in raw:
        while data:
            if not started and not (data := data.lstrip(b"\0")):
                break
            started = True
            before = member.copy()
            try:
                plain = member.decompress(data, CHUNK)
            except zlib.error as error:
                yield _salvaged(before, data)
                raise Damaged(f"the gzip data are damaged ({error}); download the file again.") from error
            if plain:
                yield plain
            data = member.unused_data if member.eof else member.unconsumed_tail
            if member.eof:
                member, started = zlib.decompressobj(wbits=31), False
    if started:
        raise Damaged("the gzip data end too early; download the file again.")


def _salvaged(member: "zlib._Decompress", data: bytes) -> bytes:
    """What comes out of damaged data before the damage shows."""
    plain = bytearray()
    with suppress(zlib.error):
        for at in range(len(data)):
            plain += member.decompress(data[at : at + 1])
    return bytes(plain)
