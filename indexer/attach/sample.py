"""What some documents of an index hold in each field: how often, how long, how many different values."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from indexer.engines.opensearch.attached import values
from indexer.engines.opensearch.attached.foreign import Foreign
from indexer.engines.opensearch.attached.leaves import Leaf
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.pipelines.defaults import PLAIN

MOST_DOCUMENTS = 100
MOST_BYTES = 32_000_000
"""Of all documents that are read; few of an index whose documents are long."""

_SEED = 17
"""The same documents each time, while nobody writes."""
_SHOWN = 40
"""Letters of a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the sample holds in one field."""

    share: float
    """Of the documents that have a value, 0 to 1."""
    words: float
    """Of these, on average."""
    distinct: int
    """Different values."""
    examples: tuple[str, ...]
    """A few, cut short."""


NOTHING = Held(share=0.0, words=0.0, distinct=0, examples=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Some documents, field by field."""

    documents: int
    held: Mapping[str, Held]
    """Path in `_source` → what is there."""

    def of(self, leaf: Leaf) -> Held:
        """What a field holds."""
        return self.held.get(leaf.source, NOTHING)


def take_sample(cluster: Cluster, index: Foreign) -> Sample:
    """Documents drawn at random, whole, a page at a time until there are enough of them or of their bytes."""
    sources: dict[str, Any] = {}
    start, size, read, most = 0, 1, 0, min(MOST_DOCUMENTS, index.window)
    while start < most and read < MOST_BYTES:
        hits = _page(cluster, index.name, start, min(size, most - start))
        if not hits:
            break
        sources |= {hit["_id"]: hit["_source"] for hit in hits if "_source" in hit}
        start += len(hits)
        read += (page := len(orjson.dumps(hits)))
        size = max(1, min(size * 4, (MOST_BYTES - read) // max(1, page // len(hits))))
    paths = dict.fromkeys(leaf.source for leaf in index.leaves.values())
    found = {path: _held([values.strings(source, path) for source in sources.values()]) for path in paths}
    return Sample(documents=len(sources), held=found)


def _page(cluster: Cluster, index: str, start: int, size: int) -> Sequence[Mapping[str, Any]]:
    chance = {"random_score": {"seed": _SEED, "field": "_seq_no"}}
    body = {
        "from": start,
        "size": size,
        "track_total_hits": False,
        "query": {"function_score": {"query": {"match_all": {}}, **chance}},
    }
    doing = f"read some documents of {index!r}"
    said = cluster.request("POST", f"/{index}/_search", body, params=PLAIN, doing=doing)
    hits: list[Mapping[str, Any]] = said["hits"]["hits"]
    return hits


def _held(found: Sequence[tuple[str, ...]]) -> Held:
    present = [texts for texts in found if any(text.strip() for text in texts)]
    if not present:
        return NOTHING
    every = dict.fromkeys(text for texts in present for text in texts)
    shown = random.Random(_SEED).sample(list(every)[:1000], min(3, len(every), 1000))
    return Held(
        share=len(present) / len(found),
        words=sum(len(text.split()) for texts in present for text in texts) / len(present),
        distinct=len(every),
        examples=tuple(_short(text) for text in shown),
    )


def _short(text: str) -> str:
    plain = " ".join(text[: _SHOWN * 4].split())
    return plain if len(plain) <= _SHOWN else f"{plain[: _SHOWN - 1]}…"
