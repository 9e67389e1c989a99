"""Put the search pipelines of an index in place. Run again, it changes nothing that is as it should be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from indexer.engines.location import Location
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.capabilities import Capabilities, capabilities
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.connection_errors import MissingPlugin
from indexer.engines.opensearch.connectors.registry import ids_of
from indexer.engines.opensearch.loading.versions import Version
from indexer.engines.opensearch.pipelines.bodies import (
    GLOBAL_RANKS,
    KINDS,
    VERSION,
    Body,
    Making,
    Release,
    body,
    name_of,
)
from indexer.engines.opensearch.pipelines.defaults import SETTING, default_of, set_default
from indexer.engines.opensearch.pipelines.errors import (
    ForeignDefault,
    ForeignPipeline,
    NewerPipeline,
    UnsupportedPipeline,
)
from indexer.engines.opensearch.pipelines.standing import Standing, searched, standing, vectors_of

_NEURAL = "opensearch-neural-search"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to stand there."""

    kinds: Sequence[str]
    """Of `bodies.KINDS`."""
    making: Making
    """What is left open in it, the release and the models, is the cluster's."""
    default: str = ""
    """The kind that searches go through which name no pipeline; "": what is so now stays."""
    force: bool = False
    """Take the place of somebody else's default, and write over what a newer biocpt made."""

    @property
    def asks_models(self) -> bool:
        """Whether a kind of these needs models in the cluster."""
        return any(KINDS[kind].roles for kind in self.kinds)


class Request(NamedTuple):
    """What is sent to a cluster."""

    method: str
    path: str
    body: Body | None


