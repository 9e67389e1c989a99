"""Collections of ir_datasets are read where it is installed; what it lacks is said in one line."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import orjson
import pytest

from search.errors import BadTask
from search.evaluation.tasks import open_task, write_corpus

from .invented import as_task

NAME = "invented/snails/dev"


class Question(NamedTuple):
    query_id: str
    title: str
    narrative: str

    def default_text(self) -> str:
        return self.title


class Document(NamedTuple):
    doc_id: str
    title: str
    abstract: str


QUESTIONS = [Question("1", "slow snails", "How slow?"), Question("2", "fast snails", "")]
JUDGED = [("1", "d1", 2), ("1", "d2", 0), ("1", "d1", 2)]


def registered(name: str, *, judged: Any = JUDGED, unreachable: bool = False) -> str:
    """A collection in memory under a new id of ir_datasets."""
    ir_datasets = pytest.importorskip("ir_datasets")
    formats = ir_datasets.formats

    class Questions(formats.BaseQueries):  # type: ignore[misc, name-defined]
        def queries_iter(self) -> Iterator[Question]:
            if unreachable:
                raise ConnectionError("no route to host")
            yield from QUESTIONS

    class Judgements(formats.BaseQrels):  # type: ignore[misc, name-defined]
        def qrels_iter(self) -> Iterator[Any]:
            yield from (formats.GenericQrel(*row) for row in judged)

    class Documents(formats.BaseDocs):  # type: ignore[misc, name-defined]
        def docs_iter(self) -> Iterator[Document]:
            yield Document("d1", "Snails", "They are slow.")

    metadata = SimpleNamespace(metadata=dict)
    parts = [Questions(), Judgements(), Documents(), metadata] if judged is not None else [Questions(), metadata]
    if name not in ir_datasets.registry:
        ir_datasets.registry.register(name, ir_datasets.Dataset(*parts))
    return f"irds:{name}"


def test_an_id_gives_topics_and_judgements() -> None:
    task = as_task(open_task(registered(NAME)))
    assert (task.name, task.split) == (NAME, "dev")
    assert task.topics == (("1", "slow snails"),)
    assert task.qrels == {"1": {"d1": 2, "d2": 0}}


def test_a_part_of_the_topics_can_be_asked() -> None:
    place = registered("invented/snails/all", judged=[("1", "d1", 1), ("2", "d1", 1)])
    with pytest.raises(BadTask, match=r"Topic '2' .* has no part 'narrative'\. It has: title, narrative"):
        open_task(place, part="narrative")
    assert as_task(open_task(place, part="title")).topics[1] == ("2", "fast snails")


def test_its_documents_are_written_for_indexing(tmp_path: Path) -> None:
    assert write_corpus(registered(NAME), tmp_path / "c.jsonl") == 1
    row = orjson.loads((tmp_path / "c.jsonl").read_bytes())
    assert row == {"_id": "d1", "title": "Snails", "text": "They are slow."}


def test_what_cannot_be_had_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadTask, match=r"ir_datasets does not know 'no/such'. See https"):
        open_task("irds:no/such")
    unjudged = registered("invented/unjudged", judged=None)
    with pytest.raises(BadTask, match=r"has no topics with judgements. It knows invented/"):
        open_task(unjudged)
    with pytest.raises(BadTask, match="has no documents"):
        write_corpus(unjudged, tmp_path / "c.jsonl")
    with pytest.raises(BadTask, match="cannot reach the data of 'irds:invented/far': no route to host"):
        open_task(registered("invented/far", unreachable=True))
    with pytest.raises(BadTask, match="judges document 'd1' of topic '1' in two ways"):
        open_task(registered("invented/torn", judged=[("1", "d1", 1), ("1", "d1", 0)]))
    with pytest.raises(BadTask, match="'d1' of topic '1' grade 2001, which is not between -1000 and 1000"):
        open_task(registered("invented/steep", judged=[("1", "d1", 2001)]))


def test_without_ir_datasets_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ir_datasets", None)
    with pytest.raises(BadTask, match="needs ir_datasets: pip install ir_datasets"):
        open_task("irds:beir/scifact/test")
