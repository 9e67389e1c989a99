"""One index that is not ours, as its cluster describes it: its mapping and settings, read and never guessed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from indexer.engines.opensearch.attached.errors import AlreadyOurs, DataStream, NarrowAlias, NoSuchIndex, SeveralIndexes
from indexer.engines.opensearch.attached.leaves import Leaf, count, leaves
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.connection_errors import NotOpenSearch
from indexer.engines.opensearch.contents.mapping import META
from indexer.engines.opensearch.errors import RequestRefused
from indexer.engines.opensearch.pipelines.defaults import PLAIN

ADDED = 3
"""Fields that an attachment adds: vector, digest of the text, model."""

_PARTS = frozenset({"aliases", "mappings", "settings"})
_BLOCKS = ("read_only", "read_only_allow_delete", "write", "metadata")
_NARROWING = frozenset({"filter", "search_routing", "index_routing"})
"""Of an alias: what lets it show a part of an index."""
_WINDOW = 10_000
"""OpenSearch's own `index.max_result_window`."""
_FIELDS_LIMIT = 1_000
"""OpenSearch's own `index.mapping.total_fields.limit`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """The concrete index behind a name."""

    name: str
    """Its own, where it was named by an alias."""
    uuid: str
    """Another index of the same name has another."""
    shards: int
    mapping: Mapping[str, Any]
    settings: Mapping[str, Any]
    """Flat: `index.knn`."""
    leaves: Mapping[str, Leaf]

    @property
    def meta(self) -> Mapping[str, Any]:
        """What its makers, and we, noted in the mapping."""
        found: Mapping[str, Any] = self.mapping.get("_meta") or {}
        return found

    @property
    def window(self) -> int:
        """The most documents that one search may give."""
        return int(self.settings.get("index.max_result_window", _WINDOW))

    def obstacles(self) -> list[str]:
        """Why no vectors can be added to it, as parts of a sentence; none where they can."""
        return list(_obstacles(self))


def foreign(cluster: Cluster) -> Foreign:
    """The index that the cluster's address names.

    Raises:
        NoSuchIndex, SeveralIndexes, DataStream: it names none, or not one plain index.
        NarrowAlias: it shows a part of one.
        AlreadyOurs: we made it.
    """
    name = cluster.address.alias
    found = cluster.request(
        "GET",
        f"/{name}",
        params={"ignore_unavailable": "true", "flat_settings": "true"},
        doing=f"read the mapping of {name!r}",
    )
    if not all(isinstance(said, Mapping) and said.keys() >= _PARTS for said in found.values()):
        raise NotOpenSearch(address=cluster.address, found=f"JSON that describes no index ({str(found)[:40]!r})")
    if not found:
        raise NoSuchIndex(address=cluster.address, name=name)
    if any(index.startswith(".ds-") for index in found):
        raise DataStream(address=cluster.address, name=name)
    if len(found) > 1:
        raise SeveralIndexes(address=cluster.address, name=name, indexes=sorted(found))
    ((index, said),) = found.items()
    if said["aliases"].get(name, {}).keys() & _NARROWING:
        raise NarrowAlias(address=cluster.address, name=name, index=index)
    mapping, settings = said["mappings"], said["settings"]
    if META in (mapping.get("_meta") or {}):
        raise AlreadyOurs(address=cluster.address, name=name)
    return Foreign(
        name=index,
        uuid=str(settings["index.uuid"]),
        shards=int(settings["index.number_of_shards"]),
        mapping=mapping,
        settings=settings,
        leaves=leaves(mapping),
    )


def documents(cluster: Cluster, index: str, query: Mapping[str, Any] | None = None) -> int:
    """How many match, as searches see them; of nested ones the outermost. None: all."""
    body = {"size": 0, "track_total_hits": True, "query": query or {"match_all": {}}}
    params = {**PLAIN, "filter_path": "hits.total.value", "allow_partial_search_results": "false"}
    doing = f"count the documents of {index!r}"
    said = cluster.request("POST", f"/{index}/_search", body, params=params, doing=doing)
    return int(said["hits"]["total"]["value"])


def refresh(cluster: Cluster, index: str) -> bool:
    """Have searches see what was written; False where the user may not, so that it takes the index's own time."""
    try:
        cluster.request("POST", f"/{index}/_refresh", doing=f"refresh {index!r}")
    except RequestRefused as refused:
        if refused.status != 403:
            raise
        return False
    return True


def _obstacles(index: Foreign) -> Iterator[str]:
    if index.settings.get("index.knn") != "true":
        yield "it was made without index.knn, which cannot be set later"
    for block in _BLOCKS:
        if index.settings.get(f"index.blocks.{block}") == "true":
            yield f"it is blocked (index.blocks.{block})"
    source = index.mapping.get("_source", {})
    if source.get("enabled") is False:
        yield "it keeps no _source, without which no document can be updated"
    elif source.get("includes") or source.get("excludes"):
        yield "its _source leaves fields out, and an update would take these from the documents for good"
    if index.settings.get("index.derived_source.enabled") == "true":
        yield "it derives its _source from its fields, and ours keep nothing that it could be derived from"
    limit, held = int(index.settings.get("index.mapping.total_fields.limit", _FIELDS_LIMIT)), count(index.mapping)
    if held + ADDED > limit:
        yield (
            f"it has {held:,} fields of at most {limit:,}, and {ADDED} would be added "
            "(raise index.mapping.total_fields.limit)"
        )
