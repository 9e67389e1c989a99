"""An invented evaluation of any size, for the tests of what is written about it; no number in it was measured."""

from collections.abc import Mapping
from random import Random

from search.evaluation.evaluation import (
    Contrast,
    CoverageFigures,
    Evaluation,
    LostArticles,
    Ranked,
    Speed,
    SweepPoint,
    SystemResult,
    WorstTopic,
)

NASTY = """<i>Zorblax</i> & "quills" | *mice* `x` [a](b) $1$ <script>alert('1')</script>"""
"""What titles hold, and what they might."""

NAMES = (
    "lexical",
    "dense",
    "hybrid",
    "hybrid+rerank",
    "rrf 20",
    "a name that is far longer than a label",
    "$x$ _",
    "<b>",
)
STAGES = ("in no list", "only lexical, fused out", "below the cut", "re-ranked down", "found by both")


def evaluation(*, systems: int = 3, topics: int = 5, sweep: bool = True, runs: bool = False) -> Evaluation:
    """The same for the same arguments; `runs`: as of two run files, without index, time and recipes."""
    chance = Random(7)
    results = tuple(_result(NAMES[at], topics, chance, timed=not runs) for at in range(systems))
    base = results[0]
    return Evaluation(
        task="invented/dev",
        split="dev",
        source="Written for tests; CC0",
        measures=("nDCG@10", "R@100"),
        conventions=("Topics that a run lacks are left out.",),
        topics=topics,
        queries={} if runs else {f"T{at}": f"Does zorblax {at} help?" for at in range(topics)},
        baseline=base.name if systems > 1 else "",
        systems=results,
        contrasts=tuple(_contrast(one, base, measure) for one in results[1:] for measure in ("nDCG@10", "R@100")),
        worst=tuple(_worst(results[-1], base, f"T{at}") for at in range(min(topics, 10))) if systems > 1 else (),
        lost=() if runs else tuple(_lost(one.name, chance) for one in results),
        sweep=tuple(_point(one, depth) for one in results for depth in (10, 100, 1000)) if sweep else (),
        coverage=None if runs else CoverageFigures(judged=4000, held=3999, relevant=77, relevant_held=70),
        facts={"command": "biocpt eval ./invented --index ./index", "biocpt-search": "0.0.1", "machine": "2 cores"},
        notes=("2 topics have no judgements.",),
    )


def _result(name: str, topics: int, chance: Random, *, timed: bool) -> SystemResult:
    scores = {
        measure: {f"T{at}": round(chance.random(), 4) for at in range(topics)} for measure in ("nDCG@10", "R@100")
    }
    median = chance.uniform(0.001, 2)
    return SystemResult(
        name=name,
        toml=f'name = "{name}"\nmode = "hybrid"\n' if timed else "",
        means={measure: sum(values.values()) / topics for measure, values in scores.items()},
        scores=scores,
        topics=topics,
        speed=Speed(median=median, p95=2 * median, stages={"encode": median / 2, "retrieve": median / 3})
        if timed
        else None,
        notes=(f"1 topic: {name} was cut.",),
    )


def _contrast(one: SystemResult, base: SystemResult, measure: str) -> Contrast:
    gaps = [value - base.scores[measure][topic] for topic, value in one.scores[measure].items()]
    middle = sum(gaps) / len(gaps)
    return Contrast(
        system=one.name,
        baseline=base.name,
        measure=measure,
        difference=middle,
        low=middle - 0.0123,
        high=middle + 0.0123,
        p=0.00001,
        p_holm=0.0432,
        wins=sum(gap > 0 for gap in gaps),
        losses=sum(gap < 0 for gap in gaps),
        ties=sum(gap == 0 for gap in gaps),
    )


def _worst(one: SystemResult, base: SystemResult, topic: str) -> WorstTopic:
    return WorstTopic(
        topic=topic,
        query=f"Does it help? {NASTY}",
        system=one.name,
        baseline=base.name,
        measure="nDCG@10",
        score=one.scores["nDCG@10"][topic],
        baseline_score=base.scores["nDCG@10"][topic],
        top=(Ranked(id="90000001", grade=2, title=NASTY), Ranked(id="90000002", grade=None)),
        baseline_top=(Ranked(id="90000003", grade=0, title="A plain title."),),
    )


def _lost(name: str, chance: Random) -> LostArticles:
    counts: Mapping[str, int] = {stage: chance.randrange(1, 2000) for stage in STAGES} | {"not indexed": 0}
    if name != "lexical":
        counts = {**counts, "only dense, fused out": 3}  # a stage that the first system has not
    topics: dict[str, dict[str, tuple[str, ...]]] = {
        "T0": {"only lexical, fused out": ("90000004", "90000005")},
        "T1": {"in no list": ("90000006",)},
    }
    return LostArticles(system=name, relevant=sum(counts.values()), stages=counts, topics=topics)


def _point(one: SystemResult, depth: int) -> SweepPoint:
    recall = 1 - one.means["R@100"] / depth**0.5
    return SweepPoint(
        system=one.name, depth=depth, means=one.means, recall=recall, median=depth / 9999, p95=depth / 999
    )
