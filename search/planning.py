"""Plan an index in a cluster: what each encoding of its vectors needs, and whether a live cluster bears it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.engines.opensearch.planning import capacity, sizing
from indexer.engines.opensearch.planning.capacity import Capacity, Verdict
from indexer.engines.opensearch.planning.sizing import Load, Need
from onnx_models import find_set
from search.indexing import NO_MODEL

DIMENSIONS = {"medcpt": 768, "minilm": 384, "bge-small": 384, "bge-base": 768, NO_MODEL: 0}
"""Of the vectors of sets that need not be installed to plan with."""

RATES = (10.0, 100.0, 1_000.0)
"""Articles encoded a second, to show what they would mean where nobody says what their machines reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for."""

    articles: int
    dimension: int
    replicas: int | None = None
    """None: one, or none where the cluster has a single data node."""
    node_memory: int
    """Bytes of each node to buy."""
    nodes: int | None = None
    """How many of these there are; None: say how many it takes."""
    encode_rate: float | None = None
    """Articles a second of all loaders together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One encoding."""

    need: Need
    nodes: int
    """Of the wish's memory, at least."""
    fits_nodes: bool | None
    """Whether the wish's nodes are enough; None where it names no number."""
    verdict: Verdict | None
    """Of the live cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What it takes."""

    load: Load
    rows: Sequence[Row]
    sent: int
    """Bytes of bulk requests."""
    encoding_hours: dict[float, float]
    """By articles encoded a second; empty for an index without vectors."""
    cluster: Capacity | None


def plan(wish: Wish, cluster: Capacity | None = None) -> Plan:
    """Work it out, for a live cluster if one is given."""
    replicas = wish.replicas
    if replicas is None:
        replicas = 1 if cluster is None else capacity.usual_replicas(cluster)
    load = Load(
        articles=wish.articles,
        dimension=wish.dimension,
        replicas=replicas,
        keeps_source_vectors=cluster is not None and cluster.keeps_source_vectors,
    )
    rates = RATES if wish.encode_rate is None else (wish.encode_rate,)
    return Plan(
        load=load,
        rows=[_row(need, wish, load, cluster) for need in sizing.needs(load)],
        sent=sizing.sent(load),
        encoding_hours={rate: sizing.encoding_hours(load.articles, rate) for rate in rates if load.dimension},
        cluster=cluster,
    )


def dimension_of(model: str, home: Path) -> int:
    """How many numbers a vector of a model set has; 0 for no model.

    Raises: UnknownModel, ModelNotInstalled: of a set that is neither well known nor installed.
    """
    known = DIMENSIONS.get(model)
    return find_set(home, model).article.manifest.hidden_size if known is None else known


def _row(need: Need, wish: Wish, load: Load, cluster: Capacity | None) -> Row:
    nodes = sizing.nodes(need, memory=wish.node_memory, replicas=load.replicas)
    return Row(
        need=need,
        nodes=nodes,
        fits_nodes=None if wish.nodes is None else nodes <= wish.nodes,
        verdict=None if cluster is None else capacity.judge(need, load, cluster),
    )
