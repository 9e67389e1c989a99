"""Probes and the questions that stand for them: what both readers of a cluster do with the two."""

from collections.abc import Callable, Sequence

from indexer.engines.opensearch.searching.asking import Answer, Question
from indexer.engines.opensearch.searching.exact import Selectivity
from indexer.queries import Hit, Nearest, Probe


def lists_of(
    probes: Sequence[Probe],
    questions: Sequence[Question | None],
    ask: Callable[[list[Question]], list[Answer]],
    selectivity: Selectivity,
) -> list[list[Hit]]:
    """One list a probe; of a filter that lets more through than was believed, that is noted.

    Args:
        probes: what was asked.
        questions: one a probe; None for one that needs none, and gets an empty list.
        ask: asks those that are there, in one request.
        selectivity: of the index.
    """
    given = iter(ask([question for question in questions if question is not None]))
    lists: list[list[Hit]] = []
    for probe, question in zip(probes, questions, strict=True):
        answer = Answer([], 0) if question is None else next(given)
        if answer.matches > selectivity.limit:
            selectivity.outgrown(probe.within)
        lists.append(answer.hits)
    return lists


def as_sent_and_through_graph(
    probes: Sequence[Probe], questions: Sequence[Question | None], through_graph: Callable[[Nearest], Question]
) -> list[tuple[Question, Question]]:
    """Each question as it is sent, and as it goes through the graph of vectors: the same where it does."""
    asked = [(probe, question) for probe, question in zip(probes, questions, strict=True) if question is not None]
    return [(one, through_graph(probe) if isinstance(probe, Nearest) else one) for probe, one in asked]
