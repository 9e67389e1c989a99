"""Mining over an index in memory: what is written, what is counted, and that a run that was stopped goes on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from onnx_models.training.dataset import KINDS, Dataset, Passage, RankList, open_dataset
from onnx_models.training.errors import DatasetExists, EmptyDataset
from search.errors import InvalidRequest
from search.request import Mode
from search.training import mining
from search.training.errors import OtherMining
from search.training.excluding import Exclusions
from search.training.mining import Mining, Notes
from search.training.negatives import MiningOptions
from tests.doubles import HashEncoder
from tests.search.training.searching import (
    TableReranker,
    article,
    asking,
    dataset_of,
    passage,
    searcher_of,
)

ROOT = Path(__file__).parents[3]
ARTICLES = [article(number) for number in range(40)]
NEAR = MiningOptions(from_rank=1, to_rank=20, store=6)


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    lists = [
        asking(f"q{number}", f"{one.title.split()[-2]} pump {number}", [one, ARTICLES[number + 20]])
        for number, one in enumerate(ARTICLES[:10])
    ]
    return dataset_of(tmp_path / "data", lists)


def written(folder: Path) -> list[RankList]:
    return list(open_dataset(folder).queries())


def run(data: Dataset, out: Path, options: MiningOptions = NEAR, judge: TableReranker | None = None) -> None:
    for _ in Mining(data, searcher_of(ARTICLES), judge, options).run(out):
        pass


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
def test_every_query_keeps_its_positives_and_gets_negatives_with_their_texts(
    data: Dataset, tmp_path: Path, mode: Mode
) -> None:
    run(data, tmp_path / "out", MiningOptions(mode=mode, from_rank=1, to_rank=20, store=6))
    before, after = list(data.queries()), written(tmp_path / "out")
    assert [(one.query_id, one.query, one.positives) for one in after] == [
        (one.query_id, one.query, one.positives) for one in before
    ]
    texts = {one.id: passage(one) for one in ARTICLES}
    for one in after:
        assert len(one.negatives) == 6
        assert all(negative == texts[negative.id] for negative in one.negatives)
        assert not {negative.id for negative in one.negatives} & {positive.id for positive, _ in one.positives}


def test_lists_and_pairs_are_read_with_the_same_negatives(data: Dataset, tmp_path: Path) -> None:
    searcher = searcher_of(ARTICLES)
    for kind in KINDS:
        list(Mining(data, searcher, None, NEAR).run(tmp_path / kind, kind))
    lists, pairs = open_dataset(tmp_path / "lists"), open_dataset(tmp_path / "pairs")
    assert (lists.kind, lists.examples, pairs.kind, pairs.examples) == ("lists", 10, "pairs", 20)
    mined = {one.query_id: one.negatives for one in lists.queries()}
    assert {pair.query_id: pair.negatives for pair in pairs.pairs(seed=1, epoch=0)} == mined


def test_a_teachers_scores_are_those_of_positives_then_negatives(data: Dataset, tmp_path: Path) -> None:
    judge = TableReranker({one.title: number / 4 for number, one in enumerate(ARTICLES)})
    run(data, tmp_path / "out", MiningOptions(from_rank=1, to_rank=20, store=6, teach="rerank"), judge)
    for one in written(tmp_path / "out"):
        assert one.scores is not None
        assert list(one.scores) == [int(passage.id[1:]) / 4 for passage in one.passages]


def test_negatives_are_written_without_what_was_cut_out_of_the_positives(tmp_path: Path) -> None:
    one = ARTICLES[3]
    untitled = RankList(query_id="q", query=one.title, positives=((Passage(one.id, "", one.abstract), 1),))
    run(dataset_of(tmp_path / "data", [untitled]), tmp_path / "out")
    (after,) = written(tmp_path / "out")
    abstracts = {one.id: one.abstract for one in ARTICLES}
    assert [(negative.title, negative.abstract) for negative in after.negatives] == [
        ("", abstracts[negative.id]) for negative in after.negatives
    ]
    assert after.negatives


def test_everything_is_counted(data: Dataset, tmp_path: Path) -> None:
    judge = TableReranker({one.title: 2 for one in ARTICLES[:30]})
    options = MiningOptions(from_rank=1, to_rank=20, store=6, denoise=0.9)
    steps = list(Mining(data, searcher_of(ARTICLES), judge, options).run(tmp_path / "out"))
    counts = open_dataset(tmp_path / "out").counts["mining"]
    after = written(tmp_path / "out")
    assert (steps[-1].done, steps[-1].queries) == (10, 10)
    assert counts["queries"] == 10
    assert counts["candidates"] == 200
    assert counts["mined"] == sum(len(one.negatives) for one in after)
    # All 30 that score as the positives do are dropped, so that only numbers 30 to 39 can stay.
    assert {negative.id for one in after for negative in one.negatives} <= {one.id for one in ARTICLES[30:]}
    assert counts["queries with too few negatives"] == sum(len(one.negatives) < 6 for one in after)
    looked_at = counts["known"] + counts["denoised"] + counts["mined"]
    assert looked_at <= counts["candidates"]


def test_queries_without_negatives_are_left_out_of_lists_and_kept_in_pairs(tmp_path: Path) -> None:
    lists = [asking("all", "pump", ARTICLES), asking("one", "pump", ARTICLES[:1])]
    data, searcher = dataset_of(tmp_path / "data", lists), searcher_of(ARTICLES)
    list(Mining(data, searcher, None, NEAR).run(tmp_path / "lists", "lists"))
    list(Mining(data, searcher, None, NEAR).run(tmp_path / "pairs", "pairs"))
    assert [one.query_id for one in written(tmp_path / "lists")] == ["one"]
    assert [one.query_id for one in written(tmp_path / "pairs")] == ["all", "one"]
    counts = open_dataset(tmp_path / "lists").counts["mining"]
    assert (counts["queries"], counts["queries without negatives"]) == (2, 1)


def test_a_run_without_any_negative_writes_nothing_and_says_so(tmp_path: Path) -> None:
    data = dataset_of(tmp_path / "data", [asking("all", "pump", ARTICLES)])
    with pytest.raises(EmptyDataset, match=r"queries without negatives: 1\."):
        run(data, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_run_that_was_stopped_goes_on_and_ends_with_the_same_data(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mining, "TOGETHER", 3)
    run(data, tmp_path / "whole")
    stopped = Mining(data, searcher_of(ARTICLES), None, NEAR).run(tmp_path / "out")
    assert [next(stopped).done for _ in range(2)] == [3, 6]
    del stopped
    assert not (tmp_path / "out").exists()
    encoder = HashEncoder(name="hash-query")
    list(Mining(data, searcher_of(ARTICLES, encoder), None, NEAR).run(tmp_path / "out"))
    assert len(encoder.texts_encoded) == 4  # the first six queries are not searched for again
    whole, out = open_dataset(tmp_path / "whole"), open_dataset(tmp_path / "out")
    assert out.fingerprint == whole.fingerprint
    assert out.counts == whole.counts
    assert list(tmp_path.glob(".*")) == []


KILLED = """
import sys
from pathlib import Path
from onnx_models.training.dataset import open_dataset
from search.training import mining
from tests.search.training.test_mining import ARTICLES, NEAR, searcher_of
mining.TOGETHER = 1
data = open_dataset(Path(sys.argv[1]))
for step in mining.Mining(data, searcher_of(ARTICLES), None, NEAR).run(Path(sys.argv[2])):
    print(step.done, flush=True)
    if step.done == 4:
        sys.stdin.read()
