"""All that an evaluation found, as plain data: what the command line prints and what reports are written from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How long questions took, one at a time: encoding, retrieval, fusion and re-ranking, but not showing a page."""

    median: float
    """Wall seconds a topic."""
    p95: float
    stages: Mapping[str, float]
    """Mean seconds a topic by stage: encode, retrieve, fuse, fetch, rerank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemResult:
    """How one system did."""

    name: str
    toml: str
    """The system's recipe; "" for a run that was read from a file."""
    means: Mapping[str, float]
    """Measure → mean over `topics` topics."""
    scores: Mapping[str, Mapping[str, float]]
    """Measure → topic id → value."""
    topics: int
    """How many topics the means are over."""
    speed: Speed | None = None
    """None for a run that was read from a file."""
    notes: tuple[str, ...] = ()
    """What was said while it ran, each once, with the number of topics: incomplete lists, words not searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One system against the baseline in one measure, over the topics that both answered."""

    system: str
    baseline: str
    measure: str
    difference: float
    """Mean of system minus baseline."""
    low: float
    """The lower end of the bootstrap interval (95 %) of that mean."""
    high: float
    p: float
    """Paired randomisation test, two-sided."""
    p_holm: float
    """The same after Holm's correction over the systems compared in this measure."""
    wins: int
    losses: int
    ties: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One place of a top ten."""

    id: str
    grade: int | None
    """None: not judged."""
    title: str = ""
    """"" where no index was there to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstTopic:
    """A topic on which a system lost much against the baseline, with both top tens."""

    topic: str
    query: str
    system: str
    baseline: str
    measure: str
    score: float
    baseline_score: float
    top: tuple[Ranked, ...]
    baseline_top: tuple[Ranked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LostArticles:
    """Where one system lost the articles that were judged relevant."""

    system: str
    relevant: int
    """Judged relevant, over the topics asked."""
    stages: Mapping[str, int]
    """Stage → articles, in the order of the stages: what was not lost is there too (`search.evaluation.losses`)."""
    topics: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Topic id → stage → article ids; only what was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPoint:
    """One system with another number of candidates (`depth`)."""

    system: str
    depth: int
    means: Mapping[str, float]
    recall: float
    """R at this depth: the part of the relevant articles that are among the candidates."""
    median: float
    """Wall seconds a topic."""
    p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageFigures:
    """How many of the judged articles the index holds."""

    judged: int
    held: int
    relevant: int
    relevant_held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Systems on one task; `systems[0]` need not be the baseline, which is named."""

    task: str
    split: str
    """"" where nobody says."""
    source: str
    """Where the judgements come from and under which licence; "" where the format tells neither."""
    measures: tuple[str, ...]
    """The first is what contrasts are sorted by and worst topics chosen by."""
    conventions: tuple[str, ...]
    """One sentence each: how topics without answers counted, whether unjudged articles were left out."""
    topics: int
    """Asked; where run files alone were compared, those that are judged and that any of them answers."""
    queries: Mapping[str, str]
    """Topic id → question; empty where run files alone were compared."""
    baseline: str
    """The system that others are compared with; "" where there is only one."""
    systems: tuple[SystemResult, ...]
    contrasts: tuple[Contrast, ...] = ()
    worst: tuple[WorstTopic, ...] = ()
    """The ten largest losses in the first measure, the largest first."""
    lost: tuple[LostArticles, ...] = ()
    sweep: tuple[SweepPoint, ...] = ()
    coverage: CoverageFigures | None = None
    """None where no index was asked."""
    facts: Mapping[str, str]
    """What a reader needs to do it again, in the order to show: command, date, versions, index, model, machine."""
    unit: Literal["topics", "pairs"] = "topics"
    """What was asked, counted and averaged over: questions, or pairs of sentences."""
    notes: tuple[str, ...] = ()
    """What else a reader must know: topics without judgements, ids that no index holds."""
