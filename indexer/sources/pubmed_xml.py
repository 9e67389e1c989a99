"""PubMed XML, as NLM's baseline and update files, E-utilities and PubMed's own export give it: one pass, in pieces.

The document type declaration never reaches the parser: no entity is defined, nothing is loaded, nothing expands.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers.expat import errors

from indexer.article import Article
from indexer.sources import identifiers
from indexer.sources.pubmed_article import read_citation, read_pubmed_data
from indexer.sources.pubmed_book import read_book_document
from indexer.sources.pubmed_elements import Fields, flat
from indexer.sources.records import Damaged, Item, Place, Refused, Rejected

MAX_RECORD_BYTES = 1 << 24
"""Larger records are refused; those with thousands of authors have some four million bytes."""

MAX_DEPTH = 200
"""Elements within elements; PubMed's own go to about 20, formulas included."""

SETS = (
    "PubmedArticleSet",
    "MedlineCitationSet",
    "PubmedBookArticleSet",
    "BookDocumentSet",
)
"""The root elements that hold records; a single record may be the root too."""

_BODIES: dict[str, Callable[[Element, Fields], None]] = {
    "MedlineCitation": read_citation,
    "BookDocument": read_book_document,
}

_WRAPPERS = {"PubmedArticle": "MedlineCitation", "PubmedBookArticle": "BookDocument"}

_DELETIONS = ("DeleteCitation", "DeleteDocument")

_PROLOG = re.compile(
    rb"(?:\xef\xbb\xbf)?"
    rb"(?:\s++|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*+(?:\[.*?\]\s*+)?>)*+"
    rb"(?=<([A-Za-z_][\w:.-]*+))",
    re.DOTALL,
)
_UNDEFINED_ENTITY = errors.codes[errors.XML_ERROR_UNDEFINED_ENTITY]
_ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']")


