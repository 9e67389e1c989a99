"""Records as documents of a cluster: what is stored and searched of one, and the way back.

A document holds the record (`record`, an object that is stored and not indexed; its title and abstract stand beside
it), the searched fields of `indexer.fields` under their own names, and what a later load needs to decide (`order`,
digests, `has_vector`). All of it can be made again from `_source`, so an operator may reindex, snapshot and update.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from indexer.article import Article, Deletion, Record
from indexer.article_json import from_mapping, to_json
from indexer.decisions import as_stored
from indexer.engines.protocol import Stored
from indexer.fields import FIELDS
from indexer.nlm_date import newest_day

VECTOR = "embedding"
"""The field of the vector."""

RECORD = "record"
STORED = ("order", "deleted", "text_digest", "record_digest", "has_vector")
"""The fields that `Stored` is made of."""

HAS_TEXT = "has_text"
"""Whether there is anything to encode; a title may be a blank."""

DATE = "nlm_date"
"""The newest NLM date of an article as yyyymmdd, with 00 for what is not known."""

TITLE_ABSTRACT = "title_abstract"
"""Title and abstract as one text. A document brings the title alone; the cluster adds `title`, so that its words count
twice, and all abstracts (`copy_to` in the mapping)."""

SPLIT = {"title": ("title", "vernacular_title"), "abstract": ("abstract", "other_abstract")}
"""Text fields of ours that a cluster keeps as two, so that `title` and `abstract` alone are what the article says."""

Clause: TypeAlias = Mapping[str, Any]
"""A query as a cluster reads it."""

DELETED: Clause = {"term": {"deleted": True}}
NOT_DELETED: Clause = {"term": {"deleted": False}}
HAS_VECTOR: Clause = {"term": {"has_vector": True}}
"""Which documents are tombstones, are articles, and are noted as having a vector."""

_BESIDE = ("id", "order", "title", "abstract")
"""What a document says beside `record`."""

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY


def document(record: Record, *, vector: NDArray[np.float32] | None = None, stored: Stored | None = None) -> bytes:
    """The document of a record as JSON.

    Args:
        record: a deletion becomes a tombstone: its order, and nothing to be found by.
        vector: float32 (d,), written number by number as the shortest text that reads back the same.
        stored: what to note for later loads, where the caller has it at hand, or keeps a vector that is not sent.
    """
    noted = as_stored(record, has_vector=vector is not None) if stored is None else stored
    said: dict[str, Any] = {"id": record.id, **{name: getattr(noted, name) for name in STORED}}
    said[HAS_TEXT] = noted.text_digest != ""
    if isinstance(record, Deletion):
        said[RECORD] = {"version": record.version, "source": record.source}
        return orjson.dumps(said)
    said.update(_searched(record))
    said[RECORD] = orjson.Fragment(to_json(record, without=_BESIDE))
    if vector is not None:
        said[VECTOR] = vector
    return orjson.dumps(said, option=_OPTIONS)


def record_of(source: Mapping[str, Any]) -> Record:
    """The record of a document's `_source`."""
    facts = source[RECORD]
    if source["deleted"]:
        return Deletion(id=source["id"], order=source["order"], version=facts["version"], source=facts["source"])
    texts = {name: source[name] for name in ("title", "abstract") if source.get(name)}
    return from_mapping({**facts, "id": source["id"], "order": source["order"], **texts})


def stored_of(source: Mapping[str, Any]) -> Stored:
    """What a later load has to know of a document, from its `_source`."""
    return Stored(**{name: source[name] for name in STORED})


def vector_of(source: Mapping[str, Any]) -> NDArray[np.float32] | None:
    """The stored vector (d,), if the `_source` has one."""
    numbers = source.get(VECTOR)
    return None if numbers is None else np.array(numbers, np.float32)


_SPLIT_VALUES: dict[str, Callable[[Article], Iterable[str | int]]] = {
    TITLE_ABSTRACT: lambda article: (article.title,),
    "title": lambda article: (article.title,),
    "vernacular_title": lambda article: (article.vernacular_title,),
    "abstract": lambda article: (article.abstract,),
    "other_abstract": lambda article: [other.text for other in article.other_abstracts],
}
_VALUES = tuple({**{field.name: field.values for field in FIELDS}, **_SPLIT_VALUES}.items())


def _searched(article: Article) -> dict[str, Any]:
    """Values by field; a field without values is left out."""
    found: dict[str, Any] = {}
    for name, values in _VALUES:
        held = [value for value in values(article) if value != ""]
        if held:
            found[name] = held[0] if len(held) == 1 else held
    date = newest_day(article)
    if date is not None:
        found[DATE] = date
    return found
