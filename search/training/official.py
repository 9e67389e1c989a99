"""The files that MedCPT's own code trains on: pairs with clicks, and lists with positives and negatives.

Retriever: JSON lines of `{"qid", "pmid", "click"}`. Re-ranker: one JSON list of `{"qid", "pos_pmids", "neg_pmids"}`,
with `[pmid, clicks]` for each positive. Both come with `{qid: query}` in one JSON object (qid2info). Ids are texts or
numbers.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from search.training import streamed_json
from search.training.errors import BadTrainingData
from search.training.lines import Malformed, json_object, numbered
from search.training.observations import Observation
from search.training.tables import Table
from search.training.tally import EMPTY, SourceTally

NO_QUERY = "query without text"
MOST_CLICKS = 10**9 - 1
"""Of one pair; their sum over many lines has to fit into 64 bits."""
_AT_ONCE = 1000
_ID = str | int


class _Seen(NamedTuple):
    """An observation that lacks the words of its query."""

    query_id: str
    article: str
    clicks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Official(ABC):
    """A file of one of the formats, and the one with the words of its queries."""

    path: Path
    queries: Path
    is_log: bool = False

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def read(self, tally: SourceTally, workspace: Path) -> Iterator[Observation]:
        """Each observation, with the words of its query. Raises BadTrainingData for files that cannot be read."""
        yield from _with_words(self._seen(tally), self.queries, tally, workspace)

    @abstractmethod
    def _seen(self, tally: SourceTally) -> Iterator[_Seen]: ...


class OfficialPairs(_Official):
    """A file of pairs: an observation a line."""

    __slots__ = ()

    def _seen(self, tally: SourceTally) -> Iterator[_Seen]:
        for number, line in numbered(self.path):
            tally.read += 1
            if line is not None and not line.strip():
                tally.reject(f"line {number}", EMPTY, kind=EMPTY)
                continue
            try:
                yield _pair(line)
            except Malformed as fault:
                tally.reject(f"line {number}", str(fault))


class OfficialLists(_Official):
    """A file of lists: an observation for each positive and each negative."""

    __slots__ = ()

    def _seen(self, tally: SourceTally) -> Iterator[_Seen]:
        for number, entry in streamed_json.entries(self.path):
            try:
                seen = _list(entry)
            except Malformed as fault:
                tally.read += 1
                tally.reject(f"entry {number}", str(fault))
                continue
            tally.read += len(seen)
            yield from seen


def _with_words(seen: Iterator[_Seen], queries: Path, tally: SourceTally, workspace: Path) -> Iterator[Observation]:
    """With the words of the queries, which are looked up many at a time."""
    with closing(Table(workspace / f"queries-{len(list(workspace.iterdir()))}.sqlite")) as table:
        table.fill(_words(queries))
        while some := list(islice(seen, _AT_ONCE)):
            words = table.find({one.query_id for one in some})
            for one in some:
                if not words.get(one.query_id, "").strip():
                    tally.removed[NO_QUERY] += 1
                else:
                    yield Observation(words[one.query_id], one.article, one.clicks, one.query_id)


def _words(path: Path) -> Iterator[tuple[str, str]]:
    for id, query in streamed_json.entries(path):
        if not isinstance(query, str):
            raise BadTrainingData(path=path, problem=f"the query of id {id!r} is {str(query)[:80]!r}, which is no text")
        yield id, query.encode("utf-8", "replace").decode()


def _pair(line: str | None) -> _Seen:
    if line is None:
        raise Malformed("it is not UTF-8")
    row = json_object(line)
    return _Seen(_id(row, "qid"), _text(row.get("pmid"), "pmid"), _clicks(row.get("click")))


def _list(entry: Any) -> list[_Seen]:
    if not isinstance(entry, dict):
        raise Malformed("it is no JSON object")
    query, positives, negatives = _id(entry, "qid"), entry.get("pos_pmids"), entry.get("neg_pmids", [])
    if not isinstance(positives, list) or not isinstance(negatives, list):
        raise Malformed("pos_pmids or neg_pmids is no list")
    if not all(isinstance(one, list) and len(one) == 2 for one in positives):
        raise Malformed("pos_pmids does not hold [pmid, clicks]")
    chosen = [_Seen(query, _text(pmid, "pos_pmids"), _clicks(clicks)) for pmid, clicks in positives]
    return [*chosen, *(_Seen(query, _text(pmid, "neg_pmids"), 0) for pmid in negatives)]


def _id(row: dict[str, Any], name: str) -> str:
    return _text(row.get(name), name)


def _text(value: Any, name: str) -> str:
    if isinstance(value, bool) or not isinstance(value, _ID) or not str(value).strip():
        raise Malformed(f"{name} {str(value)[:40]!r} is no id")
    return str(value).strip().encode("utf-8", "replace").decode()


def _clicks(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_CLICKS:
        raise Malformed(f"clicks {str(value)[:40]!r} are no whole number of 1 to {MOST_CLICKS:,}")
    return value
