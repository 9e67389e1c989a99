"""Observations of one query come together, once each, and every one of them is counted."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.article import Article
from onnx_models.training.dataset import Dataset, DatasetWriter, Kind
from onnx_models.training.errors import EmptyDataset
from search.evaluation.task import SentencePairs, Task
from search.evaluation.topics import Topic
from search.training.errors import NotForTraining
from search.training.excluding import Exclusions
from search.training.judgements import judgements
from search.training.observations import Observation, Source
from search.training.preparing import Recipe, prepare
from search.training.tally import SourceTally, Tally
from search.training.texts import Lookup
from tests.search.training.articles import LOREM, article, index_of

ARTICLES = [article(f"p{n}", f"Title number {n}", f"{n} {LOREM}") for n in range(8)]


@dataclass(frozen=True)
class Listed:
    """Observations in a list."""

    observed: Sequence[Observation]
    name: str = "listed"
    is_log: bool = False

    def read(self, tally: SourceTally, workspace: Path) -> Iterator[Observation]:
        for one in self.observed:
            tally.read += 1
            yield one


@dataclass
class Made:
    dataset: Dataset
    counts: dict[str, Any] = field(default_factory=dict)

    def removed(self, source: str = "listed") -> dict[str, int]:
        removed: dict[str, int] = self.counts["sources"][source]["removed"]
        return removed


def made(
    folder: Path,
    *sources: Source,
    kind: Kind = "pairs",
    articles: Sequence[Article] = ARTICLES,
    exclusions: Exclusions | None = None,
) -> Made:
    recipe = Recipe(
        sources=sources,
        kind=kind,
        lookup=Lookup(index=index_of(articles)),
        exclusions=exclusions or Exclusions(),
    )
    with DatasetWriter(folder / "data", kind) as writer:
        tally = Tally([source.name for source in sources], writer.notes, writer.workspace)
        try:
            for _ in prepare(recipe, writer, tally, writer.workspace):
                pass
        finally:
            tally.close()
        for counts in tally.sources:
            assert counts.read == counts.positives + counts.negatives + counts.removed.total()
        return Made(writer.finish(tally.as_json()), tally.as_json())


OBSERVED = st.lists(
    st.builds(
        Observation,
        query=st.sampled_from(["moon water", "Moon  WATER", "sea", " sun"]),
        article=st.sampled_from([*(one.id for one in ARTICLES), "unknown", "kept out"]),
        clicks=st.integers(0, 3),
        query_id=st.just(""),
        text=st.none(),
    ),
    max_size=25,
)


@pytest.mark.slow
@settings(max_examples=25)
@given(one=OBSERVED, other=OBSERVED)
def test_clicks_of_equal_words_are_summed_and_counts_add_up(
    one: list[Observation], other: list[Observation], tmp_path_factory: pytest.TempPathFactory
) -> None:
    clicks: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for seen in [*one, *other]:
        if seen.article.startswith("p"):
            clicks[" ".join(seen.query.casefold().split())][seen.article] += seen.clicks
    expected = {query: dict(found) for query, found in clicks.items() if any(found.values())}
    folder, sources = tmp_path_factory.mktemp("made"), (Listed(one), Listed(other))
    if not expected:
        with pytest.raises(EmptyDataset):
            made(folder, *sources, exclusions=Exclusions(["kept out"]))
        return
    result = made(folder, *sources, exclusions=Exclusions(["kept out"]))
    found = {}
    for ranked in result.dataset.queries():
        key = " ".join(ranked.query.casefold().split())
        found[key] = {text.id: clicks for text, clicks in ranked.positives} | {text.id: 0 for text in ranked.negatives}
    assert found == expected


def test_ids_without_text_are_counted_and_listed_once(tmp_path: Path) -> None:
    seen = [("moon", "p1", 1), ("moon", "x", 1), ("sea", "x", 0), ("sea", "p2", 1)]
    observed = [Observation(*one) for one in seen]
    result = made(tmp_path, Listed(observed))
    assert result.removed() == {"without text": 2}
    assert result.counts["ids without text"] == 1
    assert (tmp_path / "data" / "notes" / "missing.tsv").read_text("utf-8") == "x\n"


def test_articles_that_are_kept_out_are_no_negatives_either(tmp_path: Path) -> None:
    texts = [article("p0", "", LOREM), article("p1", "Of stones and hills", ""), article("p2", "Of bees", "Bees hum.")]
    observed = [Observation("moon", "p0", 0), Observation("moon", "p1", 3), Observation("moon", "p2", 1)]
    exclusions = Exclusions(["p1"], [article("other", "", f"Once {LOREM}.")])
    result = made(tmp_path, Listed(observed), exclusions=exclusions, articles=texts)
    assert result.removed() == {"excluded by id": 1, "excluded by text": 1}
    assert [ranked.passages[0].id for ranked in result.dataset.queries()] == ["p2"]


def test_sources_keep_their_counts_and_their_ids_apart(tmp_path: Path) -> None:
    one, other = (
        Listed([Observation(query, article, 1, "1")], name)
        for query, article, name in (("moon", "p1", "a"), ("sea", "p2", "b"))
    )
    result = made(tmp_path, one, other)
    assert sorted(ranked.query_id for ranked in result.dataset.queries()) == ["a:1", "b:1"]
    assert {name: counts["kept"]["pairs"] for name, counts in result.counts["sources"].items()} == {"a": 1, "b": 1}


def test_two_sources_of_one_name_are_told_apart(tmp_path: Path) -> None:
    result = made(tmp_path, Listed([Observation("moon", "p1", 1)]), Listed([Observation("sea", "p2", 1)]))
    assert list(result.counts["sources"]) == ["listed", "listed (2)"]


def test_look_ups_are_dropped_of_logs_alone(tmp_path: Path) -> None:
    observed = [Observation("12345678", "p1", 2), Observation("moon water", "p2", 1)]
    log, judged = Listed(observed, "log", is_log=True), Listed(observed[:1], "judged")
    result = made(tmp_path, log, judged)
    assert result.removed("log") == {"id look-up": 1}
    assert {(r.query, r.positives[0][1]) for r in result.dataset.queries()} == {("12345678", 2), ("moon water", 1)}


def test_an_author_is_known_by_the_articles_of_the_index(tmp_path: Path) -> None:
    known = [article("p1", "On the moon", LOREM, author="Doe Jane")]
    observed = [Observation("doe j", "p1", 1), Observation("moon drinks", "p1", 1)]
    assert made(tmp_path, Listed(observed, is_log=True), articles=known).removed() == {"author look-up": 1}


@pytest.mark.parametrize(
    ("kind", "removed"), [("pairs", {}), ("lists", {"keywords that each clicked article contains": 2})]
)
def test_keyword_queries_are_dropped_for_the_reranker_alone(
    tmp_path: Path, kind: Kind, removed: dict[str, int]
) -> None:
    seen = [("water slept well", "p1", 1), ("water slept well", "p2", 0), ("why sleep?", "p2", 1)]
    log = Listed([Observation(*one) for one in seen], is_log=True)
    assert made(tmp_path, log, kind=kind).removed() == removed


def test_a_source_may_say_what_is_read_of_an_article(tmp_path: Path) -> None:
    result = made(tmp_path, Listed([Observation("moon", "p1", 1, text=("", "The rest."))]))
    assert [ranked.positives[0][0][:] for ranked in result.dataset.queries()] == [("p1", "", "The rest.")]


def test_an_empty_result_names_what_was_removed(tmp_path: Path) -> None:
    with pytest.raises(EmptyDataset, match="listed: 2 read, removed 2 without text"):
        made(tmp_path, Listed([Observation("moon", "x", 1), Observation("sea", "y", 1)]))
    assert list(tmp_path.iterdir()) == []


def test_grades_count_as_clicks_and_what_was_judged_not_relevant_is_a_negative(tmp_path: Path) -> None:
    qrels = {"t1": {"p1": 2, "p2": 0, "p3": -1}, "t2": {"p4": 1}}
    task = Task(name="moon/train", topics=(Topic("t1", "moon?"), Topic("t2", "sea?")), qrels=qrels, split="train")
    result = made(tmp_path, judgements(task), kind="lists")
    found = {ranked.query_id: [text.id for text in ranked.passages] for ranked in result.dataset.queries()}
    assert found == {"t1": ["p1", "p2", "p3"], "t2": ["p4"]}
    assert {ranked.positives[0][1] for ranked in result.dataset.queries()} == {2, 1}
    assert result.counts["queries without negatives"] == 1


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (Task(name="moon/test", topics=(), qrels={}, split="test"), "marked test.*--split train"),
        (Task(name="relish", topics=(), qrels={}, by_seed=True), "has no queries"),
        (SentencePairs(name="biosses", pairs=(), scores=()), "are no questions"),
    ],
)
def test_what_judges_models_is_not_learnt_from(task: Any, said: str) -> None:
    with pytest.raises(NotForTraining, match=said):
        judgements(task)
