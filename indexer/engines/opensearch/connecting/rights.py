"""The rights that a user of the cluster needs: the roles that docs/opensearch.md lists, and that errors name.

In OpenSearch's own words, so that they can be pasted into a role; the tests load and search with exactly these.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What one kind of user may do: in the cluster, and in the indexes whose names begin with the alias."""

    name: str
    purpose: str
    """The commands that it serves."""
    cluster: tuple[str, ...]
    index: tuple[str, ...] = ()
    useful: Mapping[str, str] = field(default_factory=dict)
    """Rights in the cluster that nothing fails without, and what is missed then."""
    useful_index: Mapping[str, str] = field(default_factory=dict)
    """The same, in the indexes."""

    @property
    def rights(self) -> frozenset[str]:
        """All of them."""
        return frozenset((*self.cluster, *self.index, *self.useful, *self.useful_index))


READER = Role(
    name="biocpt-reader",
    purpose="search, similar, show, info, verify; copy from it",
    cluster=(
        "indices:data/read/mget",
        "indices:data/read/msearch",
    ),
    index=(
        "indices:admin/get",
        "indices:admin/refresh",
        "indices:admin/refresh[s]",
        "indices:data/read/mget[shard]",
        "indices:data/read/point_in_time/create",
        "indices:data/read/search",
        "indices:monitor/stats",
    ),
    useful_index={"indices:data/read/point_in_time/delete": "views that were read stay open for some minutes"},
)
"""Searches. What refreshes is only asked of an index that is being loaded for the first time."""

WRITER = Role(
    name="biocpt-writer",
    purpose="index, --rebuild, delete, optimize, drop; copy into it",
    cluster=(
        *READER.cluster,
        "cluster:monitor/health",
        "cluster:monitor/main",
        "indices:data/write/bulk",
    ),
    index=(
        *READER.index,
        "indices:admin/aliases",
        "indices:admin/create",
        "indices:admin/delete",
        "indices:admin/forcemerge",
        "indices:admin/settings/update",
        "indices:data/read/get",
        "indices:data/write/bulk[s]",
        "indices:data/write/delete",
        "indices:data/write/index",
        "indices:data/write/update",
        "indices:monitor/settings/get",
    ),
    useful={"cluster:monitor/nodes/info": "that the k-NN plugin is missing shows only when the index is made"},
    useful_index={
        **READER.useful_index,
        "indices:admin/flush": "an index that an operator made with index.translog.durability async cannot be loaded",
        "indices:admin/flush[s]": "the same",
    },
)
"""Loads, and searches too."""

PLANNER = Role(
    name="biocpt-planner",
    purpose="plan, with --index",
    cluster=(
        "cluster:monitor/main",
        "cluster:monitor/nodes/stats",
        "cluster:monitor/state",
    ),
    useful={
        "cluster:admin/knn_stats_action": "what Faiss's graphs fill already counts as free",
        "cluster:monitor/nodes/info": "a missing k-NN plugin is not seen",
    },
)
"""Sees what the nodes have."""

PIPELINES = Role(
    name="biocpt-pipelines",
    purpose="pipeline",
    cluster=(
        "cluster:admin/search/pipeline/delete",
        "cluster:admin/search/pipeline/get",
        "cluster:admin/search/pipeline/put",
        "cluster:monitor/main",
    ),
    index=(
        "indices:admin/get",
        "indices:admin/settings/update",
    ),
    useful={"cluster:monitor/nodes/info": "a missing neural-search plugin shows only at the first hybrid query"},
)
"""Installs search pipelines for others; searches nothing."""

ATTACHER = Role(
    name="biocpt-attacher",
    purpose="attach, attach sync; search, similar, show, info of what is attached",
    cluster=(
        "cluster:monitor/main",
        "indices:data/read/mget",
        "indices:data/read/msearch",
        "indices:data/write/bulk",
    ),
    index=(
        "indices:admin/get",
        "indices:admin/mapping/put",
        "indices:data/read/mget[shard]",
        "indices:data/read/point_in_time/create",
        "indices:data/read/search",
        "indices:data/write/bulk[s]",
        "indices:data/write/update",
        "indices:monitor/stats",
    ),
    useful={"cluster:monitor/nodes/info": "that the k-NN plugin is missing shows only when the mapping is changed"},
    useful_index={
        "indices:admin/refresh": "searches see the last vectors after the index's own refresh",
        "indices:admin/refresh[s]": "the same",
        "indices:data/read/point_in_time/delete": "views that were read stay open for some minutes",
    },
)
"""Adds vectors to an index that is not ours, and takes them back."""

ROLES: tuple[Role, ...] = (READER, WRITER, PLANNER, PIPELINES, ATTACHER)


def advice(rights: Iterable[str], alias: str) -> str:
    """Which of the roles to give a user who lacks these rights, and for which indexes."""
    asked = frozenset(rights)
    names = [repr(role.name) for role in ROLES if asked and asked <= role.rights]
    of_indexes = any(asked & {*role.index, *role.useful_index} for role in ROLES)
    role = f"the role {' or '.join(names)}" if names else "a role that has it"
    return f"Give the user {role}{f' for {alias}*' if of_indexes else ''}, as in docs/opensearch.md."
