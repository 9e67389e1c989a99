"""Open what the systems of an evaluation need, once, and ask them all topics, with a bar."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from search.cli.bar import bar
from search.cli.options import model_named, run_from

if TYPE_CHECKING:
    from indexer.engines.location import Location
    from onnx_models import RerankerChoice
    from search.evaluation.evaluation import SweepPoint
    from search.evaluation.experiment import Outcome
    from search.evaluation.judging import Judging
    from search.evaluation.system import System
    from search.evaluation.task import Task
    from search.searcher import Searcher


def systems_for(task: "Task", index: "Location", named: str | None) -> tuple["System", ...]:
    """The systems that were named, or else the built-in ones that the task and the index allow."""
    from contextlib import closing

    from indexer.engines import open_reader
    from search.evaluation import experiment, system

    if named is None and task.by_seed:
        named = "dense"
    if named is None:
        with closing(open_reader(index)) as reader:
            named = "lexical,dense,hybrid" if reader.info(versions=False).space else "lexical"
    found = system.parse(named)
    for one in found:
        experiment.require_fit(task, one)
    return found


@contextmanager
def opened(
    index: "Location", systems: Sequence["System"], options: Mapping[str, Any]
) -> Iterator[dict["RerankerChoice", "Searcher"]]:
    """A searcher for each kind of re-ranker that a system has; all share one index and one query encoder."""
    from search.opening import SearcherOptions, open_searchers

    vectors = [system.request.mode for system in systems if system.request.mode != "lexical"]
    asked = SearcherOptions(
        home=options["home"],
        model=model_named(options),
        mode=vectors[0] if vectors else "lexical",
        run=run_from(options),
    )
    searchers = open_searchers(index, asked, dict.fromkeys(system.rerank for system in systems))
    try:
        yield searchers
    finally:
        next(iter(searchers.values())).close()


def answered(task: "Task", system: "System", searcher: "Searcher") -> "Outcome":
    """The system's answers to all topics."""
    from search.evaluation import experiment

    total = len(task.topics)
    with bar(total) as show:

        def shown() -> Iterator[experiment.Answer]:
            for done, answer in enumerate(experiment.answers(task, system, searcher), start=1):
                show(done, f"{system.name}: {done:,} of {total:,} topics")
                yield answer

        return experiment.outcome(system, shown())


def swept(task: "Task", system: "System", searcher: "Searcher", judging: "Judging") -> list["SweepPoint"]:
    """The system with 10 to 1,000 candidates."""
    from search.evaluation import sweep

    points: list[SweepPoint] = []
    with bar(len(sweep.DEPTHS)) as show:
        show(0, f"{system.name} at other depths")
        for point in sweep.points(task, system, searcher, judging):
            points.append(point)
            show(len(points), f"{system.name} at depth {point.depth:,}")
    return points
