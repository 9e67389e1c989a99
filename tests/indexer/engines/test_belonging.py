"""A side-car in a folder belongs to documents elsewhere: nothing but `attach` and `optimize` writes to it."""

from pathlib import Path

import pytest

from indexer.engines import open_ledger, open_writer
from indexer.engines.opensearch.attached.errors import NoRecords, TakesNoArticles
from indexer.errors import DamagedIndex
from indexer.verify import verify
from tests.indexer.attach import museum

THEIRS = "http://127.0.0.1:9/papers"


@pytest.fixture
def car(tmp_path: Path) -> Path:
    """An empty one; the index that it names is not asked."""
    folder = tmp_path / "car"
    museum.empty_side_car(folder, THEIRS)
    return folder


def test_a_writer_of_articles_is_refused_and_told_what_keeps_it_up_to_date(car: Path) -> None:
    with pytest.raises(TakesNoArticles) as refused:
        open_writer(str(car), space=None)
    assert str(refused.value) == (
        f"'{car}' is the side-car of the index at '{THEIRS}': it holds the vectors of that index's documents, and "
        "takes no articles. Change the documents there, then run "
        f"`biocpt attach sync {THEIRS} --sidecar {car}`; or name another index."
    )
    open_writer(str(car), space=None, beside=True).close()


def test_there_is_nothing_to_verify_or_copy_by(car: Path) -> None:
    for ask in (open_ledger, verify):
        with pytest.raises(
            NoRecords, match=rf"vectors of its documents.*`biocpt attach sync {THEIRS} --sidecar .*--dry"
        ):
            ask(str(car))


def test_a_note_that_cannot_be_read_is_not_taken_for_none(car: Path) -> None:
    (car / "attached.json").write_text("{", encoding="utf-8")
    with pytest.raises(DamagedIndex, match=r"attached\.json cannot be read"):
        open_writer(str(car), space=None)
