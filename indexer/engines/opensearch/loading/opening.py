"""Open the version that a writer loads, or make it: the first of an alias, or the next for a rebuild."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from indexer.engines.opensearch.connecting.capabilities import require
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.contents.encodings import vector_field
from indexer.engines.opensearch.contents.mapping import FORMAT, Meta, index_body
from indexer.engines.opensearch.contents.write_alias import with_write_alias, write_alias
from indexer.engines.opensearch.errors import (
    MadeOtherwise,
    NotOurs,
    OtherVectors,
    RequestRefused,
    TakenByAlias,
    UnusableAddress,
)
from indexer.engines.opensearch.loading.ledger_index import PUBLISHING, LedgerIndex, ledger_body
from indexer.engines.opensearch.loading.versions import (
    UNMARKED,
    Version,
    Versions,
    find_versions,
    is_withdrawn,
    ledger_name,
    version_name,
)
from indexer.engines.protocol import VectorSpace
from indexer.engines.usable import describe
from indexer.engines.writing import DEFAULT, Bm25, WriteOptions
from indexer.errors import NoIndex, UnreadableFormat

_EXISTS, _BAD_NAME = "resource_already_exists_exception", "invalid_index_name_exception"


def open_version(
    cluster: Cluster, space: VectorSpace | None, *, make: bool, options: WriteOptions = DEFAULT
) -> Version:
    """The version that a writer loads: the served one; else, and for a rebuild, the newest that is being loaded.

    Where there is none it is made, with its ledger; of several that make one at once, one does and the others join.

    Args:
        space: of the vectors that will be written; a new version holds these, or none for None. For one that exists
            None means whatever it holds.
        make: whether a version may be made.
        options: for a rebuild, and what a new version is made with; what they leave open a rebuild has from the
            version that is served.

    Raises:
        NoIndex: there is none, and none may be made.
        NotOurs, TakenByAlias: an index or alias of that name holds something else.
        SeveralServed: the alias names several versions.
        OtherVectors: it holds vectors of another model; it needs a rebuild, or its own model.
        OtherFormat: it was made by another version of ours, and needs a rebuild.
        MadeOtherwise: `options` ask for another kind of index than the one that exists.
        OldServer, MissingPlugin: the cluster cannot hold what has to be made.
    """
    versions = find_versions(cluster)
    target = _rebuilt(cluster, versions) if options.rebuild or versions.served is None else versions.served
    if target is None:
        if not make:
            raise NoIndex(location=cluster.address)
        target = _make(cluster, versions.highest + 1, space, _inheriting(options, versions.served))
    _refuse_others(cluster, target, space, options)
    ledger = ledger_name(target.name)
    if ledger not in versions.names:  # a full cluster lets nobody make an index, not even again
        _make_index(cluster, ledger, ledger_body())
    _make_writable(cluster, ({target.name, ledger} & versions.names) - versions.writable)
    return target


def _rebuilt(cluster: Cluster, versions: Versions) -> Version | None:
    """The version that a rebuild has begun; also one that is served, if whoever published it did not come to an end."""
    served = versions.served
    if served is None or (versions.building is not None and not is_withdrawn(cluster, versions, versions.building)):
        return versions.building
    return served if LedgerIndex(cluster, ledger_name(served.name)).get(PUBLISHING) else None


def _make(cluster: Cluster, number: int, space: VectorSpace | None, options: WriteOptions) -> Version:
    """Version `number`, made by us or by another loader that was quicker.

    Raises: UnusableAddress, for the name of a hidden index.
    """
    if cluster.address.alias.startswith("."):
        why = "a name with a dot before it is for hidden indexes, and biocpt makes none; leave the dot out"
        raise UnusableAddress(location=str(cluster.address), why=why)
    meta = Meta(
        format=FORMAT,
        space=space,
        vectors=options.vectors or "lucene",
        bm25=options.bm25 or Bm25(),
        replicas=options.replicas,
    )
    server = require(cluster, vectors=space is not None).version
    field = None if space is None else vector_field(meta.vectors, space, server)
    body = index_body(meta, shards=options.shards or 1, field=field, server=server)
    name = version_name(cluster.address.alias, number)
    _make_index(cluster, name, body)
    made = find_versions(cluster)
    if name in made.strangers:
        raise NotOurs(address=cluster.address, name=name, why=UNMARKED)
    return made.all[number]


def _inheriting(options: WriteOptions, served: Version | None) -> WriteOptions:
    """A rebuild is made as the version that it replaces, but for what it is given."""
    if served is None:
        return options
    shards = options.shards or served.shards
    if isinstance(served.said, UnreadableFormat):
        return replace(options, shards=shards)
    replicas = served.said.replicas if options.replicas is None else options.replicas
    return replace(
        options,
        shards=shards,
        replicas=replicas,
        vectors=options.vectors or served.said.vectors,
        bm25=options.bm25 or served.said.bm25,
    )


def _make_index(cluster: Cluster, name: str, body: Mapping[str, Any]) -> None:
    """Make an index with its alias for writing, unless it exists."""
    try:
        cluster.request("PUT", f"/{name}", with_write_alias(name, body), doing=f"make the index {name!r}")
    except RequestRefused as error:
        if error.kind == _BAD_NAME and "exists as alias" in error.reason:
            raise TakenByAlias(address=cluster.address, name=name) from error
        if error.kind != _EXISTS:
            raise


def _make_writable(cluster: Cluster, names: Collection[str]) -> None:
    actions = [{"add": {"index": name, "alias": write_alias(name)}} for name in sorted(names)]
    if actions:
        doing = f"give {' and '.join(sorted(names))} an alias for writing"
        cluster.request("POST", "/_aliases", {"actions": actions}, doing=doing)


def _refuse_others(cluster: Cluster, version: Version, space: VectorSpace | None, options: WriteOptions) -> None:
    meta, address, name = version.meta, cluster.address, version.name
    if space is not None and (meta.space is None or not meta.space.fits(space)):
        stored, asked = describe(meta.space), describe(space)
        raise OtherVectors(address=address, name=name, stored=stored, asked=asked, is_served=version.is_served)
    wishes: list[tuple[str, object, object]] = [
        ("--vectors", options.vectors, meta.vectors),
        ("--bm25", options.bm25, meta.bm25),
        ("--shards", options.shards, version.shards),
        ("--replicas", options.replicas, meta.replicas),
    ]
    for option, wanted, made in wishes:
        if wanted is not None and wanted != made:
            raise MadeOtherwise(
                address=address, name=name, option=option, stored=made, asked=wanted, is_served=version.is_served
            )
