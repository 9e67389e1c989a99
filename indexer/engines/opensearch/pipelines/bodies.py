"""What the search pipelines of ours do, and how they are marked as ours. Add a kind: a function and a row in KINDS.

A pipeline fuses the lists of a client's `hybrid` query, whose first part is by words and whose second by vectors.
The server's arithmetic was read in the source of its plugin neural-search, and is compared with ours by the tests.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

Body: TypeAlias = Mapping[str, Any]

VERSION = 1
"""Of all bodies here, written into each: raise it when one changes."""

Release: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """What fusions can be told: the constant of ranks, and the weight of the vectors' list against the words'."""

    rank_constant: int
    dense_weight: float

    @property
    def weights(self) -> list[float]:
        """In the order of the `hybrid` query's parts; the server wants a sum of 1, and no whole numbers."""
        return [float(1 - self.dense_weight), float(self.dense_weight)]


_USUAL_CONSTANT = 60
_WEIGHTS_OF_RANKS: Release = (3, 1)


class Kind(NamedTuple):
    """One kind of pipeline."""

    about: str
    """What it does, as its description tells whoever finds it in the cluster."""
    processors: Callable[[Weighing, Release], Body]
    since: Release
    """The first OpenSearch that has what it needs."""
    weights_since: Release
    """The first that takes other weights than half and half."""


def _rrf(weighing: Weighing, release: Release) -> Body:
    """Sums 1 / (constant + rank) over both lists. What is the server's own default is left out.

    Before 3.1 the constant is read from another place, and passed over without a word in the one of later servers.
    """
    combination: dict[str, Any] = {"technique": "rrf"}
    if weighing.rank_constant != _USUAL_CONSTANT:
        place = combination if release >= _WEIGHTS_OF_RANKS else combination.setdefault("parameters", {})
        place["rank_constant"] = weighing.rank_constant
    if weighing.dense_weight != 0.5:
        combination["parameters"] = {"weights": weighing.weights}
    return {"phase_results_processors": [{"score-ranker-processor": {"combination": combination}}]}


def _min_max(weighing: Weighing, _: Release) -> Body:
    """The weighted mean of scores scaled to 0.001 (the lowest of its list) … 1; what a list lacks counts 0 there."""
    fusing = {
        "normalization": {"technique": "min_max"},
        "combination": {"technique": "arithmetic_mean", "parameters": {"weights": weighing.weights}},
    }
    return {"phase_results_processors": [{"normalization-processor": fusing}]}


KINDS: dict[str, Kind] = {
    "min-max": Kind("fuses a hybrid query by the weighted mean of min-max-scaled scores", _min_max, (2, 11), (2, 11)),
    "rrf": Kind("fuses a hybrid query by reciprocal ranks", _rrf, (2, 19), _WEIGHTS_OF_RANKS),
}

NEWEST: Release = (3, 6)
"""That bodies are written for, where no cluster is asked."""

GLOBAL_RANKS: Release = (3, 5)
"""The first OpenSearch whose RRF ranks the hits of all shards together; before it, each shard's by themselves."""

_MARK = "biocpt-search: "
_REPLACED = re.compile(r" In place of the default pipeline '(.+)'\.$")


def name_of(alias: str, kind: str) -> str:
    """`pubmed-rrf`: each index has its own, as weights may differ."""
    return f"{alias}-{kind}"


def body(alias: str, kind: str, weighing: Weighing, release: Release = NEWEST, *, replaced: str = "") -> Body:
    """The body of `PUT /_search/pipeline/<name>`.

    Args:
        alias: the index that it is made for.
        kind: in KINDS.
        weighing: of the two lists.
        release: of the server that it is for.
        replaced: the default pipeline of somebody else's in whose place this one stands; "" for none.
    """
    instead = f" In place of the default pipeline '{replaced}'." if replaced else ""
    about = f"{_MARK}{KINDS[kind].about}, for the index {alias}.{instead}"
    return {"description": about, "version": VERSION, **KINDS[kind].processors(weighing, release)}


def is_ours(body: Body, alias: str) -> bool:
    """Whether a pipeline that was found says that we made it for this index."""
    said = str(body.get("description", ""))
    return said.startswith(_MARK) and f", for the index {alias}." in said


def replaced_by(body: Body) -> str:
    """The default that a pipeline of ours stands in the place of; "" for none."""
    found = _REPLACED.search(str(body.get("description", "")))
    return found[1] if found else ""


def version_of(body: Body) -> int:
    """Of the biocpt that wrote it; 0 where somebody took the number away."""
    version = body.get("version")
    return version if isinstance(version, int) else 0
