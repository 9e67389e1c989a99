"""The formats that can be read, told apart by their contents. Add a format: one file beside this one, and one row."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from indexer.article import Article, Deletion
from indexer.errors import BrokenSource
from indexer.order import Stamp
from indexer.sources import jsonl, medline_text, pubmed_xml, stream
from indexer.sources.records import Damaged, Item, Place, Refused, Rejected, name_of

HeadTest: TypeAlias = Callable[[bytes], bool]
Parser: TypeAlias = Callable[[Iterator[bytes], Place], Iterator[Item]]


@dataclass(frozen=True, slots=True)
class Format:
    """How a format is told by the first bytes of a file (`recognises`), or else by its name, and how it is read."""

    title: str
    recognises: HeadTest
    suffixes: tuple[str, ...]
    parse: Parser


FORMATS: dict[str, Format] = {
    "pubmed-xml": Format("PubMed XML", pubmed_xml.recognises, (".xml",), pubmed_xml.parse),
    "medline": Format(
        "MEDLINE text (PubMed: Save, Format: PubMed)",
        medline_text.recognises,
        (".nbib", ".medline"),
        medline_text.parse,
    ),
    "jsonl": Format("JSON lines", jsonl.recognises, (".jsonl", ".ndjson"), jsonl.parse),
}


_HEAD_BYTES = 1 << 16


def read(path: Path, stamp: Stamp, meter: stream.Meter | None = None) -> Iterator[Article | Deletion | Rejected]:
    """Every record of a file, in its order, plain or gzip; `order` and `source` are filled in.

    `meter` counts what has been read of the file so far.

    Raises:
        BrokenSource: the file is none of `FORMATS`, or cannot be read to its end; raised after every whole record
            before the break was yielded.
    """
    position = 0
    try:
        contents = (meter or stream.Meter()).count(stream.chunks(path))
        head, contents = _peek(contents)
        form = _format_of(head, path.name)
        for item in form.parse(contents, Place(name_of(path), stamp)):
            position += 1
            yield item
    except Damaged as damage:
        record = 0 if isinstance(damage, Refused) else position + 1
        raise BrokenSource(path, record, str(damage)) from damage
    except OSError as error:
        raise BrokenSource(path, 0, f"cannot be read: {error.strerror}.") from error


def _peek(contents: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first 64 KiB (the whole of a shorter file), and all contents with those in one piece.

    A break within them is raised after them, when whole records have been read from what there is.
    """
    pieces: list[bytes] = []
    rest = contents
    try:
        while sum(map(len, pieces)) < _HEAD_BYTES and (piece := next(contents, b"")):
            pieces.append(piece)
    except Damaged as damage:
        if not pieces:
            raise
        rest = _Break(damage)
    head = b"".join(pieces)
    if not head.strip():
        raise Refused("the file is empty; download it again.")
    return head, chain((head,), rest)


class _Break(Iterator[bytes]):
    """Contents that consist of a break alone."""

    def __init__(self, damage: Damaged) -> None:
        self._damage = damage

    def __next__(self) -> bytes:
        raise self._damage


def _format_of(head: bytes, name: str) -> Format:
    plain = name.lower().removesuffix(".gz")
    hint = _known_stranger(head)
    if hint:
        raise Refused(hint)
    for form in FORMATS.values():
        if form.recognises(head):
            return form
    for form in FORMATS.values():
        if plain.endswith(form.suffixes):
            return form
    titles = ", ".join(form.title for form in FORMATS.values())
    raise Refused(f"it starts with {head[:40]!r}, which is no format that can be read: {titles}; plain or gzip.")


def _known_stranger(head: bytes) -> str:
    """What to do with files that people often have, but which are not for reading; "" for others."""
    start = head[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or head.startswith((b"<\0", b"\0<")):
        return "it is UTF-16 text; save it as UTF-8."
    if head.startswith(b"\x1f\x8b"):
        return "it is gzip within gzip; unpack it once (gunzip)."
    if head[257:262] == b"ustar":
        return "it is a tar archive; unpack it first."
    if start.startswith(b"TY  - "):
        return "it is RIS, which is not read; save it as PubMed or MEDLINE text (.nbib), or as JSON lines."
    if start.startswith(b"["):
        return "it is one JSON array; write one object a line (jq -c '.[]')."
    if medline_text.is_abstract_format(head):
        return (
            "it is PubMed's 'Abstract (text)' export, which has no field names; "
            "save the search again with Format: PubMed (in PubMed: Save, then Format)."
        )
    return ""
