"""What `biocpt eval` prints is what its reports say."""

import pytest

from search.cli.eval import showing
from search.evaluation.report import tables
from tests.search.evaluation.invented import evaluation


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    showing.show(evaluation(systems=2), as_json=False)
    return capsys.readouterr().out.splitlines()


def test_stages_stand_in_the_order_of_a_search(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys)
    stages = ["in no list", "only lexical, fused out", "only dense, fused out", "below the cut", "re-ranked down"]
    at = next(at for at, line in enumerate(lines) if line.startswith(f" {stages[0]}"))
    assert [line[1:27].strip() for line in lines[at : at + 5]] == stages


def test_numbers_are_written_as_in_the_reports(capsys: pytest.CaptureFixture[str]) -> None:
    of = evaluation(systems=2)
    lines = shown(capsys)
    compared = tables.contrasts(of)
    assert compared is not None
    for row in (*tables.systems(of).rows, *compared.rows):
        name, *cells = row
        assert any(line.split()[0:1] == name.split()[:1] and all(cell in line for cell in cells[:2]) for line in lines)
    assert any("<0.0001" in line for line in lines)