class Written(NamedTuple):
    """What became of one pipeline."""

    name: str
    outcome: Literal["installed", "changed", "unchanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was done."""

    index: str
    """The version whose default was looked at."""
    pipelines: tuple[Written, ...]
    default: str
    """The default pipeline of that version now, whosever; "" for none."""
    replaced: str
    """Somebody else's in whose place ours stands; "" for none."""
    notes: tuple[str, ...]
    """Where the server's order is not that of `biocpt search`: a sentence each."""


def requests(alias: str, wish: Wish) -> list[Request]:
    """What `install` would send where nothing of it stands yet, if nothing is left open in the wish's making."""
    puts = [_put(name_of(alias, kind), body(alias, kind, wish.making)) for kind in wish.kinds]
    if wish.default:
        puts.append(Request("PUT", f"/{alias}/_settings", {SETTING: name_of(alias, wish.default)}))
    return puts


def install(location: Location, wish: Wish) -> Report:
    """Put the pipelines that are wished for in place.

    Raises, before anything is changed:
        NoIndex, NothingToFuse: there is no index, or it has no vectors.
        NotInstalled, NoMachineLearning: a kind asks models, and these are not there.
        UnsupportedPipeline, MissingPlugin: the cluster cannot run them.
        ForeignPipeline, NewerPipeline, ForeignDefault: something stands there that is not ours to change.
        MissingRight: who asks may not look, or, at the first pipeline, not put one.
    """
    cluster = Cluster(address.parse(location.name), location.access)
    try:
        version = searched(cluster)
        space = vectors_of(cluster, version)
        release = _require(cluster, wish)
        making = replace(wish.making, release=release)
        if wish.asks_models:
            making = replace(making, models=ids_of(cluster, space.model))
        found = standing(cluster, KINDS)
        _refuse_to_harm(cluster, found, wish)
        before = default_of(cluster, version.name)
        replaced = _replaced(cluster, version, found, before, wish)
        after = name_of(cluster.address.alias, wish.default) if wish.default else before
        bodies = {kind: _body(cluster.address.alias, kind, making, after, replaced) for kind in wish.kinds}
        written = tuple(_write(cluster, kind, found.get(kind), wanted) for kind, wanted in bodies.items())
        if after != before:
            set_default(cluster, [version.name], after)
        notes = _notes(version, wish.kinds, release)
        return Report(index=version.name, pipelines=written, default=after, replaced=replaced, notes=notes)
    finally:
        cluster.close()


def models_of(location: Location) -> Mapping[str, str]:
    """The ids of the models that `biocpt connector install` made for an index's model set, by role.

    Raises: NoIndex, NothingToFuse, NotInstalled.
    """
    cluster = Cluster(address.parse(location.name), location.access)
    try:
        return ids_of(cluster, vectors_of(cluster, searched(cluster)).model)
    finally:
        cluster.close()


def _require(cluster: Cluster, wish: Wish) -> Release:
    """The cluster's version, if it can run what is wished for."""
    has = capabilities(cluster)
    if has.has_neural_search is False:
        without = "search with `biocpt search`, which fuses by itself"
        raise MissingPlugin(address=cluster.address, plugin=_NEURAL, without=without)
    release = has.version[:2]
    for name in wish.kinds:
        kind = KINDS[name]
        if release < kind.since:
            others = [other for other, each in KINDS.items() if release >= each.since]
            instead = f"Install {' or '.join(map(repr, others))} alone." if others else "Upgrade it."
            raise _unsupported(cluster, name, has, kind.since, "", instead)
        if wish.making.weighing.dense_weight != 0.5 and release < kind.weights_since:
            instead = "Leave --dense-weight at 0.5, or install 'min-max' alone."
            raise _unsupported(cluster, name, has, kind.weights_since, " to weigh lists differently", instead)
    return release


def _unsupported(
    cluster: Cluster, kind: str, has: Capabilities, since: Release, why: str, instead: str
) -> UnsupportedPipeline:
    return UnsupportedPipeline(
        address=cluster.address,
        name=name_of(cluster.address.alias, kind),
        needs=f"OpenSearch {'.'.join(map(str, since))}{why}",
        version=has.release,
        instead=instead,
    )


def _refuse_to_harm(cluster: Cluster, found: Mapping[str, Standing], wish: Wish) -> None:
    for kind in wish.kinds:
        there = found.get(kind)
        if there is None:
            continue
        if not there.is_ours:
            raise ForeignPipeline(address=cluster.address, name=there.name)
        if there.version > VERSION and not wish.force:
            raise NewerPipeline(address=cluster.address, name=there.name, found=there.version, known=VERSION)


def _replaced(cluster: Cluster, version: Version, found: Mapping[str, Standing], before: str, wish: Wish) -> str:
    """Somebody else's default that ours stands in the place of, or is about to; "" for none.

    Raises: ForeignDefault, where it may not be touched.
    """
    ours = {there.name: there for there in found.values() if there.is_ours}
    if before in ours:
        return ours[before].replaced
    gone = {name_of(cluster.address.alias, kind) for kind in KINDS if kind not in found}
    if not wish.default or not before or before in gone:  # one of ours that somebody took away
        return ""
    if not wish.force:
        raise ForeignDefault(address=cluster.address, index=version.name, name=before)
    return before


def _body(alias: str, kind: str, making: Making, default: str, replaced: str) -> Body:
    """What a pipeline is to be; the one that is the default remembers what it replaced."""
    instead = replaced if name_of(alias, kind) == default else ""
    return body(alias, kind, making, replaced=instead)


def _write(cluster: Cluster, kind: str, there: Standing | None, wanted: Body) -> Written:
    """Put one pipeline, unless it stands as it should."""
    name = name_of(cluster.address.alias, kind)
    if there is not None and there.body == wanted:
        return Written(name, "unchanged")
    put = _put(name, wanted)
    cluster.request(put.method, put.path, put.body, doing=f"put the search pipeline {name!r}")
    return Written(name, "installed" if there is None else "changed")


def _put(name: str, body: Mapping[str, Any]) -> Request:
    return Request("PUT", f"/_search/pipeline/{name}", body)


def _notes(version: Version, kinds: Sequence[str], release: Release) -> tuple[str, ...]:
    """Where the server orders otherwise than we do."""
    if version.shards == 1:
        return ()
    notes = [
        f"{version.name!r} has {version.shards} shards, and the server fuses the candidates of each: its order is near "
        "that of `biocpt search`, not the same."
    ]
    if "rrf" in kinds and release < GLOBAL_RANKS:
        notes.append("Before OpenSearch 3.5 'rrf' ranks the hits of each shard by themselves: prefer 'min-max'.")
    return tuple(notes)
