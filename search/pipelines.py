"""Search pipelines for clients that know nothing of us, told to fuse as `biocpt search` does."""

from collections.abc import Sequence

from indexer.engines import kind_of
from indexer.engines.location import Location
from indexer.engines.opensearch.pipelines.bodies import KINDS, Weighing
from indexer.engines.opensearch.pipelines.errors import NoPipelinesInFolders
from indexer.engines.opensearch.pipelines.installing import Wish
from search.fusion import FusionOptions

FUSION = {"min-max": "interpolate", "rrf": "rrf"}
"""Kind of pipeline → the fusion of `search.fusion.FUSIONS` that it does in the cluster."""


def wish(kinds: Sequence[str], options: FusionOptions, *, default: str = "", force: bool = False) -> Wish:
    """The pipelines of these kinds, all where none is named, and the one that is to be the default."""
    named = list(dict.fromkeys(kinds or KINDS))
    if default and default not in named:
        named.append(default)
    weighing = Weighing(rank_constant=options.k, dense_weight=options.dense_weight)
    return Wish(kinds=tuple(named), weighing=weighing, default=default, force=force)


def in_cluster(location: Location) -> Location:
    """The same location.

    Raises: NoPipelinesInFolders, for a folder.
    """
    if kind_of(location) == "folder":
        raise NoPipelinesInFolders(location=location)
    return location
