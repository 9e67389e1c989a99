"""One test for each trap of tantivy and Lance that is known to us, so that an upgrade cannot reopen it unseen."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import lance
import numpy as np
import pytest

from indexer import durability
from indexer.article import Article, Deletion
from indexer.engines import open_reader, open_writer
from indexer.engines.embedded import layout
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.errors import IndexLocked
from indexer.queries import And, Lexical, Match, Nearest, Not, Or, Phrase, Probe, Range, Term
from indexer.queries import Query as Question
from tests.indexer.engines.contract import SPACE, article, vector


def versions(folder: Path) -> list[Path]:
    """Lance's manifests, the newest first."""
    return sorted((folder / "vectors" / "_versions").glob("*.manifest"))


def write_one(folder: Path, id: str, seed: int) -> None:
    writer = open_writer(str(folder), space=SPACE)
    writer.write([article(id, "heart")], {id: vector(seed)})
    writer.commit()
    writer.close()


def test_p1_replacing_and_deleting_leave_no_copies(tmp_path: Path) -> None:
    """tantivy 0.27 deletes nothing, and says nothing, when a term stands on an unsigned field."""
    writer = open_writer(str(tmp_path / "index"), space=None)
    writer.write([article(str(n), "heart") for n in range(10)], {})
    writer.commit()
    writer.delete([Deletion(id=id, order=2) for id in ("2", "3", "5")])
    writer.write([article("3", "heart", order=3)], {})
    writer.commit()
    writer.close()
    reader = open_reader(str(tmp_path / "index"))
    hits = reader.search([Lexical(Match("heart"), 100)])[0]
    assert sorted(hit.id for hit in hits) == list("01346789")
    assert (reader.info().articles, reader.info().tombstones) == (8, 2)


@pytest.mark.slow
def test_p2_unions_under_a_filter_return_the_right_rows(tmp_path: Path) -> None:
    """tantivy 0.26 returned wrong rows for a union and a filter (its issues 3086 and 3103)."""
    rng = np.random.default_rng(5)
    words = [f"word{n}x" for n in range(30)]
    articles = [
        article(str(n), " ".join(rng.choice(words, 6)), abstract=" ".join(rng.choice(words, 12)), year=int(n % 50))
        for n in range(9_000)
    ]
    writer = open_writer(str(tmp_path / "index"), space=None)
    for start in range(0, 9_000, 3_000):
        writer.write(articles[start : start + 3_000], {})
        writer.commit()
    writer.close()
    reader = open_reader(str(tmp_path / "index"))
    for trial in range(40):
        one, two, three = (str(word) for word in rng.choice(words, 3, replace=False))
        low = int(rng.integers(50))
        question: Question = Or((Match(one), And((Match(two), Not(Match(three))))))
        wanted = {a.id for a in articles if low <= (a.year or 0) <= low + 9 and holds(a, one, two, three)}
        inside = Range("year", low, low + 9)
        shapes: list[Probe] = [
            Lexical(question, 9_000, inside),
            Lexical(And((question, inside)), 9_000),
            Lexical(question, 9_000, And((inside, Not(Term("id", ("none",)))))),
        ]
        for hits in reader.search(shapes):
            assert {hit.id for hit in hits} == wanted, trial


def holds(a: Article, one: str, two: str, three: str) -> bool:
    words = {*a.title.split(), *a.abstract.split()}
    return one in words or (two in words and three not in words)


def test_p3_every_new_file_of_lance_is_synced_before_the_acknowledgement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lance calls no fsync at all."""
    write_one(tmp_path, "1", 1)
    before = layout.files_below(tmp_path / "vectors")
    synced: list[Path] = []
    real = durability.sync

    def remember(path: Path) -> None:
        synced.append(path)
        real(path)

    monkeypatch.setattr(layout, "sync", remember)
    write_one(tmp_path, "2", 2)
    new = layout.files_below(tmp_path / "vectors") - before
    assert {path.suffix for path in new} >= {".lance", ".manifest"}
    assert new | {path.parent for path in new} <= set(synced)


@pytest.mark.parametrize("damage", ["empty", "torn", "whole"])
def test_p3_a_version_that_no_commit_names_is_taken_back(tmp_path: Path, damage: str) -> None:
    """A crash between Lance's commit and the text's, or of the machine, which can leave a manifest empty."""
    write_one(tmp_path, "1", 1)
    table = lance.dataset(str(tmp_path / "vectors"))
    lance.write_dataset(table.to_table(), table, mode="append")
    newest = versions(tmp_path)[0]
    if damage != "whole":
        newest.write_bytes(newest.read_bytes()[: 20 if damage == "torn" else 0])
    reader = open_reader(str(tmp_path))
    assert [hit.id for hit in reader.search([Nearest(vector(1), 9)])[0]] == ["1"]
    write_one(tmp_path, "2", 2)
    reader.refresh()
    assert [hit.id for hit in reader.search([Nearest(vector(2), 9)])[0]] == ["2", "1"]
    assert reader.info().vectors == 2


def test_p3_vectors_of_a_first_commit_cut_short_are_taken_back(tmp_path: Path) -> None:
    open_writer(str(tmp_path), space=SPACE).close()
    (tmp_path / "vectors" / "_versions").mkdir(parents=True)
    (tmp_path / "vectors" / "_versions" / f"{2**64 - 2}.manifest").touch()
    write_one(tmp_path, "1", 1)
    assert open_reader(str(tmp_path)).info().vectors == 1


def test_p4_filters_are_answered_by_tantivy_alone(tmp_path: Path) -> None:
    """Lance's index of lists goes unused, silently, under some names; we keep no field in Lance but slot and id."""
    write_one(tmp_path, "1", 1)
    assert lance.dataset(str(tmp_path / "vectors")).schema.names == ["slot", "id", "vector"]


