"""What can go wrong with a question: one base, `SearchError`, and a kind for each thing that happens."""

from collections.abc import Sequence


class SearchError(Exception):
    """A question cannot be answered as asked; the message says what to do next."""


class InvalidRequest(SearchError):
    """A part of the request has a value that has no meaning."""


class EmptyQuery(InvalidRequest):
    """There is nothing to look for."""

    def __init__(self) -> None:
        super().__init__("The query is empty. Give at least one word.")


class PageBeyondDepth(InvalidRequest):
    """A page was asked that lies behind the last candidate."""

    def __init__(self, offset: int, depth: int) -> None:
        super().__init__(
            f"Offset {offset} is not below the depth of {depth} candidates, which fixes the order of all pages. "
            f"Ask with a depth above {offset}."
        )


class UntranslatableFilter(InvalidRequest):
    """A filter of another library that says what no index of ours can be asked."""


class ModelMismatch(SearchError):
    """The query encoder is not the partner of the article encoder that made the index's vectors."""

    def __init__(self, location: str, stored: str, asked: str) -> None:
        super().__init__(
            f"Index {location!r} holds vectors from {stored}, but the model set asked for is {asked}. "
            "Pass the set that made the index with --model, or index again."
        )


class NoVectors(SearchError):
    """A dense list was asked of an index that holds no vectors."""

    def __init__(self, location: str, mode: str) -> None:
        super().__init__(
            f"Index {location!r} holds no vectors, so it cannot answer --mode {mode}. "
            "Use --mode lexical, or index again with a model."
        )


class UnknownArticle(SearchError):
    """An id that the index does not hold."""

    def __init__(self, id: str, location: str) -> None:
        super().__init__(f"Index {location!r} has no article {id!r}. Check the id; `biocpt info` counts what is there.")


class ArticleWithoutVector(SearchError):
    """An article that has neither title nor abstract, so that nothing is near to it."""

    def __init__(self, id: str) -> None:
        super().__init__(f"Article {id!r} is stored without a vector, so nothing can be compared with it.")


class BadTopics(SearchError):
    """A topics file has a line that is no topic."""


class BadRun(SearchError):
    """A run cannot be written in TREC's format, or a run file has a line that is none of a run."""


class BadQrels(SearchError):
    """A file of judgements has a line that is no judgement, or two that contradict each other."""


class BadTask(SearchError):
    """A test collection is not there, not whole, or in no form that is known."""


class BadSystem(SearchError):
    """A system is not known by that name, or its file does not describe one."""


class BadScores(SearchError):
    """A re-ranker gave scores that are no numbers."""

    def __init__(self, name: str, id: str) -> None:
        super().__init__(
            f"Re-ranker {name!r} gave article {id!r} a score that is no finite number. "
            "Check it with `biocpt models verify`, or search with --rerank none."
        )


class UnknownMeasure(SearchError):
    """A measure that ir-measures does not know, or that is no mean over topics."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Unknown measure {name!r}. Measures are named as in ir-measures, such as nDCG@10, AP, RR, RR@10, R@100, "
            "P@10, Judged@10."
        )


class NothingJudged(SearchError):
    """A run and judgements that share no topic, so that there is nothing to take a mean over."""

    def __init__(self, run: Sequence[str], qrels: Sequence[str]) -> None:
        super().__init__(
            f"No topic of the run is judged: its topics are {_some(run)}, those of the judgements {_some(qrels)}. "
            "Check that both belong to the same collection."
        )


class NoCorrelation(SearchError):
    """Two rows of numbers of which no correlation is defined."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"No correlation can be computed: {reason}.")


class NothingShared(SearchError):
    """Two systems that cannot be compared topic by topic."""

    def __init__(self, system: str, baseline: str) -> None:
        super().__init__(
            f"{system!r} and {baseline!r} have no judged topic in common, so they cannot be compared. "
            "Check that both runs answer the same topics."
        )


class LowCoverage(SearchError):
    """An index that lacks so many of the judged articles that figures would tell of that alone."""

    def __init__(self, location: str, held: int, judged: int, advice: str = "") -> None:
        super().__init__(
            f"Index {location!r} holds {held:,} of the {judged:,} judged articles ({held / judged:.1%}). That is less "
            f"than half, so figures would say little. {advice or 'Index the articles of the task.'} Or pass --force."
        )


def _some(topics: Sequence[str]) -> str:
    shown = ", ".join(repr(topic) for topic in topics[:3])
    return f"{shown}{', …' if len(topics) > 3 else ''} ({len(topics):,} in all)" if topics else "none"


class NotForTuning(SearchError):
    """Judgements that settings must not, or cannot, be chosen by."""

    def __init__(self, task: str, why: str) -> None:
        super().__init__(f"Nothing is tuned on task {task!r}: {why}. Use judgements for training or development.")


class NothingToTune(SearchError):
    """A system of which no setting can be varied as asked."""

    def __init__(self, system: str, why: str) -> None:
        super().__init__(f"System {system!r} has nothing to tune: {why}.")


class PartlyAnswered(SearchError):
    """A topic that not all of the index answered, so that settings cannot be told apart by it."""

    def __init__(self, topic: str, gap: str) -> None:
        super().__init__(
            f"Topic {topic!r} was answered by a part of the index alone, and settings cannot be chosen by that: {gap} "
            "Try again when all of it answers."
        )
