"""Sentence pairs are read by the names in their header."""

from pathlib import Path

import pytest

from search.errors import BadTask
from search.evaluation.tasks import open_task

from .invented import a_sentence_table, as_pairs


def test_pairs_and_their_mean_scores_are_read(tmp_path: Path) -> None:
    task = as_pairs(open_task(str(a_sentence_table(tmp_path))))
    assert task.pairs == (('A "snail".', "One snail."), ("A snail.", "A car."))
    assert task.scores == (3.5, 0.0)
    named = (tmp_path / "alike.tsv").rename(tmp_path / "biosses.tsv")
    assert as_pairs(open_task(str(named))).source.startswith("BIOSSES")


HEADER = "sentence1\tsentence2\tscore\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "lacks sentence1, sentence2, or one of mean, score, similarity: it has ''"),
        ("sentence1\tsentence2\tgrade\n", "it has 'sentence1, sentence2, grade'"),
        (HEADER, r"holds 0 pairs\. A correlation needs two"),
        (f"{HEADER}a\tb\t1\n", "holds 1 pairs"),
        (f"{HEADER}a\tb\t1\na\tb\n", "Line 3 .* has 2 columns, not the 3 of its header"),
        (f"{HEADER}a\t \t1\n", "Line 2 .* has an empty sentence"),
        (f"{HEADER}a\tb\tmuch\n", "Line 2 .*: score 'much' is no finite number"),
        (f"{HEADER}a\tb\tnan\n", "Line 2 .*: score 'nan' is no finite number"),
    ],
)
def test_a_line_that_is_no_pair_is_named(tmp_path: Path, text: str, said: str) -> None:
    table = tmp_path / "t.tsv"
    table.write_text(text)
    with pytest.raises(BadTask, match=said):
        open_task(str(table), format="sentences")
