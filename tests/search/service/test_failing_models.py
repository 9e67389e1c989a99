"""A model that cannot be run: the client is told, the log says why, and the next request is answered."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from onnx_models.errors import ModelRunFailed
from onnx_models.runtime import TokenBatch
from tests.search.service.asking import ask, embeddings
from tests.search.service.serving import in_thread, until


def out_of_memory(batch: TokenBatch, companions: Sequence[object]) -> NDArray[np.float32]:
    raise ModelRunFailed(graph="query.onnx", shape=batch.ids.shape, reason="no memory is left")


def broken(batch: TokenBatch, companions: Sequence[object]) -> NDArray[np.float32]:
    raise ArithmeticError("no memory is left")


@pytest.mark.parametrize(("run", "code"), [(out_of_memory, "model_failed"), (broken, "internal_error")])
def test_the_log_says_why_a_model_could_not_be_run(
    home: Path, caplog: pytest.LogCaptureFixture, run: object, code: str
) -> None:
    with in_thread(home, "medcpt") as server, caplog.at_level(logging.WARNING):
        batcher = server.inference.lanes[0].batcher
        before, batcher._run = batcher._run, run  # type: ignore[assignment]
        answer = ask(server.address, embeddings(["zebrafish"]))
        assert (answer.status, answer.json["error"]["code"]) == (500, code)
        until(lambda: "no memory is left" in caplog.text, "a line that says why")
        assert "zebrafish" not in caplog.text
        batcher._run = before
        assert ask(server.address, embeddings(["zebrafish"])).status == 200
