import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from onnx_models import InstalledSet, RunOptions, load_encoder
from onnx_models.errors import BadGraph, MissingExtra, ModelRunFailed, ProviderUnavailable
from onnx_models.openvino_session import OpenVinoSession, chosen_precision
from onnx_models.runtime import TokenBatch

pytest.importorskip("openvino")
OPENVINO = RunOptions(backend="openvino", threads=2)
TEXTS = ["statins and breast cancer survival", "insulin", "sleep " * 40]


def test_fp32_gives_what_onnxruntime_gives(minilm: InstalledSet) -> None:
    options = RunOptions(backend="openvino", precision="fp32")
    np.testing.assert_allclose(
        load_encoder(minilm.article, options).encode(TEXTS), load_encoder(minilm.article).encode(TEXTS), atol=1e-4
    )


def test_the_default_precision_stays_close_to_fp32(minilm: InstalledSet) -> None:
    encoder = load_encoder(minilm.article, OPENVINO)
    cosines = (encoder.encode(TEXTS) * load_encoder(minilm.article).encode(TEXTS)).sum(axis=1)
    assert cosines.mean() >= 0.999  # random weights at 32 dimensions; real ones are measured in benchmarks/encode.py
    assert encoder.runtime.backend == "openvino"


@pytest.mark.parametrize(
    ("asked", "capabilities", "expected"),
    [
        ("auto", ["FP32", "BF16"], "bf16"),
        ("auto", ["FP32"], "fp32"),
        ("fp32", ["FP32", "BF16"], "fp32"),
        ("bf16", ["FP32", "BF16"], "bf16"),
    ],
)
def test_bf16_is_used_where_the_processor_has_it(asked: str, capabilities: list[str], expected: str) -> None:
    assert chosen_precision(asked, capabilities) == expected


def test_bf16_is_refused_where_the_processor_lacks_it() -> None:
    with pytest.raises(ProviderUnavailable, match="'bf16': this processor has no bf16 instructions"):
        chosen_precision("bf16", ["FP32"])


def test_a_missing_openvino_names_the_extra(minilm: InstalledSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingExtra, match=r"pip install 'biocpt-search\[openvino\]'"):
        load_encoder(minilm.article, OPENVINO)


def test_a_file_that_is_no_graph_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not a graph")
    with pytest.raises(BadGraph, match=r"OpenVINO cannot open .*model\.onnx"):
        OpenVinoSession(tmp_path / "model.onnx", OPENVINO, low_latency=True)


def test_an_input_that_cannot_be_run_fails_in_one_line(minilm: InstalledSet) -> None:
    session = OpenVinoSession(minilm.article.graph(), OPENVINO, low_latency=True)
    ids = np.ones((1, 3), dtype=np.int64)
    with pytest.raises(ModelRunFailed, match=r"'model\.onnx' on a batch of shape \(1, 3\)") as caught:
        session.run(TokenBatch(ids, ids, ids[0], np.arange(1)))
    assert "\n" not in str(caught.value)


FIRST_RUNS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np

from onnx_models import RunOptions, find_set
from onnx_models.openvino_session import OpenVinoSession
from onnx_models.runtime import TokenBatch

sys.setswitchinterval(1e-7)
graph = find_set(Path(), sys.argv[1]).article.graph()
session = OpenVinoSession(graph, RunOptions(backend="openvino", threads=4), low_latency=False)
ids, start = np.ones((1, 4), dtype=np.int64), Barrier(4)


def run(_: int) -> tuple[int, ...]:
    start.wait()
    return session.run(TokenBatch(ids, ids, ids, np.arange(1))).shape


with ThreadPoolExecutor(4) as threads:
    print(*threads.map(run, range(4)))
"""


@pytest.mark.slow
def test_the_first_batches_of_a_process_may_come_from_several_threads_at_once(minilm: InstalledSet) -> None:
    """OpenVINO 2026.4's Python binding waits for ever about one time in four unless its first use is alone.

    One thread holds the binding's one-time set-up and waits for the GIL, another the GIL and waits for the set-up.
    """
    command = [sys.executable, "-c", FIRST_RUNS, str(minilm.folder)]
    for _ in range(3):
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
        assert done.stdout.split("(1, 4, 32)") == ["", " ", " ", " ", "\n"]
