"""MEDLINE text (`.nbib`; PubMed's Save with Format: PubMed): lines `TAG - value`, continued by indented lines."""

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence

from indexer.article import Article
from indexer.sources import identifiers
from indexer.sources.medline_fields import Lines, read_fields
from indexer.sources.records import Damaged, Item, Place, Rejected

MAX_RECORD_CHARACTERS = 1 << 24
"""Longer records are refused."""

_TEXT_TAGS = frozenset({"TI", "BTI", "TT", "AB"})

_TAG = re.compile(r"([A-Z][A-Z0-9]{1,3}) {0,2}- ?(.*)")
_FIRST_TAG = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*(?:[A-Z][A-Z0-9]{1,3} {0,2}- ?\S.*\r?\n)", re.ASCII)
_CITATION_LINE = re.compile(rb"\s*1[.:] \S.{3,400}?\b(?:1[89]|20)\d\d\b", re.DOTALL)


def recognises(head: bytes) -> bool:
    """Whether the first line that is not blank is a tag with its value."""
    return _FIRST_TAG.match(head) is not None


def is_abstract_format(head: bytes) -> bool:
    """Whether it is PubMed's `Abstract (text)` export: numbered citations, with no tags."""
    return _CITATION_LINE.match(head.removeprefix(b"\xef\xbb\xbf")) is not None and b"PMID: " in head


def parse(contents: Iterator[bytes], place: Place) -> Iterator[Item]:
    """One record a paragraph, and one at each `PMID-` line; a record without a PMID is rejected.

    Raises:
        Damaged: not UTF-8, a record too long, or a last one cut off; after every whole record before it.
    """
    for position, lines in enumerate(_records(_lines(contents)), start=1):
        yield _article(lines, place, position)


def _article(lines: Lines, place: Place, position: int) -> Item:
    said = next((value for tag, value in lines if tag == "PMID"), "")
    number = identifiers.pmid(said)
    if not number:
        said = said[:80]
        return Rejected(position=position, id=said, reason=f"no valid PMID: {said!r}" if said else "no PMID")
    order = place.order(position)
    return Article(id=number, pmid=number, order=order, source=place.name, **read_fields(lines))


def _records(lines: Iterator[str]) -> Iterator[Lines]:
    """The (tag, value) pairs of each record, continued lines joined; lines of neither kind are left out."""
    record: list[tuple[str, list[str]]] = []
    ended, size = False, 0
    for line in lines:
        size += len(line)
        if size > MAX_RECORD_CHARACTERS:
            raise Damaged(f"a record is longer than {MAX_RECORD_CHARACTERS >> 20} million characters.")
        tagged = _TAG.match(line)
        if tagged:
            if record and (ended or tagged[1] == "PMID"):
                yield _joined(record)
                record, size = [], len(line)
            ended = False
            record.append((tagged[1], [tagged[2].strip()]))
        elif not line.strip():
            ended = True
        elif line[0] in " \t" and record:
            record[-1][1].append(line.strip())
    if record and not ended and _looks_cut(record):
        raise Damaged("its last record is cut off; download the file again.")
    if record:
        yield _joined(record)


def _looks_cut(record: Sequence[tuple[str, object]]) -> bool:
    """Whether a last record, which no line end closes, stops before its text: within its number, or soon after.

    Many whole files lack the last line end, so that a record with text is taken for whole.
    """
    tags = [tag for tag, _ in record]
    return tags[-1] == "PMID" or _TEXT_TAGS.isdisjoint(tags)


def _joined(record: Sequence[tuple[str, Sequence[str]]]) -> Lines:
    return [(tag, " ".join(pieces)) for tag, pieces in record]


def _lines(contents: Iterator[bytes]) -> Iterator[str]:
    """The lines without their ends; the last one is empty where a line end closes the file."""
    decoder = getincrementaldecoder("utf-8-sig")()
    rest: list[str] = []
    for chunk in contents:
        try:
            first, *others = decoder.decode(chunk).split("\n")
        except UnicodeDecodeError as error:
            raise Damaged(f"it is not UTF-8 ({error.reason}); save it as UTF-8.") from error
        rest.append(first)
        for line in others:
            yield "".join(rest).rstrip("\r")
            rest = [line]
        if sum(map(len, rest)) > MAX_RECORD_CHARACTERS:
            raise Damaged(f"a line is longer than {MAX_RECORD_CHARACTERS >> 20} million characters.")
    yield "".join(rest).rstrip("\r")
