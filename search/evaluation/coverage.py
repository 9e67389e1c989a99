"""How many of the judged articles an index holds: what it lacks, no system can find."""

from collections.abc import Collection, Iterable

from indexer.engines.protocol import Reader
from search.errors import LowCoverage
from search.evaluation.evaluation import CoverageFigures
from search.evaluation.task import Qrels

LEAST = 0.5
"""The part of the judged articles below which figures say more about the index than about the system."""

_FETCHED_AT_ONCE = 500


def held(qrels: Qrels, index: Reader) -> frozenset[str]:
    """The judged articles that the index holds."""
    ids = sorted(_ids(qrels))
    batches = (ids[start : start + _FETCHED_AT_ONCE] for start in range(0, len(ids), _FETCHED_AT_ONCE))
    return frozenset(
        id for batch in batches for id, article in zip(batch, index.fetch(batch), strict=True) if article is not None
    )


def figures(qrels: Qrels, present: Collection[str]) -> CoverageFigures:
    """Distinct articles: judged for any topic, and relevant (a grade above 0) to any, with those that are `held`."""
    judged, relevant = _ids(qrels), _ids(qrels, above=0)
    present = frozenset(present)
    return CoverageFigures(
        judged=len(judged),
        held=len(judged & present),
        relevant=len(relevant),
        relevant_held=len(relevant & present),
    )


def require(found: CoverageFigures, location: str, *, force: bool = False, advice: str = "") -> None:
    """Refuse an index that holds less than half of the judged articles.

    Args:
        found: what it holds.
        location: the index's, for the message.
        force: accept it all the same.
        advice: how the index gets the articles, where that is known, as a sentence.

    Raises:
        LowCoverage: it holds less than half of them.
    """
    if not force and found.held < LEAST * found.judged:
        raise LowCoverage(location, found.held, found.judged, advice)


def _ids(qrels: Qrels, above: float = float("-inf")) -> set[str]:
    grades: Iterable[tuple[str, int]] = (pair for judged in qrels.values() for pair in judged.items())
    return {id for id, grade in grades if grade > above}
