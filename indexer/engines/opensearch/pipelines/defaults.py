"""The default pipeline of an index: what every search goes through that names none, and so not ours."""

from collections.abc import Mapping, Sequence

from indexer.engines.opensearch.connecting.connection import Cluster

SETTING = "index.search.default_pipeline"

NONE = "_none"
"""What OpenSearch calls the absence of a pipeline."""


PLAIN: Mapping[str, str] = {"search_pipeline": NONE}
"""Parameters of every search of ours: whatever pipeline an operator makes the default, our answers stay the same."""


def default_of(cluster: Cluster, index: str) -> str:
    """The name of the default pipeline of an index; "" for none, or where the index is gone."""
    found = cluster.request(
        "GET",
        f"/{index}",
        params={"flat_settings": "true", "ignore_unavailable": "true", "expand_wildcards": "all"},
        doing=f"read the settings of {index!r}",
    )
    name = str(found.get(index, {}).get("settings", {}).get(SETTING, NONE))
    return "" if name == NONE else name


def set_default(cluster: Cluster, indexes: Sequence[str], name: str) -> None:
    """Have every search of these indexes that names no pipeline go through this one; "": through none."""
    body = {SETTING: name or None}
    doing = f"set the default pipeline of {' and '.join(map(repr, indexes))}"
    cluster.request("PUT", f"/{','.join(indexes)}/_settings", body, doing=doing)


def carry_default(cluster: Cluster, *, old: str, new: str) -> None:
    """Give the index `new`, which takes the place of `old`, the same default, unless it has one by itself."""
    name = default_of(cluster, old)
    if name and not default_of(cluster, new):
        set_default(cluster, [new], name)
