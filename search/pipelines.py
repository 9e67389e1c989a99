"""Search pipelines for clients that know nothing of us, told to fuse as `biocpt search` does."""

from collections.abc import Sequence
from typing import Literal

from indexer.engines import kind_of
from indexer.engines.location import Location
from indexer.engines.opensearch.pipelines.bodies import WITHOUT_MODELS, Making, Weighing
from indexer.engines.opensearch.pipelines.errors import NoPipelinesInFolders
from indexer.engines.opensearch.pipelines.installing import Wish
from search.fusion import FusionOptions

FusionKind = Literal["min-max", "rrf"]

FUSION: dict[str, str] = {"min-max": "interpolate", "rrf": "rrf"}
"""Kind of pipeline → the fusion of `search.fusion.FUSIONS` that it does in the cluster."""


def wish(
    kinds: Sequence[str],
    options: FusionOptions,
    *,
    fusion: FusionKind = "min-max",
    factor: int = 5,
    default: str = "",
    force: bool = False,
) -> Wish:
    """The pipelines of these kinds, all that ask no models where none is named, and the one that is to be the default.

    Args:
        kinds: of `bodies.KINDS`.
        options: of the fusion.
        fusion: of kinds that ask models.
        factor: how many times the hits that a client asks for these fuse and re-rank.
        default: a kind; "" leaves the default as it is.
        force: see `installing.Wish`.
    """
    named = list(dict.fromkeys(kinds or WITHOUT_MODELS))
    if default and default not in named:
        named.append(default)
    weighing = Weighing(rank_constant=options.k, dense_weight=options.dense_weight)
    making = Making(weighing=weighing, fusion=fusion, factor=factor)
    return Wish(kinds=tuple(named), making=making, default=default, force=force)


def in_cluster(location: Location) -> Location:
    """The same location.

    Raises: NoPipelinesInFolders, for a folder.
    """
    if kind_of(location) == "folder":
        raise NoPipelinesInFolders(location=location)
    return location
