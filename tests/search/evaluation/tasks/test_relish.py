"""RELISH's seeds are topics, and what was judged for a seed is all that is ranked for it."""

from pathlib import Path

import pytest

from search.errors import BadTask
from search.evaluation.tasks import open_task

from .invented import a_relish_table, as_task, json_file


def answer(seed: str, **response: object) -> dict[str, object]:
    return {"uid": "u", "pmid": seed, "response": response}


def test_a_table_gives_seeds_candidates_and_grades(tmp_path: Path) -> None:
    task = as_task(open_task(str(a_relish_table(tmp_path))))
    assert task.by_seed
    assert task.topics == (("90000001", "90000001"), ("90000004", "90000004"))
    assert task.qrels == {"90000001": {"90000002": 2, "90000003": 0}, "90000004": {"90000002": 1}}
    assert task.candidates == {"90000001": ("90000002", "90000003"), "90000004": ("90000002",)}


def test_a_table_may_have_a_header(tmp_path: Path) -> None:
    table = a_relish_table(tmp_path)
    plain = as_task(open_task(str(table)))
    table.write_text("PID1\tPID2\tRelevance\n" + table.read_text())
    assert as_task(open_task(str(table))).qrels == plain.qrels


def test_the_json_gives_the_same(tmp_path: Path) -> None:
    stored = [
        answer("90000001", relevant=["90000002"], partial=[], irrelevant=["90000003"]),
        answer("90000004", partial=[90000002]),
    ]
    task = as_task(open_task(str(json_file(tmp_path / "RELISH_v1.json", stored))))
    table = as_task(open_task(str(a_relish_table(tmp_path))))
    assert (task.qrels, task.candidates, task.topics) == (table.qrels, table.candidates, table.topics)


def test_people_who_disagree_are_settled_by_the_lower_median(tmp_path: Path) -> None:
    stored = [
        answer("1", relevant=["10", "20", "30"], irrelevant=["40"]),
        answer("1", partial=["10"], irrelevant=["20"], relevant=["30"]),
        answer("1", relevant=["10", "20"]),
    ]
    # 10: 2, 1, 2 → 2.  20: 2, 0, 2 → 2.  30: 2, 2 → 2.  40: 0 → 0.
    task = as_task(open_task(str(json_file(tmp_path / "r.json", stored))))
    assert task.qrels == {"1": {"10": 2, "20": 2, "30": 2, "40": 0}}
    # 10: 2, 1 → 1.  20: 2, 0 → 0.
    two = as_task(open_task(str(json_file(tmp_path / "r.json", stored[:2]))))
    assert two.qrels == {"1": {"10": 1, "20": 0, "30": 2, "40": 0}}


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ([], "holds no judgements"),
        ([answer("1")], "holds no judgements"),
        ([{"pmid": "1"}], 'Entry 1 .* lacks "response"'),
        ([answer("1", relevant=["2"]), answer("x")], "Entry 2 .*: 'x' is no PMID"),
        ([answer("1", relevant=[None])], "Entry 1 .*: None is no PMID"),
        ([answer("1", partial="2")], "its 'partial' articles are '2', which is no list"),
    ],
)
def test_an_entry_that_is_none_is_named(tmp_path: Path, stored: object, said: str) -> None:
    with pytest.raises(BadTask, match=said):
        open_task(str(json_file(tmp_path / "r.json", stored)), format="relish")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("1\t2\t0\n1\t2\n", "Line 2 .* is not `pmid<TAB>pmid<TAB>0, 1 or 2`: '1.t2'"),
        ("1\t2\t0\n1\t3\t3\n", "Line 2 .* is not"),
        ("1\t2\t0\n\n1\t2\t1\n", "Line 3 .* gives '2' for seed '1' grade 1, but line 1 gave it 0"),
    ],
)
def test_a_row_that_is_none_is_named(tmp_path: Path, rows: str, said: str) -> None:
    table = tmp_path / "t.tsv"
    table.write_text(rows)
    with pytest.raises(BadTask, match=said):
        open_task(str(table))
