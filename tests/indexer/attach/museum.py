"""Somebody's index: the tools of an invented museum, loaded by their own program, which knows nothing of us."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from indexer.engines import open_writer
from indexer.engines.location import Location
from indexer.engines.opensearch.attached.beside_note import BesideNote, write_note
from indexer.engines.opensearch.attached.field_map import FieldMap
from tests.opensearch.server import Server

OURS = ("biocpt_vector", "biocpt_text_digest", "biocpt_model")

MAP = FieldMap(
    title="name",
    text=("story",),
    year="acquired",
    retracted="withdrawn",
    filters={"journal": "wing", "material": "material", "weight": "weight"},
)

MAPPING: dict[str, Any] = {
    "_meta": {"owner": "the museum", "schema": {"version": 7}},
    "properties": {
        "name": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "story": {"type": "text", "analyzer": "standard"},
        "acquired": {"type": "date"},
        "withdrawn": {"type": "boolean"},
        "wing": {"type": "keyword"},
        "material": {"type": "keyword"},
        "weight": {"type": "float"},
        "makers": {"type": "nested", "properties": {"note": {"type": "text"}}},
    },
}

_KINDS = ("plane", "adze", "gimlet", "drawknife", "mallet", "chisel", "spokeshave")
_USES = ("smooths oak boards", "hollows troughs", "bores small holes", "rounds chair legs", "drives wooden pegs")
MATERIALS = ("Ash", "Beech", "iron")


def tool(number: int) -> dict[str, Any]:
    """One document."""
    kind, use = _KINDS[number % len(_KINDS)], _USES[number % len(_USES)]
    return {
        "name": f"{kind.title()} no. {number}",
        "story": f"This {kind} {use}. It came from workshop {number % 11}, where {number} others lay beside it.",
        "acquired": f"{1900 + number % 90}-0{1 + number % 9}-15",
        "withdrawn": number % 10 == 0,
        "wing": ("North", "South")[number % 2],
        "material": [MATERIALS[number % 3]],
        "weight": number / 4,
        "makers": [{"note": "unknown hand"}],
        "shelf": {"row": number, "code": f"x{number:04}"},
    }


def tools(count: int) -> dict[str, dict[str, Any]]:
    """Id → document; ids are not numbers alone."""
    return {f"tool/{number} é": tool(number) for number in range(count)}


def make(
    node: Server,
    index: str,
    documents: Mapping[str, Mapping[str, Any]],
    *,
    settings: Mapping[str, Any] | None = None,
    mapping: Mapping[str, Any] | None = None,
) -> Location:
    """An index of theirs with these documents."""
    body = {"settings": {"index": {"knn": True, "number_of_shards": 2, "number_of_replicas": 0, **(settings or {})}}}
    node.ask("PUT", f"/{index}", {**body, "mappings": MAPPING if mapping is None else mapping})
    store(node, index, documents)
    return Location(f"{node.url}/{index}")


def store(node: Server, index: str, documents: Mapping[str, Mapping[str, Any]]) -> None:
    """As their own program does."""
    items = list(documents.items())
    for start in range(0, len(items), 500):
        lines = [
            line
            for id, document in items[start : start + 500]
            for line in (json.dumps({"index": {"_id": id}}), json.dumps(document))
        ]
        said = node.ask("POST", f"/{index}/_bulk?refresh=true", "".join(f"{line}\n" for line in lines).encode())
        assert not said["errors"], [item for item in said["items"] if "error" in str(item)]


def sources(node: Server, index: str, *, size: int = 10_000) -> dict[str, dict[str, Any]]:
    """Every document, asked without our code."""
    said = node.ask("POST", f"/{index}/_search", {"size": size, "query": {"match_all": {}}})
    assert not said.get("timed_out")
    return {hit["_id"]: hit["_source"] for hit in said["hits"]["hits"]}


def canonical(documents: Mapping[str, Mapping[str, Any]], *, without: Iterable[str] = OURS) -> dict[str, str]:
    """Id → digest of what a document says without our fields, whatever the order of its keys."""
    left_out = set(without)
    theirs = {
        id: {name: value for name, value in source.items() if name not in left_out} for id, source in documents.items()
    }
    return {id: hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest() for id, said in theirs.items()}


def empty_side_car(folder: Path, text: str) -> None:
    """Of an index that nobody asks."""
    with closing(open_writer(str(folder), space=None)) as writer:
        writer.commit()
    write_note(Location(str(folder)), BesideNote(text=text, map=MAP))
