import importlib.metadata
import logging
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from onnx_models import InstalledSet, RunOptions, load_encoder
from onnx_models.errors import BadGraph, BrokenRuntime, MissingExtra, ModelRunFailed, ProviderUnavailable
from onnx_models.runtime import TokenBatch
from onnx_models.session import OnnxSession, available_providers, load_onnxruntime


def opened(models: InstalledSet, options: RunOptions) -> OnnxSession:
    return OnnxSession(models.article.graph(), options, precision="fp32", low_latency=False)


def lists_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """The GPU build lists CUDA on a machine without a GPU; its sessions then run on the CPU."""
    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )


def no_distribution(name: str) -> str:
    raise importlib.metadata.PackageNotFoundError(name)


def test_a_provider_that_is_not_there_is_refused_with_those_that_are(minilm: InstalledSet) -> None:
    with pytest.raises(ProviderUnavailable, match=r"'tensorrt': this onnxruntime has .*cpu"):
        opened(minilm, RunOptions(provider="tensorrt"))


def test_a_provider_that_sends_texts_to_a_service_is_refused(
    minilm: InstalledSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    providers = ["AzureExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: providers)
    with pytest.raises(ProviderUnavailable, match=r"'azure': this onnxruntime has cpu\."):
        opened(minilm, RunOptions(provider="azure"))


@pytest.mark.parametrize("name", ["cpu", "CPU", "CPUExecutionProvider"])
def test_providers_go_by_their_short_or_full_name(minilm: InstalledSet, name: str) -> None:
    assert opened(minilm, RunOptions(provider=name)).runtime.device == "CPUExecutionProvider"


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_silent_fall_back_is_an_error_where_cuda_was_asked_for(
    minilm: InstalledSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists_cuda(monkeypatch)
    with pytest.raises(ProviderUnavailable, match="'cuda': onnxruntime fell back to CPUExecutionProvider"):
        opened(minilm, RunOptions(provider="cuda"))


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_silent_fall_back_is_logged_where_the_choice_was_ours(
    minilm: InstalledSet, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lists_cuda(monkeypatch)
    with caplog.at_level(logging.WARNING):
        session = opened(minilm, RunOptions(provider="auto"))
    assert session.runtime.device == "CPUExecutionProvider"
    assert session.token_budget == 512
    assert caplog.messages == ["CUDAExecutionProvider did not start; running on CPUExecutionProvider"]


def test_both_builds_at_once_are_refused_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("onnxruntime", "onnxruntime_gpu"):
        place = tmp_path / f"{name}-1.0.dist-info"
        place.mkdir()
        (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BrokenRuntime, match="pip uninstall -y onnxruntime onnxruntime-gpu"):
        load_onnxruntime()


def test_no_build_at_all_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", no_distribution)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtra, match=r"pip install 'biocpt-search\[cpu\]'"):
        load_onnxruntime()


def test_a_build_that_cannot_be_imported_is_to_be_reinstalled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(BrokenRuntime, match="pip install --force-reinstall"):
        load_onnxruntime()


def test_a_build_left_half_removed_is_to_be_reinstalled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Removing onnxruntime after installing it over onnxruntime-gpu leaves an empty module."""
    monkeypatch.delattr(onnxruntime, "InferenceSession")
    with pytest.raises(BrokenRuntime, match="onnxruntime is damaged"):
        load_onnxruntime()


def test_the_available_providers_include_the_processor() -> None:
    assert "CPUExecutionProvider" in available_providers()


def test_a_file_that_is_no_graph_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not a graph")
    with pytest.raises(BadGraph, match=r"onnxruntime cannot open .*model\.onnx"):
        OnnxSession(tmp_path / "model.onnx", RunOptions(), precision="fp32", low_latency=True)


def test_onnxruntime_prints_nothing_of_its_own(
    minilm: InstalledSet, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    test_a_file_that_is_no_graph_is_named(tmp_path)
    test_ids_outside_the_vocabulary_fail_in_one_line(minilm)
    assert capfd.readouterr().err == ""


def test_ids_outside_the_vocabulary_fail_in_one_line(minilm: InstalledSet) -> None:
    ids = np.full((1, 3), 10**6)
    batch = TokenBatch(ids, np.ones_like(ids), np.zeros_like(ids), np.arange(1))
    with pytest.raises(ModelRunFailed, match=r"'model\.onnx' on a batch of shape \(1, 3\)") as caught:
        opened(minilm, RunOptions()).run(batch)
    assert "\n" not in str(caught.value)


def test_bulk_sessions_take_one_run_a_thread_and_queries_take_all_threads(minilm: InstalledSet) -> None:
    graph = minilm.article.graph()
    bulk = OnnxSession(graph, RunOptions(threads=3), precision="fp32", low_latency=False)
    quick = OnnxSession(graph, RunOptions(threads=3), precision="fp32", low_latency=True)
    assert (bulk.concurrency, quick.concurrency) == (3, 1)
    assert bulk.runtime.threads == quick.runtime.threads == 3


def test_one_shot_gives_the_same_vectors(minilm: InstalledSet) -> None:
    texts = ["statins", "heart disease in women"]
    usual = load_encoder(minilm.query).encode(texts)
    np.testing.assert_allclose(load_encoder(minilm.query, RunOptions(one_shot=True)).encode(texts), usual, atol=1e-4)
