"""How runs are judged: by which measures, and what counts as an answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from search.evaluation import measures
from search.evaluation.measures import Scores
from search.evaluation.runs import Run
from search.evaluation.task import Qrels


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """The measures, in ir-measures' names, and the conventions of `search.evaluation.measures.score`."""

    measures: tuple[str, ...]
    complete: bool = False
    judged_only: bool = False

    def score(self, run: Run, qrels: Qrels, *, more: Sequence[str] = ()) -> Scores:
        """Measure → topic → value, for these measures and `more`.

        Raises:
            UnknownMeasure, BadRun, NothingJudged, MissingExtra: see `measures.score`.
        """
        names = list(dict.fromkeys([*self.measures, *more]))
        return measures.score(run, qrels, names, complete=self.complete, judged_only=self.judged_only)

    @property
    def conventions(self) -> tuple[str, ...]:
        """What a reader must know to get the same means, a sentence each."""
        missing = (
            "A judged topic that a run lacks counts 0." if self.complete else "Topics that a run lacks are left out."
        )
        judged = ("Articles that nobody judged were removed from the runs first.",) if self.judged_only else ()
        own = "An article whose id is its topic's id is dropped, as BEIR does."
        return (missing, own, *judged)