def recognises(head: bytes) -> bool:
    """Whether a file is XML at all; a wrong root is told by name when it is read."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(b"<") and not start.startswith(b"<\0")


def parse(contents: Iterator[bytes], place: Place) -> Iterator[Item]:
    """Every record, in order; each PMID of a `DeleteCitation` is one.

    Raises:
        Damaged: not XML, another root, an entity, or a record too large; after every whole record before it.
    """
    position = 0
    for element in _records(contents):
        if element.tag in _DELETIONS:
            for child in element:
                position += 1
                yield _deletion(child, place, position)
        else:
            position += 1
            yield _article(element, place, position)


def _records(contents: Iterator[bytes]) -> Iterator[Element]:
    tree, start = _open(next(contents, b""))
    try:
        for chunk in chain((start,), contents):
            tree.feed(chunk)
            yield from tree.whole_records()
            tree.check_size()
        tree.close()
    except Damaged:
        with suppress(Damaged):
            tree.flush()
        yield from tree.last_records()
        raise
    yield from tree.last_records()


def _open(head: bytes) -> tuple["_Tree", bytes]:
    """An empty tree for the root that `head` begins with, and what of `head` is to be parsed."""
    prolog = _PROLOG.match(head)
    if prolog is None:
        raise Refused("it is not XML: no root element was found.")
    before, root = prolog[0], prolog[1].decode("utf-8", "replace")
    if root not in SETS and root not in _BODIES and root not in _WRAPPERS:
        known = ", ".join((*SETS, *_WRAPPERS, *_BODIES))
        raise Refused(f"its root element is {root!r}; PubMed's are {known}.")
    if b"<!ENTITY" in before:
        raise Refused("it defines XML entities of its own, which are not read: they can be used for attacks.")
    encoding = _ENCODING.search(before)
    if encoding and encoding[1].lower() not in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
        raise Refused(f"its encoding is {encoding[1].decode('ascii', 'replace')!r}; save it as UTF-8.")
    return _Tree(root_is_record=root not in SETS), b"\n" * before.count(b"\n") + head[prolog.end() :]


class _Tree:
    """A document that is being parsed, with those of its records that nobody has taken yet."""

    def __init__(self, *, root_is_record: bool) -> None:
        self._builder = ElementTree.TreeBuilder()
        self._holder = self._builder.start("file", {})
        self._parser = ElementTree.XMLParser(target=self._builder, encoding="utf-8")
        self._root_is_record = root_is_record
        self._unfinished = 0
        self._waiting = b""

    def feed(self, chunk: bytes) -> None:
        """Parse a chunk; within a very long record in steps that grow, as expat re-reads an unfinished token whole."""
        self._waiting += chunk
        self._unfinished += len(chunk)
        if len(self._waiting) > self._unfinished >> 3:
            self.flush()

    def flush(self) -> None:
        waiting, self._waiting = self._waiting, b""
        try:
            self._parser.feed(waiting)
        except ElementTree.ParseError as error:
            raise Damaged(_explain(error, waiting)) from error

    def close(self) -> None:
        self.flush()
        try:
            self._parser.close()
        except ElementTree.ParseError as error:
            raise Damaged("the XML ends too early; download the file again.") from error

    def whole_records(self) -> list[Element]:
        """The records that have certainly ended: all but the last."""
        records = self._records()
        whole = records[:-1]
        if whole:
            del records[:-1]
            self._unfinished = len(self._waiting)
        return whole

    def last_records(self) -> list[Element]:
        """At the end, or at a break: all whole records. A probe shows whether the last one is still open."""
        probe = self._builder.start("probe", {})
        records = self._records()
        ended = any(child is probe for parent in (self._holder, records) for child in parent[-1:])
        whole = [record for record in records if record is not probe]
        return whole if ended else whole[:-1]

    def _records(self) -> Element:
        """The element whose children are the records."""
        return self._holder if self._root_is_record or not len(self._holder) else self._holder[0]

    def check_size(self) -> None:
        """Refuse a record that grows or nests without end."""
        if self._unfinished > MAX_RECORD_BYTES:
            raise Damaged(f"a record is longer than {MAX_RECORD_BYTES >> 20} MiB.")
        node, depth = self._records(), 0
        while len(node):
            node, depth = node[-1], depth + 1
        if depth > MAX_DEPTH:
            raise Damaged(f"elements lie more than {MAX_DEPTH} deep within each other.")


def _explain(error: ElementTree.ParseError, chunk: bytes) -> str:
    """What is wrong, for a person: expat calls a Latin-1 letter and a torn tag both an `invalid token`."""
    if error.code == _UNDEFINED_ENTITY:
        return f"it uses an XML entity that is not defined ({error}); only &lt; &gt; &amp; &apos; &quot; are."
    try:
        chunk[4:-4].decode("utf-8")
    except UnicodeDecodeError as fault:
        if 4 <= fault.start < len(chunk) - 12:
            return f"it is not UTF-8 ({error}); download the file again."
    return f"it is not well-formed XML ({error}); download the file again."


def _deletion(element: Element, place: Place, position: int) -> Item:
    number = identifiers.pmid(flat(element))
    if not number:
        return Rejected(position=position, id=flat(element)[:80], reason="a deletion without a valid PMID")
    return place.deletion(number, position, _version(element))


def _article(element: Element, place: Place, position: int) -> Item:
    """A record element as an article; its PMID is the body's own first, never one that it cites."""
    body = element if element.tag in _BODIES else element.find(_WRAPPERS.get(element.tag, "MedlineCitation"))
    if body is None:
        return Rejected(position=position, reason=f"a {element.tag!r} without a MedlineCitation or BookDocument")
    name = body.find("PMID")
    number = "" if name is None else identifiers.pmid(flat(name))
    if name is None or not number:
        said = "" if name is None else flat(name)[:80]
        return Rejected(position=position, id=said, reason=f"no valid PMID: {said!r}" if said else "no PMID")
    version = _version(name)
    fields: Fields = {"cited": {}}
    _BODIES[body.tag](body, fields)
    for child in element:
        if child.tag in ("PubmedData", "PubmedBookData"):
            read_pubmed_data(child, fields)
    references = tuple(fields.pop("cited"))
    return Article(
        id=number,
        pmid=number,
        version=version,
        order=place.order(position, version),
        source=place.name,
        references=references,
        **fields,
    )


def _version(pmid: Element) -> int:
    """The PMID's version; 1 where it is not given, or is no number."""
    text = pmid.get("Version", "1").strip()
    return int(text) if text.isascii() and text.isdecimal() and 1 <= len(text) <= 9 and int(text) > 0 else 1
