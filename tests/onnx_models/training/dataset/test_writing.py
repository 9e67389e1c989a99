import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx_models.training.dataset import DatasetWriter, Passage, RankList, open_dataset
from onnx_models.training.errors import BadDataset, BadExample, DatasetExists, EmptyDataset, UnknownKind
from tests.onnx_models.training.dataset.invented import passage, ranked, written

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FULL = st.text("abc é中😀\n\t\0", min_size=1, max_size=9).map(lambda text: f"{text}.")
IDS = st.text("ab:é😀 1", min_size=1, max_size=5)


@st.composite
def rank_lists(draw: st.DrawFn) -> list[RankList]:
    lists = []
    for query_id in draw(st.lists(IDS, min_size=1, max_size=6, unique=True)):
        ids = draw(st.lists(IDS, min_size=1, max_size=6, unique=True))
        split = draw(st.integers(1, len(ids)))
        texts = [Passage(id, draw(TEXTS), draw(FULL)) for id in ids]
        clicks = st.integers(1, 2**40)
        lists.append(
            RankList(
                query_id=query_id,
                query=draw(FULL),
                positives=tuple((text, draw(clicks)) for text in texts[:split]),
                negatives=tuple(texts[split:]),
                scores=tuple(draw(st.floats(width=32, allow_nan=False)) for _ in ids) if draw(st.booleans()) else None,
            )
        )
    return lists


@settings(max_examples=40)
@given(lists=rank_lists())
def test_what_was_written_is_read_again(lists: list[RankList], tmp_path_factory: pytest.TempPathFactory) -> None:
    dataset = written(tmp_path_factory.mktemp("data") / "lists", lists, "lists")
    assert list(dataset.queries()) == lists
    assert sorted(dataset.lists(seed=1, epoch=0), key=lambda one: one.query_id) == sorted(
        lists, key=lambda one: one.query_id
    )
    expected = {(one.query_id, text.id): (one, text, clicks) for one in lists for text, clicks in one.positives}
    pairs = {(pair.query_id, pair.positive.id): pair for pair in dataset.pairs(seed=1, epoch=0)}
    assert pairs.keys() == expected.keys()
    for key, pair in pairs.items():
        one, text, clicks = expected[key]
        assert (pair.query, pair.positive, pair.clicks, pair.negatives) == (one.query, text, clicks, one.negatives)
        assert pair.known == {positive.id for positive, _ in one.positives}


def test_a_text_is_stored_once(tmp_path: Path) -> None:
    lists = [replace(ranked(query), positives=((passage(1), 1), (passage(2), 1))) for query in range(20)]
    dataset = written(tmp_path / "data", lists)
    assert (dataset.examples, dataset.passages) == (40, 2)
    assert (tmp_path / "data" / "passages.text").stat().st_size == sum(
        len("".join(passage(n)).encode()) for n in (1, 2)
    )


def test_two_texts_may_have_one_id(tmp_path: Path) -> None:
    whole, less = Passage("p", "Title", "Text."), Passage("p", "", "Text.")
    lists = [replace(ranked(n), positives=((text, 1),)) for n, text in enumerate((whole, less))]
    dataset = written(tmp_path / "data", lists)
    assert [one.positives[0][0] for one in dataset.queries()] == [whole, less]


def test_equal_data_have_equal_fingerprints_and_others_do_not(tmp_path: Path) -> None:
    lists = [ranked(query, positives=2) for query in range(5)]
    same = [written(tmp_path / name, lists).fingerprint for name in ("one", "two")]
    clicked = replace(lists[0], positives=((lists[0].positives[0][0], 9), lists[0].positives[1]))
    others = [written(tmp_path / "three", lists[1:]), written(tmp_path / "four", [clicked, *lists[1:]])]
    assert same[0] == same[1]
    assert len({same[0], *(one.fingerprint for one in others)}) == 3


def test_a_dataset_says_what_it_holds(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "data", "lists") as writer:
        (writer.notes / "missing.tsv").write_text("p99\n", encoding="utf-8")
        writer.write(ranked(1, positives=3, negatives=2))
        dataset = writer.finish({"read": 4})
    assert (dataset.kind, dataset.examples, dataset.count("pairs"), dataset.passages) == ("lists", 1, 3, 5)
    assert dataset.counts == {"read": 4}
    assert (tmp_path / "data" / "notes" / "missing.tsv").read_text(encoding="utf-8") == "p99\n"
    assert not (tmp_path / "data" / "workspace").exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (replace(ranked(1), query=" "), "no id or no text"),
        (replace(ranked(1), positives=()), "no passage answers it"),
        (replace(ranked(1), positives=((passage(1), 0),)), "clicked less than once"),
        (replace(ranked(1), negatives=(passage(100),)), "a passage comes twice"),
        (replace(ranked(1), negatives=(Passage("p", " ", ""),)), "no id or no text"),
        (replace(ranked(1), scores=(1.0, 2.0)), "2 scores were given for 1 passages"),
        (ranked(0), "stored already"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(tmp_path: Path, wrong: RankList, said: str) -> None:
    with DatasetWriter(tmp_path / "data", "pairs") as writer:
        writer.write(ranked(0))
        with pytest.raises(BadExample, match=said):
            writer.write(wrong)
        assert len(list(writer.finish().queries())) == 1


def test_nothing_is_left_of_a_dataset_that_was_given_up(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "data", "pairs") as writer:
        writer.write(ranked(1))
    assert list(tmp_path.iterdir()) == []


def test_a_dataset_without_examples_is_refused(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "data", "pairs") as writer, pytest.raises(EmptyDataset, match="nothing was given"):
        writer.finish()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    written(tmp_path / "data", [ranked(1)])
    with pytest.raises(DatasetExists, match="is there already"):
        DatasetWriter(tmp_path / "data", "pairs")


def test_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownKind, match="Known: pairs, lists"):
        DatasetWriter(tmp_path / "data", "triples")  # type: ignore[arg-type]


KILLED = """
import os, signal, sys
from pathlib import Path
from onnx_models.training.dataset import DatasetWriter
from tests.onnx_models.training.dataset.invented import ranked
with DatasetWriter(Path(sys.argv[1]), "pairs") as writer:
    for query in range(50):
        writer.write(ranked(query))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_killed_does_not_open_and_is_in_nobodys_way(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False)
    assert killed.returncode == -9
    with pytest.raises(BadDataset, match=r"no dataset\.json"):
        open_dataset(folder)
    assert written(folder, [ranked(1)]).examples == 1
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from onnx_models.training.dataset import DatasetWriter
from tests.onnx_models.training.dataset.invented import ranked
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
with DatasetWriter(Path(sys.argv[1]), "pairs") as writer:
    for query in range(100_000):
        writer.write(ranked(query))
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no limit of file sizes here")
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    full = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "data")], capture_output=True, text=True, check=False
    )
    assert full.returncode == 1
    assert "StorageFailed: Could not write" in full.stderr
    assert list(tmp_path.iterdir()) == []
