"""Which settings are tried: variants of one system. Add a setting here, and to SearchRequest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from indexer.queries import Boosts
from search.errors import NothingToTune
from search.evaluation.system import System
from search.request import MAX_DEPTH, SearchRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Values of each setting; all combinations that can differ in their answers are tried."""

    rrf_k: Sequence[int] = (1, 5, 10, 20, 30, 60, 100)
    dense_weights: Sequence[float] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    depths: Sequence[int] = (50, 100, 200, 500)
    boosts: Sequence[Boosts] = ()
    """Sets of field boosts beside the system's own; for each, every question is asked once more."""
    mixes: Sequence[float] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    """Weights of the re-ranker's scores; tried for the best of the other settings, where the system re-ranks."""


def require_choice(base: System, grid: Grid) -> None:
    """Raises: NothingToTune, where the base alone would be tried."""
    if base.rerank == "none" and len(variants(base, grid)) == 1:
        fused = "" if base.request.mode == "hybrid" else f"mode {base.request.mode!r} fuses no lists; "
        boosts = "start from hybrid" if base.request.mode == "dense" else "start from hybrid, or give sets of --boosts"
        raise NothingToTune(base.name, f"{fused}the base is all there is to try; {boosts}")


def at_edge(system: System, grid: Grid) -> tuple[str, ...]:
    """Settings of the system that are the least or the most of those tried, where there could be more or less.

    Such as `depth 500`: what lies beyond may be better still.
    """
    request = system.request
    tried: list[tuple[str, float, Sequence[float], tuple[float, float]]] = []
    if request.mode == "hybrid":
        tried += [
            ("dense weight", request.dense_weight, grid.dense_weights, (0, 1)),
            ("depth", request.depth, grid.depths, (1, MAX_DEPTH)),
        ]
    if request.mode == "hybrid" and request.fusion == "rrf":
        tried.append(("rrf k", request.rrf_k, grid.rrf_k, (1, 1_000_000)))
    return tuple(
        f"{name} {value:g}"
        for name, value, values, bounds in tried
        if len(set(values)) > 1 and value in (min(values), max(values)) and value not in bounds
    )


def variants(base: System, grid: Grid) -> list[System]:
    """The base first, then every other combination of boosts, depth and fusion, each once; re-ranking stays as it is.

    Only what the system's mode uses is varied: boosts where it asks for words, fusion and depth where it fuses (depth
    changes no order of a single list).
    """
    found = {_key(base.request): base}
    for request in _requests(base, grid):
        found.setdefault(_key(request), replace(base, request=request))
    return list(found.values())


def boosts_of(base: System, grid: Grid) -> list[Boosts]:
    """The sets of boosts that are tried, the base's own first."""
    return list(dict.fromkeys([base.request.boosts, *(grid.boosts if base.request.mode != "dense" else ())]))


def _requests(base: System, grid: Grid) -> Iterator[SearchRequest]:
    is_fused = base.request.mode == "hybrid"
    for boosts, depth in product(boosts_of(base, grid), grid.depths if is_fused else (base.request.depth,)):
        request = replace(base.request, boosts=boosts, depth=depth, offset=0)
        if not is_fused:
            yield request
            continue
        for weight in grid.dense_weights:
            yield from (replace(request, fusion="rrf", rrf_k=k, dense_weight=weight) for k in grid.rrf_k)
            yield replace(request, fusion="interpolate", dense_weight=weight)


def _key(request: SearchRequest) -> tuple[object, ...]:
    """What decides the order before re-ranking; rrf's constant means nothing to another fusion."""
    if request.mode != "hybrid":
        return (request.boosts,)
    k = request.rrf_k if request.fusion == "rrf" else 0
    return (request.boosts, request.fusion, k, request.dense_weight, request.depth)
