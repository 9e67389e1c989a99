"""TREC's topics in markup: `<top>` blocks, whose tags need not be closed, and the XML of later tracks."""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, XMLPullParser

from search.errors import BadTopics

USUAL_PARTS = ("title", "query", "description", "summary", "question", "narrative")
"""What is asked where nobody says which part: the first of these that a topic has."""

_LONG_NAMES = {"num": "number", "desc": "description", "narr": "narrative"}
_IDS = ("number", "id", "qid", "num")
_LABEL = re.compile(r"\s*(?:Number|Topic|Description|Narrative)\s*:", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([A-Za-z][\w-]*)[^<>]*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedTopic:
    """A topic with all its parts."""

    id: str
    parts: Mapping[str, str]
    """Element name in lower case, short ones written out → text on one line; "" → the text outside its elements."""
    line: int
    """Where it starts, from 1."""
    path: Path

    def query(self, part: str) -> str:
        """The text of the part, or of the usual one for "".

        Raises:
            BadTopics: it has no such part.
        """
        wanted = (_LONG_NAMES.get(part, part),) if part else (*USUAL_PARTS, "")
        for name in wanted:
            if self.parts.get(name):
                return self.parts[name]
        known = ", ".join(name for name, text in self.parts.items() if name and text) or "none"
        missing = f"part {part!r}" if part else "usual part"
        raise BadTopics(f"Line {self.line} of {str(self.path)!r}: topic {self.id!r} has no {missing}. It has: {known}.")


def read(text: str, path: Path) -> Iterator[MarkedTopic]:
    """The topics in order.

    Raises:
        BadTopics: not well-formed, a topic without an id, or declarations that define entities.
    """
    return _blocks(text, path) if re.search(r"<\s*top\s*>", text, re.IGNORECASE) else _elements(text, path)


def _blocks(text: str, path: Path) -> Iterator[MarkedTopic]:
    """TREC's own form since 1992: `<top>`, `<num> Number: 1`, `<title>` …, `</top>`."""
    starts = list(re.finditer(r"<\s*top\s*>", text, re.IGNORECASE))
    for at, start in enumerate(starts):
        limit = starts[at + 1].start() if at + 1 < len(starts) else len(text)
        line = text.count("\n", 0, start.start()) + 1
        end = re.compile(r"<\s*/\s*top\s*>", re.IGNORECASE).search(text, start.end(), limit)
        if end is None:
            raise BadTopics(f"Line {line} of {str(path)!r}: this <top> has no </top>.")
        parts = _tagged(text[start.end() : end.start()])
        yield MarkedTopic(id=_id(parts, line, path), parts=parts, line=line, path=path)


def _tagged(block: str) -> dict[str, str]:
    """Each part's text: from its tag to the next, without the label that TREC repeats there."""
    tags = list(_TAG.finditer(block))
    parts: dict[str, str] = {}
    for at, tag in enumerate(tags):
        if tag[1]:
            continue
        text = block[tag.end() : tags[at + 1].start() if at + 1 < len(tags) else len(block)]
        name = tag[2].lower()
        parts.setdefault(_LONG_NAMES.get(name, name), _flat(html.unescape(_LABEL.sub("", text, count=1))))
    return parts


def _elements(text: str, path: Path) -> Iterator[MarkedTopic]:
    """The XML of later tracks: a root with one element a topic, whose children are its parts."""
    if "<!ENTITY" in text:
        raise BadTopics(f"Topics file {str(path)!r} defines entities, which are not read. Write their text instead.")
    for line, element in _children(text, path):
        parts = {_name(child): _flat("".join(child.itertext())) for child in element}
        parts[""] = _flat("".join([element.text or "", *(child.tail or "" for child in element)]))
        attributes = {name.lower(): value for name, value in element.attrib.items()}
        yield MarkedTopic(id=_id({**parts, **attributes}, line, path), parts=parts, line=line, path=path)


def _children(text: str, path: Path) -> Iterator[tuple[int, Element]]:
    """The root's elements with the line that each starts in: the parser is fed line by line to know it."""
    parser: XMLPullParser[Element] = XMLPullParser(events=("start", "end"))
    depth, line = 0, 0
    try:
        # Lines end as in `files.lines`: str.splitlines would also end them at U+0085 and U+2028, which editors do not.
        for number, piece in enumerate(re.split(r"(?<=\n)", text.lstrip()), start=1 + _blank_lines(text)):
            parser.feed(piece)
            # Only these two events are asked for, and both bring an element.
            for event, element in cast("Iterator[tuple[str, Element]]", parser.read_events()):
                depth += 1 if event == "start" else -1
                if event == "start" and depth == 2:
                    line = number
                elif event == "end" and depth == 1:
                    yield line, element
        parser.close()
    except ElementTree.ParseError as error:
        raise BadTopics(f"Topics file {str(path)!r} is neither <top> blocks nor XML: {error}.") from error


def _blank_lines(text: str) -> int:
    return text[: len(text) - len(text.lstrip())].count("\n")


def _id(parts: Mapping[str, str], line: int, path: Path) -> str:
    for name in _IDS:
        if parts.get(name):
            return parts[name]
    raise BadTopics(f"Line {line} of {str(path)!r}: this topic has no number or id.")


def _name(element: Element) -> str:
    name = element.tag.rpartition("}")[2].lower()
    return _LONG_NAMES.get(name, name)


def _flat(text: str) -> str:
    return " ".join(text.split())
