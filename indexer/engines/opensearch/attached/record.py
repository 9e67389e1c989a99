"""What we note of an attachment, in the mapping's `_meta` beside what is there: fields, map, and which vectors.

There it goes wherever the index goes (a snapshot, another cluster), and it takes no index of our own beside theirs.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from indexer.engines.opensearch.attached.field_map import FieldMap, of_mapping
from indexer.engines.opensearch.attached.foreign import Foreign, documents, foreign
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.contents.encodings import ServerVersion, vector_field
from indexer.engines.protocol import VectorSpace
from indexer.errors import DamagedIndex, UnreadableFormat

KEY = "biocpt_attached"
"""Of the mapping's `_meta`."""

FORMAT = 1

_OURS = re.compile(r"biocpt_(vector|text_digest|model)(_\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """The names of the three fields that we add."""

    vector: str = "biocpt_vector"
    digest: str = "biocpt_text_digest"
    """Of the text that the vector was made from."""
    model: str = "biocpt_model"
    """The fingerprint of the encoder that made it; a document without has no vector."""

    @property
    def all(self) -> tuple[str, str, str]:
        """The three."""
        return self.vector, self.digest, self.model


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One attachment."""

    map: FieldMap
    added: Added
    space: VectorSpace

    @property
    def has_vector(self) -> Mapping[str, Any]:
        """The query for documents that have a vector."""
        return {"term": {self.added.model: self.space.fingerprint}}


def is_ours(name: str) -> bool:
    """Whether a field is one that an attachment adds, or of one that came here with the documents (`_reindex`)."""
    return _OURS.fullmatch(name) is not None


def record_of(meta: Mapping[str, Any], *, location: object) -> Record | None:
    """What the `_meta` of a mapping says; None where nothing is attached.

    Raises:
        UnreadableFormat: another version of biocpt attached it.
        DamagedIndex: somebody changed the note.
    """
    said = meta.get(KEY)
    if said is None:
        return None
    found = said.get("format") if isinstance(said, Mapping) else said
    if found != FORMAT:
        raise UnreadableFormat(location=location, found=found, supported=FORMAT)
    try:
        return Record(map=of_mapping(said["map"]), added=Added(**said["added"]), space=VectorSpace(**said["space"]))
    except (KeyError, TypeError) as error:
        raise DamagedIndex(location=location, reason=f"its mapping's _meta.{KEY} lacks something ({error})") from error


def body_of(index: Foreign, record: Record, server: ServerVersion) -> dict[str, Any]:
    """The body of `PUT /<index>/_mapping` that adds our fields and our note, and keeps all that is noted already."""
    note = {"format": FORMAT, "map": asdict(record.map), "added": asdict(record.added), "space": asdict(record.space)}
    return {"_meta": {**index.meta, KEY: note}, "properties": _fields(record.added, record.space, server)}


def note(cluster: Cluster, index: Foreign, body: Mapping[str, Any]) -> None:
    """Change the mapping so; what somebody noted in it since it was read is kept too."""
    ours = {KEY: body["_meta"][KEY]} if KEY in body["_meta"] else {}
    theirs = {name: said for name, said in foreign(cluster).meta.items() if name != KEY}
    body = {**body, "_meta": {**theirs, **ours}}
    cluster.request("PUT", f"/{index.name}/_mapping", body, doing=f"add fields to the mapping of {index.name!r}")


def without_note(index: Foreign) -> dict[str, Any]:
    """The body of `PUT /<index>/_mapping` that takes our note away; fields stay, as they cannot be removed."""
    return {"_meta": {name: said for name, said in index.meta.items() if name != KEY}}


def free_names(cluster: Cluster, index: Foreign, space: VectorSpace, server: ServerVersion) -> Added:
    """Names that none of their fields has; those of an attachment that was taken back, if they would be the same."""
    return next(names for names in _names() if _are_free(cluster, index, names, _fields(names, space, server)))


def _names() -> Iterator[Added]:
    yield Added()
    number = 2
    while True:
        yield Added(**{role: f"{name}_{number}" for role, name in asdict(Added()).items()})
        number += 1


def _are_free(cluster: Cluster, index: Foreign, names: Added, wanted: Mapping[str, Mapping[str, Any]]) -> bool:
    there = {name: said for name, said in index.mapping.get("properties", {}).items() if name in names.all}
    if not there:
        return True
    if any(not _is_same(there.get(name, {}), said) for name, said in wanted.items()):
        return False
    return documents(cluster, index.name, {"exists": {"field": names.model}}) == 0


def _is_same(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a field is as we would map it; a server adds defaults, and may write the method's in other places."""
    return (
        there.get("type") == wanted["type"]
        and there.get("dimension") == wanted.get("dimension")
        and ("method" not in wanted or _method(there) == _method(wanted))
    )


def _method(field: Mapping[str, Any]) -> tuple[object, ...]:
    method = field.get("method", {})
    kind = method.get("space_type") or field.get("space_type")
    return method.get("name"), method.get("engine"), kind


def _fields(added: Added, space: VectorSpace, server: ServerVersion) -> dict[str, dict[str, Any]]:
    return {
        added.vector: vector_field("lucene", space, server),
        added.digest: {"type": "keyword", "index": False, "doc_values": False},
        added.model: {"type": "keyword", "doc_values": False},
    }
