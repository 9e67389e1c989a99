"""`biocpt plan`: what an index of so many articles asks of a cluster, and whether a live one bears it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from search.cli import quantities
from search.cli.access import IndexCommand
from search.cli.options import home_option, json_option, optional_index_option, print_json

if TYPE_CHECKING:
    from indexer.engines.location import Location
    from indexer.engines.opensearch.planning.capacity import Capacity
    from search.planning import Plan, Row


@click.command(name="plan", cls=IndexCommand)
@click.option(
    "--articles", required=True, callback=quantities.count, metavar="N", help="How many: 38M, 1.5k, 38_000_000."
)
@click.option(
    "--model",
    envvar="BIOCPT_MODEL",
    default="medcpt",
    show_default=True,
    help="The model set whose vectors will be stored; none: no vectors.",
)
@click.option("--dimension", type=click.IntRange(1, 16_000), help="Numbers in a vector. [default: the model set's]")
@click.option(
    "--replicas",
    type=click.IntRange(0, 100),
    help="Copies of each shard beside the first. [default: 1; with --index, 0 where there is one data node]",
)
@click.option(
    "--node-memory",
    default="64GB",
    show_default=True,
    callback=quantities.size,
    metavar="SIZE",
    help="Memory of each node to plan with.",
)
@click.option("--nodes", type=click.IntRange(1, 1_000_000), help="Say also what fits this many such nodes.")
@click.option(
    "--encode-rate",
    type=quantities.Quantity(0.001, 1e9),
    metavar="RATE",
    help="Articles a second that all loaders encode together; `biocpt index` shows what one reaches.",
)
@optional_index_option
@home_option
@json_option
def command(
    index: "Location | None", model: str, dimension: int | None, home: Path, as_json: bool, **options: Any
) -> None:
    """Work out what an index in OpenSearch takes: memory, disk, shards and nodes for each encoding of its vectors.

    With --index, the URL of an index that need not exist yet, the cluster's nodes, limits and version are read, and
    for each encoding the answer says whether it fits there, and why not.
    """
    from search.planning import Wish, dimension_of, plan

    cluster = _capacity(index)
    wish = Wish(dimension=dimension or dimension_of(model, home), **options)
    planned = plan(wish, cluster)
    if as_json:
        print_json(_as_json(planned, wish.node_memory))
    else:
        click.echo("\n".join(_lines(planned, wish.node_memory)))


def _capacity(index: "Location | None") -> "Capacity | None":
    """None where no cluster is named."""
    from indexer.engines import kind_of
    from indexer.engines.opensearch.planning import capacity

    if index is None:
        return None
    if kind_of(index) == "folder":
        click.echo(f"'{index}' is a folder, with no nodes to look at: this is a plan for any cluster.", err=True)
        return None
    return capacity.at(index)


def _lines(planned: "Plan", node_memory: int) -> Iterator[str]:
    """The plan for people."""
    from indexer.engines.opensearch.planning.capacity import size
    from indexer.engines.opensearch.planning.sizing import USUAL_FOR_LUCENE, usual_heap

    load, cluster = planned.load, planned.cluster
    vectors = f"{load.dimension}-d vectors" if load.dimension else "no vectors"
    heap = usual_heap(node_memory)
    yield f"{load.articles:,} articles, {vectors}, {load.replicas} replica{'' if load.replicas == 1 else 's'}"
    yield f"Nodes of {size(node_memory)}, {size(heap)} of it heap"
    yield ""
    yield _line("vectors", "memory", "disk", "with room", "shards", "nodes")
    for row in planned.rows:
        need = row.need
        memory = size(need.memory) if need.memory else "-"
        enough = "" if row.fits_nodes is None else "  enough" if row.fits_nodes else "  too few"
        name = need.encoding if load.dimension else "none"
        yield _line(name, memory, size(need.disk), size(need.disk_with_room), need.shards, row.nodes) + enough
    yield ""
    yield "Memory: of all copies; lucene's is page cache, faiss's may fill half of what the heap leaves."
    yield "Disk: of all copies, measured with abstracts; 'with room' for merges and for a rebuild beside."
    yield "Nodes: as many as the memory and the copies take; whether their disks are enough is not counted."
    yield f"Sent in bulk requests, by all loaders together: {size(planned.sent)}"
    if load.dimension and load.articles > USUAL_FOR_LUCENE:
        yield f"lucene: OpenSearch recommends faiss beyond {USUAL_FOR_LUCENE:,} vectors."
    for rate, hours in planned.encoding_hours.items():
        yield f"Encoding at {rate:,g} articles a second: {hours:,.1f} hours"
    if cluster is not None:
        yield from _verdicts(cluster, planned.rows, has_vectors=load.dimension > 0)


def _line(name: str, memory: str, disk: str, with_room: str, shards: object, nodes: object) -> str:
    """One line of the table; where a number is too long for its column the rest moves on."""
    return f"{name:<14} {memory:>10} {disk:>10} {with_room:>10} {shards:>7} {nodes:>6}"


def _verdicts(cluster: "Capacity", rows: "Sequence[Row]", *, has_vectors: bool) -> Iterator[str]:
    from indexer.engines.opensearch.planning.capacity import size

    memory, heap = (sum(getattr(node, name) for node in cluster.nodes) for name in ("memory", "heap"))
    count = len(cluster.nodes)
    yield ""
    yield (
        f"The cluster: OpenSearch {cluster.version}, {count} data node{'' if count == 1 else 's'}, {size(memory)} of "
        f"memory ({size(heap)} heap), {size(cluster.native)} for faiss, {size(cluster.disk)} of disk to fill"
    )
    for row in rows:
        if row.verdict is None:
            continue
        name = row.need.encoding if has_vectors else "none"
        says = "fits" if row.verdict.fits else "does not fit"
        reasons = "; ".join([*row.verdict.lacking, *row.verdict.tight])
        yield f"{name:<15}{says}{f': {reasons}' if reasons else ''}"


def _as_json(planned: "Plan", node_memory: int) -> dict[str, Any]:
    """The plan for programs; bytes and hours."""
    return {
        **asdict(planned.load),
        "node_memory": node_memory,
        "encodings": [_row(row) for row in planned.rows],
        "sent": planned.sent,
        "encoding_hours": planned.encoding_hours,
        "cluster": None if planned.cluster is None else asdict(planned.cluster),
    }


def _row(row: "Row") -> dict[str, Any]:
    verdict = row.verdict
    return {
        **asdict(row.need),
        "disk_with_room": row.need.disk_with_room,
        "nodes": row.nodes,
        "fits_nodes": row.fits_nodes,
        "fits_cluster": None if verdict is None else verdict.fits,
        "lacking": None if verdict is None else verdict.lacking,
        "tight": None if verdict is None else verdict.tight,
    }