"""


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_where_it_was(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mining, "TOGETHER", 1)
    run(data, tmp_path / "whole")
    command = [sys.executable, "-c", KILLED, str(data.folder), str(tmp_path / "out")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(4)] == ["1\n", "2\n", "3\n", "4\n"]
        process.kill()
    assert not (tmp_path / "out").exists()
    encoder = HashEncoder(name="hash-query")
    list(Mining(data, searcher_of(ARTICLES, encoder), None, NEAR).run(tmp_path / "out"))
    assert len(encoder.texts_encoded) == 6
    assert open_dataset(tmp_path / "out").fingerprint == open_dataset(tmp_path / "whole").fingerprint


def test_going_on_with_other_options_is_refused_and_the_differences_are_told(data: Dataset, tmp_path: Path) -> None:
    next(Mining(data, searcher_of(ARTICLES), None, NEAR).run(tmp_path / "out"))
    other = MiningOptions(from_rank=2, to_rank=20, store=6, seed=5)
    with pytest.raises(OtherMining, match="from_rank was 1 and is 2; seed was 2023 and is 5") as refused:
        run(data, tmp_path / "out", other)
    assert "data was" not in str(refused.value)


def test_going_on_over_a_changed_index_is_refused(data: Dataset, tmp_path: Path) -> None:
    next(Mining(data, searcher_of(ARTICLES), None, NEAR).run(tmp_path / "out"))
    with pytest.raises(OtherMining, match="articles was 40 and is 39"):
        next(Mining(data, searcher_of(ARTICLES[:39]), None, NEAR).run(tmp_path / "out"))


def test_going_on_with_other_articles_kept_out_is_refused(data: Dataset, tmp_path: Path) -> None:
    next(Mining(data, searcher_of(ARTICLES), None, NEAR, Exclusions(["p001"])).run(tmp_path / "out"))
    next(Mining(data, searcher_of(ARTICLES), None, NEAR, Exclusions(["p001"])).run(tmp_path / "out"))
    for other in (Exclusions(), Exclusions(["p001"], [ARTICLES[1]])):
        with pytest.raises(OtherMining, match="kept out was"):
            next(Mining(data, searcher_of(ARTICLES), None, NEAR, other).run(tmp_path / "out"))


def test_notes_of_which_some_are_left_are_still_known_for_whose_they_are(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "out", {"seed": 1})
    notes.write(0, [])
    (tmp_path / ".out.mining" / "000001.json").mkdir()  # cannot be unlinked, and so removing stops there
    with pytest.raises(OSError, match="000001"):
        notes.remove()
    with pytest.raises(OtherMining, match="seed was 1 and is 2"):
        Notes(tmp_path / "out", {"seed": 2})


def test_what_is_there_already_is_left_alone(data: Dataset, tmp_path: Path) -> None:
    with pytest.raises(DatasetExists):
        run(data, tmp_path / "data")


def test_a_reranker_is_asked_for_before_anything_is_searched(data: Dataset) -> None:
    with pytest.raises(InvalidRequest, match="need a model set"):
        Mining(data, searcher_of(ARTICLES), None, MiningOptions(teach="mix"))


def test_the_new_dataset_says_how_it_was_made(data: Dataset, tmp_path: Path) -> None:
    run(data, tmp_path / "out")
    said = json.loads((tmp_path / "out" / "dataset.json").read_text())["counts"]
    assert said["settings"]["data"] == data.fingerprint
    assert said["settings"]["to_rank"] == 20
    assert said["settings"]["index"] == "memory"
