"""The body that an index is made with: analysis, fields, vectors, and `_meta`, which says what is in it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, assert_never

from indexer.engines.opensearch.contents.analysis import CASELESS, ENGLISH, analysis
from indexer.engines.opensearch.contents.documents import DATE, HAS_TEXT, RECORD, SPLIT, TITLE_ABSTRACT, VECTOR
from indexer.engines.opensearch.contents.encodings import ServerVersion
from indexer.engines.protocol import VectorSpace
from indexer.engines.writing import Bm25, VectorEncoding
from indexer.errors import DamagedIndex, UnreadableFormat
from indexer.fields import FIELDS, Field

FORMAT = 1
"""Of documents and mapping; another needs a rebuild."""

META = "biocpt"
"""Our key in the mapping's `_meta`."""

ANY_CASE = "any_case"
"""The part of a keyword field that is compared ignoring case; the field itself keeps the value as it is written."""

_LONGEST_KEYWORD = 8_191
"""Characters; Lucene takes 32,766 bytes, and a character takes up to four. Longer ones are stored and not found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What an index says of itself."""

    format: int
    space: VectorSpace | None
    vectors: VectorEncoding
    bm25: Bm25
    replicas: int | None = None
    """Copies of each shard once it is served; None: one where there is a second node."""


def index_body(meta: Meta, *, shards: int, field: Mapping[str, Any] | None, server: ServerVersion) -> dict[str, Any]:
    """The body of `PUT /<index>`, for an index that is being loaded: no copies, no refresh (`served_settings`).

    Args:
        meta: what it will hold.
        shards: primary shards.
        field: the mapping of the vector (`encodings.vector_field`); None for an index without vectors.
        server: BM25 has a constant factor of k1 + 1 in 2.x, in the embedded engine, and in 3.x by another name.
    """
    settings = {
        "number_of_shards": shards,
        **LOADING,
        **({} if field is None else {"knn": True}),  # unknown to a server without the plugin, false too
        "similarity": {"default": {"type": "LegacyBM25" if server >= (3,) else "BM25", **asdict(meta.bm25)}},
        "analysis": analysis(),
    }
    vectors = {} if field is None else {VECTOR: dict(field)}
    mappings = {"dynamic": "strict", "_meta": {META: asdict(meta)}, "properties": {**_fields(), **vectors}}
    return {"settings": {"index": settings}, "mappings": mappings}


LOADING: Mapping[str, Any] = {"number_of_replicas": 0, "auto_expand_replicas": False, "refresh_interval": "-1"}
"""The settings of an index that nobody is served from yet."""


def served_settings(meta: Meta) -> dict[str, Any]:
    """The body of `PUT /<index>/_settings` that undoes `LOADING`."""
    if meta.replicas is None:
        copies: dict[str, Any] = {"auto_expand_replicas": "0-1"}
    else:
        copies = {"auto_expand_replicas": False, "number_of_replicas": meta.replicas}
    return {"index": {**copies, "refresh_interval": None}}


def meta_of(mapping: Mapping[str, Any]) -> Meta | None:
    """What the mapping of an index (its `mappings`) says of it; None for an index that is not ours.

    Raises:
        UnreadableFormat: it is of another format.
        DamagedIndex: it is of this format, and yet cannot be read.
    """
    said = mapping.get("_meta", {}).get(META)
    if said is None:
        return None
    found = said.get("format") if isinstance(said, Mapping) else said
    if found != FORMAT:
        raise UnreadableFormat(location="the cluster", found=found, supported=FORMAT)
    try:
        space, bm25 = said["space"], Bm25(**said["bm25"])
        return Meta(**{**said, "space": None if space is None else VectorSpace(**space), "bm25": bm25})
    except (KeyError, TypeError) as error:
        raise DamagedIndex(location="the cluster", reason=f"its mapping's _meta lacks something ({error})") from error


def _fields() -> dict[str, Any]:
    """The searched fields, and our own."""
    fields: dict[str, Any] = {}
    for field in FIELDS:
        fields.update({name: _field(field) for name in SPLIT.get(field.name, (field.name,))})
    fields["id"]["index"] = True  # the exact id too
    return {
        **fields,
        RECORD: {"type": "object", "enabled": False},
        "order": {"type": "long", "index": False},
        "deleted": {"type": "boolean"},
        "has_vector": {"type": "boolean"},
        HAS_TEXT: {"type": "boolean"},
        "text_digest": _STORED_ONLY,
        "record_digest": _STORED_ONLY,
        DATE: {"type": "integer", "index": False},
    }


_STORED_ONLY = {"type": "keyword", "index": False, "doc_values": False}


def _field(field: Field) -> dict[str, Any]:
    match field.kind:
        case "text":
            places = "freqs" if field.boost else "positions"  # matched for their words, or for phrases
            copied = {} if field.boost else {"copy_to": TITLE_ABSTRACT}
            return {"type": "text", "analyzer": ENGLISH, "index_options": places, **copied}
        case "keyword":
            caseless = {"type": "keyword", "normalizer": CASELESS, "doc_values": False}
            longest = {"ignore_above": _LONGEST_KEYWORD}
            return {"type": "keyword", "index": False, **longest, "fields": {ANY_CASE: {**caseless, **longest}}}
        case "number":
            return {"type": "long"}
        case _:
            assert_never(field.kind)
