"""The rights that a user of the cluster needs: the roles that docs/opensearch.md lists, and that errors name.

In OpenSearch's own words, so that they can be pasted into a role; `*` stands for any end.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What one kind of user may do: in the cluster, and in the indexes whose names begin with the alias."""

    name: str
    purpose: str
    cluster: tuple[str, ...]
    index: tuple[str, ...]

    def holds(self, right: str) -> bool:
        """Whether it has that right."""
        return any(fnmatchcase(right, pattern) for pattern in (*self.cluster, *self.index))


READER = Role(
    name="biocpt-reader",
    purpose="search, similar, show, info, verify, and copy from it",
    cluster=(
        "cluster:monitor/main",
        "cluster:monitor/nodes/info",
        "indices:data/read/msearch",
        "indices:data/read/mget",
        "indices:data/read/point_in_time/*",
    ),
    index=(
        "indices:admin/get",
        "indices:admin/refresh*",
        "indices:data/read/*",
        "indices:monitor/stats",
    ),
)
"""Searches."""

WRITER = Role(
    name="biocpt-writer",
    purpose="index, delete, optimize, copy into it, --rebuild",
    cluster=(*READER.cluster, "indices:data/write/bulk"),
    index=(
        *READER.index,
        "indices:admin/create",
        "indices:admin/aliases",
        "indices:admin/delete",
        "indices:admin/mapping/put",
        "indices:admin/settings/update",
        "indices:admin/forcemerge*",
        "indices:data/write/*",
    ),
)
"""Loads, too."""

ROLES: tuple[Role, ...] = (READER, WRITER)
"""The weaker first."""


def role_with(rights: Iterable[str]) -> str:
    """The name of the weakest role that holds all of these; "" where none does."""
    asked = list(rights)
    return next((role.name for role in ROLES if asked and all(role.holds(right) for right in asked)), "")
