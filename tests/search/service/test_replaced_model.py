"""The files of a model change under a running server: it serves what it loaded, and says so, until it is restarted."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from onnx_models.errors import ManifestMismatch
from onnx_models.installed import find, sets_folder
from tests.onnx_models import checkpoints
from tests.search.service.asking import Answer, ask, embeddings, post
from tests.search.service.serving import in_thread

GET_INFO = b"GET /info HTTP/1.1\r\nhost: test\r\n\r\n"


def overwrite(folder: Path) -> None:
    """In place, as a careless copy does."""
    for file in folder.rglob("*"):
        if file.is_file():
            file.write_bytes(b"\0" * file.stat().st_size)


def remove(folder: Path) -> None:
    shutil.rmtree(folder)


def swap(folder: Path) -> None:
    """For a set with other weights, renamed into place."""
    home = folder.parent / "other"
    checkpoints.install(home, "medcpt", checkpoints.Shape(layers=1))
    shutil.rmtree(folder)
    (sets_folder(home) / "medcpt").rename(folder)


def answers(address: tuple[str, int]) -> list[Answer]:
    articles = post("/v1/embeddings", {"model": "medcpt-article", "input": ["Heart\nA trial of statins."]})
    scores = post("/v1/rerank", {"model": "medcpt-rerank", "query": "heart", "documents": ["blood", "statins"]})
    return [ask(address, request) for request in (embeddings(["heart attack"]), articles, scores, GET_INFO)]


@pytest.mark.parametrize("change", [overwrite, remove, swap])
def test_what_was_loaded_is_served_whatever_happens_to_its_files(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    checkpoints.install(tmp_path, "medcpt")
    fingerprint = find(tmp_path, "medcpt").query.fingerprint
    with in_thread(tmp_path, "medcpt") as server:
        before = answers(server.address)
        change(sets_folder(tmp_path) / "medcpt")
        after = answers(server.address)
    assert [answer.status for answer in after] == [200] * 4
    assert [_numbers(answer) for answer in after] == [_numbers(answer) for answer in before]
    assert fingerprint in after[-1].body.decode()


def test_the_next_start_looks_at_the_files_again(tmp_path: Path) -> None:
    installed = checkpoints.install(tmp_path, "medcpt")
    graph = installed.query.graph()
    with in_thread(tmp_path, "medcpt"):
        graph.write_bytes(graph.read_bytes() + b"\0")
    with pytest.raises(ManifestMismatch), in_thread(tmp_path, "medcpt"):
        pass


def _numbers(answer: Answer) -> object:
    """What is in it but for the id that each answer has of its own."""
    return {key: value for key, value in answer.json.items() if key not in ("id", "created")}