def optimize_forgetting_all(folder: Path) -> None:
    writer = EmbeddedWriter(folder, None)
    writer.keep_old = timedelta(0)
    writer.optimize()
    writer.close()


def test_p5_optimize_lets_go_of_old_versions(tmp_path: Path) -> None:
    """Lance keeps every version until told otherwise."""
    for seed in range(5):
        write_one(tmp_path, "1", seed)
    assert len(versions(tmp_path)) > 5
    optimize_forgetting_all(tmp_path)
    assert len(versions(tmp_path)) == 1
    assert len(list((tmp_path / "vectors" / "data").iterdir())) == 1
    np.testing.assert_array_equal(open_reader(str(tmp_path)).vectors(["1"])[0], vector(4))


def test_p5_a_reader_whose_version_is_gone_answers_from_the_newest(tmp_path: Path) -> None:
    write_one(tmp_path, "1", 1)
    reader = open_reader(str(tmp_path))
    write_one(tmp_path, "2", 2)
    optimize_forgetting_all(tmp_path)
    assert {hit.id for hit in reader.search([Nearest(vector(1), 9)])[0]} == {"1", "2"}


def test_p6_searching_writes_nothing_to_stderr(tmp_path: Path) -> None:
    """Lance warns at every query that does not ask for its `_distance` column."""
    rows = np.random.default_rng(0).standard_normal((600, 8)).astype(np.float32)
    writer = EmbeddedWriter(tmp_path / "index", SPACE, exact_bytes=0)
    writer.write([article(str(n)) for n in range(600)], {str(n): row for n, row in enumerate(rows)})
    writer.commit()
    writer.close()
    script = (
        "import sys, numpy as np; from pathlib import Path; from indexer.queries import Nearest;"
        "from indexer.engines.embedded.reader import EmbeddedReader;"
        "reader = EmbeddedReader(Path(sys.argv[1]), exact_bytes=0);"
        "print(len(reader.search([Nearest(np.ones(8, np.float32), 50)])[0]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "index")], capture_output=True, text=True, check=True
    )
    assert (done.stdout.strip(), done.stderr) == ("50", "")


def test_p7_a_second_writer_is_told_to_wait_and_the_next_sees_all(tmp_path: Path) -> None:
    """tantivy admits one writer; one made from an `Index` opened before another's commit would lose its files."""
    first = open_writer(str(tmp_path), space=SPACE)
    with pytest.raises(IndexLocked, match="only one"):
        open_writer(str(tmp_path), space=SPACE)
    first.write([article("1")], {"1": vector(1)})
    first.commit()
    first.close()
    write_one(tmp_path, "2", 2)
    write_one(tmp_path, "3", 3)
    assert open_reader(str(tmp_path)).info().articles == 3


def test_the_lock_of_a_killed_writer_keeps_nobody_out(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from indexer.engines import open_writer;"
        "writer = open_writer(sys.argv[1], space=None); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "index")], check=False)
    assert done.returncode == -9
    open_writer(str(tmp_path / "index"), space=None).close()


def test_question_text_never_meets_a_query_parser(tmp_path: Path) -> None:
    """tantivy's parser makes a phrase of IL-2 and raises on brackets."""
    location = str(tmp_path / "index")
    writer = open_writer(location, space=None)
    writer.write([article("1", "IL and interleukin 2"), article("2", "TNF")], {})
    writer.commit()
    writer.close()
    reader = open_reader(location)
    assert {h.id for h in reader.search([Lexical(Match("IL-2 (TNF: [x"), 9)])[0]} == {"1", "2"}
    assert [h.id for h in reader.search([Lexical(Match("IL-2"), 9)])[0]] == ["1"]
    assert reader.search([Lexical(Phrase("IL-2"), 9)]) == [[]]
